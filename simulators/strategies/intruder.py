"""Intruders: strangers with the firm's trading key, on a link of their own. A venue sees the key, not its holder."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from simulators.ports import Clock, Wire
from simulators.strategies.harm import KeyElsewhereParams, StolenKeyParams
from simulators.strategies.pairs import UNITS, Pair, to_text
from simulators.strategies.rest import SECOND_NS, Answer, Key, Rest

TookEffect = Callable[[str], None]

_MINUTE_NS = 60 * SECOND_NS
_THIEFS_ADDRESS = "0x7468656966746869656674686965667468696566"


class StolenAccess(NamedTuple):
    """What an intruder has: a way to the venue, and the key."""

    wire: Wire
    key: Key


class StolenKey:
    """``stolen_key``: somebody trades the account to its harm, and withdraws from it, without the firm's knowledge."""

    def __init__(
        self,
        access: StolenAccess,
        pair: Pair,
        clock: Clock,
        params: StolenKeyParams,
        took_effect: TookEffect,
    ) -> None:
        self._rest = Rest(access.wire, access.key, clock)
        self._pair = pair
        self._clock = clock
        self._params = params
        self._took_effect = took_effect
        self._has_taken_effect = False
        self._is_in_force = False
        self._buys = True

    def begin(self, cause: int) -> None:
        self._is_in_force = True
        params = self._params
        if params.withdraw_asset:
            query = f"coin={params.withdraw_asset}&amount={_text(params.withdraw_amount)}&address={_THIEFS_ADDRESS}"
            self._rest.send("POST", "/sapi/v1/capital/withdraw/apply", query, self._withdrawn, cause, signed=True)
        if params.trades_per_minute:
            self._trade(cause)

    def end(self, cause: int) -> None:
        """The key has been changed; what was withdrawn is gone."""
        self._is_in_force = False

    def _trade(self, cause: int) -> None:
        if not self._is_in_force:
            return
        side = "BUY" if self._buys else "SELL"
        self._buys = not self._buys
        query = (
            f"symbol={self._pair.symbol}&side={side}&type=MARKET"
            f"&quoteOrderQty={_text(self._params.order_notional)}&newOrderRespType=RESULT"
        )
        self._rest.send("POST", self._rest.dialect.order, query, self._traded, cause, signed=True)
        self._clock.call_at(self._clock.now_ns + _MINUTE_NS // self._params.trades_per_minute, self._trade, cause)

    def _traded(self, answer: Answer) -> None:
        if answer.is_ok:
            self._report("the venue took an order of the thief's")

    def _withdrawn(self, answer: Answer) -> None:
        if answer.is_ok:
            self._report("the venue took the thief's withdrawal")

    def _report(self, detail: str) -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(detail)


class KeyElsewhere:
    """``key_elsewhere``: somebody reads the account under the firm's key. Nothing of the firm's own shows it."""

    def __init__(self, access: StolenAccess, clock: Clock, params: KeyElsewhereParams, took_effect: TookEffect) -> None:
        self._rest = Rest(access.wire, access.key, clock)
        self._clock = clock
        self._params = params
        self._took_effect = took_effect
        self._has_taken_effect = False
        self._is_in_force = False

    def begin(self, cause: int) -> None:
        self._is_in_force = True
        self._read(cause)

    def end(self, cause: int) -> None:
        self._is_in_force = False

    def _read(self, cause: int) -> None:
        if self._is_in_force:
            self._rest.send("GET", self._rest.dialect.account, "", self._told, cause, signed=True)
            self._clock.call_at(self._clock.now_ns + self._params.interval_ns, self._read, cause)

    def _told(self, answer: Answer) -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect("the venue answered" if answer.is_ok else f"the venue refused with {answer.status}")


def _text(amount: float) -> str:
    return to_text(round(amount * UNITS))
