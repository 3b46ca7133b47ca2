"""Mistakes that somebody could make one day, as edits of the package, each with the tests that must notice it."""

from __future__ import annotations

import attrs

from tests.chaos.by_meaning import Edit

EFFECTS = ("tests/chaos/test_crash_kit.py::test_around_each_effect",)
TORN = ("tests/chaos/test_crash_kit.py::test_the_power_fails_in_every_commit[4]",)
PREDECESSOR = ("tests/unit/runs/test_runs_predecessor.py",)
LEDGER = ("tests/unit/ledger",)
MACHINES = ("tests/unit/ledger/test_ledger_postgres_slots.py",)
RUN_STORE = ("tests/unit/journal/test_journal_postgres.py",)
SHARED_RUNS = ("tests/unit/journal/test_shared_runs.py",)
WINDOWS = ("tests/unit/pacing/test_pacing_proof.py",)
OUTAGES = ("tests/chaos/test_outages.py",)
HOSTILE = ("tests/chaos/test_hostile_server.py::test_bad_answers_to_the_first_look",)
CHANGES = ("tests/chaos/test_hostile_server.py::test_bad_answers_to_changes[POST folders]",)
INPUTS = ("tests/chaos/test_inputs.py",)
ACCOUNT_FILES = ("tests/unit/runs/test_runs_inventory.py",)
EXCHANGE = ("tests/session/test_session_exchange.py",)
SECRETS = ("tests/session/test_session_secrets.py",)
WITHOUT_STEPS = ("tests/unit/runs/test_runs_without_steps.py",)
AUTHOR = ("tests/unit/steps/test_steps_author.py",)
OWN_PLANS = ("tests/unit/operations/test_operations_own_plans.py",)
OWN_CLASSES = ("tests/unit/operations/test_operations_own_classes.py",)
HALTING = ("tests/halting/test_halting_accounts.py",)
ADMISSION = ("tests/halting/test_halting_admission.py",)
GATE = ("tests/session/test_session_gate.py",)
HOST = ("tests/session/test_session_outages.py",)
ENDING = ("tests/unit/runs/test_runs_account_outcome.py",)


@attrs.frozen
class Mistake:
    """In the definition `within`, `old` becomes `new` (as in `Edit`), and what `also` says; then at least one of
    `tests` must fail."""

    name: str
    within: str
    old: str
    new: str
    tests: tuple[str, ...]
    also: tuple[Edit, ...] = ()

    @property
    def edits(self) -> tuple[Edit, ...]:
        return (Edit(within=self.within, old=self.old, new=self.new), *self.also)


MISTAKES = (
    # -- steps and journal
    Mistake(
        "the intent is not written",
        "StepLog._begin",
        "await self._journal.begin_step(self.run_id, self._seq, key, data)",
        "",
        EFFECTS,
    ),
    Mistake(
        "the intent is written after the request has left",
        "StepLog._do",
        "await self._begin(key, data)",
        "",
        EFFECTS,
        also=(
            Edit(
                within="StepLog._do",
                old="result = await self._send(key, effect, sent)",
                new="result = await self._send(key, effect, sent)\nawait self._begin(key, data)",
            ),
        ),
    ),
    Mistake(
        "a write outside of steps leaves no trace before it is answered",
        "StepLog._note_outside",
        "await self._begin(OUTSIDE_STEPS, None)",
        "",
        WITHOUT_STEPS,
    ),
    Mistake(
        "a refused write counts as a change",
        "Attempt.on_answer",
        "200 <= status < 300 and not call.is_read",
        "not call.is_read",
        WITHOUT_STEPS,
    ),
    Mistake(
        "a step of two requests is forgotten when its second is refused",
        "StepLog._do",
        "is_refused and not (has_others or may_have_acted)",
        "is_refused and not may_have_acted",
        WITHOUT_STEPS,
    ),
    Mistake(
        "an unknown account is cancelled when the process that resumes it is killed",
        "start_account.job",
        'kept = "was_unknown = 1" if stays else _NO_ANSWER',
        "kept = _NO_ANSWER",
        ("tests/unit/journal/test_journal_records.py",),
    ),
    Mistake(
        "an unknown account is what the next process ends with, whatever that learned",
        "_is_still_unknown",
        "return before.outcome is Outcome.UNKNOWN and not effects.began_unresolved",
        "return False",
        ENDING,
    ),
    Mistake(
        "of a group of errors the first decides",
        "worst_of",
        "return min(leaves_of(error), key=_mildness)",
        "return next(leaves_of(error))",
        ENDING,
    ),
    Mistake(
        "an operation that hides a refused token is believed",
        "ending_of",
        "effects.stopped_by is not None or isinstance(worst, Unauthorized)",
        "isinstance(worst, Unauthorized)",
        ("tests/unit/runs/test_runs_task_groups.py",),
    ),
    Mistake(
        "a redirect is taken for a refusal",
        "leaves_open",
        "status < 200 or status in _REDIRECTS or status >= 500",
        "status < 200 or status >= 500",
        ("tests/unit/test_errors.py",),
    ),
    Mistake(
        "a refusal settles what an earlier request of the step left open",
        "StepLog._do",
        "is_refused and not (has_others or may_have_acted)",
        "is_refused and not has_others",
        AUTHOR,
    ),
    Mistake(
        "a step name may be used twice in one pass",
        "StepLog._use",
        ("self._used.add(key)\nreturn key"),
        "return key",
        AUTHOR,
    ),
    Mistake(
        "a repeatable step is sent once",
        "_settle",
        ("if effect.repeatable:\n    return None"),
        ("if effect.repeatable and error is None:\n    return None"),
        AUTHOR,
    ),
    Mistake(
        "ensure does not settle an open intent when it finds the thing",
        "StepLog.ensure",
        "key not in self._open",
        "True",
        AUTHOR,
    ),
    Mistake(
        "an effect begins before it is admitted",
        "StepLog._begin",
        ("if self.before_effect is not None:\n    await self._admit()"),
        "",
        ("tests/unit/steps/test_steps_log.py",),
    ),
    Mistake(
        "requests leave on an old heartbeat",
        "Admission._is_fresh",
        "return self.heartbeat is None or self.heartbeat.is_fresh",
        "return True",
        GATE,
    ),
    Mistake(
        "a sign of life counts before it is on the disk",
        "SqliteCommitter._transact",
        "self.signed_boot_s = self._processes.signed_boot_s",
        "self.signed_boot_s = math.inf",
        ("tests/unit/journal/test_journal_age.py",),
    ),
    Mistake(
        "an open intent is not probed",
        "StepLog._do",
        "row is not None and row.state is StepState.INTENT",
        "row is not None and row.state is StepState.INTENT and False",
        EFFECTS,
    ),
    Mistake(
        "what the probe found is not believed",
        "StepLog._do",
        ("if found is not None:\n    return self._finish(key, effect, found, row.data)\ndata = row.data"),
        "data = row.data",
        EFFECTS,
    ),
    Mistake(
        "nothing found counts at once",
        "_settle",
        "left_at + server_timeout_s - clock()",
        "0.0",
        EFFECTS,
    ),
    Mistake(
        "an intent is taken for done",
        "StepLog.is_done",
        "return row is not None and row.state is StepState.DONE",
        "return row is not None and row.state is not StepState.FAILED",
        EFFECTS,
    ),
    Mistake(
        "an intent is dated by its own process's end, not by its last sign of life",
        "ProcessRecord.idle_s",
        "last = max(self.beat_boot_s, since_boot_s) + (0.0 if self.ended else MARGIN_S)",
        "last = since_boot_s - 60",
        ("tests/unit/journal/test_journal_age.py",),
    ),
    Mistake(
        "over a reboot the wall clock alone dates an intent",
        "ProcessRecord._since_beat_s",
        "min(now.wall_s - self.beat_wall_s, by_boot_s)",
        "now.wall_s - self.beat_wall_s",
        ("tests/unit/journal/test_journal_age.py",),
    ),
    Mistake(
        "a commit is not on the disk when it returns",
        "_make_ready",
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = NORMAL",
        TORN,
    ),
    Mistake(
        "an unknown outcome counts as nothing happened",
        "OutcomeUnknown._leaves_open",
        "return True",
        "return False",
        CHANGES,
    ),
    Mistake(
        "two runs on one credential, each with the whole quota",
        "_use",
        'if_running == "share"',
        "True",
        ("tests/chaos/test_journal_trouble.py::test_two_on_one_journal_and_two_on_one_credential",),
    ),
    Mistake(
        "an account that was under way is not taken up again",
        "RESUMABLE",
        "frozenset({Outcome.NOT_ATTEMPTED, Outcome.CANCELLED, Outcome.UNKNOWN})",
        "frozenset({Outcome.NOT_ATTEMPTED})",
        EFFECTS,
    ),
    # -- what an author writes
    Mistake(
        "a plan calls a function whose author did not allow it",
        "FunctionOperation.plan",
        "self.rehearses",
        "True",
        OWN_PLANS,
    ),
    Mistake(
        "a rehearsal sends its steps",
        "Rehearsal._do",
        'as_json(effect.planned, f"planned of step {name!r}")',
        "as_json(await effect.fn(), name)",
        OWN_PLANS,
    ),
    Mistake(
        "a rehearsal goes on with a result that was not planned",
        "Rehearsal._do",
        "_Unplanned(name)",
        "None",
        OWN_PLANS,
    ),
    Mistake(
        "a class is the same operation whatever its code says",
        "Operation.digest",
        "code is not None",
        "code is None",
        OWN_CLASSES,
    ),
    Mistake(
        "a class is the same operation whatever its fields hold",
        "Operation.parameters",
        "return own_parameters(self)",
        "return {}",
        OWN_CLASSES,
    ),
    Mistake(
        "a field with a secret's name goes to the journal",
        "_json_data",
        "may_be_secret and looks_secret(name) and isinstance(value, str | bytes)",
        "may_be_secret and not looks_secret(name) and isinstance(value, bytes)",
        OWN_CLASSES,
    ),
    # -- sending
    Mistake(
        "a call that must be looked after first is sent again",
        "may_resend",
        'retry not in {"idempotent", "safe_to_retry"}',
        'retry not in {"idempotent", "safe_to_retry", "reconcile_first"}',
        ("tests/session/test_session_resending.py",),
    ),
    Mistake("an answer may be of any size", "whole_body", "size > most", "size < 0", HOSTILE),
    Mistake("a 401 stops nobody", "ApiSession._learn_from_failure", "self._admission.stop(error)", "pass", GATE),
    Mistake(
        "a 401 of a family of calls that never worked is taken for the token's",
        "Rights.is_doubtful",
        "call.family not in self._worked",
        "False",
        GATE,
    ),
    Mistake("a revoked token is taken for a missing right", "Rights.meaning", "return refused", "return lacking", GATE),
    Mistake(
        "a refusal for the rate is taken for a token that works",
        "ApiSession._learn",
        "is_usable and status not in {401, 429}",
        "is_usable and status != 401",
        GATE,
    ),
    Mistake(
        "in an outage everybody knocks",
        "Admission._slot_in_budget",
        "pending.tries.probe = self._budget.take(quota)",
        "pending.tries.probe = False",
        OUTAGES,
    ),
    Mistake(
        "the probe of the host waits for its slot",
        "Admission._slot_in_budget",
        ("slot = await self._slot(pending)\npending.tries.probe = self._budget.take(quota)"),
        ("pending.tries.probe = self._budget.take(quota)\nslot = await self._slot(pending)"),
        HOST,
    ),
    Mistake(
        "an announced outage counts against the call",
        "RetryState._pause_s",
        ("if host_away and failed.away_s:\n    return 0.0"),
        "",
        HOST,
    ),
    Mistake(
        "an announced outage counts against the account",
        "Admission._deadline",
        "scope.deadline + self.host.away_s - scope.away_s",
        "scope.deadline",
        HOST,
    ),
    Mistake(
        "an outage that one call announces is everybody's",
        "Host.announced",
        "self.is_away or self._tried_last is who",
        "True",
        HOST,
    ),
    Mistake(
        "after an announced outage everybody knocks at once",
        "_STAYS_CLOSED",
        "frozenset({None, 401, *TRANSIENT})",
        "frozenset({None, 401})",
        HOST,
    ),
    Mistake("a host that was never reached is tried for ever", "Host.failed", "self._patience is None", "False", HOST),
    Mistake(
        "a host that goes away is given up like one that was never reached",
        "Host.answered",
        "self.is_reached = True",
        "",
        HOST,
    ),
    Mistake(
        "the text of an exception is journaled as it is",
        "_shown",
        "return one_line(masked(text[:_LONGEST_READ]), longest=_LONGEST_REASON)",
        "return one_line(text, longest=_LONGEST_REASON)",
        ("tests/unit/runs/test_runs_secrets.py",),
    ),
    Mistake(
        "a workspace has a window for each of its names",
        "AccountNames.counted",
        "name = self._same.get(account, account)",
        "name = account",
        ("tests/session/test_session_people.py",),
    ),
    Mistake(
        "the token is in a repr",
        "Secret.__repr__",
        'return f"Secret({MASK})"',
        'return f"Secret({self._text})"',
        SECRETS,
    ),
    Mistake(
        "certificates are not looked at",
        "Transport.__aenter__",
        "aiohttp.TCPConnector(limit=0)",
        "aiohttp.TCPConnector(limit=0, ssl=False)",
        ("tests/session/test_session_tls.py",),
    ),
    Mistake(
        "a proxy of the environment is used without being asked for",
        "Transport.__aenter__",
        "self._settings.tuning.proxy_from_environment",
        "self._settings.tuning",
        ("tests/session/test_session_proxy.py",),
    ),
    # -- quotas
    Mistake(
        "a slot is free T after the request has left",
        "Slot.replied",
        "self._end(now, now)",
        "self._end(self.granted_at, now)",
        WINDOWS,
    ),
    Mistake(
        "a lost request is forgotten at once",
        "Slot.lost",
        "max(now, self.granted_at + self._pacer.server_timeout_s)",
        "self._pacer.now()",
        WINDOWS,
    ),
    Mistake(
        "a 429 counts as an answer",
        "Attempt.on_answer",
        'status == 429 and call.speaks_of == "quota"',
        'status == -429 and call.speaks_of == "quota"',
        ("tests/session/test_session_resending.py", "tests/session/test_session_gate.py"),
    ),
    Mistake(
        "what a killed process sent is not waited out",
        "LedgerTransactions._killed",
        "process.share and process.counted_by + _DIVIDED_S > now.boot_s",
        "process.share and process.counted_by + _DIVIDED_S > now.boot_s + 1e9",
        LEDGER,
    ),
    Mistake(
        "what a killed process had in flight is taken for counted",
        "LedgerTransactions._processes",
        "label, pid, share, beat_boot_s + server_timeout_s FROM",
        "label, pid, share, beat_boot_s FROM",
        LEDGER,
    ),
    Mistake(
        "the slots of a process that ended are forgotten",
        "dividing",
        "await member.end(pacer.held(recorded=False), explored=pacer.explored())",
        "await member.end([], explored=pacer.explored())",
        PREDECESSOR,
    ),
    Mistake(
        "a process that takes over a share does not hold the slots of the one before",
        "LedgerTransactions.renew",
        "slots_left_behind(self._connection, self._mine, now) if has_grown else ()",
        "()",
        LEDGER,
    ),
    Mistake(
        "a session holds its own slots twice",
        "slots_left_behind",
        "WHERE holder = ?)",
        "WHERE holder = ? AND 0)",
        PREDECESSOR,
    ),
    Mistake(
        "each of those who share has the whole quota",
        "LedgerTransactions.renew",
        "taken + fair <= 1 + _TINY",
        "True",
        LEDGER,
    ),
    Mistake(
        "a share is given back before its requests have left the window",
        "LedgerTransactions.renew",
        "share = min(share, max(part, used))",
        "share = min(share, part)",
        LEDGER,
    ),
    Mistake(
        "the share of a killed process is free at once",
        "LedgerTransactions.renew",
        "others if is_alone else others + killed",
        "others",
        LEDGER,
    ),
    Mistake(
        "a recorded quota counts this process alone", "_full", "len(rows) < limit.requests", "rows or True", LEDGER
    ),
    Mistake(
        "a request leaves before it is on record",
        "Pacer._slot_now",
        ("if wanted.needs_record:\n    return None"),
        "",
        LEDGER,
    ),
    Mistake(
        "slots of earlier processes hold up an opening",
        "Window.free_at",
        "(own if is_opening else total) < allowed",
        "total < allowed",
        ("tests/unit/pacing/test_pacing_pacer.py",),
    ),
    Mistake(
        "a ledger for each journal",
        "LocalLedger.join.make",
        "LedgerTransactions(self._directory or state_directory(), self._clock)",
        "LedgerTransactions(self._directory or Path(__import__('tempfile').mkdtemp()), self._clock)",
        PREDECESSOR,
    ),
    # -- several machines
    Mistake("a process that was declared dead writes on", "write", "AND NOT dead AND batch", "AND batch", RUN_STORE),
    Mistake("a commit whose answer was lost happens twice", "write", "AND batch < number", "", RUN_STORE),
    Mistake(
        "an account of a living process is begun", "is_held", "AND NOT p.ended AND NOT p.dead", "AND false", RUN_STORE
    ),
    Mistake(
        "a worker takes what another one has",
        "write",
        "AND a.wanted AND a.claims_lost < 3\n          AND NOT is_held(a.process_id, me)",
        "AND a.wanted",
        SHARED_RUNS,
    ),
    Mistake("a worker ends what another one has", "write", "AND NOT is_held(process_id, me)", "", SHARED_RUNS),
    Mistake("a worker takes what three died of", "write", "AND a.claims_lost < 3", "", SHARED_RUNS),
    Mistake("a run that is stopping is worked on", "write", "AND r.stopping IS NULL", "", SHARED_RUNS),
    Mistake(
        "endings are numbered before the lock on the run",
        "write",
        "UPDATE runs r SET endings = endings + 1",
        "UPDATE runs r SET endings = endings",
        SHARED_RUNS,
    ),
    Mistake(
        "endings are counted outside of their commits",
        "write",
        "RETURNING endings INTO nr;",
        ";\n        nr := nextval('runs_number_seq');",
        SHARED_RUNS,
        also=(Edit(within="write", old="UPDATE runs r SET endings = endings + 1", new="PERFORM 1 FROM runs r"),),
    ),
    Mistake(
        "a worker that stood still declares others dead",
        "is_steady",
        "p.steady_at <= now_s() - s.lease_s AND p.beat_wall_s >= now_s() - s.lease_s / 2",
        "true",
        SHARED_RUNS,
    ),
    Mistake(
        "workers may lose a run to a person", "take_lock", "NOT coordinates AND EXISTS", "false AND EXISTS", SHARED_RUNS
    ),
    Mistake(
        "what no live worker has is not delivered again",
        "WorkerTeam._reconcile",
        "await self.dispatcher.send(self.run_id, again, again=True)",
        "pass",
        ("tests/acceptance/test_workers.py::test_a_killed_worker_is_replaced",),
    ),
    Mistake("a lock is taken from a living process", "take_lock", "AND is_alive(holder)", "AND false", RUN_STORE),
    Mistake(
        "a process is dead because the database was down",
        "is_alive",
        "greatest(p.beat_wall_s, up_since_s())",
        "p.beat_wall_s",
        RUN_STORE,
    ),
    Mistake(
        "a heartbeat in the database is dated when its answer arrives",
        "PostgresCommitter._write",
        "self.signed_boot_s = began",
        "self.signed_boot_s = math.inf",
        ("tests/unit/journal/test_journal_age.py", *RUN_STORE),
    ),
    Mistake(
        "a heartbeat in the database is dated by the wrong clock",
        "PostgresCommitter._write",
        "self._clock.boot_time_s()",
        "self._clock.now().wall_s",
        ("tests/unit/journal/test_journal_age.py", *RUN_STORE),
    ),
    Mistake(
        "the windows of a quota share the length of one",
        "ledger_bury",
        "counted_at_last + w.length_s",
        "counted_at_last + (SELECT min(length_s) FROM ledger_windows)",
        MACHINES,
    ),
    Mistake(
        "what a dead process held is free at once",
        "ledger_bury",
        "free_at = greatest(s.free_at, counted_at_last + w.length_s)",
        "free_at = s.free_at",
        MACHINES,
    ),
    Mistake(
        "a dead process has sent nothing after its last heartbeat",
        "ledger_bury",
        "process.beat_at + margin_s + process.server_timeout_s",
        "process.beat_at + process.server_timeout_s",
        MACHINES,
    ),
    Mistake(
        "a heartbeat is dated when its answer arrives",
        "LedgerDatabase._call",
        "self.beat_boot_s = sent_boot_s",
        "self.beat_boot_s = self.clock.boot_time_s()",
        ("tests/unit/ledger/test_ledger_postgres_lease.py",),
    ),
    Mistake(
        "a machine declares others dead right after an outage",
        "ledger_watch",
        "mine.steady_since > mine.beat_at - lease_s",
        "false",
        MACHINES,
    ),
    Mistake(
        "a slot that was taken ahead and not used is free at once",
        "ledger_give_back",
        "THEN s.free_at ELSE",
        "THEN 0 ELSE",
        MACHINES,
    ),
    Mistake(
        "slots whose exchange was never answered are lost",
        "ledger_exchange",
        "PERFORM ledger_unanswered(me, (request->>'seen')::bigint);",
        "NULL;",
        MACHINES,
    ),
    Mistake("slots of a run go to the worker that asks first", "ledger_take", " AND turn <= in_run", "", MACHINES),
    Mistake("a run has a part for each worker", "ledger_take", "count(DISTINCT run_id)", "count(*)", MACHINES),
    Mistake(
        "a workspace that is unknown has quotas of its own",
        "ledger_taken_beside",
        "(s.held OR s.free_at > moment)",
        "false",
        MACHINES,
    ),
    Mistake(
        "a request leaves with a slot that others have now",
        "Slot.may_leave",
        "self._hand is None or self._hand.generation == self._generation",
        "True",
        GATE,
    ),
    Mistake(
        "a process that was declared dead takes itself for alive",
        "LedgerDatabase._call",
        "if kind is None or row is None or row[0] is None:\n    return None",
        "self.beat_boot_s = sent_boot_s\nif kind is None or row is None or row[0] is None:\n    return None",
        ("tests/unit/ledger/test_ledger_postgres_slots.py",),
    ),
    Mistake(
        "a slot comes back one window after it was given back, not after its response",
        "OpenedQuota.back",
        "one.counted_by + length_s - now",
        "length_s",
        ("tests/unit/ledger/test_ledger_postgres_lease.py",),
    ),
    # -- input and output
    Mistake(
        "one failure too many",
        "FailureLimit.note",
        "self._count <= self.limit",
        "self._count <= self.limit + 9",
        OUTAGES,
    ),
    # -- halting
    Mistake(
        "a halt lets go of nobody",
        "Halt.stop",
        ("self._admission.stop()\nself._let_go()"),
        "self._admission.stop()",
        HALTING,
    ),
    Mistake(
        "a halt lets go of accounts that have begun an effect",
        "StepLog.withdraw",
        ("if self.changed or self._open - self._sending.keys():\n    return False"),
        "",
        HALTING,
    ),
    Mistake(
        "an effect that has left is given up",
        "StepLog.withdraw",
        "not all(sent.waits and not sent.left for sent in self._sending.values())",
        "False",
        HALTING,
    ),
    Mistake(
        "an account that was let go looks cancelled",
        "stopped",
        "Outcome.CANCELLED if effects.changed else Outcome.NOT_ATTEMPTED",
        "Outcome.CANCELLED",
        HALTING,
    ),
    Mistake(
        "a chain goes on after a halt that stops it",
        "Halt._before_operation",
        'self.reason is not None and self._policy.on_halt == "stop"',
        "False",
        HALTING,
    ),
    Mistake(
        "strict failures allow one account too many",
        "Halt._is_within_limit",
        "self._started < left + 1",
        "self._started <= left + 1",
        HALTING,
    ),
    Mistake(
        "accounts in progress reserve nothing of the quotas",
        "Admission._expect",
        "self._expected[quota] = self._expected.get(quota, 0.0) + entry.left[quota]",
        "self._expected.setdefault(quota, 0.0)",
        ADMISSION,
    ),
    Mistake(
        "the cap of a promised worst case does not hold",
        "Admission._rooms",
        ("if self.open >= self._most_now():\n    return None"),
        "",
        ADMISSION,
    ),
    Mistake(
        "accounts are admitted for an instant only",
        "Admission._rooms",
        "ahead_s = self._account_s() + _AHEAD_LEAST_S",
        "ahead_s = 0.0",
        ADMISSION,
    ),
    Mistake("the deadline lets the run go on", "Deadline._passed", "self._stop()", "", HALTING),
    Mistake(
        "a package is unpacked however large",
        "_read",
        "sum(info.file_size for info in members) > MAX_UNPACKED_BYTES",
        "sum(info.file_size for info in members) < 0",
        INPUTS,
    ),
    Mistake("007 and 7 are two accounts", "_account", "str(int(account))  # 007", "account  # 007", ACCOUNT_FILES),
    Mistake(
        "a report's cell may be a formula", "_FORMULA", "=+-@", "", ("tests/unit/report/test_report_structured.py",)
    ),
)
