"""Trials: experiments played for real, shared where their worlds are the same, and told one by one."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

import risk_monitor
from correlator.journal import Journal
from correlator.records import Injection, Request
from lab.playing.pool import Job
from lab.playing.progress import Finished, Happened, Progress
from lab.playing.run_directory import RunDirectory
from lab.playing.runner import _in_order, plan
from lab.playing.simulate import simulate
from lab.playing.trials import Trial, play, settled
from lab.scenario.errors import ScenarioError
from lab.scenario.model import Experiment
from lab.scenario.resolve import load_scenario

SCENARIO = """
schema: riskproof-scenario/1
scenario: harms
seed: 1
duration: 3 min
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: bitcoin_desk
limits: bitcoin_desk
cases:
  absent:
    forbid: [{alert: any}]
  one:
    timeline: [{inject: down, fault: exchange_outage, at: 1 min, for: 1 min, scope: {venue: apex}}]
    expect: [{alert: api_outage, asset: apex, severity: critical, within: 5 s}]
  two:
    timeline:
      - {inject: down, fault: exchange_outage, at: 1 min, for: 1 min, scope: {venue: apex}}
      - {inject: again, fault: exchange_outage, after: down ended + 10 s, for: 30 s, scope: {venue: apex}}
    expect: [{alert: api_outage, asset: apex, severity: critical, within: 5 s, injection: down}]
"""


def write(directory: Path, text: str = SCENARIO) -> list[Experiment]:
    (directory / "harms.yaml").write_text(text)
    return settled(load_scenario(directory / "harms.yaml").experiments)


class Played:
    """What three cases of one scenario left, and what was heard of them."""

    def __init__(self, place: Path) -> None:
        self.out = place / "runs"
        self.experiments = write(place)
        self.finished: Counter[str] = Counter()
        self.trials: dict[str, Trial] = {}
        for trial in play(self.experiments, self.out, jobs=1, hear=self._hear):
            self.trials[trial.experiment.case] = trial

    def _hear(self, job: Job, told: Progress) -> None:
        self.finished[job.name] += isinstance(told, Finished)

    def directory(self, case: str) -> RunDirectory:
        return self.trials[case].directory


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return Played(tmp_path_factory.mktemp("played"))


def test_each_trial_is_told_with_its_judgement(played: Played) -> None:
    assert sorted(played.trials) == ["absent", "one", "two"]
    for case, trial in played.trials.items():
        assert trial.trouble == ""
        assert trial.judgement is not None
        assert (trial.judgement.case, trial.verdict) == (case, "pass"), trial.judgement.reasons
        assert trial.wall_s > 0
        assert trial.directory.path == played.out / "harms" / case / "seed-1"


def test_arms_of_one_world_are_simulated_once(played: Played) -> None:
    """`absent` is the control of both others, and the run of `one` is what `two` is without its second outage."""
    simulated = {name for name, count in played.finished.items() if count}
    assert simulated == {"harms/absent", "harms/one", "harms/two", "harms/two without down"}


def test_a_journal_that_was_shared_is_byte_for_byte_what_its_own_simulation_writes(
    played: Played, tmp_path: Path
) -> None:
    _, _, two = played.experiments
    for arm, journal in (
        ("control", played.directory("two").control_journal),
        ("without:down", played.directory("two").removal(("down",))),
    ):
        apart = tmp_path / journal.name
        assert simulate(lambda told: None, two, arm, apart)
        assert apart.read_bytes() == journal.read_bytes(), arm
    one, two_ = played.directory("one"), played.directory("two")
    assert one.control_journal.read_bytes() == two_.control_journal.read_bytes()


def test_an_injection_that_hangs_on_one_that_is_left_out_never_begins(played: Played) -> None:
    directory = played.directory("two")
    assert list(directory.removals()) == [("again",), ("down",)]
    phases = {
        left_out: [(one.name, one.phase) for one in Journal(path).audit() if isinstance(one, Injection)]
        for left_out, path in directory.removals().items()
    }
    assert phases[("down",)] == [("again", "planned"), ("again", "refused")]
    assert [phase for name, phase in phases[("again",)]] == ["planned", "began", "took_effect", "ended"]
    header = Journal(directory.removal(("down",))).header
    assert (header.arm, header.scenario, header.case) == ("without:down", "harms", "")


def requests(directory: RunDirectory) -> int:
    return sum(isinstance(record, Request) for record in Journal(directory.run_journal).wire())


def test_another_monitor_is_played_and_ours_is_left_alone(played: Played, tmp_path: Path) -> None:
    """A copy that asks for the time a fifth as often asks less; the header tells that other code was at work."""
    package = tmp_path / "mine" / "risk_monitor"
    shutil.copytree(Path(risk_monitor.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    config = package / "config.py"
    changed = config.read_text().replace("exchange_time_ms: int = 3_500", "exchange_time_ms: int = 17_500")
    assert changed != config.read_text()
    config.write_text(changed)
    (theirs,) = play(played.experiments[:1], tmp_path / "theirs", jobs=1, monitor=tmp_path / "mine")
    (again,) = play(played.experiments[:1], tmp_path / "ours", jobs=1)
    ours = played.trials["absent"].judgement
    assert ours is not None
    assert theirs.judgement is not None
    assert requests(theirs.directory) < requests(again.directory)
    assert theirs.judgement.code != ours.code
    assert again.judgement == ours


def test_a_monitor_that_cannot_be_imported_is_trouble_and_no_verdict(played: Played, tmp_path: Path) -> None:
    package = tmp_path / "risk_monitor"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('out of order')\n")
    (trial,) = play(played.experiments[:1], tmp_path / "runs", jobs=1, monitor=tmp_path)
    assert (trial.judgement, trial.verdict) == (None, "unknown")
    assert trial.trouble == "harms/absent: RuntimeError: out of order"


def test_what_is_not_to_be_kept_is_gone_as_soon_as_a_trial_is_told(played: Played, tmp_path: Path) -> None:
    experiments = [played.experiments[0], played.experiments[1]]
    kept = {}
    for trial in play(experiments, tmp_path / "short", jobs=1, keep="verdicts"):
        kept[trial.experiment.case] = sorted(path.name for path in trial.directory.path.iterdir())
    left = ["limits.yaml", "scenario.json", "verdict.json"]
    assert kept == {"absent": left, "one": left}


def test_a_trial_that_is_no_pass_keeps_its_journals_for_whoever_asks_why(tmp_path: Path) -> None:
    text = SCENARIO.replace("alert: api_outage, asset: apex, severity: critical", "alert: drawdown, severity: high")
    experiments = write(tmp_path, text)[:2]
    left = {}
    for trial in play(experiments, tmp_path / "runs", jobs=1, keep="not_passed"):
        left[trial.experiment.case] = (trial.verdict, trial.directory.run_journal.exists())
    assert left["absent"] == ("pass", False)
    assert left["one"] == ("unknown", True)


def test_who_stops_listening_ends_what_is_running(played: Played, tmp_path: Path) -> None:
    (long,) = settled(load_scenario(tmp_path_scenario(tmp_path), sets=["duration=20h"], case="one").experiments)

    def stop(job: Job, told: Progress) -> None:
        if isinstance(told, Happened):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(play([long], tmp_path / "runs", jobs=1, hear=stop))
    journal = Journal(RunDirectory(tmp_path / "runs/harms/one/seed-1").run_journal)
    assert sum(1 for _ in journal.records()) > 0
    assert journal.end is not None
    assert journal.end.reason == "interrupted"


def tmp_path_scenario(directory: Path) -> Path:
    (directory / "harms.yaml").write_text(SCENARIO)
    return directory / "harms.yaml"


def test_a_simulation_that_takes_too_long_is_ended_and_told(played: Played, tmp_path: Path) -> None:
    (long,) = settled(load_scenario(tmp_path_scenario(tmp_path), sets=["duration=20h"], case="absent").experiments)
    (trial,) = play([long], tmp_path / "runs", jobs=1, at_most_s=2)
    assert (trial.judgement, trial.trouble) == (None, "harms/absent: harms/absent took longer than 2 s")


def test_a_market_that_cannot_be_played_is_the_authors_mistake(tmp_path: Path) -> None:
    (tmp_path / "markets").mkdir()
    bars = [f"{1_692_230_400_000 + minute * 60_000},100,100,100,100,1,0,0,0,0,0,0" for minute in range(60)]
    bars[40] = bars[40].replace(",100,1,", ",NaN,1,")
    (tmp_path / "markets/own.csv").write_text("\n".join(bars))
    (tmp_path / "markets/own.yaml").write_text(
        "schema: riskproof-market/1\nmarket: own\nseries: [{pair: BTC/USDT, file: own.csv}]\nat_par: [USDT]\n"
    )
    text = SCENARIO.replace("{source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}", "{source: own}")
    with pytest.raises(ScenarioError, match=r"own\.csv:41: close: found nan; expected a finite price"):
        write(tmp_path, text)


def test_long_experiments_come_first_and_judgements_before_all(played: Played, tmp_path: Path) -> None:
    path = tmp_path_scenario(tmp_path)
    short = load_scenario(path, case="absent").experiments
    long = load_scenario(path, case="one", sets=["duration=1h"]).experiments
    jobs = _in_order(plan([*short, *long], tmp_path))
    assert [job.name for job in jobs] == [
        "harms/absent/verdict", "harms/one/verdict", "harms/one", "harms/control", "harms/absent",
    ]  # fmt: skip
