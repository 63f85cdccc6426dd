"""The agenda against a naive one, and an alert's life against a naive reading of its rule."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from risk_monitor.agenda import NEVER_NS, Agenda, Job
from risk_monitor.alerts import Timing
from risk_monitor.effects import Effect, RaiseSignal
from risk_monitor.limits import parse_limits
from risk_monitor.watchtower import Watchtower

RESOLVE_S = 60
SECOND_NS = 1_000_000_000


@given(
    st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.integers(1, 30)), st.integers(0, 10)), max_size=60)
)
def test_each_job_runs_once_at_the_time_it_was_last_armed_for(steps: list[tuple[int, int | None, int]]) -> None:
    agenda = Agenda()
    ran: list[tuple[int, int]] = []
    jobs = [Job(lambda now_ns, number=number: ran.append((now_ns, number))) for number in range(4)]
    due: dict[int, int] = {}
    expected: list[tuple[int, int]] = []
    now_ns = 0
    for number, delay_ns, wait_ns in steps:
        agenda.run_due(now_ns)
        if delay_ns is None:
            agenda.cancel(jobs[number])
            due.pop(number, None)
        else:
            agenda.arm(jobs[number], now_ns + delay_ns)
            due[number] = now_ns + delay_ns
        end_ns = now_ns + wait_ns
        while agenda.deadline_ns <= end_ns:
            assert agenda.deadline_ns > now_ns
            now_ns = agenda.deadline_ns
            agenda.run_due(now_ns)
        now_ns = end_ns
        for job, at_ns in sorted(due.items(), key=lambda item: item[1]):
            if at_ns <= end_ns:
                expected.append((at_ns, job))
                del due[job]
    assert sorted(ran) == sorted(expected)
    assert all(jobs[number].due_ns == due.get(number, NEVER_NS) for number in range(4))


@given(
    st.integers(0, 3),
    st.lists(st.tuples(st.integers(1, 90), st.sampled_from([0.5, 1.5, 2.5])), max_size=40),
)
def test_an_alert_fires_after_for_and_resolves_after_a_calm(for_s: int, changes: list[tuple[int, float]]) -> None:
    head = "schema: riskproof-limits/1\nfirm: x\nbase_currency: USD\nlimits:\n"
    text = f"{head}  daily_loss: {{firm: {{high: 1 USD, critical: 2 USD}}, for: {for_s * 10} s}}"
    out: list[Effect] = []
    agenda = Agenda()
    tower = Watchtower(parse_limits(text, "f"), agenda, Timing(RESOLVE_S * SECOND_NS), out.append)
    watch = tower.watch("daily_loss", "firm", tuple)
    assert watch is not None
    now = 0
    value = 0.0
    level: list[float] = []  # the measure in each second
    signals: list[tuple[int, str, str]] = []

    def collect(at: int) -> None:
        for effect in out:
            assert isinstance(effect, RaiseSignal)
            signals.append((at, effect.signal.severity.value, effect.signal.state.value))
        out.clear()

    for lasts, next_value in [*changes, (200, 0.0)]:
        level += [value] * lasts
        while agenda.deadline_ns <= (now + lasts) * SECOND_NS:
            at_ns = agenda.deadline_ns
            agenda.run_due(at_ns)
            collect(at_ns // SECOND_NS)
        now += lasts
        agenda.now_ns = now * SECOND_NS
        value = next_value
        watch.observe(now * SECOND_NS, value)
        collect(now)
    for severity, bound in (("high", 1.0), ("critical", 2.0)):
        told = [(at, state) for at, which, state in signals if which == severity]
        assert told == _expected(level, [*level[1:], value], bound, for_s * 10)


def _expected(before: list[float], after: list[float], bound: float, for_s: int) -> list[tuple[int, str]]:
    """Second by second: the state that the definition asks for."""
    told: list[tuple[int, str]] = []
    state, since, clear = "inactive", 0, None
    for at in range(1, len(before) + 1):
        above = (after[at - 1]) > bound
        was_above = before[at - 1] > bound
        if state == "pending" and was_above and at - since >= for_s:
            state = "firing"
            told.append((at, "firing"))
        if state == "firing" and clear is not None and not was_above and at - clear >= RESOLVE_S:
            state, clear = "inactive", None
            told.append((at, "resolved"))
        if above and state == "inactive":
            state, since = ("pending" if for_s else "firing"), at
            told.append((at, state))
        elif above:
            clear = None
        elif state == "pending":
            state = "inactive"
            told.append((at, "resolved"))
        elif state == "firing" and clear is None:
            clear = at
    return told


def test_an_unknown_measure_neither_fires_nor_resolves() -> None:
    text = (
        "schema: riskproof-limits/1\nfirm: x\nbase_currency: USD\nlimits:\n"
        "  daily_loss: {firm: {high: 1 USD}, for: 10 s}\n"
    )
    out: list[Effect] = []
    agenda = Agenda()
    tower = Watchtower(parse_limits(text, "f"), agenda, Timing(20), out.append)
    watch = tower.watch("daily_loss", "firm", tuple)
    assert watch is not None
    watch.observe(0, 5.0)
    watch.lose_sight()
    agenda.run_due(50 * 10**9)
    assert [entry.compliance for entry in tower.status()] == ["unknown"]
    assert len(out) == 1
    watch.observe(50 * 10**9, 5.0)
    states = [effect.signal.state.value for effect in out if isinstance(effect, RaiseSignal)]
    assert states == ["pending", "firing"]
    watch.lose_sight()
    agenda.run_due(500 * 10**9)
    assert [entry.alert.value for entry in tower.status()] == ["firing"]


def test_a_measure_below_its_bound_is_a_breach_and_is_shown_as_it_is() -> None:
    head = "schema: riskproof-limits/1\nfirm: x\nbase_currency: USD\nlimits:\n"
    text = f"{head}  tail_exponent: {{BTC: {{warning: 2 alpha, high: 1 alpha}}, window: 1 h}}"
    out: list[Effect] = []
    agenda = Agenda()
    tower = Watchtower(parse_limits(text, "f"), agenda, Timing(SECOND_NS), out.append)
    watch = tower.watch("tail_exponent", "BTC", tuple)
    assert watch is not None
    told: list[tuple[str, str, float, float]] = []
    for second, value in enumerate((3.0, 2.0, 1.5, 0.0, 1.0, 4.0)):
        agenda.run_due(second * SECOND_NS)
        watch.observe(second * SECOND_NS, value)
        for effect in out:
            assert isinstance(effect, RaiseSignal)
            signal = effect.signal
            told.append((signal.severity.value, signal.state.value, signal.observed, signal.limit))
        out.clear()
    agenda.run_due(9 * SECOND_NS)
    assert told == [
        ("warning", "firing", 1.5, 2.0),
        ("high", "firing", 0.0, 1.0),
        ("high", "resolved", 1.0, 1.0),
    ]
    assert [(rule.compliance, rule.observed, rule.limit) for rule in tower.status()] == [
        ("ok", 4.0, 2.0),
        ("ok", 4.0, 1.0),
    ]
