"""Limits-level mutants: what each makes of a limits file."""

from __future__ import annotations

import pytest

from lab.mutants.limits_level import limits_mutants, mutated
from lab.mutants.mutant import LimitsEdit
from risk_monitor.limits import parse_limits

LIMITS = """
schema: riskproof-limits/1
firm: test
base_currency: USD
stablecoins: [USDT, USDC]
structural: {BTC: 100 BTC}
limits:
  stablecoin_peg:
    each: {warning: 50 bp, high: 1 %}
    USDC: {warning: 80 bp}
    for: 3 s
  api_latency:
    each: {warning: 500 ms}
    quantile: 95 %
    window: 5 min
  overdue_settlement:
    each: {high: 0 s}
  reconciliation_confidence:
    each: {warning: 70 %, high: 50 %}
"""


def bounds(operator: str, mandate: str, entry: str = "") -> dict[str, list[tuple[str, float]]]:
    text = mutated(LIMITS, LimitsEdit(mandate, operator, entry))
    assert text is not None
    kept = parse_limits(text, "mutant").mandate(mandate)
    assert kept is not None
    return {
        entry.subject: [(bound.severity.value, float(bound.value)) for bound in entry.bounds] for entry in kept.subjects
    }


def test_loosening_moves_every_bound_away_from_what_is_measured() -> None:
    assert bounds("loosened", "stablecoin_peg") == {
        "each": [("warning", 0.01), ("high", 0.02)],
        "USDC": [("warning", 0.016)],
    }
    assert bounds("loosened", "reconciliation_confidence") == {"each": [("warning", 0.35), ("high", 0.25)]}


def test_a_bound_of_zero_is_loosened_to_something() -> None:
    assert bounds("loosened", "overdue_settlement") == {"each": [("high", 60e9)]}


def test_a_bound_of_zero_cannot_be_tightened() -> None:
    assert mutated(LIMITS, LimitsEdit("overdue_settlement", "tightened")) is None


def test_confused_units_make_a_bound_a_hundred_or_a_thousand_times_as_loose() -> None:
    assert bounds("units_confused", "stablecoin_peg")["USDC"] == [("warning", 0.8)]
    assert bounds("units_confused", "api_latency") == {"each": [("warning", 500e9)]}


def test_the_gravest_severity_is_lost_where_there_are_several() -> None:
    assert bounds("gravest_lost", "stablecoin_peg") == {"each": [("warning", 0.005)], "USDC": [("warning", 0.008)]}


def test_a_dropped_subject_falls_back_to_each() -> None:
    assert list(bounds("subject_dropped", "stablecoin_peg", "USDC")) == ["each"]


@pytest.mark.parametrize(
    ("operator", "mandate", "for_s", "window_s", "quantile"),
    [
        ("for_longer", "stablecoin_peg", 30, 0, 0.0),
        ("for_longer", "api_latency", 300, 300, 0.95),
        ("for_dropped", "stablecoin_peg", 0, 0, 0.0),
        ("window_longer", "api_latency", 0, 1200, 0.95),
        ("window_shorter", "api_latency", 0, 75, 0.95),
        ("quantile_lower", "api_latency", 0, 300, 0.5),
    ],
)
def test_options_change_alone(operator: str, mandate: str, for_s: int, window_s: int, quantile: float) -> None:
    text = mutated(LIMITS, LimitsEdit(mandate, operator))
    assert text is not None
    kept = parse_limits(text, "mutant").mandate(mandate)
    true = parse_limits(LIMITS, "true").mandate(mandate)
    assert kept is not None
    assert true is not None
    assert (kept.for_ns, kept.window_ns, kept.quantile) == (for_s * 10**9, window_s * 10**9, quantile)
    assert [entry.subject for entry in kept.subjects] == [entry.subject for entry in true.subjects]
    assert [[float(bound.value) for bound in entry.bounds] for entry in kept.subjects] == [
        [float(bound.value) for bound in entry.bounds] for entry in true.subjects
    ]


def test_a_mandate_switched_off_is_gone_and_nothing_else() -> None:
    text = mutated(LIMITS, LimitsEdit("api_latency", "switched_off"))
    assert text is not None
    assert [one.spec.name for one in parse_limits(text, "mutant").mandates] == [
        "stablecoin_peg",
        "overdue_settlement",
        "reconciliation_confidence",
    ]


def test_every_mutant_of_a_file_differs_from_it_and_all_but_one_can_be_read() -> None:
    mutants = limits_mutants([LIMITS], ["apex"], ["BTC"])
    texts = {mutant.id: mutated(LIMITS, mutant.edit) for mutant in mutants if isinstance(mutant.edit, LimitsEdit)}
    # No monitor starts with bounds for a stablecoin that is none.
    assert [name for name, text in texts.items() if text is None] == ["limits/stablecoins/entry_dropped/USDC"]
    true = parse_limits(LIMITS, "true")
    assert all(parse_limits(text, "mutant") != true for text in texts.values() if text is not None)
    assert len({mutant.id for mutant in mutants}) == len(mutants)


def test_a_mutant_of_what_the_file_does_not_keep_changes_nothing() -> None:
    assert mutated(LIMITS, LimitsEdit("drawdown", "loosened")) is None
    assert mutated(LIMITS, LimitsEdit("structural", "entry_dropped", "ETH")) is None


def test_bounds_that_each_has_too_are_not_missed_and_make_no_mutant() -> None:
    profiles = "profiles: {'apexf:a': low, 'apexf:b': micro}\n"
    leverage = "  leverage:\n    low: {warning: 2 x}\n    micro: {warning: 1 x}\n    each: {warning: 2 x}\n"
    text = LIMITS.replace("limits:\n", f"{profiles}limits:\n{leverage}", 1)
    ids = [one.id for one in limits_mutants([text], ["apex"], ["BTC"])]
    assert [name for name in ids if "leverage/subject_dropped" in name or "profiles/" in name] == [
        "limits/leverage/subject_dropped/micro",
        "limits/leverage/subject_dropped/each",
        "limits/profiles/entry_dropped/apexf:b",
    ]
