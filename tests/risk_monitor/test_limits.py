"""The limits file: what is read, and the one message that each mistake gets."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_monitor.limits import Cluster, LimitsError, parse_limits
from risk_monitor.rules import MANDATES

HEAD = "schema: riskproof-limits/1\nfirm: meridian\nbase_currency: USD\nstablecoins: [USDT, USDC]\n"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "mandates.md"


def of_limits(body: str) -> str:
    return f"{HEAD}limits:\n  {body}\n"


def test_every_mandate_of_the_reference_is_known_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_]+)`(?: \(\*below\*\))? \|", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(MANDATES) == sorted(set(rows))


def test_the_measures_that_must_not_fall_are_those_of_the_reference() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \(\*below\*\) \|", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(name for name, spec in MANDATES.items() if spec.below) == sorted(rows)


def test_the_example_of_the_reference_is_read() -> None:
    example = re.search(r"```yaml\n(.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    limits = parse_limits(example[1], "limits.yaml")
    assert [mandate.spec.name for mandate in limits.mandates] == list(MANDATES)[:15]
    assert limits.structural == (("BTC", Decimal(100)), ("ETH", Decimal(1500)))
    peg = limits.mandate("stablecoin_peg")
    assert peg is not None
    assert [(bound.severity, bound.value) for bound in peg.bounds("USDT")] == [
        ("warning", Decimal("0.005")),
        ("high", Decimal("0.01")),
        ("critical", Decimal("0.03")),
    ]
    latency = limits.mandate("api_latency")
    assert latency is not None
    assert (latency.window_ns, latency.quantile, latency.for_ns) == (300 * 10**9, 0.95, 0)


def test_a_named_subject_is_not_under_each() -> None:
    text = of_limits("notional_limit: {each: {high: 4M USD}, BTC: {high: 1.5M USD}, total: {high: 9M USD}}")
    notional = parse_limits(text, "f").mandate("notional_limit")
    assert notional is not None
    amounts = {name: [bound.value for bound in notional.bounds(name)] for name in ("BTC", "ETH", "total")}
    assert amounts == {"BTC": [1_500_000], "ETH": [4_000_000], "total": [9_000_000]}


def test_clusters_whitelist_and_profiles_stand_beside_the_limits() -> None:
    text = (
        HEAD
        + "clusters: {majors: [BTC, ETH]}\nwhitelist: [BTC/USD, BTC/USDT:USDT]\n"
        + 'profiles: {"apex:momentum": aggressive}\nlimits: {instrument_whitelist: {each: {high: 0 USD}, window: 1 h}}'
    )
    limits = parse_limits(text, "f")
    assert limits.clusters == (Cluster("majors", ("BTC", "ETH")),)
    assert limits.whitelist == ("BTC/USD", "BTC/USDT:USDT")
    assert (limits.profile("apex:momentum"), limits.profile("apex:maker")) == ("aggressive", "")


def test_an_account_has_the_bounds_of_its_name_else_of_its_profile_else_of_each() -> None:
    text = of_limits('leverage: {"apexf:perp": {high: 4 x}, aggressive: {high: 10 x}, each: {high: 2 x}}')
    leverage = parse_limits(text, "f").mandate("leverage")
    assert leverage is not None
    asked = (("apexf:perp", "aggressive"), ("apexf:other", "aggressive"), ("apexf:other", "micro"), ("apexf:other", ""))
    assert [[bound.value for bound in leverage.bounds(*one)] for one in asked] == [[4], [10], [2], [2]]


def test_bounds_fall_with_severity_where_a_measure_must_not_fall() -> None:
    text = of_limits("tail_exponent: {each: {warning: 2 alpha, high: 1.5 alpha}, window: 24 h}")
    tail = parse_limits(text, "f").mandate("tail_exponent")
    assert tail is not None
    assert [(bound.severity, bound.value) for bound in tail.bounds("BTC")] == [
        ("warning", Decimal(2)),
        ("high", Decimal("1.5")),
    ]


@pytest.mark.parametrize(
    ("mandate", "subject"),
    [
        ("basis", "BTC/USDT:USDT"),
        ("bad_tick", "apex:BTC/USD"),
        ("bad_tick", "apexf:BTC/USDT:USDT"),
        ("reconciliation", "keystone:BTC"),
        ("order_rate", "apex:maker"),
        ("heartbeat", "cross_arb"),
        ("correlation_breakdown", "BTC~ETH"),
        ("instrument_whitelist", "ETH/BTC"),
        ("visibility", "firm"),
        ("single_trade_risk", "micro"),
        ("authentication", "replayed_nonce"),
    ],
)
def test_each_mandate_takes_subjects_of_its_kind(mandate: str, subject: str) -> None:
    quantity = next(text for text in ("1 USD", "1 %", "1 s", "1 x", "1 times") if not _refused(mandate, subject, text))
    assert not _refused(mandate, subject, quantity)
    assert _refused(mandate, "no such: thing", quantity)


def _refused(mandate: str, subject: str, quantity: str) -> bool:
    window = ", window: 1 h" if MANDATES[mandate].window else ""
    head = HEAD + "whitelist: []\n"
    try:
        parse_limits(f'{head}limits:\n  {mandate}: {{"{subject}": {{high: {quantity}}}{window}}}\n', "f")
    except LimitsError:
        return True
    return False


SHARE = "a share, such as 10 % or 50 bp"
NO_STABLECOIN = "an asset that is neither USD nor a stablecoin, or one of for"


def high(quantity: str) -> str:
    return of_limits(f"drawdown: {{firm: {{high: {quantity}}}}}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty; expected a mapping"),
        ("[1]", "1:1: not a limits file; expected a mapping with schema: riskproof-limits/1"),
        ("a: [", "2:1: not YAML: did not find expected node content; expected valid YAML"),
        ("firm: x", "1:1: schema: missing; expected the key schema"),
        ("schema: v2", "1:9: schema: 'v2' is not read here; expected riskproof-limits/1"),
        (
            HEAD + "limit: {}",
            "5:1: limit: unknown key; expected one of schema, firm, base_currency, stablecoins, structural,"
            " clusters, whitelist, profiles, limits; did you mean limits?",
        ),
        (HEAD + "firm: b", "5:1: firm: given twice (first in line 2); expected each key once"),
        (HEAD + "---\na: b", "5:1: a second document; expected one document"),
        (HEAD + "limits: &a {}", "5:9: limits: an anchor; expected the value itself: anchors are not read here"),
        (HEAD + "limits: *a", "5:9: limits: an alias; expected the value itself: aliases are not read here"),
        (HEAD + "limits: !x {}", "5:9: limits: tag !x; expected a plain value: tags are not read here"),
        (
            of_limits("drawdwn: {}"),
            f"6:3: limits.drawdwn: unknown key; expected one of {', '.join(MANDATES)}; did you mean drawdown?",
        ),
        (
            of_limits("drawdown: {firm: {hihg: 1 %}}"),
            "6:21: limits.drawdown.firm.hihg: unknown key; expected one of info, warning, high, critical;"
            " did you mean high?",
        ),
        (
            of_limits("drawdown: {frim: {high: 1 %}}"),
            "6:14: limits.drawdown.frim: 'frim' is not a subject or option of it; expected one of firm, for;"
            " did you mean firm?",
        ),
        (of_limits("drawdown: {}"), "6:3: limits.drawdown: no subject; expected at least one subject with its bounds"),
        (
            of_limits("drawdown: {firm: {}}"),
            "6:20: limits.drawdown.firm: no bound; expected at least one severity with its bound",
        ),
        (high("-1 %"), f"6:27: limits.drawdown.firm.high: '-1 %' is negative or not a finite number; expected {SHARE}"),
        (high(".nan"), f"6:27: limits.drawdown.firm.high: '.nan' is negative or not a finite number; expected {SHARE}"),
        (high("ten %"), f"6:27: limits.drawdown.firm.high: 'ten %' is not a quantity; expected {SHARE}"),
        (high("10"), "6:27: limits.drawdown.firm.high: no unit; expected a unit of %, bp"),
        (
            high("10 bps"),
            "6:27: limits.drawdown.firm.high: unknown unit 'bps'; expected a unit of %, bp; did you mean bp?",
        ),
        (
            of_limits("drawdown: {firm: {warning: 5 %, high: 500 bp}}"),
            "6:41: limits.drawdown.firm.high: '500 bp' is not above warning (5 %);"
            " expected bounds that grow with severity",
        ),
        (
            of_limits("position_limit: {each: {high: 1 BTC}}"),
            f"6:20: limits.position_limit.each: 'each' is not a subject or option of it; expected {NO_STABLECOIN}",
        ),
        (
            of_limits("position_limit: {USDT: {high: 1 USDT}}"),
            f"6:20: limits.position_limit.USDT: 'USDT' is not a subject or option of it; expected {NO_STABLECOIN}",
        ),
        (
            of_limits("expected_shortfall: {firm: {high: 1 USD}, window: 4h, quantile: 100 %}"),
            "6:67: limits.expected_shortfall.quantile: nothing lies beyond it; expected less than 100 %",
        ),
        (
            of_limits("tail_exponent: {each: {warning: 2 alpha, high: 2.5 alpha}, window: 1 h}"),
            "6:50: limits.tail_exponent.each.high: '2.5 alpha' is not below warning (2 alpha);"
            " expected bounds that fall with severity",
        ),
        (
            of_limits("correlation_breakdown: {ETH~BTC: {high: 50 %}, window: 1 h}"),
            "6:27: limits.correlation_breakdown.ETH~BTC: 'ETH~BTC' is not a subject or option of it; expected two"
            " assets in the order of the alphabet, such as BTC~ETH or one of each, for, window; did you mean BTC~ETH?",
        ),
        (
            HEAD + "clusters: {majors: [BTC, ETH]}\nlimits: {correlation_cluster: {major: {high: 1M USD}}}",
            "6:32: limits.correlation_cluster.major: 'major' is not a subject or option of it;"
            " expected one of majors, each, for; did you mean majors?",
        ),
        (
            HEAD + "clusters: {majors: [BTC, USDT]}",
            "5:26: clusters.majors: 'USDT' is not of a cluster; expected an asset that is neither USD nor a stablecoin",
        ),
        (
            HEAD + 'profiles: {"apex:maker": agressive}',
            "5:26: profiles.apex:maker: 'agressive' is no capital profile;"
            " expected one of micro, low, medium, high, aggressive; did you mean aggressive?",
        ),
        (
            HEAD + "whitelist: [BTC/USD, BTC/USD]",
            "5:22: whitelist: 'BTC/USD' is given twice; expected each name once",
        ),
        (
            of_limits("instrument_whitelist: {each: {high: 0 USD}, window: 1 h}"),
            "6:25: limits.instrument_whitelist: there is no whitelist; expected the key whitelist beside limits",
        ),
        (
            of_limits("order_rate: {each: {high: 3}}"),
            "6:29: limits.order_rate.each.high: no unit; expected the unit x",
        ),
        (
            of_limits("position_limit: {BTC: {high: 1 ETH}}"),
            "6:32: limits.position_limit.BTC.high: unknown unit 'ETH'; expected the unit BTC",
        ),
        (
            of_limits("stablecoin_peg: {USTD: {high: 1 %}}"),
            "6:20: limits.stablecoin_peg.USTD: 'USTD' is not a subject or option of it;"
            " expected one of USDT, USDC, each, for; did you mean USDT?",
        ),
        (
            of_limits("rapid_drawdown: {firm: {high: 1 USD}}"),
            "6:19: limits.rapid_drawdown.window: missing; expected the key window",
        ),
        (
            of_limits("api_latency: {each: {high: 1 s}, window: 1 min, quantile: 101 %}"),
            "6:61: limits.api_latency.quantile: '101 %' is no quantile; expected more than 0 % and at most 100 %",
        ),
        (
            of_limits("drawdown: {firm: {high: 1 %}, window: 5 min}"),
            "6:33: limits.drawdown.window: 'window' is not a subject or option of it; expected one of firm, for",
        ),
    ],
)
def test_each_mistake_gets_one_message_with_its_place(text: str, message: str) -> None:
    with pytest.raises(LimitsError) as caught:
        parse_limits(text, "f")
    assert str(caught.value) == ("f:" + message if message[0].isdigit() else "f: " + message)


def test_a_huge_file_a_deep_one_and_one_that_is_not_text_are_refused_quickly() -> None:
    for content, message in (
        (b"a" * 1_000_001, "f: the file is too large; expected at most 1,000,000 bytes"),
        (b"\xff\xfe", "f:1:1: not UTF-8; expected text in UTF-8"),
        (b"[" * 500_000, "f:1:18: nested too deep; expected at most 16 levels"),
    ):
        with pytest.raises(LimitsError) as caught:
            parse_limits(content, "f")
        assert str(caught.value) == message


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(of_limits), st.text(max_size=100)))
def test_whatever_the_file_holds_it_is_read_or_refused(content: str | bytes) -> None:
    with suppress(LimitsError):
        parse_limits(content, "f")


@given(
    st.decimals(min_value=0, max_value=10**9, places=4),
    st.sampled_from([("", 1), ("k", 1_000), ("M", 1_000_000)]),
    st.sampled_from(["", " "]),
)
def test_a_quantity_means_its_number_times_its_multiple(number: Decimal, multiple: tuple[str, int], space: str) -> None:
    text = of_limits(f"daily_loss: {{firm: {{high: {number}{multiple[0]}{space}USD}}}}")
    mandate = parse_limits(text, "f").mandate("daily_loss")
    assert mandate is not None
    assert mandate.bounds("firm")[0].value == number * multiple[1]
