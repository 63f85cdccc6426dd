"""Faults of an exchange's handling of orders, fills and accounts."""

from __future__ import annotations

from typing import Any

from lab.scenario.faults.spec import FaultSpec
from lab.scenario.kinds import Kind
from lab.scenario.scalars import Real, Share

_SHARE = Share(0.0, 1.0)
_ORDERS = ("venue", "pairs", "accounts")


def _fault(
    name: str,
    struct: str,
    doc: str,
    scope: tuple[str, ...],
    intensity: Kind[Any] | None,
    intensity_doc: str,
    attribute: str,
    example: str,
) -> FaultSpec:
    return FaultSpec(
        name=name,
        acts_in="exchange",
        doc=doc,
        params_at=f"simulators.exchange.harm_trading:{struct}",
        maker_at=f"lab.harm.trading:{name}",
        scope=scope,
        intensity=intensity,
        intensity_doc=intensity_doc,
        example=f"{{fault: {name}, at: 1h, for: 30 min, {example}}}",
        intensity_attribute=attribute,
    )


def _by_share(name: str, struct: str, doc: str, scope: tuple[str, ...], intensity_doc: str, example: str) -> FaultSpec:
    return _fault(name, struct, doc, scope, _SHARE, intensity_doc, "share", example)


TRADING_FAULTS: tuple[FaultSpec, ...] = (
    _by_share(
        "order_reject",
        "OrderRejectParams",
        "orders that would be accepted are refused, with the code and text of a `reason` that is not true",
        _ORDERS,
        "share of the orders refused at full strength",
        "scope: {venue: apex, accounts: [arb]}, intensity: 30 %, with: {reason: market_closed}",
    ),
    _by_share(
        "cancel_reject",
        "CancelRejectParams",
        "cancels of open orders are refused, as if the order were not there (`unknown_order`) or for no reason; the "
        "orders stay in the book. One that asks for all cancels what is not refused",
        _ORDERS,
        "share of the cancels refused at full strength",
        "scope: {venue: apex}, intensity: 50 %",
    ),
    _by_share(
        "partial_fills",
        "PartialFillsParams",
        "orders that meet the book trade no more than the share `filled` of their quantity, and the rest expires. "
        "Orders that rest are not touched",
        _ORDERS,
        "share of the orders cut short at full strength",
        "scope: {venue: apex}, intensity: 50 %, with: {filled: 30 %}",
    ),
    _fault(
        "spread_widening",
        "SpreadWideningParams",
        "the street, which is everybody else in the market, stands further from the reference price",
        ("venue", "pairs"),
        Real(1.0, 1_000.0),
        "how many times its half spread at full strength",
        "factor",
        "ramp: 5 min, scope: {venue: apex, pairs: [BTC/USDT]}, intensity: 10",
    ),
    _by_share(
        "liquidity_withdrawal",
        "LiquidityWithdrawalParams",
        "the street offers less at each of its levels; at 100 % nothing",
        ("venue", "pairs"),
        "share of its depth that is gone at full strength",
        "ramp: 5 min, scope: {venue: apex}, intensity: 80 %",
    ),
    _fault(
        "phantom_fill",
        "PhantomFillParams",
        "the account stream tells of fills that never happened, of market orders that nobody sent, each worth "
        "`notional` in the quote asset. Balances, orders and the list of own trades know nothing of them",
        _ORDERS,
        Real(0.0, 3_600.0),
        "how many per hour",
        "per_hour",
        "scope: {venue: apex, accounts: [maker]}, intensity: 6, with: {notional: 25k, side: buy}",
    ),
    _by_share(
        "lost_fill",
        "LostFillParams",
        "fills are not told on the account stream, and in the list of own trades are `hidden` or `shown` (`rest`); "
        "orders and balances are shown as they are. After the end the list is whole again",
        _ORDERS,
        "share of the fills lost at full strength",
        "scope: {venue: apex, accounts: [maker]}, intensity: 20 %",
    ),
    _by_share(
        "duplicate_fill",
        "DuplicateFillParams",
        "fills are told twice on the account stream, word for word (`same`) or the second time with a `new` trade id",
        _ORDERS,
        "share of the fills told twice at full strength",
        "scope: {venue: apex}, intensity: 20 %, with: {trade_id: new}",
    ),
    _fault(
        "event_gap",
        "EventGapParams",
        "the account stream stays connected and says nothing; what happens meanwhile is never told on it",
        ("venue", "accounts"),
        None,
        "",
        "intensity",
        "scope: {venue: apex, accounts: [maker]}",
    ),
    _fault(
        "frozen_account",
        "FrozenAccountParams",
        "balances are shown as they were at the beginning, in replies and on the stream, while orders and fills are "
        "told as they come. Of spot exchanges only",
        ("venue", "accounts"),
        None,
        "",
        "intensity",
        "scope: {venue: apex, accounts: [maker]}",
    ),
    _by_share(
        "contradicting_balances",
        "ContradictingBalancesParams",
        "balances contradict one another: free amounts are off in replies while the stream is right (`lie: rest`), the "
        "other way round (`stream`), or both show held amounts that no order explains (`locked`, off by a share of all "
        "that is there). Of spot exchanges only",
        ("venue", "accounts", "assets"),
        "share by which they are off at full strength",
        "scope: {venue: apex, accounts: [maker]}, intensity: 5 %, with: {lie: stream, direction: less}",
    ),
    _by_share(
        "throttling",
        "ThrottlingParams",
        "requests and orders are refused beyond a part of the limits that the venue states: 429, and 418 for who goes "
        "on. After the end nobody stays banned for it",
        ("venue",),
        "share of the limits that is taken away at full strength",
        "scope: {venue: apex}, intensity: 95 %",
    ),
    _fault(
        "disconnect",
        "DisconnectParams",
        "the venue hangs up on `streams`, once or `every` so often; requests go on and connecting again works",
        ("venue",),
        None,
        "",
        "intensity",
        "scope: {venue: apex}, with: {every: 20s, streams: account}",
    ),
)
