"""Pytest plugin: a scenario file is a test file, each of its cases a test.

``pytest scenarios/exchange/order_reject.yaml`` plays what the file holds; docs/how-to/pytest.md tells the rest. It is
at rest in every run whose command names neither a scenario nor a directory of them, and imports nothing before one is
found, so that a project may have it installed without paying for it.

A case that crashes is an error, not a failure: the playing is the test's setup. Unknown is a failure that says so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest._code.code import (
    ExceptionInfo,
    ReprFileLocation,
    TerminalRepr,
)  # what pytest's own doctest plugin builds on
from _pytest._io import TerminalWriter

if TYPE_CHECKING:
    from lab.playing.trials import Trial
    from lab.scenario.model import Experiment

_SCHEMA = re.compile(rb"^schema:\s*[\"']?riskproof-scenario/", re.MULTILINE)
_HEAD_BYTES = 65_536  # within which a scenario must say what it is
_WIDTH = 100  # columns of a failure's text, wherever it is read
_BEST_FIRST = ("pass", "unknown", "fail")
_SEEDS_LIMIT = 1_000


class NotPassed(Exception):
    """A case that is proven to fail, or of which nothing is proven: ``headline`` in a line, ``text`` in full."""

    def __init__(self, headline: str, text: str) -> None:
        super().__init__(headline)
        self.text = text


class NotPlayed(Exception):
    """A case without a verdict: what crashed, or why it cannot be played."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("riskproof", "scenarios of the risk laboratory")
    group.addoption(
        "--lab-seeds", type=_seeds, default=1, metavar="N",
        help="play each case under the scenario's own seed and the N-1 that follow it (default: 1)",
    )  # fmt: skip
    group.addoption("--lab-out", default="runs", metavar="DIR", help="where scenarios write their runs (default: runs)")
    group.addoption(
        "--lab-keep", choices=("all", "not_passed", "verdicts"), default="not_passed",
        help="whose journals and reports stay on the disk (default: not_passed)",
    )  # fmt: skip


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".yaml" or not _is_asked_for(file_path, parent.config) or not _is_scenario(file_path):
        return None
    collector: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
    return collector


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    files: dict[str, Path] = {}
    for item in items:
        if isinstance(item, ScenarioCase):
            other = files.setdefault(item.scenario, item.path)
            if other != item.path:
                raise pytest.UsageError(
                    f"{item.path}: scenario {item.scenario} is also the name of {other}, and both would write to the "
                    "same directories; expected scenarios of different names"
                )


class ScenarioFile(pytest.File):
    """A scenario file; its cases are its tests."""

    def collect(self) -> Iterable[ScenarioCase]:
        from lab.scenario.errors import ScenarioError, nearest_name, one_of
        from lab.suite.selection import select

        try:
            experiments = select([self.path], seeds=self.config.getoption("--lab-seeds")).experiments
        except ScenarioError as error:
            raise self.CollectError("\n".join(error.lines())) from None
        cases = dict.fromkeys(one.case for one in experiments)
        for case in self._asked_for():
            if case not in cases:
                nearest = nearest_name(case, cases)
                hint = f"; did you mean {nearest}?" if nearest else ""
                raise self.CollectError(f"{self.path.name}: no case {case!r}; expected {one_of(cases)}{hint}")
        for case in cases:
            seeds = [one for one in experiments if one.case == case]
            yield ScenarioCase.from_parent(self, name=case, experiments=seeds)

    def _asked_for(self) -> list[str]:
        """The cases of this file that the command names."""
        named = [argument.partition("::") for argument in self.config.args]
        here = self.config.invocation_params.dir
        return [case for file, sign, case in named if sign and (here / file).resolve() == self.path.resolve()]


class ScenarioCase(pytest.Item):
    """One case under its seeds: one test."""

    def __init__(self, *, experiments: list[Experiment], **told: object) -> None:
        super().__init__(**told)  # type: ignore[arg-type]  # the name and the parent, as pytest hands them on
        first = experiments[0]
        self.scenario = first.scenario
        self._experiments = experiments
        self._trials: list[Trial] = []
        self.extra_keyword_matches.update((*first.tags, *(injection.fault for injection in first.timeline)))

    def setup(self) -> None:
        """Play the case. Raises NotPlayed, which pytest reports as an error, where nothing is proven to fail and there
        is no verdict."""
        from lab.playing.pool import Team
        from lab.playing.run_directory import RunDirectoryError
        from lab.playing.trials import TrialError, play
        from lab.scenario.errors import ScenarioError
        from lab.suite.settling import settle_suite

        options = self.config.option
        out = self.config.invocation_params.dir / options.lab_out
        jobs = 1 if hasattr(self.config, "workerinput") else None  # of several pytest processes, each takes one core
        try:
            with Team(jobs) as team:
                experiments = settle_suite(self._experiments, team=team)
                with closing(play(experiments, out, keep=options.lab_keep, team=team)) as trials:
                    self._trials = sorted(trials, key=lambda trial: trial.experiment.seed)
        except ScenarioError as error:
            raise NotPlayed("\n".join(error.lines())) from None
        except (RunDirectoryError, TrialError) as error:
            raise NotPlayed(str(error)) from None
        self.user_properties += [(f"seed {one.experiment.seed}", one.verdict) for one in self._trials]
        crashed = [one for one in self._trials if one.judgement is None]
        if crashed and all(one.verdict != "fail" for one in self._trials):
            raise NotPlayed("\n".join(f"{_name(one)}: no verdict: {one.trouble}" for one in crashed))

    def runtest(self) -> None:
        """Raises NotPassed."""
        bad = [one for one in self._trials if one.verdict != "pass"]
        if bad:
            worst = max(bad, key=lambda one: _BEST_FIRST.index(one.verdict))
            counted = f" ({len(bad)} of {len(self._trials)} seeds not passed)" if len(self._trials) > 1 else ""
            raise NotPassed(
                f"{_reasons(worst)[0]}{counted}", "\n".join(_told(one, Path(str(self.path))) for one in bad)
            )

    def repr_failure(self, excinfo: ExceptionInfo[BaseException], style: object = None) -> str | TerminalRepr:
        found = excinfo.value
        if isinstance(found, NotPassed):
            return VerdictText(str(found), found.text, str(self.path))
        if isinstance(found, NotPlayed):
            return VerdictText(str(found).splitlines()[0] if str(found) else "no verdict", str(found), str(self.path))
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.scenario}: {self.name}"


class VerdictText(TerminalRepr):
    """A failure as a person reads it; ``reprcrash`` is what pytest's summary and its JUnit file quote of it."""

    def __init__(self, headline: str, text: str, file: str) -> None:
        self.reprcrash = ReprFileLocation(file, 0, headline)
        self._text = text

    def toterminal(self, tw: TerminalWriter) -> None:
        for line in self._text.splitlines():
            tw.line(line)


def _told(trial: Trial, file: Path) -> str:
    """One trial that did not pass: why, what was expected, where the report is, how to play it again."""
    import io

    from rich.console import Console

    from lab.cli.verdict_view import show_verdict

    lines = [f"{_name(trial)}: {trial.verdict}", *(f"  {reason}" for reason in _reasons(trial))]
    if trial.trouble:
        lines.append(f"  trouble: {trial.trouble}")
    if trial.judgement is not None:
        text = io.StringIO()
        console = Console(file=text, width=_WIDTH, highlight=False, markup=False, emoji=False, color_system=None)
        show_verdict(console, trial.judgement, trial.directory, written=False)
        shown = [line.rstrip() for line in text.getvalue().strip().splitlines()]
        below_title = shown[1 : shown.index("why:")] if "why:" in shown else shown[1:]  # the reasons stand above
        lines += ["", *below_title]
    report = trial.directory.report
    lines.append("")
    if report.exists():
        lines.append(f"report: {os.path.relpath(report)}")
    one = trial.experiment
    lines.append(f"again:  lab run {os.path.relpath(file)} --case {one.case} --seed {one.seed}")
    return "\n".join(lines) + "\n"


def _reasons(trial: Trial) -> list[str]:
    if trial.judgement is None:
        return [f"unknown: no verdict: {trial.trouble or 'it was not judged'}"]
    return trial.judgement.reasons or [f"{trial.verdict}, and the verdict gives no reason"]


def _name(trial: Trial) -> str:
    one = trial.experiment
    return f"{one.scenario} · {one.case} · seed {one.seed}"


def _is_asked_for(file: Path, config: pytest.Config) -> bool:
    """Whether the command names the file, or a directory above it that is not the project as a whole.

    ``pytest``, ``pytest .`` and whatever ``testpaths`` lists are ordinary test runs.
    """
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return False
    project = None if config.inipath is None else config.inipath.parent.resolve()
    real = file.resolve()
    for argument in config.args:
        named = (config.invocation_params.dir / argument.split("::")[0]).resolve()
        if named == real:
            return True
        is_project = project is not None and (named == project or named in project.parents)
        if named in real.parents and not is_project:
            return "base" not in real.relative_to(named).parts[:-1]  # what is only extended
    return False


def _is_scenario(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return _SCHEMA.search(stream.read(_HEAD_BYTES)) is not None
    except OSError:
        return False


def _seeds(text: str) -> int:
    import argparse

    count = int(text) if text.isdecimal() else 0
    if not 1 <= count <= _SEEDS_LIMIT:
        raise argparse.ArgumentTypeError(f"is {text!r}; expected a whole number from 1 to {_SEEDS_LIMIT}")
    return count
