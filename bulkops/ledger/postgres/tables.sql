-- Tables of the ledger. Moments are seconds since 1970 by the clock of this database; only durations come from clients.

CREATE TABLE ledger_processes ( -- processes at work; the row of one that ended or was declared dead is deleted
  process_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  host text NOT NULL,
  workspace text, -- NULL: unknown, any of the host
  label text NOT NULL, -- for the error of a refused run
  run_id text NOT NULL, -- processes with the same one share its part; a command that is not a run has its own
  machine text NOT NULL,
  pid integer NOT NULL,
  server_timeout_s float8 NOT NULL, -- so long after it left the server may still count a request without a response
  began_at float8 NOT NULL,
  beat_at float8 NOT NULL, -- the newest heartbeat
  steady_since float8 NOT NULL -- no heartbeat has been late since
) WITH (fillfactor = 50);
CREATE INDEX ledger_processes_by_host ON ledger_processes (host);

CREATE TABLE ledger_quotas ( -- a quota of a credential, and what its responses have taught (contract C3)
  quota_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  host text NOT NULL,
  workspace text,
  quota text NOT NULL,
  allowed integer, -- slots of the first window in use at most; NULL: the next process opens it
  opening boolean NOT NULL DEFAULT true,
  burst integer NOT NULL DEFAULT 0, -- departures are spaced, with bursts of so many; 0: not spaced
  closed_until float8 NOT NULL DEFAULT 0,
  opened_at float8 NOT NULL DEFAULT 0, -- slots taken before do not delay the opening
  version bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX ledger_quotas_by_name ON ledger_quotas (host, (coalesce(workspace, '')), (workspace IS NULL), quota);

CREATE TABLE ledger_windows ( -- the windows of a quota that are shared by all its keys
  window_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  quota_id bigint NOT NULL REFERENCES ledger_quotas ON DELETE CASCADE,
  window_s float8 NOT NULL,
  length_s float8 NOT NULL, -- so long after its response a request's slot is free
  UNIQUE (quota_id, window_s)
);

CREATE TABLE ledger_slots ( -- as many rows as a window allows requests: who has one may send one request
  window_id bigint NOT NULL REFERENCES ledger_windows ON DELETE CASCADE,
  number integer NOT NULL,
  process_id bigint, -- that holds it, or held it last
  held boolean NOT NULL DEFAULT false,
  exchange bigint NOT NULL DEFAULT 0, -- the process's exchange in which it was taken
  taken_at float8 NOT NULL DEFAULT 0,
  free_at float8 NOT NULL DEFAULT 0, -- when a request may leave with it, if it is not held
  refused boolean NOT NULL DEFAULT false, -- the last request was answered with "too many requests"
  PRIMARY KEY (window_id, number)
) WITH (fillfactor = 40); -- updates stay on their page

CREATE TABLE ledger_wants ( -- which processes have lately wanted slots of a quota, and for which requests
  quota_id bigint NOT NULL REFERENCES ledger_quotas ON DELETE CASCADE,
  process_id bigint NOT NULL REFERENCES ledger_processes ON DELETE CASCADE,
  wanted_at float8 NOT NULL,
  places bigint[] NOT NULL, -- in the run's order of departure, ascending
  PRIMARY KEY (quota_id, process_id)
) WITH (fillfactor = 50);

CREATE TABLE ledger_records ( -- requests of quotas that the vendor counts apart for each key
  record_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  process_id bigint NOT NULL,
  exchange bigint NOT NULL,
  host text NOT NULL,
  workspace text,
  quota text NOT NULL,
  key text, -- NULL: of every key
  counted_at float8, -- by then the server has counted it; NULL: in flight
  longest_s float8 NOT NULL -- so long after that no window counts it any more
);
CREATE INDEX ledger_records_by_key ON ledger_records (host, quota, key);
CREATE INDEX ledger_records_by_process ON ledger_records (process_id) WHERE counted_at IS NULL;

CREATE TABLE ledger_explored ( -- what runs have found about quotas without a published limit
  host text NOT NULL,
  workspace text,
  quota text NOT NULL,
  window_s float8 NOT NULL,
  requests integer NOT NULL, -- accepted within the window
  refused boolean NOT NULL -- a 429 came beyond the assumed limit
);
CREATE UNIQUE INDEX ledger_explored_by_name
  ON ledger_explored (host, (coalesce(workspace, '')), (workspace IS NULL), quota, window_s);
