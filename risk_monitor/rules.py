"""The mandates that exist, and which subjects, dimension and options the limits file may give each."""

from __future__ import annotations

import enum

import msgspec


class Dimension(enum.Enum):
    """What a bound counts. The canonical unit, in which bounds are kept: the asset itself, USD, a fraction, ns."""

    ASSET = "an amount of the asset, such as 120 BTC"
    MONEY = "an amount of the base currency, such as 250k USD"
    FRACTION = "a share, such as 10 % or 50 bp"
    DURATION = "a duration, such as 30 s or 500 ms"


class Subjects(enum.Enum):
    """What a named subject of a mandate is."""

    NONE = "none"
    ASSET = "an asset"
    STABLECOIN = "a stablecoin"
    PAIR = "a pair"
    VENUE = "a venue"


class MandateSpec(msgspec.Struct, frozen=True):
    """``words`` are the subjects that stand for themselves, such as ``firm``; ``each`` covers whatever is not named."""

    name: str
    dimension: Dimension
    subjects: Subjects
    words: tuple[str, ...]
    unit: str
    window: bool = False
    quantile: bool = False


_SPECS = (
    MandateSpec("position_limit", Dimension.ASSET, Subjects.ASSET, (), ""),
    MandateSpec("notional_limit", Dimension.MONEY, Subjects.ASSET, ("each", "total"), "USD"),
    MandateSpec("delta_exposure", Dimension.MONEY, Subjects.ASSET, ("each",), "USD"),
    MandateSpec("drawdown", Dimension.FRACTION, Subjects.NONE, ("firm",), "%"),
    MandateSpec("rapid_drawdown", Dimension.MONEY, Subjects.NONE, ("firm",), "USD", window=True),
    MandateSpec("daily_loss", Dimension.MONEY, Subjects.NONE, ("firm",), "USD"),
    MandateSpec("stablecoin_peg", Dimension.FRACTION, Subjects.STABLECOIN, ("each",), "bp"),
    MandateSpec("stablecoin_exposure", Dimension.MONEY, Subjects.STABLECOIN, ("each",), "USD"),
    MandateSpec("price_divergence", Dimension.FRACTION, Subjects.PAIR, ("each",), "bp"),
    MandateSpec("triangular_divergence", Dimension.FRACTION, Subjects.VENUE, ("each",), "bp"),
    MandateSpec("feed_staleness", Dimension.DURATION, Subjects.NONE, ("prices", "positions"), "s"),
    MandateSpec("api_outage", Dimension.DURATION, Subjects.VENUE, ("each",), "s"),
    MandateSpec("api_latency", Dimension.DURATION, Subjects.VENUE, ("each",), "ms", window=True, quantile=True),
    MandateSpec("overdue_settlement", Dimension.DURATION, Subjects.VENUE, ("each",), "s"),
    MandateSpec("unsettled_exposure", Dimension.MONEY, Subjects.NONE, ("total",), "USD"),
)

MANDATES: dict[str, MandateSpec] = {spec.name: spec for spec in _SPECS}

CANONICAL_PER_UNIT: dict[str, float] = {"USD": 1.0, "%": 1e-2, "bp": 1e-4, "s": 1e9, "ms": 1e6}
"""How much of the canonical unit one unit of display is; an asset is its own unit."""
