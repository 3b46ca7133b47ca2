-- The clock, and processes with their locks: see schema.py.

CREATE FUNCTION now_s() RETURNS double precision LANGUAGE sql VOLATILE AS
  $$ SELECT extract(epoch FROM clock_timestamp())::double precision $$;

CREATE FUNCTION up_since_s() RETURNS double precision LANGUAGE sql STABLE AS
  $$ SELECT extract(epoch FROM pg_postmaster_start_time())::double precision $$;

-- No process could write a heartbeat while the database was down: after a restart each one gets a lease again.
CREATE FUNCTION is_alive(p processes) RETURNS boolean LANGUAGE sql VOLATILE AS
  $$ SELECT NOT p.ended AND NOT p.dead AND greatest(p.beat_wall_s, up_since_s()) > now_s() - 10
     AND p.boot_id = (SELECT id FROM store) $$;

CREATE FUNCTION begin_process(run text, host text, place text, pid integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  at double precision := now_s();
  made bigint;
BEGIN
  INSERT INTO processes (run_id, pid, boot_id, began_boot_s, began_wall_s, beat_boot_s, beat_wall_s, host, place)
    SELECT run, pid, id, at, at, at, at, host, place FROM store RETURNING process_id INTO made;
  RETURN made;
END $$;

CREATE FUNCTION take_lock(run text, me bigint, gone bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held bigint;
  holder processes;
BEGIN
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
