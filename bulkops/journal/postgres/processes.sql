-- The clock, and processes with their locks: see schema.py.

CREATE FUNCTION now_s() RETURNS double precision LANGUAGE sql VOLATILE AS
  $$ SELECT extract(epoch FROM clock_timestamp())::double precision $$;

CREATE FUNCTION up_since_s() RETURNS double precision LANGUAGE sql STABLE AS
  $$ SELECT extract(epoch FROM pg_postmaster_start_time())::double precision $$;

-- No process could write a heartbeat while the database was down: after a restart each one gets a lease again.
CREATE FUNCTION is_alive(p processes) RETURNS boolean LANGUAGE sql VOLATILE AS
  $$ SELECT NOT p.ended AND NOT p.dead AND greatest(p.beat_wall_s, up_since_s()) > now_s() - s.lease_s
     AND p.boot_id = s.id FROM store s $$;

-- Whether it may declare others dead: its own heartbeats were good for a lease. After an outage of the database, every
-- heartbeat is old.
CREATE FUNCTION is_steady(p processes) RETURNS boolean LANGUAGE sql VOLATILE AS
  $$ SELECT p.steady_at <= now_s() - s.lease_s AND p.beat_wall_s >= now_s() - s.lease_s / 2 FROM store s $$;

CREATE FUNCTION is_held(holder bigint, me bigint) RETURNS boolean LANGUAGE sql VOLATILE AS
  $$ SELECT holder IS DISTINCT FROM me AND EXISTS
       (SELECT 1 FROM processes p WHERE p.process_id = holder AND NOT p.ended AND NOT p.dead) $$;

CREATE FUNCTION begin_process(run text, host text, place text, pid integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  at double precision := now_s();
  made bigint;
BEGIN
  INSERT INTO processes (run_id, pid, boot_id, began_boot_s, began_wall_s, beat_boot_s, beat_wall_s, host, place,
      steady_at)
    SELECT run, pid, id, at, at, at, at, host, place, at FROM store RETURNING process_id INTO made;
  RETURN made;
END $$;

CREATE FUNCTION take_lock(run text, me bigint, gone bigint, coordinates boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held bigint;
  holder processes;
BEGIN
  IF NOT coordinates AND EXISTS (SELECT 1 FROM runs WHERE run_id = run AND request IS NOT NULL) THEN
    IF EXISTS (SELECT 1 FROM processes p WHERE p.worker IS NOT NULL AND is_alive(p)) THEN
      RAISE EXCEPTION '%', run USING ERRCODE = 'BK005';
    END IF;
    UPDATE runs SET request = NULL, stopping = NULL, stop_kind = NULL WHERE run_id = run; -- no worker is left: take it back
    UPDATE accounts SET wanted = false WHERE run_id = run AND wanted;
    UPDATE processes SET dead = true WHERE NOT ended AND NOT dead AND process_id IN
      (SELECT process_id FROM accounts WHERE run_id = run AND process_id IS NOT NULL); -- the lease of each has passed
  END IF;
  LOOP
    INSERT INTO locks VALUES (run, me) ON CONFLICT (run_id) DO NOTHING;
    IF FOUND THEN
      RETURN;
    END IF;
    SELECT process_id INTO held FROM locks WHERE run_id = run FOR UPDATE;
    CONTINUE WHEN NOT FOUND; -- it was given back just now
    SELECT * INTO holder FROM processes WHERE process_id = held FOR UPDATE;
    IF FOUND AND is_alive(holder) AND held IS DISTINCT FROM gone THEN
      RAISE EXCEPTION '%', run USING ERRCODE = 'BK003', DETAIL = holder.pid || ' ' || holder.host;
    END IF;
    UPDATE processes SET dead = true WHERE process_id = held AND NOT ended;
    UPDATE locks SET process_id = me WHERE run_id = run;
    RETURN;
  END LOOP;
END $$;

-- Declare workers dead and take their claims.
CREATE FUNCTION bury_workers(me processes) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  gone processes;
BEGIN
  IF NOT is_steady(me) THEN
    RETURN;
  END IF;
  FOR gone IN
    SELECT * FROM processes p WHERE p.worker IS NOT NULL AND NOT p.ended AND NOT p.dead AND NOT is_alive(p)
      ORDER BY p.process_id FOR UPDATE SKIP LOCKED
  LOOP
    UPDATE processes SET dead = true WHERE process_id = gone.process_id;
    UPDATE accounts SET process_id = NULL, claims_lost = claims_lost + (outcome IS NULL)::integer
      WHERE process_id = gone.process_id;
  END LOOP;
END $$;
