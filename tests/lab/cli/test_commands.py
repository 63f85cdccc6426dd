"""The commands say what they did, where a mistake is, and leave with a code that a pipeline can use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab.cli import COMMANDS, main
from lab.scenario.resolve import SHIPPED
from risk_monitor.limits import parse_limits

QUIET = str(SHIPPED / "quiet_day.yaml")
LAB = [sys.executable, "-c", "import sys; from lab.cli import main; sys.exit(main())"]


def test_check_says_what_each_sound_file_is(capsys: pytest.CaptureFixture[str]) -> None:
    files = [QUIET, *(str(SHIPPED / kind / "meridian.yaml") for kind in ("firms", "limits"))]
    files.append(str(SHIPPED / "markets" / "synthetic_calm.yaml"))
    kept = len(parse_limits((SHIPPED / "limits" / "meridian.yaml").read_text(), "limits").mandates)
    assert main(["check", *files]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{files[0]}: ok: scenario quiet_day, 24h, cases: default",
        f"{files[1]}: ok: firm meridian, 5 venues, 11 accounts",
        f"{files[2]}: ok: limits of meridian, {kept} mandates",
        f"{files[3]}: ok: market synthetic_calm",
    ]


def test_check_names_every_mistake_and_leaves_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("quiet_day.yaml").write_text(Path(QUIET).read_text().replace("24h", "24").replace("seed", "sede"))
    Path("other.yaml").write_text("schema: riskproof-scenari/1\n")
    assert main(["check", "quiet_day.yaml", QUIET, "other.yaml"]) == 2
    captured = capsys.readouterr()
    assert captured.out == f"{QUIET}: ok: scenario quiet_day, 24h, cases: default\n"
    lines = captured.err.splitlines()
    assert [line.split("; expected")[0] for line in lines] == [
        "quiet_day.yaml:5:1: sede: unknown key",
        "quiet_day.yaml:1:1: seed: is missing",
        "quiet_day.yaml:6:11: duration: `24` has no unit",
        "other.yaml:1:9: schema: `riskproof-scenari/1` is unknown",
        "2 of 3 files are wrong",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.yaml", "quiet_day.yaml"]


def test_list_has_one_line_for_each_scenario_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["scenario", "cases", "duration", "faults", "tags", "path"]
    depeg = next(line for line in lines if line.startswith("stablecoin_depeg"))
    assert depeg.split("  ")[0] == "stablecoin_depeg"
    assert "noticed, too_small" in depeg
    assert depeg.rstrip().endswith("stablecoin_depeg.yaml")


def test_list_of_a_directory_without_scenarios_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == f"no scenarios in {tmp_path}"
    assert main(["list", str(tmp_path / "none")]) == 2


def test_list_shows_the_sound_and_names_the_broken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "quiet_day.yaml").write_text(Path(QUIET).read_text())
    (tmp_path / "broken.yaml").write_text("a: [")
    assert main(["list", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert "quiet_day" in captured.out
    assert "broken.yaml:2:1: not YAML" in captured.err


def test_show_ends_with_what_to_run_next_and_has_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", QUIET, "--seed", "9"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("quiet_day · default\n")
    assert "seed 9" in out
    assert out.endswith(f"next: lab run {QUIET}\n")
    assert "\x1b" not in out
    assert max(map(len, out.splitlines()[:-1])) <= 80


def test_show_json_is_the_resolved_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", QUIET, "--json"]) == 0
    experiments = json.loads(capsys.readouterr().out)["experiments"]
    assert [(each["scenario"], each["case"], each["seed"]) for each in experiments] == [("quiet_day", "default", 42)]


def test_schema_prints_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_wrong_command_leaves_with_2() -> None:
    for arguments in (["shwo"], [], ["check"]):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert left.value.code == 2


def test_a_reader_that_has_read_enough_is_no_error() -> None:
    process = subprocess.Popen([*LAB, "schema", "firm"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=20) in (0, 141)
    process.stderr.close()


def test_a_terminal_that_knows_only_ascii_is_served() -> None:
    shown = subprocess.run([*LAB, "show", QUIET], env={"PYTHONIOENCODING": "ascii"}, capture_output=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, b"")


def test_help_and_check_do_not_load_what_simulates() -> None:
    code = (
        "import sys; from lab.cli import main\n"
        "try: main({arguments})\n"
        "except SystemExit: pass\n"
        "heavy = ['numpy', 'pandas', 'pyarrow', 'simpy', 'prometheus_client', 'opentelemetry', 'rich']\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    depeg = str(SHIPPED / "stablecoin_depeg.yaml")
    for arguments in (["--help"], ["check", depeg]):
        ran = subprocess.run(
            [sys.executable, "-c", code.format(arguments=arguments)], capture_output=True, text=True, check=True
        )
        assert ran.stderr == "[]\n", arguments


def test_a_full_disk_is_told_in_one_line_and_never_as_a_proven_fail() -> None:
    for arguments in (["list"], ["schema"], ["check", QUIET], ["show", QUIET]):
        with open("/dev/full", "w") as full:
            ran = subprocess.run([*LAB, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
        assert (ran.returncode, ran.stderr) == (2, b"lab: No space left on device\n"), arguments


def test_a_closed_standard_output_is_no_error() -> None:
    ran = subprocess.run(["sh", "-c", f'"$0" -m lab.cli check {QUIET} >&-', sys.executable], capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_a_mistake_in_lab_itself_is_unknown_and_never_a_proven_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: str) -> dict[str, object]:
        raise ZeroDivisionError("of our own making")

    monkeypatch.setattr("lab.scenario.schema.schema_of", broken)
    assert main(["schema"]) == 3
    told = capsys.readouterr().err.splitlines()
    assert told[-2] == "ZeroDivisionError: of our own making"
    assert told[-1] == "lab: this is a mistake in lab itself; nothing is known of the monitor"


def test_ctrl_c_while_the_command_is_loading_leaves_no_traceback() -> None:
    code = (
        "import builtins, sys; from lab.cli import main\n"
        "load = builtins.__import__\n"
        "def interrupted(name, *rest):\n"
        "    if name == 'argparse': raise KeyboardInterrupt\n"
        "    return load(name, *rest)\n"
        "builtins.__import__ = interrupted\n"
        "sys.exit(main(['list']))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, b"", b"")


@pytest.mark.parametrize("seed", ["x", "-1", "1.5", "9" * 30])
def test_a_seed_that_is_none_is_told_as_it_was_typed(seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", QUIET, f"--seed={seed}"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"--seed {seed}: seed: `{seed}` is ")
    assert told.endswith("; expected a whole number from 0 to 9223372036854775807\n")


def test_a_set_that_only_some_cases_have_is_told_with_the_case(capsys: pytest.CaptureFixture[str]) -> None:
    depeg = str(SHIPPED / "stablecoin_depeg.yaml")
    assert main(["show", depeg, "--set", "expect.0.within=20s"]) == 2
    message = "expect: has no entry `0` in the case too_small; expected nothing: the list is empty"
    assert capsys.readouterr().err == f"--set expect.0.within=20s: {message}\n"


def test_every_command_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    words = capsys.readouterr().out.split()
    assert [name for name in (name.partition("_")[0] for name in COMMANDS) if name not in words] == []
