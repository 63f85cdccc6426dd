"""What an expectation may name: mandates, severities, and the subjects that a firm has under each mandate."""

from __future__ import annotations

from collections.abc import Sequence

from lab.scenario.firm import Firm
from risk_monitor import rules
from risk_monitor.effects import Severity

Names = tuple[str, ...]

SEVERITIES: Names = tuple(severity.value for severity in Severity)
MANDATES: Names = tuple(rules.MANDATES)
OPTIONS = ("for", "window", "quantile")  # keys under a mandate that are no subject


def subjects(mandate: str, firm: Firm, stablecoins: Sequence[str]) -> Names:
    """Every subject of ``mandate`` that this firm has, as ``docs/reference/mandates.md`` defines them."""
    if mandate in ("drawdown", "rapid_drawdown", "daily_loss"):
        return ("firm",)
    if mandate == "unsettled_exposure":
        return ("total",) if firm.custodian else ()
    if mandate in ("position_limit", "notional_limit", "delta_exposure"):
        assets = tuple(asset for asset in firm.assets if asset != "USD" and asset not in stablecoins)
        return (*assets, "total") if mandate == "notional_limit" else assets
    if mandate in ("stablecoin_peg", "stablecoin_exposure"):
        listed = firm.pairs
        coins = tuple(asset for asset in firm.assets if asset in stablecoins)
        return coins if mandate == "stablecoin_exposure" else tuple(coin for coin in coins if f"{coin}/USD" in listed)
    return _of_venues(mandate, firm)


def _of_venues(mandate: str, firm: Firm) -> Names:
    if mandate == "price_divergence":
        return tuple(pair for pair in firm.pairs if sum(pair in exchange.pairs for exchange in firm.exchanges) > 1)
    if mandate == "triangular_divergence":
        triangle = {"ETH/BTC", "BTC/USDT", "ETH/USDT"}
        return tuple(exchange.name for exchange in firm.exchanges if triangle <= set(exchange.pairs))
    if mandate == "feed_staleness":
        prices = (f"{exchange.name}:{pair}" for exchange in firm.exchanges for pair in exchange.pairs)
        return (*prices, *accounts_kept_at(firm))
    if mandate == "overdue_settlement":
        return tuple(exchange.name for exchange in firm.exchanges) if firm.custodian else ()
    if mandate in ("api_outage", "api_latency"):
        return firm.venues
    raise ValueError(f"{mandate} is no mandate")


def accounts_kept_at(firm: Firm) -> Names:
    """The venues that keep accounts of the firm."""
    custodian = (firm.custodian.name,) if firm.custodian else ()
    return (*(exchange.name for exchange in firm.exchanges), *custodian)


def limit_keys(mandate: str, subject: str) -> Names:
    """The keys of the limits file under which the rules of ``subject`` may stand, the most particular first."""
    if mandate == "feed_staleness":
        return (subject, "prices" if ":" in subject else "positions")
    if subject in ("firm", "total"):
        return (subject,)
    return (subject, "each")
