-- Processes: how they begin, give signs of life, are declared dead, and end.

CREATE FUNCTION ledger_now(request jsonb) RETURNS float8 LANGUAGE sql VOLATILE AS $$
  SELECT coalesce((request->>'now')::float8, extract(epoch FROM clock_timestamp())::float8) -- tests say what time it is
$$;

CREATE FUNCTION ledger_same(workspace text, another text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT workspace = another OR workspace IS NULL OR another IS NULL -- one that is unknown may be any of the host
$$;

CREATE FUNCTION ledger_beat(me bigint, request jsonb) RETURNS ledger_processes LANGUAGE plpgsql AS $$
-- A heartbeat. NULL if the process was declared dead.
DECLARE
  mine ledger_processes;
  moment float8 := ledger_now(request);
BEGIN
  UPDATE ledger_processes p SET beat_at = moment,
    steady_since = CASE WHEN moment - p.beat_at > (request->>'late_s')::float8 THEN moment ELSE p.steady_since END
  WHERE p.process_id = me RETURNING * INTO mine;
  RETURN mine;
END $$;

CREATE FUNCTION ledger_bury(process ledger_processes, margin_s float8) RETURNS void LANGUAGE plpgsql AS $$
-- What a dead process held: sent at most `margin_s` after its last beat, counted at most its server timeout later, and
-- free one window after that, each window by its own length.
DECLARE
  counted_at_last float8 := process.beat_at + margin_s + process.server_timeout_s;
BEGIN
  UPDATE ledger_slots s SET held = false, free_at = greatest(s.free_at, counted_at_last + w.length_s)
  FROM ledger_windows w WHERE w.window_id = s.window_id AND s.held AND s.process_id = process.process_id;
  UPDATE ledger_records SET counted_at = counted_at_last
  WHERE process_id = process.process_id AND counted_at IS NULL;
  DELETE FROM ledger_processes WHERE process_id = process.process_id;
END $$;

CREATE FUNCTION ledger_watch(mine ledger_processes, request jsonb) RETURNS void LANGUAGE plpgsql AS $$
-- Declare processes dead whose beat is older than the lease. Only one whose own beats were good for a lease may do so:
-- after an outage of the database every beat is old.
DECLARE
  process ledger_processes;
  lease_s float8 := (request->>'lease_s')::float8;
BEGIN
  IF mine.steady_since > mine.beat_at - lease_s THEN
    RETURN;
  END IF;
  FOR process IN
    SELECT * FROM ledger_processes WHERE beat_at < mine.beat_at - lease_s ORDER BY process_id FOR UPDATE SKIP LOCKED
  LOOP
    PERFORM ledger_bury(process, (request->>'margin_s')::float8);
  END LOOP;
END $$;

CREATE FUNCTION ledger_forget(moment float8) RETURNS void LANGUAGE sql AS $$
  DELETE FROM ledger_records WHERE counted_at + longest_s < moment;
  DELETE FROM ledger_quotas q
  WHERE NOT EXISTS (SELECT 1 FROM ledger_processes p WHERE p.host = q.host)
    AND NOT EXISTS (
      SELECT 1 FROM ledger_windows w JOIN ledger_slots s USING (window_id)
      WHERE w.quota_id = q.quota_id AND (s.held OR s.free_at > moment));
$$;

CREATE FUNCTION ledger_begin(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
-- A process starts to use a credential. Returns its number, or the process because of which it may not.
DECLARE
  moment float8;
  other ledger_processes;
  me bigint;
BEGIN
  -- After the other beginnings. And after all exchanges on the host: each later one knows of this process.
  PERFORM pg_advisory_xact_lock(hashtextextended('bulkops ledger', 0));
  PERFORM pg_advisory_xact_lock(hashtextextended('bulkops ledger ' || (request->>'host'), 0));
  moment := ledger_now(request);
  PERFORM ledger_forget(moment);
  SELECT * INTO other FROM ledger_processes
  WHERE host = request->>'host' AND ledger_same(workspace, request->>'workspace') AND run_id <> request->>'run_id'
    AND beat_at >= moment - (request->>'lease_s')::float8
  ORDER BY process_id LIMIT 1;
  IF FOUND AND NOT (request->>'share')::boolean THEN
    RETURN jsonb_build_object('in_use', to_jsonb(other));
  END IF;
  IF NOT EXISTS (
    SELECT 1 FROM ledger_processes WHERE host = request->>'host' AND workspace IS NOT DISTINCT FROM request->>'workspace'
  ) THEN -- the first on the credential opens each quota carefully
    UPDATE ledger_quotas SET allowed = NULL, opening = true, burst = 0, closed_until = 0, version = version + 1
    WHERE host = request->>'host' AND workspace IS NOT DISTINCT FROM request->>'workspace';
  END IF;
  INSERT INTO ledger_processes
    (host, workspace, label, run_id, machine, pid, server_timeout_s, began_at, beat_at, steady_since)
  VALUES (request->>'host', request->>'workspace', request->>'label', request->>'run_id', request->>'machine',
    (request->>'pid')::integer, (request->>'server_timeout_s')::float8, moment, moment, moment)
  RETURNING process_id INTO me;
  RETURN jsonb_build_object('process_id', me);
END $$;

CREATE FUNCTION ledger_end(me bigint, request jsonb) RETURNS void LANGUAGE plpgsql AS $$
-- Nothing is sent any more. What was not given back may still be under way.
DECLARE
  mine ledger_processes;
BEGIN
  mine := ledger_beat(me, request);
  IF mine.process_id IS NOT NULL THEN
    PERFORM ledger_bury(mine, 0);
  END IF;
END $$;
