"""The mandates that exist, and which subjects, dimension and options the limits file may give each."""

from __future__ import annotations

import enum

import msgspec


class Dimension(enum.Enum):
    """What a bound counts. The canonical unit, in which bounds are kept: the asset itself, USD, a fraction, ns, or the
    plain number."""

    ASSET = "an amount of the asset, such as 120 BTC"
    MONEY = "an amount of the base currency, such as 250k USD"
    FRACTION = "a share, such as 10 % or 50 bp"
    DURATION = "a duration, such as 30 s or 500 ms"
    FACTOR = "a factor, such as 3 x"
    COUNT = "a count, such as 5 times"
    EXPONENT = "a tail exponent, such as 2 alpha"


class Subjects(enum.Enum):
    """What a named subject of a mandate is."""

    NONE = "none"
    ASSET = "an asset"
    STABLECOIN = "a stablecoin"
    PAIR = "a pair"
    LISTED = "a pair or perpetual"
    PERPETUAL = "a perpetual, such as BTC/USDT:USDT"
    VENUE = "a venue"
    VENUE_PAIR = "a pair at a venue, such as apex:BTC/USD"
    VENUE_ASSET = "an asset at a venue, such as apex:BTC"
    ACCOUNT = "an account, such as apex:maker"
    STRATEGY = "a strategy"
    CLUSTER = "a cluster"
    ASSET_PAIR = "two assets in the order of the alphabet, such as BTC~ETH"


class MandateSpec(msgspec.Struct, frozen=True):
    """``words`` are the subjects that stand for themselves, such as ``firm``; ``each`` covers whatever is not named.
    ``below``: the breach is a measure under its bound. ``by_profile``: an account that is not named has the bounds of
    its capital profile."""

    name: str
    dimension: Dimension
    subjects: Subjects
    words: tuple[str, ...]
    unit: str
    window: bool = False
    quantile: bool = False
    below: bool = False
    by_profile: bool = False


PROFILES = ("micro", "low", "medium", "high", "aggressive")
"""Capital profiles of an account, from the most careful."""

NEVER_EACH = ("firm", "total", "prices", "positions")
"""Words that ``each`` does not cover."""

_EACH = ("each",)

_EXPOSURE = (
    MandateSpec("position_limit", Dimension.ASSET, Subjects.ASSET, (), ""),
    MandateSpec("notional_limit", Dimension.MONEY, Subjects.ASSET, ("each", "total"), "USD"),
    MandateSpec("delta_exposure", Dimension.MONEY, Subjects.ASSET, _EACH, "USD"),
    MandateSpec("drawdown", Dimension.FRACTION, Subjects.NONE, ("firm",), "%"),
    MandateSpec("rapid_drawdown", Dimension.MONEY, Subjects.NONE, ("firm",), "USD", window=True),
    MandateSpec("daily_loss", Dimension.MONEY, Subjects.NONE, ("firm",), "USD"),
    MandateSpec("stablecoin_peg", Dimension.FRACTION, Subjects.STABLECOIN, _EACH, "bp"),
    MandateSpec("stablecoin_exposure", Dimension.MONEY, Subjects.STABLECOIN, _EACH, "USD"),
    MandateSpec("price_divergence", Dimension.FRACTION, Subjects.PAIR, _EACH, "bp"),
    MandateSpec("triangular_divergence", Dimension.FRACTION, Subjects.VENUE, _EACH, "bp"),
    MandateSpec("feed_staleness", Dimension.DURATION, Subjects.NONE, ("prices", "positions"), "s"),
    MandateSpec("api_outage", Dimension.DURATION, Subjects.VENUE, _EACH, "s"),
    MandateSpec("api_latency", Dimension.DURATION, Subjects.VENUE, _EACH, "ms", window=True, quantile=True),
    MandateSpec("overdue_settlement", Dimension.DURATION, Subjects.VENUE, _EACH, "s"),
    MandateSpec("unsettled_exposure", Dimension.MONEY, Subjects.NONE, ("total",), "USD"),
)

_PORTFOLIO = (
    MandateSpec("concentration", Dimension.FRACTION, Subjects.ASSET, _EACH, "%"),
    MandateSpec("leverage", Dimension.FACTOR, Subjects.ACCOUNT, _EACH, "x", by_profile=True),
    MandateSpec("correlation_cluster", Dimension.MONEY, Subjects.CLUSTER, _EACH, "USD"),
    MandateSpec("instrument_whitelist", Dimension.MONEY, Subjects.LISTED, _EACH, "USD", window=True),
    MandateSpec("weekly_loss", Dimension.MONEY, Subjects.NONE, ("firm",), "USD"),
    MandateSpec("single_trade_risk", Dimension.FRACTION, Subjects.ACCOUNT, _EACH, "%", window=True, by_profile=True),
    MandateSpec("basis", Dimension.FRACTION, Subjects.PERPETUAL, _EACH, "bp"),
)

_STATISTICS = (
    MandateSpec("expected_shortfall", Dimension.MONEY, Subjects.NONE, ("firm",), "USD", window=True, quantile=True),
    MandateSpec("tail_exponent", Dimension.EXPONENT, Subjects.ASSET, _EACH, "alpha", window=True, below=True),
    MandateSpec("volatility_regime", Dimension.FACTOR, Subjects.ASSET, _EACH, "x", window=True),
    MandateSpec("correlation_breakdown", Dimension.FRACTION, Subjects.ASSET_PAIR, _EACH, "%", window=True),
    MandateSpec("slippage", Dimension.FACTOR, Subjects.ACCOUNT, _EACH, "x", window=True),
)

_SHOWN = (
    MandateSpec("clock_drift", Dimension.DURATION, Subjects.VENUE, _EACH, "ms"),
    MandateSpec("sequence_gap", Dimension.COUNT, Subjects.VENUE_PAIR, _EACH, "times", window=True),
    MandateSpec("snapshot_loss", Dimension.FRACTION, Subjects.VENUE, _EACH, "%", window=True),
    MandateSpec("crossed_book", Dimension.FRACTION, Subjects.VENUE_PAIR, _EACH, "bp"),
    MandateSpec("bad_tick", Dimension.FRACTION, Subjects.VENUE_PAIR, _EACH, "bp"),
    MandateSpec("reference_price", Dimension.FRACTION, Subjects.VENUE_ASSET, _EACH, "bp"),
    MandateSpec("frozen_feed", Dimension.DURATION, Subjects.VENUE_PAIR, _EACH, "s"),
    MandateSpec("frozen_account", Dimension.DURATION, Subjects.ACCOUNT, _EACH, "s"),
    MandateSpec("visibility", Dimension.DURATION, Subjects.ASSET, ("each", "firm"), "s"),
    MandateSpec("reconciliation", Dimension.MONEY, Subjects.VENUE_ASSET, _EACH, "USD"),
    MandateSpec("reconciliation_confidence", Dimension.FRACTION, Subjects.VENUE, _EACH, "%", below=True),
    MandateSpec("heartbeat", Dimension.DURATION, Subjects.STRATEGY, _EACH, "s"),
)

_REFUSALS = ("bad_signature", "replayed_nonce", "expired_timestamp")

_CONDUCT = (
    MandateSpec("api_errors", Dimension.FRACTION, Subjects.VENUE, _EACH, "%", window=True),
    MandateSpec("order_rejects", Dimension.FRACTION, Subjects.STRATEGY, _EACH, "%", window=True),
    MandateSpec("order_rate", Dimension.FACTOR, Subjects.ACCOUNT, _EACH, "x"),
    MandateSpec("message_rate", Dimension.FACTOR, Subjects.VENUE, _EACH, "x"),
    MandateSpec("repeated_execution", Dimension.COUNT, Subjects.ACCOUNT, _EACH, "times", window=True),
    MandateSpec("unauthorised_orders", Dimension.COUNT, Subjects.ACCOUNT, _EACH, "times", window=True),
    MandateSpec("unauthorised_withdrawals", Dimension.MONEY, Subjects.VENUE, _EACH, "USD", window=True),
    MandateSpec("authentication", Dimension.COUNT, Subjects.NONE, ("each", *_REFUSALS), "times", window=True),
    MandateSpec("policy_drift", Dimension.COUNT, Subjects.NONE, ("limits",), "times"),
    MandateSpec("failover_storm", Dimension.COUNT, Subjects.NONE, ("orders",), "times", window=True),
    MandateSpec("partial_settlement", Dimension.DURATION, Subjects.VENUE, _EACH, "s"),
    MandateSpec("rejected_transfer", Dimension.COUNT, Subjects.VENUE, _EACH, "times", window=True),
)

MANDATES: dict[str, MandateSpec] = {
    spec.name: spec for spec in (*_EXPOSURE, *_PORTFOLIO, *_STATISTICS, *_SHOWN, *_CONDUCT)
}

CANONICAL_PER_UNIT: dict[str, float] = {"USD": 1.0, "%": 1e-2, "bp": 1e-4, "s": 1e9, "ms": 1e6}
"""How much of the canonical unit one unit of display is; an asset, a factor, a count and an exponent are their own."""
