"""The controls in a whole laboratory: a strategy that malfunctions, the gateway, the monitor, and a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.laboratory.assembly import Laboratory
from lab.laboratory.market import settle_times
from lab.scenario.resolve import SHIPPED, load_scenario
from risk_monitor.effects import Action, AlertState, Signal

S = 1_000_000_000
MIN = 60 * S

FIRM = """
extends: %s
schema: riskproof-firm/1
firm: gated
gateway:
  bridge: {link: {floor: 1 ms, median: 1 ms, sigma: 0.5}, heartbeat: 10 s}
"""

CONTROLS = """
schema: riskproof-controls/1
gate: {price_collar: 5 %}
breakers:
  strategy: {on: {order_rate: high}, pause: manual}
"""

APPROVAL = """
schema: riskproof-controls/1
approval: {first: 1 times, timeout: 5 min, valid: 5 min}
"""

SCENARIO = """
schema: riskproof-scenario/1
scenario: operated
seed: 5
duration: 20 min
market: {source: synthetic_calm}
firm: gated
limits: meridian
controls: wired
operator: %s
timeline: [%s]
expect: []
forbid: [{alert: drawdown}]
"""

RUNAWAY = (
    "{inject: mad, fault: strategy_malfunction, at: 2 min, for: 3 min, scope: {strategy: momentum}, "
    "intensity: 2, with: {kind: runaway}}"
)
ALL_IS_WELL = "{inject: stall, fault: feed_stall, at: 19 min, for: 1 s, scope: {venue: boreal}}"


class Run:
    """A laboratory with controls and an operator; what the monitor did and what the operator said, with their times."""

    def __init__(self, directory: Path, controls: str, operator: str, timeline: str) -> None:
        for folder, name, text in (
            ("firms", "gated", FIRM % (SHIPPED / "firms" / "meridian.yaml")),
            ("controls", "wired", controls),
        ):
            (directory / folder).mkdir()
            (directory / folder / f"{name}.yaml").write_text(text)
        path = directory / "operated.yaml"
        path.write_text(SCENARIO % (operator, timeline))
        experiment = settle_times(load_scenario(path).experiments[0])
        self.start_ns = experiment.start_ns or 0
        self.lab = Laboratory(
            experiment, "run", directory / "run.journal", lambda name, phase, detail: None, lambda signal: None
        )
        self.actions: list[tuple[int, Action]] = []
        self.signals: list[tuple[int, Signal]] = []
        self.said: list[tuple[int, str, str]] = []
        self.intents: list[tuple[int, str, str]] = []
        self.lab.shell.watchers.append(self._watch)
        record: Any = self.lab.journal.record

        def overhear(kind: str, source: str, cause: int, *body: Any) -> int:
            if kind == "operator":
                self.said.append((self._now(), body[0], body[1]))
            elif kind == "intent":
                self.intents.append((self._now(), body[0], body[9]))
            return int(record(kind, source, cause, *body))

        self.lab.journal.record = overhear  # type: ignore[method-assign]
        self.lab.start()
        self.lab.kernel.run_until(self.start_ns + 20 * MIN)

    def _now(self) -> int:
        return self.lab.kernel.now_ns - self.start_ns

    def _watch(self, news: Signal | Action, number: int) -> None:
        if isinstance(news, Action):
            self.actions.append((self._now(), news))
        else:
            self.signals.append((self._now(), news))


def test_a_runaway_is_halted_and_let_go_when_a_person_has_seen_that_it_is_over(tmp_path: Path) -> None:
    run = Run(tmp_path, CONTROLS, "{acknowledges_after: 1 min, resets_after: 4 min}", RUNAWAY)
    of_breaker = [(at_ns, one) for at_ns, one in run.actions if one.control == "breaker"]
    (taken_ns, taken), (done_ns, done), (ended_ns, ended) = of_breaker[:3]
    assert [taken.state.value, done.state.value, ended.state.value] == ["taken", "done", "ended"]
    assert taken.subject == "momentum"
    assert done_ns - taken_ns < S
    sent = [at_ns for at_ns, strategy, event in run.intents if (strategy, event) == ("momentum", "sent")]
    assert len([at_ns for at_ns in sent if at_ns < taken_ns]) > 20
    assert not [at_ns for at_ns in sent if done_ns < at_ns < ended_ns]
    assert (ended_ns, "reset", taken.action_id) in run.said
    assert (ended_ns - taken_ns) % (4 * MIN) == 0
    fired = {one.alert_id: at_ns for at_ns, one in run.signals if one.state is AlertState.FIRING}
    acknowledged = {subject: at_ns for at_ns, command, subject in run.said if command == "acknowledge"}
    assert acknowledged[taken.trigger] - fired[taken.trigger] == MIN


def test_a_person_who_never_answers_lets_alerts_escalate_and_halts_stand(tmp_path: Path) -> None:
    run = Run(tmp_path, CONTROLS, "{escalates_after: 20 s}", RUNAWAY)
    assert run.said == []
    assert [one.state.value for _, one in run.actions if one.control == "breaker"] == ["taken", "done"]
    escalated = [one for _, one in run.signals if one.state is AlertState.ESCALATED and one.mandate == "order_rate"]
    assert {one.severity.value for one in escalated} >= {"high", "critical"}


def test_first_orders_go_out_once_they_are_approved(tmp_path: Path) -> None:
    run = Run(tmp_path, APPROVAL, "{approves_after: 30 s}", ALL_IS_WELL)
    asked = {one.action_id: (at_ns, one.subject) for at_ns, one in run.actions if one.state.value == "taken"}
    approved: dict[str, int] = {}
    for at_ns, command, action_id in run.said:
        asked_ns, strategy = asked[action_id]
        assert (command, at_ns - asked_ns) == ("approve", 30 * S)
        approved.setdefault(strategy, at_ns)
    sent = [(at_ns, strategy) for at_ns, strategy, event in run.intents if event == "sent"]
    assert sent
    assert all(at_ns > approved[strategy] for at_ns, strategy in sent)
