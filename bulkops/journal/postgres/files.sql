-- Files of runs: see journal/files.py.

CREATE TABLE files (
  digest text COLLATE "C" PRIMARY KEY,
  content bytea NOT NULL,
  stored_at double precision NOT NULL
);
ALTER TABLE files ALTER content SET STORAGE EXTERNAL; -- a zip does not get smaller
