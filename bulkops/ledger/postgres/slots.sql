-- Slots: a process opens a quota, takes slots for requests that are about to leave, and gives them back.

CREATE FUNCTION ledger_width(q ledger_quotas, moment float8) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('version', q.version, 'allowed', q.allowed, 'opening', q.opening, 'burst', q.burst,
    'closed_for_s', greatest(0, q.closed_until - moment))
$$;

CREATE FUNCTION ledger_open(me bigint, request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
-- A process begins to use a quota; its windows are made when missing. `held`: requests that it sent before, each with
-- its key and the seconds until the server has counted it. `longest_s`: of the windows that the vendor counts apart for
-- each key, null without any. Returns NULL if the process was declared dead.
DECLARE
  mine ledger_processes;
  q ledger_quotas;
  a_window jsonb;
  id bigint;
  windows bigint[] := '{}';
  earlier jsonb;
BEGIN
  mine := ledger_beat(me, request);
  IF mine.process_id IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO ledger_quotas (host, workspace, quota) VALUES (mine.host, mine.workspace, request->>'quota')
  ON CONFLICT DO NOTHING;
  SELECT * INTO q FROM ledger_quotas
  WHERE host = mine.host AND workspace IS NOT DISTINCT FROM mine.workspace AND quota = request->>'quota' FOR UPDATE;
  IF q.allowed IS NULL THEN
    UPDATE ledger_quotas SET allowed = (request->>'allowed')::integer, opening = (request->>'opening')::boolean,
      burst = 0, opened_at = mine.beat_at, version = version + 1
    WHERE quota_id = q.quota_id RETURNING * INTO q;
  END IF;
  FOR a_window IN SELECT * FROM jsonb_array_elements(request->'windows') LOOP
    INSERT INTO ledger_windows (quota_id, window_s, length_s)
    VALUES (q.quota_id, (a_window->>'window_s')::float8, (a_window->>'length_s')::float8) ON CONFLICT DO NOTHING;
    SELECT window_id INTO id FROM ledger_windows
    WHERE quota_id = q.quota_id AND window_s = (a_window->>'window_s')::float8;
    windows := windows || id;
    INSERT INTO ledger_slots (window_id, number)
    SELECT id, number FROM generate_series(1, (a_window->>'requests')::integer) number ON CONFLICT DO NOTHING;
    FOR earlier IN SELECT * FROM jsonb_array_elements(request->'held') LOOP
      UPDATE ledger_slots s SET process_id = me, taken_at = mine.beat_at, free_at =
        greatest(s.free_at, mine.beat_at + (earlier->>'counted_in_s')::float8 + (a_window->>'length_s')::float8)
      FROM (SELECT number FROM ledger_slots WHERE window_id = id AND NOT held
            ORDER BY free_at LIMIT 1 FOR UPDATE SKIP LOCKED) soonest
      WHERE s.window_id = id AND s.number = soonest.number;
    END LOOP;
  END LOOP;
  IF request->>'longest_s' IS NOT NULL THEN
    INSERT INTO ledger_records (process_id, exchange, host, workspace, quota, key, counted_at, longest_s)
    SELECT me, 0, mine.host, mine.workspace, request->>'quota', h->>'key', mine.beat_at + (h->>'counted_in_s')::float8,
      (request->>'longest_s')::float8
    FROM jsonb_array_elements(request->'held') h;
  END IF;
  RETURN jsonb_build_object('quota_id', q.quota_id, 'windows', to_jsonb(windows)) || ledger_width(q, mine.beat_at);
END $$;

CREATE FUNCTION ledger_tell(told jsonb, moment float8) RETURNS void LANGUAGE plpgsql AS $$
-- What responses have taught one process, for all. A closing always counts; the width only if nobody changed it
-- meanwhile: two that see the same refusals must not both react to them.
BEGIN
  UPDATE ledger_quotas SET closed_until = greatest(closed_until, moment + (told->>'closed_for_s')::float8)
  WHERE quota_id = (told->>'quota_id')::bigint AND closed_until < moment + (told->>'closed_for_s')::float8;
  UPDATE ledger_quotas SET allowed = (told->>'allowed')::integer, opening = (told->>'opening')::boolean,
    burst = (told->>'burst')::integer, version = version + 1
  WHERE quota_id = (told->>'quota_id')::bigint AND version = (told->>'version')::bigint;
  INSERT INTO ledger_slots (window_id, number) -- of a quota that was found to accept more than was assumed
  SELECT (told->>'window_id')::bigint, number FROM generate_series(
    (SELECT max(number) + 1 FROM ledger_slots WHERE window_id = (told->>'window_id')::bigint),
    (told->>'requests')::integer) number
  ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION ledger_learn(mine ledger_processes, explored jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
-- Note what a process has found about quotas without a published limit. Returns what all together know. A figure after a
-- 429 counts more than one without; of two such the smaller.
BEGIN
  INSERT INTO ledger_explored AS known (host, workspace, quota, window_s, requests, refused)
  SELECT mine.host, mine.workspace, e->>'quota', (e->>'window_s')::float8, (e->>'requests')::integer,
    (e->>'refused')::boolean
  FROM jsonb_array_elements(explored) e ORDER BY e->>'quota'
  ON CONFLICT (host, (coalesce(workspace, '')), (workspace IS NULL), quota, window_s) DO UPDATE SET
    requests = CASE WHEN known.refused AND excluded.refused THEN least(known.requests, excluded.requests)
      WHEN known.refused THEN known.requests
      WHEN excluded.refused THEN excluded.requests
      ELSE greatest(known.requests, excluded.requests) END,
    refused = known.refused OR excluded.refused;
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
      'quota', quota, 'window_s', window_s, 'requests', requests, 'refused', refused)), '[]')
    FROM ledger_explored WHERE host = mine.host AND ledger_same(workspace, mine.workspace));
END $$;

CREATE FUNCTION ledger_give_back(me bigint, back jsonb, moment float8) RETURNS void LANGUAGE sql AS $$
-- Each as [window, number, exchange in which it was taken, seconds until it is free or null if its request never left,
-- whether it was refused].
  UPDATE ledger_slots s SET held = false, refused = b.refused,
    free_at = CASE WHEN b.free_in_s IS NULL THEN s.free_at ELSE greatest(s.free_at, moment + b.free_in_s) END
  FROM (SELECT (one->>0)::bigint AS window_id, (one->>1)::integer AS number, (one->>2)::bigint AS exchange,
          (one->>3)::float8 AS free_in_s, (one->>4)::boolean AS refused
        FROM jsonb_array_elements(back) one) b
  WHERE s.window_id = b.window_id AND s.number = b.number AND s.exchange = b.exchange AND s.process_id = me AND s.held
$$;

CREATE FUNCTION ledger_unanswered(me bigint, seen bigint) RETURNS void LANGUAGE sql AS $$
-- Undo what exchanges took whose response never arrived: the process does not know of it.
  UPDATE ledger_slots SET held = false WHERE process_id = me AND held AND exchange > seen;
  DELETE FROM ledger_records WHERE process_id = me AND counted_at IS NULL AND exchange > seen;
$$;

CREATE FUNCTION ledger_taken_beside(q ledger_quotas, window_s float8, moment float8) RETURNS bigint LANGUAGE sql AS $$
-- Slots of this window that are taken under a workspace that may be the same, because one of the two is unknown. NULL:
-- none are.
  SELECT max(n) FROM (
    SELECT count(*) AS n
    FROM ledger_quotas o JOIN ledger_windows w USING (quota_id) JOIN ledger_slots s USING (window_id)
    WHERE o.host = q.host AND o.quota = q.quota AND (o.workspace IS NULL) <> (q.workspace IS NULL)
      AND w.window_s = $2 AND (s.held OR s.free_at > moment)
    GROUP BY w.window_id) windows
$$;

CREATE FUNCTION ledger_beside(q ledger_quotas, window_s float8, moment float8) RETURNS bigint LANGUAGE plpgsql AS $$
-- As `ledger_taken_beside`; NULL: nobody is at work there either. Else this transaction decides alone until it ends.
BEGIN
  IF ledger_taken_beside(q, window_s, moment) IS NULL AND NOT EXISTS (
    SELECT 1 FROM ledger_processes p WHERE p.host = q.host AND (p.workspace IS NULL) <> (q.workspace IS NULL)
  ) THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('bulkops quota ' || q.host || ' ' || q.quota, 0));
  RETURN coalesce(ledger_taken_beside(q, window_s, moment), 0);
END $$;
