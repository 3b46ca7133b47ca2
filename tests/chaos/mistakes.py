"""Mistakes that somebody could make one day, as edits of the package, each with the tests that must notice it."""

from __future__ import annotations

import attrs

EFFECTS = ("tests/chaos/test_crash_kit.py::test_around_each_effect",)
TORN = ("tests/chaos/test_crash_kit.py::test_the_power_fails_in_every_commit[4]",)
PREDECESSOR = ("tests/unit/runs/test_runs_predecessor.py",)
LEDGER = ("tests/unit/ledger",)
WINDOWS = ("tests/unit/pacing/test_pacing_proof.py",)
OUTAGES = ("tests/chaos/test_outages.py",)
HOSTILE = ("tests/chaos/test_hostile_server.py::test_bad_answers_to_the_first_look",)
CHANGES = ("tests/chaos/test_hostile_server.py::test_bad_answers_to_changes[POST folders]",)
INPUTS = ("tests/chaos/test_inputs.py",)
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
ENDING = ("tests/unit/runs/test_runs_ending.py",)


@attrs.frozen
class Mistake:
    """`old` is once in bulkops/`file` and becomes `new`; then at least one of `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MISTAKES = (
    # -- steps and journal
    Mistake(
        "the intent is not written",
        "steps/log.py",
        "        await self._journal.begin_step(self._run_id, self._seq, key, data)\n",
        "",
        EFFECTS,
    ),
    Mistake(
        "the intent is written after the request has left",
        "steps/log.py",
        "            await self._begin(key, data)\n            sent = StepWrites(left=int(may_have_acted))\n"
        "            try:\n                result = await self._send(key, effect, sent)\n",
        "            sent = StepWrites(left=int(may_have_acted))\n            try:\n"
        "                result = await self._send(key, effect, sent)\n                await self._begin(key, data)\n",
        EFFECTS,
    ),
    Mistake(
        "a write outside of steps leaves no trace before it is answered",
        "steps/log.py",
        "                await self._begin(OUTSIDE_STEPS, None)\n",
        "",
        WITHOUT_STEPS,
    ),
    Mistake(
        "a refused write counts as a change",
        "session/_attempt.py",
        "        if 200 <= status < 300 and not call.is_read:\n",
        "        if not call.is_read:\n",
        WITHOUT_STEPS,
    ),
    Mistake(
        "a step of two requests is forgotten when its second is refused",
        "steps/log.py",
        "                if is_refused and not (has_others or may_have_acted):\n",
        "                if is_refused and not may_have_acted:\n",
        WITHOUT_STEPS,
    ),
    Mistake(
        "an unknown account is cancelled when the process that resumes it is killed",
        "journal/writes.py",
        '        kept = "was_unknown = 1" if stays else _NO_ANSWER\n',
        "        kept = _NO_ANSWER\n",
        ("tests/unit/journal/test_journal_records.py",),
    ),
    Mistake(
        "an unknown account is what the next process ends with, whatever that learned",
        "runs/ending.py",
        "    return before.outcome is Outcome.UNKNOWN and not effects.began_unresolved\n",
        "    return False\n",
        ENDING,
    ),
    Mistake(
        "of a group of errors the first decides",
        "errors.py",
        "    return min(leaves_of(error), key=_mildness)\n",
        "    return next(leaves_of(error))\n",
        ENDING,
    ),
    Mistake(
        "an operation that hides a refused token is believed",
        "runs/ending.py",
        "    if effects.stopped_by is not None or isinstance(worst, Unauthorized):\n",
        "    if isinstance(worst, Unauthorized):\n",
        ("tests/unit/runs/test_runs_task_groups.py",),
    ),
    Mistake(
        "a redirect is taken for a refusal",
        "errors.py",
        "status < 200 or status in _REDIRECTS or status >= 500",
        "status < 200 or status >= 500",
        ("tests/unit/test_errors.py",),
    ),
    Mistake(
        "a refusal settles what an earlier request of the step left open",
        "steps/log.py",
        "                if is_refused and not (has_others or may_have_acted):\n",
        "                if is_refused and not has_others:\n",
        AUTHOR,
    ),
    Mistake(
        "a step name may be used twice in one pass",
        "steps/log.py",
        "        self._used.add(key)\n        return key\n",
        "        return key\n",
        AUTHOR,
    ),
    Mistake(
        "a repeatable step is sent once",
        "steps/log.py",
        "            if effect.repeatable:\n                return None\n",
        "            if effect.repeatable and error is None:\n                return None\n",
        AUTHOR,
    ),
    Mistake(
        "ensure does not settle an open intent when it finds the thing",
        "steps/log.py",
        "        if key not in self._open:\n",
        "        if True:\n",
        AUTHOR,
    ),
    Mistake(
        "an effect begins before it is admitted",
        "steps/log.py",
        "        if self.before_effect is not None:\n            await self._admit()\n",
        "",
        ("tests/unit/steps/test_steps_log.py",),
    ),
    Mistake(
        "requests leave on an old heartbeat",
        "session/_admission.py",
        "        return self.heartbeat is None or self.heartbeat.is_fresh\n",
        "        return True\n",
        GATE,
    ),
    Mistake(
        "a sign of life counts before it is on the disk",
        "journal/writer.py",
        "        self.signed_boot_s = self._processes.signed_boot_s\n        self.commits += 1\n",
        "        self.signed_boot_s = math.inf\n        self.commits += 1\n",
        ("tests/unit/journal/test_journal_age.py",),
    ),
    Mistake(
        "an open intent is not probed",
        "steps/log.py",
        "        if row is not None and row.state is StepState.INTENT:\n",
        "        if row is not None and row.state is StepState.INTENT and False:\n",
        EFFECTS,
    ),
    Mistake(
        "what the probe found is not believed",
        "steps/log.py",
        "            if found is not None:\n                return await self._finish(key, effect, found, row.data)\n"
        "            data = row.data",
        "            data = row.data",
        EFFECTS,
    ),
    Mistake(
        "nothing found counts at once",
        "steps/log.py",
        "left_at + self._tuning.server_timeout_s - clock()",
        "0.0",
        EFFECTS,
    ),
    Mistake(
        "an intent is taken for done",
        "steps/log.py",
        "        return row is not None and row.state is StepState.DONE\n",
        "        return row is not None and row.state is not StepState.FAILED\n",
        EFFECTS,
    ),
    Mistake(
        "an intent is dated by its own process's end, not by its last sign of life",
        "clock.py",
        "        last = max(self.beat_boot_s, since_boot_s) + (0.0 if self.ended else MARGIN_S)\n",
        "        last = since_boot_s - 60\n",
        ("tests/unit/journal/test_journal_age.py",),
    ),
    Mistake(
        "over a reboot the wall clock alone dates an intent",
        "clock.py",
        "min(now.wall_s - self.beat_wall_s, by_boot_s)",
        "now.wall_s - self.beat_wall_s",
        ("tests/unit/journal/test_journal_age.py",),
    ),
    Mistake(
        "a commit is not on the disk when it returns",
        "journal/schema.py",
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = NORMAL",
        TORN,
    ),
    Mistake(
        "an unknown outcome counts as nothing happened",
        "errors.py",
        'class OutcomeUnknown(ApiError):\n    failure_class = "outcome-unknown"\n\n    @property\n'
        "    def _leaves_open(self) -> bool:\n        return True\n",
        'class OutcomeUnknown(ApiError):\n    failure_class = "outcome-unknown"\n\n    @property\n'
        "    def _leaves_open(self) -> bool:\n        return False\n",
        CHANGES,
    ),
    Mistake(
        "two runs on one credential, each with the whole quota",
        "runs/credential.py",
        'share=if_running == "share"',
        "share=True",
        ("tests/chaos/test_journal_trouble.py::test_two_on_one_journal_and_two_on_one_credential",),
    ),
    Mistake(
        "an account that was under way is not taken up again",
        "outcome.py",
        "RESUMABLE: Final = frozenset({Outcome.NOT_ATTEMPTED, Outcome.CANCELLED, Outcome.UNKNOWN})",
        "RESUMABLE: Final = frozenset({Outcome.NOT_ATTEMPTED})",
        EFFECTS,
    ),
    # -- what an author writes
    Mistake(
        "a plan calls a function whose author did not allow it",
        "operations/functions.py",
        "        if self.rehearses:\n",
        "        if True:\n",
        OWN_PLANS,
    ),
    Mistake(
        "a rehearsal sends its steps",
        "steps/rehearsal.py",
        "            result = msgspec.to_builtins(effect.planned)\n",
        "            result = msgspec.to_builtins(await effect.fn())\n",
        OWN_PLANS,
    ),
    Mistake(
        "a rehearsal goes on with a result that was not planned",
        "steps/rehearsal.py",
        "            result: Any = _Unplanned(name)\n",
        "            result: Any = None\n",
        OWN_PLANS,
    ),
    Mistake(
        "a class is the same operation whatever its code says",
        "operations/_base.py",
        "        if code is not None:\n",
        "        if code is None:\n",
        OWN_CLASSES,
    ),
    Mistake(
        "a class is the same operation whatever its fields hold",
        "operations/_base.py",
        "        return own_parameters(self)\n",
        "        return {}\n",
        OWN_CLASSES,
    ),
    Mistake(
        "a field with a secret's name goes to the journal",
        "operations/_fields.py",
        "    if may_be_secret and looks_secret(name) and isinstance(value, str | bytes):\n",
        "    if may_be_secret and not looks_secret(name) and isinstance(value, bytes):\n",
        OWN_CLASSES,
    ),
    # -- sending
    Mistake(
        "a call that must be looked after first is sent again",
        "pacing/retry.py",
        'if retry not in {"idempotent", "safe_to_retry"}:',
        'if retry not in {"idempotent", "safe_to_retry", "reconcile_first"}:',
        ("tests/session/test_session_resending.py",),
    ),
    Mistake(
        "aiohttp sends by itself a second time",
        "session/_transport.py",
        "    client._retry_connection = False\n",
        "    client._retry_connection = True\n",
        EXCHANGE,
    ),
    Mistake(
        "redirects are followed with credentials",
        "session/_transport.py",
        "            allow_redirects=False,\n",
        "            allow_redirects=True,\n",
        EXCHANGE,
    ),
    Mistake(
        "an answer may be of any size",
        "session/_transport.py",
        "        if size > most:\n",
        "        if size < 0:\n",
        HOSTILE,
    ),
    Mistake(
        "a 401 stops nobody",
        "session/_session.py",
        "                self._admission.stop(error)\n",
        "                pass\n",
        GATE,
    ),
    Mistake(
        "a 401 of a family of calls that never worked is taken for the token's",
        "session/_session.py",
        "            if self._families and call.family not in self._families:\n",
        "            if False:\n",
        GATE,
    ),
    Mistake(
        "a refusal for the rate is taken for a token that works",
        "session/_session.py",
        "        if is_usable and status not in {401, 429}:\n",
        "        if is_usable and status != 401:\n",
        GATE,
    ),
    Mistake(
        "in an outage everybody knocks",
        "session/_admission.py",
        "            pending.tries.probe = self._budget.take(quota)\n",
        "            pending.tries.probe = False\n",
        OUTAGES,
    ),
    Mistake(
        "the probe of the host waits for its slot",
        "session/_admission.py",
        "            slot = self.slot_now(pending) or await self._slot(pending)\n"
        "            pending.tries.probe = self._budget.take(quota)\n",
        "            pending.tries.probe = self._budget.take(quota)\n"
        "            slot = self.slot_now(pending) or await self._slot(pending)\n",
        HOST,
    ),
    Mistake(
        "an announced outage counts against the call",
        "session/_retry_state.py",
        "        if host_away and failed.away_s:\n            return 0.0\n",
        "",
        HOST,
    ),
    Mistake(
        "an announced outage counts against the account",
        "session/_admission.py",
        "scope.deadline + self.host.away_s - scope.away_s",
        "scope.deadline",
        HOST,
    ),
    Mistake(
        "an outage that one call announces is everybody's",
        "session/_host.py",
        "        if self.is_away or self._tried_last is who:\n",
        "        if True:\n",
        HOST,
    ),
    Mistake(
        "after an announced outage everybody knocks at once",
        "session/_session.py",
        "frozenset({None, 401, *TRANSIENT})",
        "frozenset({None, 401})",
        HOST,
    ),
    Mistake(
        "a host that was never reached is tried for ever",
        "session/_host.py",
        "        elif self._patience is None:\n",
        "        elif False:\n",
        HOST,
    ),
    Mistake(
        "a host that goes away is given up like one that was never reached",
        "session/_host.py",
        "        self.is_reached = True\n",
        "",
        HOST,
    ),
    Mistake(
        "the text of an exception is journaled as it is",
        "runs/ending.py",
        "    return one_line(masked(text[:_LONGEST_READ]), longest=_LONGEST_REASON)\n",
        "    return one_line(text, longest=_LONGEST_REASON)\n",
        ("tests/unit/runs/test_runs_secrets.py",),
    ),
    Mistake(
        "a workspace has a window for each of its names",
        "session/_account_keys.py",
        "        name = self._same.get(account, account)\n",
        "        name = account\n",
        ("tests/session/test_session_people.py",),
    ),
    Mistake(
        "the token is in a repr",
        "secret.py",
        '        return f"Secret({MASK})"',
        '        return f"Secret({self._text})"',
        SECRETS,
    ),
    Mistake(
        "certificates are not looked at",
        "session/_transport.py",
        "aiohttp.TCPConnector(limit=0)",
        "aiohttp.TCPConnector(limit=0, ssl=False)",
        ("tests/session/test_session_tls.py",),
    ),
    Mistake(
        "a proxy of the environment is used without being asked for",
        "session/_transport.py",
        "        if self._settings.tuning.proxy_from_environment:\n",
        "        if self._settings.tuning:\n",
        ("tests/session/test_session_proxy.py",),
    ),
    # -- quotas
    Mistake(
        "a slot is free T after the request has left",
        "pacing/slot.py",
        "        if self._end(now):\n            self._pacer.ended(self._quota, self._quota.was_answered",
        "        if self._end(self.granted_at):\n            self._pacer.ended(self._quota, self._quota.was_answered",
        WINDOWS,
    ),
    Mistake(
        "a lost request is forgotten at once",
        "pacing/slot.py",
        "max(self._pacer.now(), self.granted_at + self._pacer.server_timeout_s)",
        "self._pacer.now()",
        WINDOWS,
    ),
    Mistake(
        "a 429 counts as an answer",
        "session/_attempt.py",
        'if status == 429 and call.speaks_of == "quota":',
        'if status == -429 and call.speaks_of == "quota":',
        ("tests/session/test_session_resending.py", "tests/session/test_session_gate.py"),
    ),
    Mistake(
        "what a killed process sent is not waited out",
        "ledger/book.py",
        "if process.share and process.counted_by + _DIVIDED_S > now.boot_s]",
        "if process.share and process.counted_by + _DIVIDED_S > now.boot_s + 1e9]",
        LEDGER,
    ),
    Mistake(
        "what a killed process had in flight is taken for counted",
        "ledger/book.py",
        "label, pid, share, beat_boot_s + server_timeout_s FROM",
        "label, pid, share, beat_boot_s FROM",
        LEDGER,
    ),
    Mistake(
        "the slots of a process that ended are forgotten",
        "runs/credential.py",
        "await self.lease.end(self.session.pacer.held(recorded=False))",
        "await self.lease.end([])",
        PREDECESSOR,
    ),
    Mistake(
        "a process that takes over a share does not hold the slots of the one before",
        "ledger/book.py",
        "slots=slots_left_behind(self._connection, self._mine, now) if has_grown else (),",
        "slots=(),",
        LEDGER,
    ),
    Mistake(
        "a session holds its own slots twice",
        "ledger/slots.py",
        "WHERE holder = ?)",
        "WHERE holder = ? AND 0)",
        PREDECESSOR,
    ),
    Mistake(
        "each of those who share has the whole quota",
        "ledger/book.py",
        "if taken + fair <= 1 + _TINY:",
        "if True:",
        LEDGER,
    ),
    Mistake(
        "a share is given back before its requests have left the window",
        "ledger/book.py",
        "share = min(share, max(part, used))",
        "share = min(share, part)",
        LEDGER,
    ),
    Mistake(
        "the share of a killed process is free at once",
        "ledger/book.py",
        "others if is_alone else others + killed",
        "others",
        LEDGER,
    ),
    Mistake(
        "a recorded quota counts this process alone",
        "ledger/slots.py",
        "    if len(rows) < limit.requests:\n",
        "    if rows or True:\n",
        LEDGER,
    ),
    Mistake(
        "a request leaves before it is on record",
        "pacing/pacer.py",
        "        if self.recorder is not None and wanted.is_recorded:\n            return None\n",
        "",
        LEDGER,
    ),
    Mistake(
        "slots of earlier processes hold up an opening",
        "pacing/window.py",
        "(own if is_opening else total) < allowed",
        "total < allowed",
        ("tests/unit/pacing/test_pacing_pacer.py",),
    ),
    Mistake(
        "a ledger for each journal",
        "ledger/local.py",
        "Book(self._directory or state_directory(), self._clock)",
        "Book(self._directory or Path(__import__('tempfile').mkdtemp()), self._clock)",
        PREDECESSOR,
    ),
    # -- input and output
    Mistake(
        "one failure too many",
        "runs/halting/limits.py",
        "        if self._count <= self.limit:\n",
        "        if self._count <= self.limit + 9:\n",
        OUTAGES,
    ),
    # -- halting
    Mistake(
        "a halt lets go of nobody",
        "runs/halting/halt.py",
        "        self._admission.stop()\n        self._let_go()\n",
        "        self._admission.stop()\n",
        HALTING,
    ),
    Mistake(
        "a halt lets go of accounts that have begun an effect",
        "steps/log.py",
        "        if self.changed or self._open - self._sending.keys():\n            return False\n",
        "",
        HALTING,
    ),
    Mistake(
        "an effect that has left is given up",
        "steps/log.py",
        "        if not all(sent.waits and not sent.left for sent in self._sending.values()):\n",
        "        if False:\n",
        HALTING,
    ),
    Mistake(
        "an account that was let go looks cancelled",
        "runs/ending.py",
        "        outcome=Outcome.CANCELLED if effects.changed else Outcome.NOT_ATTEMPTED,",
        "        outcome=Outcome.CANCELLED,",
        HALTING,
    ),
    Mistake(
        "a chain goes on after a halt that stops it",
        "runs/halting/halt.py",
        '        if self.reason is not None and self._policy.on_halt == "stop":\n',
        "        if False:\n",
        HALTING,
    ),
    Mistake(
        "strict failures allow one account too many",
        "runs/halting/halt.py",
        "self._started < left + 1",
        "self._started <= left + 1",
        HALTING,
    ),
    Mistake(
        "accounts in progress reserve nothing of the quotas",
        "runs/halting/admission.py",
        "            self._expected[quota] = self._expected.get(quota, 0.0) + entry.left[quota]\n",
        "            self._expected.setdefault(quota, 0.0)\n",
        ADMISSION,
    ),
    Mistake(
        "the cap of a promised worst case does not hold",
        "runs/halting/admission.py",
        "        if self.open >= self._most_now():\n            return None\n",
        "",
        ADMISSION,
    ),
    Mistake(
        "accounts are admitted for an instant only",
        "runs/halting/admission.py",
        "        ahead_s = self._account_s() + _AHEAD_LEAST_S\n",
        "        ahead_s = 0.0\n",
        ADMISSION,
    ),
    Mistake(
        "the deadline lets the run go on",
        "runs/halting/deadline.py",
        "    def _passed(self) -> None:\n        self._stop()\n",
        "    def _passed(self) -> None:\n",
        HALTING,
    ),
    Mistake(
        "a package is unpacked however large",
        "operations/package.py",
        "    if sum(info.file_size for info in members) > MAX_UNPACKED_BYTES:\n",
        "    if sum(info.file_size for info in members) < 0:\n",
        INPUTS,
    ),
    Mistake(
        "007 and 7 are two accounts",
        "runs/inventory.py",
        "str(int(account))  # 007",
        "account  # 007",
        INPUTS,
    ),
    Mistake(
        "a report's cell may be a formula",
        "report/json_csv.py",
        '_FORMULA: Final = tuple("=+-@',
        '_FORMULA: Final = tuple("',
        ("tests/unit/report/test_report_structured.py",),
    ),
)
