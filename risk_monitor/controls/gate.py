"""Pre-trade gate: every order of every strategy is let through, scaled down or blocked, with a reason, before a venue
sees it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from risk_monitor.agenda import Agenda, Job
from risk_monitor.controls.checks import (
    Check,
    Messages,
    OrderValue,
    PriceCollar,
    PricedOrder,
    Repeats,
    Ruling,
    Whitelist,
)
from risk_monitor.controls.config import Allows, GateConfig
from risk_monitor.controls.deeds import Deed, DeedBook
from risk_monitor.controls.firm_view import FirmView
from risk_monitor.controls.headroom import Headroom
from risk_monitor.controls.order_path import Decision, Intent
from risk_monitor.controls.restraint import Restrainer
from risk_monitor.limits import Limits

CONTROL = "gate"
CALM_NS = 60_000_000_000
"""A strategy that has not been stopped for so long is no longer being stopped."""
MAX_STRATEGIES = 1_000
NOTHING = Decimal(0)
MOST = Decimal(10**12)
"""Neither quantity nor price of any order is so large; such a number is damage."""

Blocked = Callable[[int, str, str], None]


class _Stopping(NamedTuple):
    deed: Deed
    job: Job


class Gate:
    """Asks the controls in force first, then every check; the narrowest of their rulings holds.

    Actions tell when a strategy's orders begin and cease to be stopped, not of each order: the gateway's log has those.
    ``on_blocked(now_ns, strategy, reason)`` is told of orders blocked for what they were, not for a control in force.
    """

    def __init__(
        self,
        checks: tuple[Check, ...],
        restrainers: tuple[Restrainer, ...],
        view: FirmView,
        limits: Limits,
        agenda: Agenda,
        deeds: DeedBook,
        on_blocked: Blocked,
    ) -> None:
        self._checks = checks
        self._restrainers = restrainers
        self._view = view
        self._structural = {asset: float(amount) for asset, amount in limits.structural}
        self._agenda = agenda
        self._deeds = deeds
        self._on_blocked = on_blocked
        self._stopping: dict[str, _Stopping] = {}

    def decide(self, now_ns: int, intent: Intent) -> Decision:
        """The gate's answer, which is also remembered as given."""
        if not _is_order(intent):
            return self._block(now_ns, intent, Ruling(0.0, "not an order: a quantity to BUY or SELL expected"))
        order = self._priced(intent)
        if order is None:
            return self._block(now_ns, intent, Ruling(0.0, f"{intent.symbol} at {intent.venue} is not watched"))
        narrowest = self._restrained(order)
        if narrowest is not None and narrowest.quantity <= 0.0:
            return self._block(now_ns, intent, narrowest)
        for check in self._checks:
            ruling = check.look(now_ns, order)
            if ruling is not None and (narrowest is None or ruling.quantity < narrowest.quantity):
                narrowest = ruling
                if ruling.quantity <= 0.0:
                    return self._block(now_ns, intent, ruling)
        if narrowest is None or narrowest.quantity >= order.quantity:
            self._sent(now_ns, order, order.quantity)
            return Decision(intent.intent_id, "allow", intent.quantity, "")
        quantity = _whole(narrowest.quantity, intent.quantity)
        if quantity <= 0:
            too_little = f"{narrowest.reason}, which is too little to trade"
            return self._block(now_ns, intent, Ruling(0.0, too_little, narrowest.is_fault))
        self._sent(now_ns, order, float(quantity))
        if narrowest.is_fault:
            self._stop(now_ns, intent, f"scaled down: {narrowest.reason}")
        return Decision(intent.intent_id, "scale_down", quantity, narrowest.reason)

    def _priced(self, intent: Intent) -> PricedOrder | None:
        view = self._view
        pair = view.pair(intent.venue, intent.symbol)
        if pair is None:
            return None
        base, _, quoted = pair.partition("/")
        quote, perpetual, _ = quoted.partition(":")
        mid = view.mid(intent.venue, intent.symbol)
        price = mid if intent.price is None else float(intent.price)
        # A price below the market makes an order no smaller.
        value_usd = max(price, mid) * view.mark(quote)
        return PricedOrder(
            intent,
            pair,
            base,
            quote,
            bool(perpetual),
            1 if intent.side == "BUY" else -1,
            float(intent.quantity),
            price,
            mid,
            value_usd,
        )

    def _restrained(self, order: PricedOrder) -> Ruling | None:
        narrowest: Ruling | None = None
        for restrainer in self._restrainers:
            restraint = restrainer.restraint(order.intent.strategy)
            if restraint is None:
                continue
            share = restraint.scale
            reason = restraint.reason
            if restraint.allows is Allows.NOTHING:
                share = 0.0
            elif restraint.allows is Allows.REDUCING and not self._reduces(order):
                share = 0.0
                reason = f"{reason}: only orders that reduce exposure"
            if share < 1.0 and (narrowest is None or share * order.quantity < narrowest.quantity):
                narrowest = Ruling(share * order.quantity, reason, is_fault=False)
        return narrowest

    def _reduces(self, order: PricedOrder) -> bool:
        """Whether the whole order brings the exposure nearer to what is held for the long term."""
        distance = self._view.exposure(order.base) - self._structural.get(order.base, 0.0)
        return abs(distance + order.direction * order.quantity) < abs(distance)

    def _sent(self, now_ns: int, order: PricedOrder, quantity: float) -> None:
        for check in self._checks:
            check.sent(now_ns, order, quantity)

    def _block(self, now_ns: int, intent: Intent, ruling: Ruling) -> Decision:
        if ruling.is_fault:
            self._stop(now_ns, intent, f"blocked: {ruling.reason}")
            self._on_blocked(now_ns, intent.strategy, ruling.reason)
        return Decision(intent.intent_id, "block", NOTHING, ruling.reason)

    def _stop(self, now_ns: int, intent: Intent, why: str) -> None:
        strategy = intent.strategy
        stopping = self._stopping.get(strategy)
        if stopping is None:
            if len(self._stopping) >= MAX_STRATEGIES:
                return
            detail = f"{intent.side} {intent.quantity} {intent.symbol} at {intent.venue}"
            deed = self._deeds.take(CONTROL, strategy, why, detail)
            stopping = self._stopping[strategy] = _Stopping(deed, Job(lambda at_ns: self._on_calm(strategy)))
        self._agenda.arm(stopping.job, now_ns + CALM_NS)

    def _on_calm(self, strategy: str) -> None:
        self._stopping.pop(strategy).deed.ended(f"no order stopped for {CALM_NS // 10**9} s")


def make_checks(config: GateConfig, limits: Limits, view: FirmView) -> tuple[tuple[Check, ...], Headroom | None]:
    """The checks that a configuration asks for, the cheapest to explain first; and the one that follows the limits."""
    checks: list[Check] = []
    if config.whitelist:
        checks.append(Whitelist(limits))
    if config.messages is not None:
        checks.append(Messages(config.messages))
    if config.repeats is not None:
        checks.append(Repeats(config.repeats))
    if config.price_collar is not None:
        checks.append(PriceCollar(config.price_collar))
    if config.scale_above_usd is not None or config.block_above_usd is not None:
        checks.append(OrderValue(config.scale_above_usd, config.block_above_usd))
    headroom = None if config.headroom is None else Headroom(config.headroom, limits, view)
    if headroom is not None:
        checks.append(headroom)
    return tuple(checks), headroom


def _is_order(intent: Intent) -> bool:
    prices = (intent.quantity,) if intent.price is None else (intent.quantity, intent.price)
    return intent.side in ("BUY", "SELL") and all(one.is_finite() and 0 < one < MOST for one in prices)


def _whole(quantity: float, written: Decimal) -> Decimal:
    """``quantity`` cut to the decimals in which the order was written: its lot is not known here, but fits in them."""
    exponent = written.as_tuple().exponent
    assert isinstance(exponent, int)  # the order's quantity is finite
    return min(Decimal(quantity).quantize(Decimal(1).scaleb(max(min(exponent, 0), -12)), ROUND_DOWN), written)
