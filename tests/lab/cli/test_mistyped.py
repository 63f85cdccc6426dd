"""Who mistypes a command, an option, a word, a file or a run is told what was probably meant; nothing is played."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.cli import main
from lab.scenario.errors import nearest_path
from lab.scenario.resolve import SHIPPED

QUIET = str(SHIPPED / "quiet_day.yaml")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["suite", QUIET, "--seed", "7"], "lab suite: error: --seed: no such option; did you mean --seeds?"),
        (["verify", "a.zip", "--haed=1"], "lab verify: error: --haed: no such option; did you mean --head?"),
        (["baseline", "compare", "a", "b", "--qqqq"], "lab baseline compare: error: --qqqq: no such option"),
        (["verify", "a.zip", "b.zip"], "lab verify: error: b.zip: more than it takes"),
        (
            ["suite", QUIET, "--keep", "al"],
            "lab suite: error: argument --keep: is 'al'; expected all, not_passed or verdicts; did you mean all?",
        ),
        (
            ["baseline", "updat", "a", "b"],
            "lab baseline: error: argument ACTION: is 'updat'; expected update or compare; did you mean update?",
        ),
    ],
)
def test_the_command_that_does_not_know_a_word_says_what_was_meant(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    captured = capsys.readouterr()
    assert (stopped.value.code, captured.out, captured.err.splitlines()[-1]) == (2, "", told)


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["suit"])
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("lab: error: argument COMMAND: is 'suit'; expected run, suite, ")
    assert told.endswith("; did you mean suite?")


def test_a_misspelt_path_is_mended_in_the_part_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "exchange" / "nested").mkdir(parents=True)
    (tmp_path / "exchange" / "outage.yaml").touch()
    cases = {
        "exchange/outgae.yaml": "exchange/outage.yaml",
        "exchnge/outage.yaml": "exchange/outage.yaml",
        "exchnge": "exchange",
        "exchange/outage": "exchange/outage.yaml",
        "exchange/crash.yaml": "",  # the ending alone is no likeness
        "exchnge/other.yaml": "",  # mended, it would still not be there
        "exchange": "",
    }
    told = {wrong: nearest_path(tmp_path / wrong) for wrong in cases}
    assert told == {wrong: str(tmp_path / right) if right else "" for wrong, right in cases.items()}


def test_a_run_that_is_not_there_is_told_apart_from_one_without_journals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    bare = Path("runs/outage/noticed/seed-42")
    bare.mkdir(parents=True)
    (bare / "verdict.json").write_text("{}")
    whole = Path("runs/outage/closed/seed-42")
    whole.mkdir(parents=True)
    (whole / "run.journal").touch()
    codes = [main(["judge", name]) for name in (str(bare), "runs/outage/notced/seed-42", "runs")]
    assert codes == [2, 2, 2]
    assert capsys.readouterr().err.splitlines() == [
        f"{bare}: its journals were not kept; `lab run` keeps them, and so does `lab suite --keep all`",
        "runs/outage/notced/seed-42: holds no run.journal; expected a directory that `lab run` wrote; "
        f"did you mean {bare}?",
        f"runs: holds no run.journal; expected a directory that `lab run` wrote, such as {whole}",
    ]


def test_a_file_that_any_command_looks_for_is_told_with_the_nearest_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evidence.zip").touch()
    assert main(["verify", "evidnce.zip"]) == 2
    assert capsys.readouterr().err == "lab: evidnce.zip: No such file or directory; did you mean evidence.zip?\n"
