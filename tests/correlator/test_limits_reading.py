"""The correlator's own reader of the limits: every unit, and no quantity it cannot be sure of."""

from __future__ import annotations

import pytest

from correlator.limits import Bound, LimitsError, read_limits

HEAD = "schema: riskproof-limits/1\nstablecoins: [USDT]\n"


def bound_of(mandate: str, body: str, subject: str) -> tuple[Bound, ...]:
    kept = read_limits(f"{HEAD}limits:\n  {mandate}: {body}\n").mandate(mandate)
    assert kept is not None
    return kept.bounds(subject)


@pytest.mark.parametrize(
    ("mandate", "body", "subject", "value"),
    [
        ("position_limit", "{BTC: {high: 150 BTC}}", "BTC", 150.0),
        (
            "position_limit",
            "{MKR: {high: 150 MKR}}",
            "MKR",
            150.0,
        ),  # a k or M that parts from the number is no multiple
        ("position_limit", "{C98: {high: 2k C98}}", "C98", 2_000.0),
        ("notional_limit", "{each: {high: 3.2M USD}}", "ETH", 3_200_000.0),
        ("delta_exposure", "{each: {high: 400k USD}}", "BTC", 400_000.0),
        ("drawdown", "{firm: {high: 15 %}}", "firm", 0.15),
        ("stablecoin_peg", "{each: {high: 50 bp}}", "USDT", 0.005),
        ("api_latency", "{each: {high: 500 ms}, window: 5 min, quantile: 95 %}", "apex", 0.5),
        ("feed_staleness", "{each: {high: 5 min}}", "apex", 300.0),
        ("api_outage", "{each: {high: 2 h}}", "apex", 7_200.0),
        ("overdue_settlement", "{each: {high: 1 d}}", "apex", 86_400.0),
        ("overdue_settlement", "{each: {high: 0 s}}", "apex", 0.0),
        ("leverage", "{each: {high: 3 x}}", "apex:carry", 3.0),
        ("tail_exponent", "{each: {high: 2 alpha}}", "BTC", 2.0),
        ("unauthorised_orders", "{each: {critical: 0 times}}", "apex:maker", 0.0),
        ("clock_drift", "{each: {high: 100 ms}}", "apex", 0.1),
    ],
)
def test_every_unit_is_read(mandate: str, body: str, subject: str, value: float) -> None:
    (bound,) = bound_of(mandate, body, subject)
    assert bound.value == pytest.approx(value, rel=1e-12)


def test_named_subject_goes_before_each_and_severities_are_ordered() -> None:
    body = "{each: {high: 100 bp}, USDT: {critical: 300 bp, warning: 40 bp}}"
    assert [bound.severity for bound in bound_of("stablecoin_peg", body, "USDT")] == ["warning", "critical"]
    assert [bound.text for bound in bound_of("stablecoin_peg", body, "USDC")] == ["100 bp"]


def test_options_are_read_in_nanoseconds() -> None:
    text = f"{HEAD}limits: {{api_latency: {{each: {{high: 1 s}}, for: 30 s, window: 5 min, quantile: 95 %}}}}"
    kept = read_limits(text).mandate("api_latency")
    assert kept is not None
    assert (kept.for_ns, kept.window_ns, kept.quantile) == (30 * 10**9, 300 * 10**9, pytest.approx(0.95))


def test_account_is_bound_by_name_else_by_profile_else_by_each() -> None:
    body = "{each: {high: 2 x}, aggressive: {high: 10 x}, 'apex:maker': {high: 1 x}}"
    kept = read_limits(f"{HEAD}limits: {{leverage: {body}}}").mandate("leverage")
    assert kept is not None
    named, by_profile, other = (kept.bounds(name, profile="aggressive") for name in ("apex:maker", "apex:a", "apex:b"))
    assert [bounds[0].value for bounds in (named, by_profile, other, kept.bounds("apex:c"))] == [1.0, 10.0, 10.0, 2.0]


def test_clusters_whitelist_and_profiles_are_read() -> None:
    text = f"{HEAD}clusters: {{majors: [BTC, ETH]}}\nwhitelist: [BTC/USD]\nprofiles: {{'apex:m': micro}}\n"
    limits = read_limits(text)
    assert (limits.clusters, limits.whitelist, limits.profiles) == (
        {"majors": ("BTC", "ETH")}, ("BTC/USD",), {"apex:m": "micro"},
    )  # fmt: skip


def test_only_tail_exponent_and_confidence_are_bounded_from_below() -> None:
    body = "limits: {tail_exponent: {}, reconciliation_confidence: {}, leverage: {}}"
    assert [kept.below for kept in read_limits(HEAD + body).mandates.values()] == [True, True, False]


def test_structural_holdings_are_read() -> None:
    assert read_limits(f"{HEAD}structural: {{BTC: 100 BTC, ETH: 1.5k ETH}}").structural == {
        "BTC": 100.0,
        "ETH": 1_500.0,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "the limits are not YAML"),
        ("- a list", "limits file: expected a map, found list"),
        ("schema: other/1", "schema: expected riskproof-limits/1, found 'other/1'"),
        (HEAD + "limits: {made_up: {}}", "limits.made_up: no mandate that this correlator can compute"),
        (
            HEAD + "limits: {drawdown: {firm: {awful: 1 %}}}",
            "limits.drawdown.firm.awful: expected one of info, warning",
        ),
        (HEAD + "limits: {drawdown: {firm: {high: 10}}}", "limits.drawdown.firm.high: expected a number and a unit"),
        (HEAD + "limits: {drawdown: {firm: {high: 10 USD}}}", "'USD' is no unit of this bound (ratio)"),
        (HEAD + "limits: {position_limit: {BTC: {high: 10 ETH}}}", "'ETH' is no unit of this bound (asset)"),
        (HEAD + "limits: {leverage: {each: {high: 3}}}", "limits.leverage.each.high: expected a number and a unit"),
        (HEAD + "limits: {leverage: {each: {high: 3 times}}}", "'times' is no unit of this bound (factor)"),
        (HEAD + "profiles: {'apex:m': bold}", "profiles.apex:m: expected one of micro, low, medium, high, aggressive"),
        (HEAD + "whitelist: BTC/USD", "whitelist: expected a list of names, found str"),
        (HEAD + "limits: {drawdown: {firm: {high: -1 %}}}", "limits.drawdown.firm.high: expected a number and a unit"),
    ],
)
def test_what_cannot_be_read_is_refused_by_field(text: str, message: str) -> None:
    with pytest.raises(LimitsError) as refused:
        read_limits(text)
    assert message in str(refused.value)
