"""A share of bad cases changes as cases grow old, not only as new ones come."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Timing
from risk_monitor.effects import Effect, RaiseSignal
from risk_monitor.limits import parse_limits
from risk_monitor.mandates.share import Share
from risk_monitor.watchtower import Watchtower

SECOND_NS = 1_000_000_000
TEXT = """schema: riskproof-limits/1
firm: x
base_currency: USD
limits:
  order_rejects: {each: {high: 20 %}, window: 5 min}
"""


def _told(cases: list[tuple[int, bool]], until_s: int) -> list[tuple[int, str]]:
    """(second, state) of what is told when cases end at these seconds, bad ones if true."""
    out: list[Effect] = []
    agenda = Agenda()
    tower = Watchtower(parse_limits(TEXT, "f"), agenda, Timing(60 * SECOND_NS), out.append)
    share = Share(tower, "order_rejects", "maker", 10, "orders refused", agenda)
    told: list[tuple[int, str]] = []

    def note(second: int) -> None:
        told.extend((second, one.signal.state.value) for one in out if isinstance(one, RaiseSignal))
        out.clear()

    for second in range(until_s):
        agenda.run_due(second * SECOND_NS)
        for at_s, is_bad in cases:
            if at_s == second:
                share.ended(second * SECOND_NS, is_bad)
        note(second)
    return told


def test_an_alert_resolves_when_whoever_was_refused_falls_silent() -> None:
    refused = [(second, second >= 7) for second in range(10)]
    assert _told(refused, 900) == [(9, "firing"), (360, "resolved")]


def test_good_cases_that_grow_old_bring_an_alert_without_a_new_one() -> None:
    assert _told([(0, False)] * 12 + [(10, True)] * 3 + [(20, False)] * 9, 302) == [(300, "firing")]
