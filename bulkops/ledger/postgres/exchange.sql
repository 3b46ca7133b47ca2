-- The exchange: heartbeat, slots given back and taken, what was learned. One call, one commit, a few times a second.

CREATE FUNCTION ledger_take(mine ledger_processes, wish jsonb, request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
-- Slots of one quota that are free now or soon. Runs share it in equal parts; within a run, the requests that are first
-- in its order of departure get the slots, whichever process has them.
-- `wish`: quota_id, windows as [window_id, requests], `places` in that order of the requests that want a slot, beside
-- `have` slots that are not used yet. A slot of each window is needed; the first window is the one that adapts.
DECLARE
  moment float8 := mine.beat_at;
  horizon_s float8 := (request->>'horizon_s')::float8;
  until_at float8 := moment + horizon_s;
  q ledger_quotas;
  run bigint[] := ARRAY(SELECT process_id FROM ledger_processes WHERE host = mine.host AND run_id = mine.run_id);
  sharers integer;
  runs integer;
  w jsonb;
  most integer; -- requests that this window allows
  length float8;
  beside bigint;
  free_now integer; left_over integer; run_now integer;
  soon integer; -- slots that an exchange may take now
  unclaimed integer; -- of these, slots that came free more than `turn_s` ago
  in_run integer; -- slots for this run
  for_all integer; -- of these, slots for the first process that asks
  grace_s float8; -- so long after a slot came free a run may have it beyond its part
  turn_s float8; -- and a process of the run out of turn
  wanting_s float8 := (request->>'wanting_s')::float8;
  is_over boolean := false;
  used_by_others integer; refused_of_others integer; held_by_others integer;
  first_standing jsonb;
  frees float8[]; -- when slots in use come free, of those that count against `allowed`
  counted integer; -- held slots that count against it
  numbers integer[]; moments float8[];
  picked jsonb := '[]'; -- for each window the numbers of its slots
  ready float8[] := '{}';
  wanted bigint[] := ARRAY(SELECT place::bigint FROM jsonb_array_elements_text(wish->'places') place);
  n integer := cardinality(wanted);
  permitted integer; -- of those wanted
  next_at float8;
  i integer; k integer;
  slots jsonb := '[]';
BEGIN
  SELECT * INTO q FROM ledger_quotas WHERE quota_id = (wish->>'quota_id')::bigint;
  IF n > 0 THEN
    INSERT INTO ledger_wants (quota_id, process_id, wanted_at, places)
    VALUES (q.quota_id, mine.process_id, moment, wanted)
    ON CONFLICT (quota_id, process_id) DO UPDATE SET wanted_at = moment, places = wanted;
  END IF;
  SELECT greatest(1, count(*)), greatest(1, count(DISTINCT run_id)) INTO sharers, runs
  FROM ledger_wants JOIN ledger_processes USING (process_id)
  WHERE quota_id = q.quota_id AND (wanted_at > moment - wanting_s OR process_id = mine.process_id);

  FOR w IN SELECT * FROM jsonb_array_elements(wish->'windows') LOOP
    most := (w->>1)::integer;
    SELECT window_s INTO length FROM ledger_windows WHERE window_id = (w->>0)::bigint;
    turn_s := least(wanting_s, length * (request->>'grace_share')::float8);
    grace_s := least(horizon_s / 2, turn_s);
    SELECT count(*) FILTER (WHERE NOT s.held AND s.free_at <= moment AND s.number <= most),
      count(*) FILTER (WHERE NOT s.held AND s.free_at <= moment - grace_s AND s.number <= most),
      count(*) FILTER (WHERE (s.held OR s.free_at > until_at OR most < runs) AND s.process_id = ANY(run)),
      most - count(*) FILTER (WHERE s.held OR s.free_at > until_at),
      most - count(*) FILTER (WHERE s.held OR s.free_at > moment - turn_s),
      count(*) FILTER (WHERE (s.held OR s.free_at > moment) AND s.process_id <> mine.process_id),
      count(*) FILTER (WHERE s.free_at > moment AND NOT s.held AND s.refused AND s.process_id <> mine.process_id),
      count(*) FILTER (WHERE s.held AND s.process_id <> mine.process_id)
    INTO free_now, left_over, run_now, soon, unclaimed, used_by_others, refused_of_others, held_by_others
    FROM ledger_slots s WHERE s.window_id = (w->>0)::bigint;
    IF first_standing IS NULL THEN
      first_standing := jsonb_build_object('used', used_by_others, 'refused', refused_of_others, 'held', held_by_others);
    END IF;
    CONTINUE WHEN n <= 0;
    -- Not more in hand than a fair part of half a second's worth, on average or now: a kill holds it for long.
    n := least(n, greatest(1, ceil(most * horizon_s / length / sharers)::integer, soon / sharers)
      - (wish->>'have')::integer);
    -- Not more than the run's part of the window, but for slots that no other run has taken.
    k := greatest(0, ceil(most::float8 / runs)::integer - run_now) + left_over;
    IF runs > 1 AND n > k THEN
      n := k;
      is_over := true;
    END IF;
    -- While the first window is narrowed, not all of its free slots may be used.
    i := CASE WHEN in_run IS NULL AND NOT q.opening THEN greatest(0, most - q.allowed) ELSE 0 END;
    in_run := least(in_run, soon - i, k);
    for_all := least(for_all, greatest(0, unclaimed - i));
    beside := ledger_beside(q, length, moment);
    IF beside IS NOT NULL THEN
      n := least(n, free_now - beside::integer);
      until_at := moment;
    END IF;
  END LOOP;

  permitted := n;
  IF n > 0 AND sharers > runs THEN
    SELECT least(n, for_all + count(*)) INTO n FROM (
      SELECT process_id, row_number() OVER (ORDER BY place, nth, process_id) AS turn
      FROM ledger_wants, unnest(places) WITH ORDINALITY one (place, nth)
      WHERE quota_id = q.quota_id AND process_id = ANY(run) AND wanted_at > moment - wanting_s
    ) waiting WHERE process_id = mine.process_id AND turn <= in_run;
  END IF;
  IF n > 0 AND q.closed_until > until_at THEN
    n := 0;
  END IF;
  IF n > 0 THEN
    FOR w IN SELECT * FROM jsonb_array_elements(wish->'windows') LOOP
      SELECT array_agg(number ORDER BY free_at, number), array_agg(free_at ORDER BY free_at, number)
      INTO numbers, moments
      FROM (SELECT s.number, s.free_at FROM ledger_slots s
        WHERE s.window_id = (w->>0)::bigint AND NOT s.held AND s.number <= (w->>1)::integer AND s.free_at <= until_at
        ORDER BY s.free_at, s.number LIMIT n FOR UPDATE SKIP LOCKED) soonest;
      n := least(n, coalesce(array_length(numbers, 1), 0));
      picked := picked || jsonb_build_array(to_jsonb(numbers));
      FOR i IN 1..n LOOP
        ready[i] := greatest(ready[i], moments[i], q.closed_until, moment);
      END LOOP;
    END LOOP;
    w := wish->'windows'->0;
    SELECT max(number) INTO k FROM ledger_slots WHERE window_id = (w->>0)::bigint; -- more than `w` after an exploration
    IF n > 0 AND q.allowed < k THEN -- no more in use at any moment than the adaptation allows
      SELECT count(*) FILTER (WHERE s.held), coalesce(array_agg(s.free_at ORDER BY s.free_at) FILTER (WHERE NOT s.held), '{}')
      INTO counted, frees FROM ledger_slots s
      WHERE s.window_id = (w->>0)::bigint AND (s.held OR s.free_at > moment)
        AND NOT (q.opening AND s.taken_at < q.opened_at);
      FOR i IN 1..n LOOP
        k := i + counted + coalesce(array_length(frees, 1), 0) - q.allowed; -- so many must come free first
        IF k > 0 AND (k > coalesce(array_length(frees, 1), 0) OR frees[k] > until_at) THEN
          next_at := frees[k];
          n := i - 1;
          EXIT;
        END IF;
        ready[i] := greatest(ready[i], CASE WHEN k > 0 THEN frees[k] END);
      END LOOP;
    END IF;
    IF n > 0 THEN
      UPDATE ledger_wants SET places = wanted[n + 1:] WHERE quota_id = q.quota_id AND process_id = mine.process_id;
      FOR i IN 0..jsonb_array_length(wish->'windows') - 1 LOOP
        UPDATE ledger_slots s SET held = true, process_id = mine.process_id, taken_at = moment, refused = false,
          exchange = (request->>'exchange')::bigint
        WHERE s.window_id = (wish->'windows'->i->>0)::bigint
          AND s.number IN (SELECT x::integer FROM jsonb_array_elements_text(picked->i) WITH ORDINALITY t(x, o) WHERE o <= n);
      END LOOP;
      FOR i IN 1..n LOOP
        slots := slots || jsonb_build_array(jsonb_build_object('ready_in_s', ready[i] - moment,
          'numbers', (SELECT jsonb_agg(numbers_of->(i - 1)) FROM jsonb_array_elements(picked) numbers_of)));
      END LOOP;
    END IF;
  END IF;

  IF next_at IS NULL THEN
    SELECT greatest(q.closed_until, max(soonest)) INTO next_at FROM (
      SELECT min(CASE WHEN is_over AND (s.process_id = ANY(run)) IS NOT TRUE
        THEN s.free_at + grace_s + horizon_s ELSE s.free_at END) AS soonest
      FROM jsonb_array_elements(wish->'windows') x
      JOIN ledger_slots s ON s.window_id = (x->>0)::bigint AND NOT s.held AND s.number <= (x->>1)::integer
      GROUP BY s.window_id) windows;
  END IF;
  RETURN first_standing || ledger_width(q, moment) || jsonb_build_object('quota_id', q.quota_id, 'slots', slots,
    'sharers', sharers, 'is_scarce', is_over OR n < permitted, 'next_in_s', greatest(0, next_at - moment), 'within_s', until_at - moment);
END $$;

CREATE FUNCTION ledger_record(mine ledger_processes, wish jsonb, request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
-- Put a request on record whose key the vendor counts apart. `wish`: quota, key, limits as [requests, length_s].
-- Returns {record_id}, or {again_in_s} if a window is full.
DECLARE
  moment float8 := mine.beat_at;
  a_limit jsonb;
  id bigint;
  n integer;
  place integer;
  known float8[];
  longest float8 := 0;
BEGIN
  FOR a_limit IN SELECT * FROM jsonb_array_elements(wish->'limits') LOOP
    longest := greatest(longest, (a_limit->>1)::float8);
    SELECT count(*), coalesce(array_agg(counted_at ORDER BY counted_at) FILTER (WHERE counted_at IS NOT NULL), '{}')
    INTO n, known FROM ledger_records
    WHERE host = mine.host AND ledger_same(workspace, mine.workspace) AND quota = wish->>'quota'
      AND key IS NOT DISTINCT FROM wish->>'key' AND (counted_at IS NULL OR counted_at > moment - (a_limit->>1)::float8);
    place := n - (a_limit->>0)::integer + 1; -- all before it must come free, and it too
    IF place > 0 THEN
      RETURN jsonb_build_object('again_in_s', CASE WHEN place <= coalesce(array_length(known, 1), 0)
        THEN greatest(0.001, known[place] + (a_limit->>1)::float8 - moment)
        ELSE least((a_limit->>1)::float8, (request->>'horizon_s')::float8) END);
    END IF;
  END LOOP;
  INSERT INTO ledger_records (process_id, exchange, host, workspace, quota, key, counted_at, longest_s)
  VALUES (mine.process_id, (request->>'exchange')::bigint, mine.host, mine.workspace, wish->>'quota', wish->>'key', NULL,
    longest) RETURNING record_id INTO id;
  RETURN jsonb_build_object('record_id', id);
END $$;

CREATE FUNCTION ledger_exchange(me bigint, request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
-- Returns NULL if the process was declared dead.
DECLARE
  mine ledger_processes;
  one jsonb;
  quotas jsonb := '[]';
  records jsonb := '[]';
BEGIN
  mine := ledger_beat(me, request);
  IF mine.process_id IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('bulkops ledger ' || mine.host, 0)); -- see ledger_begin
  IF (request->>'is_repeated')::boolean THEN
    PERFORM ledger_unanswered(me, (request->>'seen')::bigint);
  END IF;
  PERFORM ledger_give_back(me, request->'back', mine.beat_at);
  FOR one IN SELECT * FROM jsonb_array_elements(request->'settled') LOOP -- [record, seconds until it is counted or null]
    IF one->>1 IS NULL THEN
      DELETE FROM ledger_records WHERE record_id = (one->>0)::bigint AND process_id = me;
    ELSE
      UPDATE ledger_records SET counted_at = mine.beat_at + (one->>1)::float8
      WHERE record_id = (one->>0)::bigint AND process_id = me;
    END IF;
  END LOOP;
  FOR one IN SELECT * FROM jsonb_array_elements(request->'told') t ORDER BY t->>'quota_id' LOOP
    PERFORM ledger_tell(one, mine.beat_at);
  END LOOP;
  IF (request->>'watch')::boolean THEN
    PERFORM ledger_watch(mine, request);
  END IF;
  FOR one IN SELECT * FROM jsonb_array_elements(request->'take') t ORDER BY t->>'quota' LOOP
    quotas := quotas || jsonb_build_array(ledger_take(mine, one, request));
  END LOOP;
  -- In the order of the names of their keys, so that no two exchanges wait for each other.
  PERFORM pg_advisory_xact_lock(name) FROM (
    SELECT DISTINCT hashtextextended(concat_ws(' ', 'bulkops key', mine.host, r->>'quota', r->>'key'), 0) AS name
    FROM jsonb_array_elements(request->'record') r ORDER BY 1) names;
  FOR one IN SELECT * FROM jsonb_array_elements(request->'record') LOOP
    records := records || jsonb_build_array(ledger_record(mine, one, request));
  END LOOP;
  RETURN jsonb_build_object('quotas', quotas, 'records', records,
    'explored', ledger_learn(mine, request->'explored'));
END $$;
