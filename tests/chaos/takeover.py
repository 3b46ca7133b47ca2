"""How long accounts wait after `kill -9` of their worker: `python -m tests.chaos.takeover [--repeats 20]`.

Three workers, one killed at a time and replaced, with the lease as it is shipped. An account's time ends when another
worker has claimed it. The bar: 15 s at the median, 30 s at most. Exit code 1 when it is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path

from bulkops.journal.postgres.schema import LEASE_S
from tests.crew import Crew, crew
from tests.fleet import kill
from tests.postgres import own_server

ACCOUNTS, TIME_SCALE = 3000, 20
MEDIAN_S, MOST_S = 15.0, 30.0
_NOTE_CLAIMS = """
CREATE TABLE claims (seq integer, process_id bigint, at double precision NOT NULL DEFAULT now_s());
CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO claims VALUES (NEW.seq, NEW.process_id); RETURN NULL; END $$;
CREATE TRIGGER note_claim AFTER UPDATE OF process_id ON accounts FOR EACH ROW
  WHEN (NEW.process_id <> OLD.process_id OR OLD.process_id IS NULL AND NEW.process_id IS NOT NULL)
  EXECUTE FUNCTION note_claim()"""
"""The database notes when an account is claimed: who looks from outside is late on a busy machine."""


def once(played: Crew) -> list[float]:
    """Kill the worker with the most accounts: seconds until each of them is claimed elsewhere."""
    played.wait(lambda: len(played.in_progress()) == len(played.workers), "every worker has accounts")
    ((pid, _),) = Counter(played.in_progress()).most_common(1)
    worker = next(one for one in played.workers if one.pid == pid)
    ((killed, dead),) = played.ask("SELECT now_s(), process_id FROM processes WHERE pid = %s AND worker <> ''", pid)
    kill(worker)
    held = [seq for (seq,) in played.ask("SELECT seq FROM accounts WHERE process_id = %s", dead)]  # for a lease
    played.workers.remove(worker)
    played.start_worker()
    claimed = "c.seq = ANY(%s) AND c.at > %s AND c.process_id <> %s"
    left = f"""SELECT 1 FROM accounts a WHERE seq = ANY(%s) AND ended_nr IS NULL
        AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.seq = a.seq AND {claimed})"""
    played.wait(lambda: not played.ask(left, held, held, killed, dead), "its accounts are claimed", every_s=0.2)
    rows = played.ask(f"SELECT min(at) - %s FROM claims c WHERE {claimed} GROUP BY seq", killed, held, killed, dead)
    return [seconds for (seconds,) in rows]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    seconds: list[float] = []
    with (
        tempfile.TemporaryDirectory() as home,
        own_server() as server,
        crew(Path(home), server.url, lease_s=LEASE_S, customers=ACCOUNTS, time_scale=TIME_SCALE) as played,
    ):
        played.ask(_NOTE_CLAIMS)
        for _ in range(3):
            played.start_worker()
        submitted = played.submit(*played.main_job())
        for number in range(repeats):
            found = once(played)
            print(
                f"{number + 1:3}: {len(found)} accounts, {min(found):.1f} to {max(found):.1f} s, "
                f"load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
            seconds += found
        twice, refused = played.vendor.twice(), played.vendor.refused()
        kill(submitted)
    median, most = statistics.median(seconds), max(seconds)
    is_well = median <= MEDIAN_S and most <= MOST_S and not twice and not refused
    print(
        f"{repeats} kills, {len(seconds)} accounts: median {median:.1f} s, most {most:.1f} s; "
        f"{len(twice)} effects twice, {refused} refused: {'holds' if is_well else 'misses'}"
    )
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
