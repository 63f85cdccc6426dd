"""`lab judge` holds a stored run against other deadlines, and writes only what it was asked to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.cli import main

NOTICED = "api_outage apex critical"
Judge = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the short run, to do anything with."""
    return Path(shutil.copytree(next((tiny / "runs").glob("*/*/seed-7")), tmp_path / "run"))


@pytest.fixture
def lenient(tiny: Path, tmp_path: Path) -> str:
    """The same world, where the alert may come a minute after the injection: it comes half a minute after it."""
    path = tmp_path / "lenient.yaml"
    text = (tiny / "tiny_outage.yaml").read_text().replace("tiny_outage", "lenient")
    path.write_text(text.replace("within: 5 s", "within: 60 s, of: injection") + "forbid: [{alert: drawdown}]\n")
    return str(path)


@pytest.fixture
def judge(run: Path, capsys: pytest.CaptureFixture[str]) -> Judge:
    def judge(*arguments: str) -> tuple[int, str, str]:
        code = main(["judge", str(run), *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return judge


def test_the_verdict_of_a_run_as_it_is_is_written_anew_the_same(run: Path, judge: Judge) -> None:
    written = ("verdict.json", "report.html")
    before = [(run / name).read_bytes() for name in written]
    for arguments in ((), ("--fresh",)):
        for name in written:
            (run / name).unlink()
        assert judge(*arguments)[0] == 0
        assert [(run / name).read_bytes() for name in written] == before


def test_a_deadline_before_anything_was_due_is_unknown_and_nothing_is_written(
    run: Path, judge: Judge, lenient: str
) -> None:
    assert judge()[0] == 0  # so that what the journals hold is known to this very code
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    code, out, err = judge("--scenario", lenient, "--within", "api_outage=10s")
    assert (code, err) == (3, "")
    assert f"judged under: what {lenient} asks; api_outage within 10s\nverdict: pass → unknown\n" in out
    (row,) = [line for line in out.splitlines() if line.startswith(NOTICED) and "→" in line]
    assert "5 s → 10 s" in row
    assert row.rstrip().endswith("pass → unknown: due too late")
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_the_document_says_what_the_run_was_judged_under(judge: Judge) -> None:
    code, out, err = judge("--deadlines", "x0.5", "--within", "api_outage apex=3s", "--json")
    assert (code, err) == (0, "")
    (one,) = json.loads(out)["runs"]
    assert one["judged_under"] == "every deadline × 0.5; api_outage apex within 3s"
    assert one["expectations"][0]["deadline_s"] == 3.0


def test_what_is_asked_to_be_written_is(run: Path, judge: Judge, lenient: str) -> None:
    assert judge("--scenario", lenient, "--deadlines", "x0.1", "--write")[0] == 3
    written = json.loads((run / "verdict.json").read_bytes())
    assert (written["verdict"], written["judged_under"]) == ("unknown", f"what {lenient} asks; every deadline × 0.1")
    assert judge()[0] == 0
    assert json.loads((run / "verdict.json").read_bytes())["judged_under"] == ""


def test_kept_findings_that_are_damaged_are_made_anew(run: Path, judge: Judge) -> None:
    assert judge()[0] == 0
    kept = (run / "findings").read_bytes()
    (run / "findings").write_bytes(kept[:-1])
    code, _, err = judge("--deadlines", "x0.5")
    assert (code, err) == (0, "")
    assert (run / "findings").read_bytes() == kept


def test_a_damaged_journal_is_named_though_its_findings_are_kept(run: Path, judge: Judge) -> None:
    journal = bytearray((run / "run.journal").read_bytes())
    journal[len(journal) // 2] ^= 1
    (run / "run.journal").write_bytes(journal)
    code, out, err = judge("--deadlines", "x0.5")
    assert (code, out) == (2, "")
    assert "run.journal: frame" in err


def test_an_edited_scenario_of_the_same_world_is_held_against_the_run(judge: Judge, lenient: str) -> None:
    code, out, err = judge("--scenario", lenient)
    assert (code, err) == (0, "")
    assert f"judged under: what {lenient} asks\nverdict: pass, as before\n" in out
    assert "forbidden drawdown: pass" in out


def test_bounds_that_were_not_asserted_when_it_was_played_are_looked_up(judge: Judge, lenient: str) -> None:
    bounds = "{quantity: equity, above: 1 USD, from: 1 min, to: 2 min}, {quantity: equity, below: 1 USD, at: 1 min}"
    Path(lenient).write_text(Path(lenient).read_text() + f"assert: [{bounds}]\n")
    code, out, _ = judge("--scenario", lenient, "--json")
    assert code == 1
    assert [one["verdict"] for one in json.loads(out)["runs"][0]["assertions"]] == ["pass", "fail"]


def test_a_scenario_of_another_world_is_refused_with_the_field_that_differs(
    tiny: Path, run: Path, judge: Judge, tmp_path: Path
) -> None:
    edited = tmp_path / "tiny_outage.yaml"
    edited.write_text((tiny / "tiny_outage.yaml").read_text().replace("for: 90 s", "for: 80 s"))
    code, out, err = judge("--scenario", str(edited))
    assert (code, out) == (2, "")
    assert err == (
        f"{edited} (case default): not the world that {run / 'run.journal'} was played in: "
        "timeline.down.for_ns: found 80000000000, expected 90000000000\n"
    )


def test_other_limits_are_another_world(tiny: Path, judge: Judge, tmp_path: Path) -> None:
    edited = tmp_path / "tiny_outage.yaml"
    edited.write_text(
        (tiny / "tiny_outage.yaml").read_text() + "limit_overrides: {api_outage: {each: {critical: 31 s}}}\n"
    )
    code, _, err = judge("--scenario", str(edited))
    assert code == 2
    assert "limits: found" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--within", "api_outgae=1s"], "did you mean api_outage?"),
        (["--deadlines", "2"], "expected x and a factor of more than 0"),
        (["--case", "other"], "expected --scenario FILE beside it"),
        (["--scenario", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_asked_is_refused(judge: Judge, arguments: list[str], told: str) -> None:
    code, out, err = judge(*arguments)
    assert (code, out) == (2, "")
    assert told in err
