"""A market's definition: which recorded or synthetic series exist, which pair each of them plays, and where."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Literal

import msgspec

from simulators.market_data.world.errors import MarketError

DOLLAR = "USD"
MINUTE_NS = 60_000_000_000
BAR_FILES = (".csv", ".zip", ".parquet")
"""The kinds of file that bars are read from."""
_LAST_YEAR = 2200  # nanoseconds since 1970 fit into 64 bits until 2262


class SeriesConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One series of minute bars and the pair it plays.

    A ``path`` series moves its pair: bars are honoured. A ``residual`` series only steers: its pair is priced from the
    other series, times the ratio by which this one's minute closes differ from them. A consistent triangle needs that,
    because two paths drawn independently inside a minute would part by far more than the real market ever did.
    """

    pair: str  # BASE/QUOTE, as the venues list it
    file: str = ""  # relative to the market's directory; "" only for synthetic series
    symbol: str | None = None  # the symbol inside a file that holds several; default: the pair
    source_venue: str | None = None  # whose rows of the file; needed where it holds several venues
    venue: str | None = None  # the simulated venue that plays it; None: every venue without a series of its own
    divided_by: str | None = None  # another symbol of the file by whose price this one's is divided, bar by bar
    inverted: bool = False  # the file quotes QUOTE per BASE the other way round: play 1 / price
    role: Literal["path", "residual"] = "path"


class SyntheticAsset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An asset of a synthetic market, priced in USD."""

    asset: str
    price_usd: float
    volatility_per_year: float  # standard deviation of a year's log return, as a fraction
    correlation: float = 0.7  # of its returns with the one factor that all assets share, -1 to 1


class SyntheticConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A market out of formulas, for users without data; see ``synthetic`` for what the parameters do."""

    assets: tuple[SyntheticAsset, ...]
    days: int = 7
    stablecoin: str = "USDT"
    stablecoin_deviation_bp: float = 2.0  # standard deviation of its price about one dollar
    tail_degrees_of_freedom: float = 4.0  # of Student's t; smaller is fatter, must exceed 2
    shock_weight: float = 0.08  # GARCH alpha: how much of the last minute's surprise stays in the variance
    persistence: float = 0.9  # GARCH beta: how much of the last minute's variance stays


class BasisConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far perpetuals trade from their spot where no series of their own steers them; see ``basis``."""

    level_bp: float = -4.62  # where it stands on a calm day
    deviation_bp: float = 0.61  # standard deviation about the level
    half_life_min: float = 57.0  # minutes after which half of a deviation is gone


class MarketConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A market file (``scenarios/markets/NAME.yaml``), already parsed to plain values."""

    schema: Literal["riskproof-market/1"]
    market: str
    description: str = ""
    series: tuple[SeriesConfig, ...] = ()
    synthetic: SyntheticConfig | None = None
    starts: str | None = None  # first minute that can be played (2023-02-19T00:00:00Z); default: where all paths exist
    ends: str | None = None  # the moment after the last one
    stablecoins: tuple[str, ...] = ("USDT",)
    at_par: tuple[str, ...] = ()  # stablecoins without a series, taken as exactly one dollar
    ticks_per_minute: int = 60  # of every pair in an ordinary minute
    ticks_per_minute_at_most: int = 600  # in the wildest
    basis: BasisConfig = BasisConfig()
    noise_bp: float = 0.3  # standard deviation of a venue's own mean-reverting distance from the common price


def market_config(raw: Mapping[str, object], file: str = "market") -> MarketConfig:
    """Turn a parsed market file into its typed form; ``MarketError`` says what is wrong with it."""
    try:
        config = msgspec.convert(dict(raw), MarketConfig)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        field = place.rstrip("`").lstrip(".") or "market"
        raise MarketError(file, None, field, "a market definition", reason) from None
    _check(config, file)
    return config


def series_of(config: MarketConfig) -> tuple[SeriesConfig, ...]:
    """Every series of the market, those that formulas will write included, in the order in which bars are given."""
    if config.synthetic is None:
        return config.series
    coin = config.synthetic.stablecoin
    legs = tuple(SeriesConfig(pair=f"{one.asset}/{coin}") for one in config.synthetic.assets)
    return (*legs, SeriesConfig(pair=f"{coin}/{DOLLAR}"))


def assets_of(config: MarketConfig) -> tuple[str, ...]:
    """The assets that the market can price, in order of first mention, the dollar last."""
    names: dict[str, None] = {}
    for one in series_of(config):
        names.update(dict.fromkeys(legs_of(one.pair)))
    names.update(dict.fromkeys(config.at_par))
    names.pop(DOLLAR, None)
    return (*names, DOLLAR)


def is_perpetual(symbol: str) -> bool:
    """Whether a symbol is a perpetual future: ``BTC/USDT:USDT``, the margin asset after the colon."""
    return ":" in symbol


def legs_of(symbol: str) -> tuple[str, str]:
    """Base and quote of a pair or a perpetual."""
    base, _, quote = symbol.partition(":")[0].partition("/")
    return base, quote


def instant_ns(text: str, file: str, field: str) -> int:
    """An instant of ISO 8601 with its offset (``2023-02-19T00:00:00Z``) as ns since the epoch, on a whole minute."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    whole = moment is not None and moment.tzinfo is not None and not moment.second and not moment.microsecond
    if moment is None or not whole or not 1970 < moment.year < _LAST_YEAR:
        raise MarketError(file, None, field, "a whole UTC minute such as 2023-02-19T00:00:00Z", repr(text))
    return int(moment.timestamp()) * 1_000_000_000


def window_ns(config: MarketConfig, file: str = "market") -> tuple[int | None, int | None]:
    """The stated start and end of the market in ns; None where the data decides."""
    starts_ns = None if config.starts is None else instant_ns(config.starts, file, "starts")
    ends_ns = None if config.ends is None else instant_ns(config.ends, file, "ends")
    if config.synthetic is not None and starts_ns is not None:
        ends_ns = starts_ns + config.synthetic.days * 1440 * MINUTE_NS
    return starts_ns, ends_ns


def _check(config: MarketConfig, file: str) -> None:
    one_kind = bool(config.series) != (config.synthetic is not None)
    _need(one_kind, file, "series", "either `series` or `synthetic`", "both or none")
    _need_within(file, "ticks_per_minute", config.ticks_per_minute, 4, 600)
    _need_within(file, "ticks_per_minute_at_most", config.ticks_per_minute_at_most, config.ticks_per_minute, 6000)
    _need_within(file, "noise_bp", config.noise_bp, 0, 100)
    seen: dict[tuple[str, str | None], int] = {}
    for number, one in enumerate(config.series):
        field = f"series[{number}]"
        parts = one.pair.split("/")
        proper = len(parts) == 2 and all(parts) and parts[0] != parts[1]
        _need(proper, file, f"{field}.pair", "BASE/QUOTE", repr(one.pair))
        steers = not is_perpetual(one.pair) or one.role == "residual"
        _need(steers, file, f"{field}.role", "residual: a perpetual is priced from its spot", one.role)
        _need(bool(one.file), file, f"{field}.file", "a file of minute bars", "none")
        one_file_for_both = one.divided_by is None or one.file.endswith(".parquet")
        _need(one_file_for_both, file, f"{field}.divided_by", "a .parquet that holds both symbols", repr(one.file))
        earlier = seen.setdefault((one.pair, one.venue), number)
        _need(
            earlier == number,
            file,
            field,
            "one series for each pair and venue",
            f"{one.pair} again (series[{earlier}])",
        )
    _need_within(file, "basis.level_bp", config.basis.level_bp, -500, 500)
    _need_within(file, "basis.deviation_bp", config.basis.deviation_bp, 0, 100)
    _need_within(file, "basis.half_life_min", config.basis.half_life_min, 1, 130)
    if config.synthetic is not None:
        _check_synthetic(config, config.synthetic, file)
    starts_ns, ends_ns = window_ns(config, file)
    if starts_ns is not None and ends_ns is not None:
        _need(starts_ns < ends_ns, file, "ends", "a moment after `starts`", str(config.ends))


def _check_synthetic(config: MarketConfig, synthetic: SyntheticConfig, file: str) -> None:
    _need(config.starts is not None, file, "starts", "the first minute of the synthetic market", "none")
    _need(config.ends is None, file, "ends", "no key: `synthetic.days` gives the end", str(config.ends))
    _need(bool(synthetic.assets), file, "synthetic.assets", "at least one asset", "none")
    names = [one.asset for one in synthetic.assets]
    _need(len(dict.fromkeys(names)) == len(names), file, "synthetic.assets", "each asset once", ", ".join(names))
    for number, one in enumerate(synthetic.assets):
        field = f"synthetic.assets[{number}]"
        named = one.asset not in ("", DOLLAR, synthetic.stablecoin) and "/" not in one.asset
        _need(named, file, f"{field}.asset", "an asset that is neither dollar nor stablecoin", repr(one.asset))
        _need_within(file, f"{field}.price_usd", one.price_usd, 1e-9, 1e9)
        _need_within(file, f"{field}.volatility_per_year", one.volatility_per_year, 0, 10)
        _need_within(file, f"{field}.correlation", one.correlation, -1, 1)
    _need_within(file, "synthetic.days", synthetic.days, 1, 366)
    _need_within(file, "synthetic.stablecoin_deviation_bp", synthetic.stablecoin_deviation_bp, 0, 500)
    _need_within(file, "synthetic.tail_degrees_of_freedom", synthetic.tail_degrees_of_freedom, 2.1, 1000)
    _need_within(file, "synthetic.shock_weight", synthetic.shock_weight, 0, 0.999)
    # At a sum of one the variance has no mean to return to, and the market would drift into ever wilder weather.
    _need_within(file, "synthetic.persistence", synthetic.persistence, 0, 0.999 - synthetic.shock_weight)


def _need(holds: bool, file: str, field: str, expected: str, found: str) -> None:
    if not holds:
        raise MarketError(file, None, field, expected, found)


def _need_within(file: str, field: str, value: float, least: float, most: float) -> None:
    _need(least <= value <= most, file, field, f"{least:g} to {most:g}", f"{value:g}")
