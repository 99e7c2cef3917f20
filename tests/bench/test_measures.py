"""What the benchmarks make of their numbers: ratios, limits, the table, the exit status."""

import sys
from pathlib import Path

import pytest

from bench import __main__ as program
from bench.measures import AtLeast, AtMost, Beside, Measure, missed
from bench.naive import Outcome, without_country
from bench.table import table

GOOD = Measure(what="tokens", value=5.5, digits=1, against=AtMost(6.0))
BAD = Measure(what="recall", value=99.0, unit="%", against=AtLeast(100.0))
SHOWN = Measure(what="seconds", value=30.0, unit="s", against=Beside(10.0, "the bare loop"))


def test_a_limit_may_be_reached_and_not_passed() -> None:
    assert AtMost(6.0).allows(6.0)
    assert not AtMost(6.0).allows(6.01)
    assert AtLeast(100.0).allows(100.0)
    assert not AtLeast(100.0).allows(99.9)


def test_what_merely_stands_beside_is_not_judged() -> None:
    assert SHOWN.is_ok is None
    assert SHOWN.ratio == 3.0


def test_there_is_no_ratio_to_nought_or_to_nothing() -> None:
    assert Measure(what="errors", value=2, against=AtMost(0)).ratio is None
    assert Measure(what="tokens", value=2).ratio is None
    assert Measure(what="tokens", value=2).is_ok is None


def test_only_limits_are_missed() -> None:
    assert missed([GOOD, BAD, SHOWN]) == [BAD]


def test_the_table_shows_measured_beside_ratio_and_verdict() -> None:
    lines = table({"first": [GOOD, SHOWN], "second": [BAD]})

    words = [line.split() for line in lines]
    assert ["tokens", "5.5", "at", "most", "6.0", "0.92", "ok"] in words
    assert ["seconds", "30", "s", "the", "bare", "loop", "10", "s", "3.00"] in words
    assert ["recall", "99", "%", "at", "least", "100", "%", "0.99", "NOT", "OK"] in words
    assert [line.split()[0] for line in lines if line.endswith("ratio")] == ["first", "second"]


@pytest.mark.parametrize(("measure", "status"), [(GOOD, 0), (SHOWN, 0), (BAD, 1)])
def test_a_missed_limit_fails_the_run(
    measure: Measure, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "BENCHMARKS", {"made-up": lambda _folder: [measure]})
    monkeypatch.setattr(sys, "argv", ["bench"])

    assert program.main() == status
    assert measure.what in capsys.readouterr().out


def test_a_benchmark_runs_alone_and_in_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Path] = []

    def measure(folder: Path) -> list[Measure]:
        asked.append(folder)
        return []

    monkeypatch.setattr(program, "BENCHMARKS", {"one": measure, "other": measure})
    monkeypatch.setattr(sys, "argv", ["bench", "other", "--folder", str(tmp_path)])

    assert program.main() == 0
    assert asked == [tmp_path / "other"]


def test_a_benchmark_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "unheard-of"])

    with pytest.raises(SystemExit):
        program.main()


def test_tokens_are_shared_by_the_calls_that_were_logged_and_recall_by_all() -> None:
    outcome = Outcome(calls=10, tokens=100, right=4, wrong=1)
    assert outcome.tokens_per_logged_call == 20.0
    assert outcome.recall == 40.0


def test_a_way_that_logs_nothing_is_endlessly_dear() -> None:
    assert Outcome(calls=10, tokens=100, right=0, wrong=0).tokens_per_logged_call == float("inf")


@pytest.mark.parametrize(("number", "digits"), [("+358401234567", "401234567"), ("+46701234567", "701234567")])
def test_what_all_spellings_share_is_the_number_without_its_country(number: str, digits: str) -> None:
    assert without_country(number) == digits
