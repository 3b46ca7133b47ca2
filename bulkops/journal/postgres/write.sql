-- A commit: the fence, then each write. See schema.py and writes.py.

CREATE FUNCTION write(me bigint, number bigint, writes jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  beat double precision := now_s(); -- once: the difference of the two clocks is 0, also in the report
  w jsonb;
  at double precision;
  run text;
  place bigint;
  stays boolean;
  nr bigint;
  old processes;
BEGIN
  UPDATE processes SET steady_at = CASE WHEN beat - beat_wall_s > (SELECT lease_s / 2 FROM store) THEN beat
      ELSE steady_at END, beat_boot_s = beat, beat_wall_s = beat, batch = number
    WHERE process_id = me AND NOT dead AND batch < number RETURNING * INTO old;
  IF NOT FOUND THEN
    SELECT * INTO old FROM processes WHERE process_id = me;
    IF old.batch = number THEN -- the connection was lost after the commit and before its answer
      RETURN coalesce(old.successor, me);
    END IF;
    RAISE EXCEPTION 'process % was declared dead', me USING ERRCODE = 'BK001';
  END IF;
  FOR w IN SELECT value FROM jsonb_array_elements(writes) LOOP
    at := now_s() - (w->>1)::double precision;
    run := w->>2;
    place := CASE WHEN w->>0 IN ('begin_step', 'end_step', 'start_account', 'end_account', 'take_lock',
        'claim_account', 'release_account')
      THEN (w->>3)::bigint END;
    CASE w->>0
    WHEN 'begin_step' THEN
      INSERT INTO steps (run_id, seq, step, state, data, changed, process_id, began_boot_s)
        VALUES (run, place, w->>4, 'intent', w->>5, false, me, now_s())
        ON CONFLICT (run_id, seq, step) DO UPDATE
        SET state = 'intent', data = excluded.data, result = NULL, changed = false, process_id = me,
          began_boot_s = excluded.began_boot_s, quiet_boot_s = NULL;
    WHEN 'end_step' THEN
      INSERT INTO steps (run_id, seq, step, state, result, changed, process_id, began_boot_s)
        VALUES (run, place, w->>4, w->>5, w->>6, (w->>7)::boolean, me, at)
        ON CONFLICT (run_id, seq, step) DO UPDATE
        SET state = excluded.state, result = excluded.result, changed = excluded.changed;
    WHEN 'start_account' THEN
      SELECT coalesce(a.outcome = 'unknown', a.was_unknown) AND NOT EXISTS
          (SELECT 1 FROM steps s WHERE s.run_id = run AND s.seq = place AND s.state = 'intent')
        INTO stays FROM accounts a WHERE a.run_id = run AND a.seq = place;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'account % of run %', place, run USING ERRCODE = 'BK002';
      END IF;
      UPDATE accounts a SET outcome = NULL, started_at = at, ended_at = NULL, process_id = me, was_unknown = stays,
          failure_class = CASE WHEN stays THEN a.failure_class END, cause = CASE WHEN stays THEN a.cause END,
          reason = CASE WHEN stays THEN a.reason END, remedy = CASE WHEN stays THEN a.remedy END,
          detail = CASE WHEN stays THEN a.detail END
        WHERE a.run_id = run AND a.seq = place AND NOT is_held(a.process_id, me);
      IF NOT FOUND THEN
        RAISE EXCEPTION 'account % of run %', place, run USING ERRCODE = 'BK004';
      END IF;
    WHEN 'end_account' THEN
      nr := NULL;
      IF (w->>10)::boolean THEN -- the lock on the run's row lasts until the commit: the numbers are in its order
        UPDATE runs r SET endings = endings + 1 WHERE r.run_id = run AND EXISTS
          (SELECT 1 FROM accounts a WHERE a.run_id = run AND a.seq = place AND a.wanted) RETURNING endings INTO nr;
      END IF;
      UPDATE accounts SET outcome = w->>4, failure_class = w->>5, cause = w->>6, reason = w->>7, remedy = w->>8,
          detail = w->>9, ended_at = at, process_id = NULL, ended_nr = nr, wanted = wanted AND nr IS NULL
        WHERE run_id = run AND seq = place AND NOT is_held(process_id, me);
      IF NOT FOUND THEN
        RAISE EXCEPTION 'account % of run %', place, run
          USING ERRCODE = CASE WHEN EXISTS (SELECT 1 FROM accounts WHERE run_id = run AND seq = place)
            THEN 'BK004' ELSE 'BK002' END;
      END IF;
      UPDATE steps SET quiet_boot_s = now_s()
        WHERE run_id = run AND seq = place AND state = 'intent' AND process_id = me AND quiet_boot_s IS NULL;
    WHEN 'claim_account' THEN -- or not: the caller looks
      UPDATE accounts a SET process_id = me
        WHERE a.run_id = run AND a.seq = place AND a.wanted AND a.claims_lost < 3
          AND NOT is_held(a.process_id, me)
          AND EXISTS (SELECT 1 FROM runs r WHERE r.run_id = run AND r.request IS NOT NULL AND r.stopping IS NULL);
    WHEN 'release_account' THEN
      UPDATE accounts SET process_id = NULL WHERE run_id = run AND seq = place AND process_id = me;
    WHEN 'request_run' THEN
      UPDATE runs SET request = w->>3, stopping = NULL, stop_kind = NULL, endings = 0 WHERE run_id = run;
      UPDATE accounts SET wanted = seq IN (SELECT value::integer FROM jsonb_array_elements_text(w->4)), ended_nr = NULL,
          claims_lost = 0
        WHERE run_id = run;
    WHEN 'stop_run' THEN
      UPDATE runs SET stopping = coalesce(stopping, w->>3),
          stop_kind = CASE WHEN w->>4 = 'abort' THEN 'abort' ELSE coalesce(stop_kind, w->>4) END
        WHERE run_id = run AND request IS NOT NULL;
    WHEN 'begin_worker' THEN
      UPDATE processes SET worker = run WHERE process_id = me;
    WHEN 'join_run' THEN
      INSERT INTO worker_runs VALUES (me, run, w->>3)
        ON CONFLICT (process_id, run_id) DO UPDATE SET problem = excluded.problem;
    WHEN 'leave_run' THEN
      DELETE FROM worker_runs WHERE process_id = me AND run_id = run;
    WHEN 'bury_workers' THEN
      PERFORM bury_workers(old);
    WHEN 'add_event' THEN
      INSERT INTO events (run_id, at, kind, data) VALUES (run, at, w->>3, w->>4);
    WHEN 'put_fact' THEN
      INSERT INTO facts VALUES (w->>2, w->>3, w->>4, w->>5, w->>6)
        ON CONFLICT (tenant, account, kind, key) DO UPDATE SET value = excluded.value;
    WHEN 'join_section' THEN
      INSERT INTO sections (name, ticket, process_id) VALUES (w->>2, w->>3, me);
    WHEN 'clear_section' THEN
      PERFORM clear_section(w->>2, old);
    WHEN 'leave_section' THEN
      DELETE FROM sections WHERE ticket = w->>3;
    WHEN 'create_run' THEN
      INSERT INTO runs (run_id, created_at, title, operation, host, workspace, inventory_hash, inventory_count, policy,
          tuning, state, reason, ended_at, request)
        VALUES (run, (w->>3)::double precision, w->>4, w->>5, w->>6, w->>7, w->>8, (w->>9)::integer, w->>10, w->>11,
          w->>12, w->>13, (w->>14)::double precision, w->>17);
      INSERT INTO accounts (run_id, seq, account, params, outcome, wanted)
        SELECT run, (value->>0)::integer, value->>1, value->>2, 'not_attempted', w->>17 IS NOT NULL
        FROM jsonb_array_elements(w->15);
      INSERT INTO facts SELECT w->>16, found.* FROM (
          SELECT DISTINCT ON (value->>1) value->>1, 'customer', 'name', value->>3
          FROM jsonb_array_elements(w->15) WITH ORDINALITY AS row(value, nth)
          WHERE value->>3 IS NOT NULL ORDER BY value->>1, nth DESC) AS found
        ON CONFLICT (tenant, account, kind, key) DO UPDATE SET value = excluded.value;
    WHEN 'set_state' THEN
      UPDATE runs SET state = w->>3, reason = w->>4, ended_at = CASE WHEN w->>3 <> 'running' THEN at END,
          request = CASE WHEN w->>3 = 'running' THEN request END, stopping = CASE WHEN w->>3 = 'running' THEN stopping END,
          stop_kind = CASE WHEN w->>3 = 'running' THEN stop_kind END
        WHERE run_id = run;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'run %', run USING ERRCODE = 'BK002';
      END IF;
      IF w->>3 <> 'running' THEN
        UPDATE accounts SET wanted = false WHERE run_id = run AND wanted;
        DELETE FROM worker_runs WHERE run_id = run;
      END IF;
    WHEN 'set_policy' THEN
      UPDATE runs SET policy = w->>3, tuning = w->>4 WHERE run_id = run;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'run %', run USING ERRCODE = 'BK002';
      END IF;
    WHEN 'set_operation' THEN
      UPDATE runs SET operation = w->>3 WHERE run_id = run;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'run %', run USING ERRCODE = 'BK002';
      END IF;
    WHEN 'delete_run' THEN
      DELETE FROM steps WHERE run_id = run;
      DELETE FROM events WHERE run_id = run;
      DELETE FROM accounts WHERE run_id = run;
      DELETE FROM worker_runs WHERE run_id = run;
      DELETE FROM processes p WHERE p.process_id <> me AND (p.run_id = run OR p.run_id IS NULL AND (p.ended OR p.dead)
        AND NOT EXISTS (SELECT 1 FROM steps s WHERE s.process_id = p.process_id));
      DELETE FROM runs WHERE run_id = run;
    WHEN 'begin_process' THEN
      UPDATE processes SET run_id = run WHERE process_id = me AND run_id IS NULL;
      IF NOT FOUND THEN
        me := begin_process(run, old.host, old.place, old.pid);
        UPDATE processes SET ended = true, successor = me WHERE process_id = old.process_id;
        UPDATE processes SET batch = number WHERE process_id = me;
        UPDATE locks SET process_id = me WHERE process_id = old.process_id;
        UPDATE accounts SET process_id = me WHERE process_id = old.process_id;
        UPDATE sections SET process_id = me WHERE process_id = old.process_id;
      END IF;
    WHEN 'end_process' THEN
      UPDATE processes SET ended = true WHERE process_id = me;
    WHEN 'take_lock' THEN
      PERFORM take_lock(run, me, place, (w->>4)::boolean);
    WHEN 'give_lock' THEN
      DELETE FROM locks WHERE run_id = run AND process_id = me;
    END CASE;
  END LOOP;
  RETURN me;
END $$;
