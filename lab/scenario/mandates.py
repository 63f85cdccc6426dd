"""What an expectation may name: mandates, severities, and the subjects that a firm has under each mandate."""

from __future__ import annotations

from itertools import combinations

from lab.scenario.firm import Firm
from risk_monitor import rules
from risk_monitor.effects import Severity
from risk_monitor.limits import Limits
from risk_monitor.rules import Subjects

Names = tuple[str, ...]

SEVERITIES: Names = tuple(severity.value for severity in Severity)
MANDATES: Names = tuple(rules.MANDATES)
OPTIONS = ("for", "window", "quantile")  # keys under a mandate that are no subject
RULE_WORDS = ("each", "prices", "positions", *rules.PROFILES)  # keys whose rules hold for subjects of other names

_TRIANGLE = {"ETH/BTC", "BTC/USDT", "ETH/USDT"}
_OF_THE_GATEWAY = (
    "heartbeat",
    "order_rejects",
    "unauthorised_orders",
    "unauthorised_withdrawals",
    "authentication",
    "policy_drift",
    "failover_storm",
)


def subjects(mandate: str, firm: Firm, limits: Limits) -> Names:
    """Every subject of ``mandate`` that this firm has, as ``docs/reference/mandates.md`` defines them."""
    if mandate in _OF_THE_GATEWAY and not firm.has_gateway:
        return ()
    if mandate == "unsettled_exposure" and firm.custodian is None:
        return ()
    spec = rules.MANDATES[mandate]
    words = tuple(word for word in spec.words if word != "each")
    match spec.subjects:
        case Subjects.NONE if mandate == "feed_staleness":
            return (*_at_exchanges(firm), *accounts_kept_at(firm))
        case Subjects.NONE:
            return words
        case Subjects.ASSET:
            return (*_traded(firm, limits), *words)
        case Subjects.ASSET_PAIR:
            return tuple(f"{first}~{second}" for first, second in combinations(sorted(_traded(firm, limits)), 2))
        case Subjects.STABLECOIN:
            coins = tuple(asset for asset in firm.assets if asset in limits.stablecoins)
            return tuple(coin for coin in coins if mandate != "stablecoin_peg" or f"{coin}/USD" in firm.pairs)
        case Subjects.CLUSTER:
            return tuple(cluster.name for cluster in limits.clusters)
        case Subjects.PAIR:
            return tuple(pair for pair in firm.pairs if sum(pair in exchange.pairs for exchange in firm.exchanges) > 1)
        case Subjects.LISTED:
            listed = dict.fromkeys((*firm.pairs, *firm.perpetuals))
            return tuple(pair for pair in listed if pair not in limits.whitelist)
        case Subjects.PERPETUAL:
            return tuple(symbol for symbol in firm.perpetuals if symbol.partition(":")[0] in firm.pairs)
        case Subjects.VENUE_PAIR:
            return _at_exchanges(firm)
        case Subjects.VENUE_ASSET if mandate == "reference_price":
            assets = tuple(asset for asset in firm.assets if asset != "USD")
            return tuple(f"{source.name}:{asset}" for source in firm.price_sources for asset in assets)
        case Subjects.VENUE_ASSET:
            return _assets_kept(firm)
        case Subjects.ACCOUNT if mandate == "leverage":
            return tuple(f"{account.venue}:{account.name}" for account in firm.margin_accounts)
        case Subjects.ACCOUNT:
            return tuple(f"{account.venue}:{account.name}" for account in firm.trading_accounts)
        case Subjects.STRATEGY:
            return tuple(strategy.name for strategy in firm.strategies)
        case Subjects.VENUE:
            return _venues(mandate, firm)


def _venues(mandate: str, firm: Firm) -> Names:
    exchanges = tuple(exchange.name for exchange in firm.exchanges)
    match mandate:
        case "triangular_divergence":
            return tuple(exchange.name for exchange in firm.exchanges if set(exchange.pairs) >= _TRIANGLE)
        case "overdue_settlement" | "partial_settlement":
            return exchanges if firm.custodian else ()
        case "rejected_transfer":
            return (firm.custodian.name,) if firm.custodian else ()
        case "clock_drift" | "snapshot_loss" | "message_rate":
            return exchanges
        case "reconciliation_confidence" | "unauthorised_withdrawals":
            return accounts_kept_at(firm)
        case _:
            return firm.venues


def accounts_kept_at(firm: Firm) -> Names:
    """The venues that keep accounts of the firm."""
    custodian = (firm.custodian.name,) if firm.custodian else ()
    return (*(exchange.name for exchange in firm.exchanges), *custodian)


def _at_exchanges(firm: Firm) -> Names:
    return tuple(f"{exchange.name}:{pair}" for exchange in firm.exchanges for pair in exchange.pairs)


def _assets_kept(firm: Firm) -> Names:
    """Every asset that the firm can hold somewhere, with the place."""
    names = [f"{one.name}:{asset}" for one in firm.exchanges for pair in one.pairs for asset in _legs(pair)]
    if firm.custodian is not None:
        names += [f"{firm.custodian.name}:{asset}" for asset in firm.custodian.config.assets]
    names += [f"{account.venue}:{asset}" for account in firm.accounts for asset in account.opening]
    return tuple(dict.fromkeys(names))


def _legs(pair: str) -> list[str]:
    return pair.partition(":")[0].split("/")


def _traded(firm: Firm, limits: Limits) -> Names:
    return tuple(asset for asset in firm.assets if asset != "USD" and asset not in limits.stablecoins)


def limit_keys(mandate: str, subject: str, limits: Limits) -> Names:
    """The keys of the limits file under which the rules of ``subject`` may stand, the most particular first."""
    if mandate == "feed_staleness":
        return (subject, "prices" if ":" in subject else "positions")
    if subject in rules.NEVER_EACH:
        return (subject,)
    profile = limits.profile(subject) if rules.MANDATES[mandate].by_profile else ""
    return (subject, profile, "each") if profile else (subject, "each")
