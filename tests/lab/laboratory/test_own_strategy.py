"""A user's own strategy: the how-to's example runs as it stands, and mistakes are named where they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from correlator.journal import Journal
from correlator.records import Fill, StrategyNote
from lab.cli import main
from lab.scenario.any_file import check_file
from lab.scenario.errors import ScenarioError
from lab.scenario.resolve import load_scenario

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "own_strategy.md"
CLASS = "firms/strategies/dip_buyer.py"
FIRM = "firms/own_desk.yaml"


@pytest.fixture(autouse=True)
def _files_of_the_how_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with every file that the page shows, each with its name in the first line."""
    monkeypatch.chdir(tmp_path)
    for name, text in re.findall(r"```(?:python|yaml)\n# (\S+)\n(.*?)```", HOW_TO.read_text(), re.DOTALL):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n{text}")


def _change(file: str, old: str, new: str) -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


def _refusal() -> str:
    with pytest.raises(ScenarioError) as caught:
        check_file(FIRM)
    (line,) = caught.value.lines()
    return line


def test_the_example_runs_and_trades() -> None:
    assert main(["run", "own_run.yaml", "--out", "out"]) == 0
    records = list(Journal(Path("out/own_run/default/seed-1/run.journal")).audit())
    notes = [record for record in records if isinstance(record, StrategyNote) and record.source == "dips"]
    assert [note.event for note in notes][:2] == ["started", "ready"]
    assert any(note.event == "order" and note.detail.startswith("buy ") for note in notes)
    assert any(isinstance(record, Fill) for record in records)


def test_an_example_that_raises_is_stopped_and_the_run_goes_on() -> None:
    _change(CLASS, "        top = max(closes)\n", "        top = max(closes) / 0\n")
    assert main(["run", "own_run.yaml", "--out", "out"]) == 3
    verdict = json.loads(Path("out/own_run/default/seed-1/verdict.json").read_text())
    (reason,) = verdict["reasons"]
    assert reason.startswith("unknown: strategies: strategies raised exceptions and were stopped: dips at ")
    line = 1 + Path(CLASS).read_text().split("\n").index("        top = max(closes) / 0")
    raised = f"ZeroDivisionError: float division by zero (dip_buyer.py:{line})"
    assert reason.endswith(f"s: {raised}")
    journal = Journal(Path("out/own_run/default/seed-1/run.journal"))
    notes = [record for record in journal.audit() if isinstance(record, StrategyNote) and record.source == "dips"]
    assert [(note.event, note.detail) for note in notes][2:] == [
        ("crashed", raised),
        ("stopped", ""),
    ]
    assert journal.end is not None
    assert journal.end.reason == "completed"


def test_the_resolved_experiment_names_the_code_by_its_digest() -> None:
    (strategy,) = load_scenario("own_run.yaml").experiments[0].firm.strategies
    before = strategy.digest
    assert strategy.kind == "strategies/dip_buyer.py:DipBuyer"
    assert (strategy.params["dip_bp"], strategy.params["window_bars"]) == (2.0, 15)  # type: ignore[index]
    _change(CLASS, "0.999", "0.998")
    (strategy,) = load_scenario("own_run.yaml").experiments[0].firm.strategies
    assert len(before) == 32
    assert strategy.digest != before


def test_the_message_of_the_how_to_is_what_one_gets() -> None:
    _change(FIRM, ":DipBuyer", ":DipBuyr")
    assert _refusal() in HOW_TO.read_text()


def test_a_missing_file_is_named() -> None:
    _change(FIRM, "dip_buyer.py", "dip_byer.py")
    assert _refusal() == (
        f"{FIRM}:21:11: strategies.dips.kind: there is no file firms/strategies/dip_byer.py; "
        "expected a Python file, named relative to the firm file"
    )


def test_a_file_that_python_cannot_load_is_named_with_its_line() -> None:
    _change(CLASS, "    kind = ", "    kind == ")
    assert _refusal() == (
        f"{FIRM}:21:11: strategies.dips.kind: {CLASS}:19 cannot be loaded: NameError: name 'kind' is not defined; "
        "expected code that Python can import"
    )
    _change(CLASS, "    kind == ", "    kind = = ")
    assert f"{CLASS}:19 cannot be loaded: SyntaxError" in _refusal()


def test_a_class_that_is_no_strategy_is_named_with_its_line() -> None:
    _change(CLASS, "class DipBuyer(Strategy[DipBuyerParams]):", "class DipBuyer:")
    assert _refusal() == (
        f"{FIRM}:21:11: strategies.dips.kind: `DipBuyer` in strategies/dip_buyer.py:18 is no strategy; "
        "expected a class that derives from simulators.strategies.base.Strategy"
    )


def test_a_misspelt_handler_is_named_with_its_line_and_the_nearest_name() -> None:
    _change(CLASS, "def on_bar(", "def on_baar(")
    told = _refusal()
    assert told.startswith(
        f"{FIRM}:21:11: strategies.dips.kind: `DipBuyer` in strategies/dip_buyer.py:27 has a `on_baar`, "
        "which nobody calls; expected one of on_"
    )
    assert told.endswith("; did you mean on_bar?")


def test_parameters_are_checked_as_those_of_any_strategy() -> None:
    _change(FIRM, "dip: 2 bp", "dibp: 2 bp")
    told = _refusal()
    assert told.startswith(f"{FIRM}:25:14: strategies.dips.params.dibp: unknown key; expected allocation, ")
    assert told.endswith("; did you mean dip?")
    _change(FIRM, "dibp: 2 bp", "dip: 2")
    assert _refusal().endswith("did you mean 2 bp?")


def test_a_parameter_that_cannot_be_written_in_a_file_is_named() -> None:
    _change(CLASS, "window_bars: Bars = 15", "window_bars: set = frozenset()")
    assert "DipBuyerParams in firms/strategies/dip_buyer.py" in _refusal()


def test_a_module_that_is_not_installed_is_named() -> None:
    _change(FIRM, "strategies/dip_buyer.py:DipBuyer", "no_such_module:DipBuyer")
    assert "there is no module `no_such_module`" in _refusal()


def test_a_kind_that_is_misspelt_gets_the_nearest_name() -> None:
    _change(FIRM, "strategies/dip_buyer.py:DipBuyer", "momentun")
    told = _refusal()
    assert "or one's own class, module:Class or path/file.py:Class; did you mean momentum?" in told
