"""How the dashboard bears a crowd: `python -m tests.load.crowd [SCENARIO ...]`.

Starts a server on loopback with the artifacts of `BOTTLENECK_ARTIFACTS` (else those here), lets
visitors without browsers come, and prints for each scenario what was tried, what failed, the
slowest answers and the largest memory of the server with its decoding workers. Counts and times
are bounded. The outcome goes to `artifacts/reliability/` too, where that of scenarios that were not
played stays as it is. The exit status is 1 where a bound was missed.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dashboard.page_discovery import find_pages
from tests.load.outcomes import commit_outcomes
from tests.load.scenarios import SCENARIOS, Tally, encode
from tests.load.server import MEGABYTE, Server, watched_server
from tests.load.visitor import visiting

VIEWS = Path(__file__).parents[2] / "dashboard" / "views"
#: Memory of the server with all its processes, in every scenario.
MAX_MEGABYTES = 2500


@dataclass
class Report:
    """Outcome of one scenario.

    Attributes:
        scenario: Its name.
        answers: How many there were.
        errors: What went wrong.
        p50_seconds: Median of the answers' times.
        p95_seconds: What 95 % of the answers stayed below.
        slowest_seconds: The longest.
        max_megabytes: Most memory of the server and its workers, sampled.
        facts: What else was measured.
        missed: Bounds that were not held.
    """

    scenario: str
    answers: int
    errors: list[str]
    p50_seconds: float
    p95_seconds: float
    slowest_seconds: float
    max_megabytes: float
    facts: dict[str, float]
    missed: list[str]


async def warm_up(server: Server) -> list[str]:
    """What went wrong while one visitor encoded an image and opened every page once."""
    tally = Tally()
    await encode(server, tally, seed=9999)
    # The first page has an address without a name.
    for page in ("", *(found.name for found in find_pages(VIEWS)[1:])):
        async with visiting(server.address) as visitor:
            await tally.note(visitor.open(page))
    return [f"Before the crowd came, {error}" for error in tally.errors]


async def play(name: str, *, count: int | None = None) -> Report:
    """One scenario on a server of its own.

    One visitor has been there before and opened every page once, so the server is as one that has
    been up for a minute: what all visitors share is computed, and nothing of their own.

    Args:
        name: Key of `SCENARIOS`.
        count: How many visitors or uploads; the scenario's own number when None.
    """
    with watched_server() as server:
        troubles = await warm_up(server)
        return await play_on(server, name, count=count, troubles=troubles)


async def play_on(
    server: Server, name: str, *, count: int | None = None, troubles: Sequence[str] = ()
) -> Report:
    """One scenario on a server that is there already.

    Args:
        server: The server.
        name: Key of `SCENARIOS`.
        count: How many visitors or uploads; the scenario's own number when None.
        troubles: What went wrong before.
    """
    scenario, usual = SCENARIOS[name]
    watching = asyncio.create_task(server.watch())
    tally, facts, missed = await scenario(server, count=count or usual)
    watching.cancel()
    largest = server.largest / MEGABYTE
    tally.errors[:0] = troubles
    if largest > MAX_MEGABYTES:
        missed.append(f"{largest:.0f} MB, not {MAX_MEGABYTES} MB at most")
    if tally.errors:
        missed.append(f"{len(tally.errors)} errors")
    return Report(
        name,
        len(tally.seconds),
        tally.errors[:10],
        tally.quantile(0.5),
        tally.quantile(0.95),
        max(tally.seconds, default=float("nan")),
        largest,
        facts,
        missed,
    )


def main() -> int:
    """Exit status of the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = {"nargs": "*", "choices": [*SCENARIOS, []], "help": "all without any"}
    parser.add_argument("scenarios", metavar="SCENARIO", **names)
    parser.add_argument("--count", type=int, help="visitors or uploads, not the usual number")
    chosen = parser.parse_args()
    reports = []
    for name in chosen.scenarios or SCENARIOS:
        reports.append(asyncio.run(play(name, count=chosen.count)))
        print(json.dumps(asdict(reports[-1])), flush=True)
    commit_outcomes("crowd", {report.scenario: asdict(report) for report in reports})
    return 1 if any(report.missed for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
