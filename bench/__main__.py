"""`python -m bench`: run the benchmarks, print the table, and fail where a limit is missed."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import desk, drain, history, intake, latency, sweep, tokens
from bench.measures import Measure, missed
from bench.table import table
from sandbox.demo.processes import AskedToEndError, DemoError
from sandbox.demo.report import complain, say
from sandbox.demo.stage import REPOSITORY

Benchmark = Callable[[Path], list[Measure]]
"""Measures in a folder of its own."""

BENCHMARKS: dict[str, Benchmark] = {
    "tokens": tokens.run,
    "sweep": sweep.run,
    "intake": intake.run,
    "latency": latency.run,
    "drain": drain.run,
    "history": history.run,
    "desk": desk.run,
}
INTERRUPTED = 130


def main() -> int:
    """Run, and return the exit status."""
    options = _options()
    results: dict[str, list[Measure]] = {}
    try:
        for name in options.benchmarks or BENCHMARKS:
            say(f"--- {name}")
            began = time.monotonic()
            results[name] = BENCHMARKS[name](options.folder / name)
            say(f"({name} took {time.monotonic() - began:.0f} s)")
    except AskedToEndError:
        say("Ended.")
        return INTERRUPTED
    except DemoError as error:
        complain(str(error))
        return 1
    return _judge(results)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("benchmarks", nargs="*", help=f"{', '.join(BENCHMARKS)}; all of them when none is named")
    default = REPOSITORY / "var/bench"
    parser.add_argument("--folder", type=Path, default=default, help="where databases, mails and logs are written")
    options = parser.parse_args()
    if unknown := set(options.benchmarks) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return options


def _judge(results: Mapping[str, list[Measure]]) -> int:
    """Print the table; 1 where a limit is missed."""
    for line in table(results):
        say(line)
    failed = [measure for measures in results.values() for measure in missed(measures)]
    say()
    say(f"Limits missed: {len(failed)}." if failed else "Every limit holds.")
    return 1 if failed else 0


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    sys.exit(main())
