"""Faults of the gateway: what it does not tell, what goes around it, who forges orders on its host, and who changes its
limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from simulators.gateway.core import Door, Gateway
from simulators.gateway.harm import (
    ForgeryParams,
    GateBypassedParams,
    HeartbeatLostParams,
    LimitsTamperedParams,
    OrderedWithdrawalParams,
)
from simulators.gateway.intents import TOLERANCE_MS, Intent, Signer
from simulators.gateway.limits_text import altered
from simulators.gateway.strategy_wire import StrategyWire
from simulators.ports import Clock, Reply
from simulators.strategies.pairs import UNITS, to_text
from simulators.strategies.rest import SECOND_NS

TookEffect = Callable[[str], None]
Forge = Callable[[], Intent | None]

_MINUTE_NS = 60 * SECOND_NS
_NS_PER_MS = 1_000_000
_TIMEOUT_NS = 5 * SECOND_NS
_TREASURY_ADDRESS = "0x7472656173757279747265617375727974726561"


class _Once:
    """Reports the first production-visible difference, once."""

    def __init__(self, took_effect: TookEffect) -> None:
        self._took_effect = took_effect
        self._has_taken_effect = False

    def __call__(self, detail: str) -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(detail)


class HeartbeatLost:
    """``heartbeat_lost``: the strategy is left out of the heartbeats."""

    def __init__(self, gateway: Gateway, params: HeartbeatLostParams, took_effect: TookEffect) -> None:
        self._lost = gateway.muted.setdefault(params.strategy, [])
        self._report = _Once(took_effect)

    def begin(self, cause: int) -> None:
        self._lost.append(self._left_out)

    def end(self, cause: int) -> None:
        if self._left_out in self._lost:
            self._lost.remove(self._left_out)

    def _left_out(self) -> None:
        self._report("the strategy is not among those that are alive")


class GateBypassed:
    """``gate_bypassed``: the strategy's orders and cancels do not pass the gateway."""

    def __init__(self, wires: Sequence[StrategyWire], params: GateBypassedParams, took_effect: TookEffect) -> None:
        self._wires = wires
        self._report = _Once(took_effect)

    def begin(self, cause: int) -> None:
        for wire in self._wires:
            wire.detours.append(self._passed_by)

    def end(self, cause: int) -> None:
        for wire in self._wires:
            if self._passed_by in wire.detours:
                wire.detours.remove(self._passed_by)

    def _passed_by(self) -> None:
        self._report("an order went around the gateway")


class Forgery:
    """``bad_signature``, ``replayed_nonce``, ``expired_timestamp``: intents that are not what they claim to be.

    ``forge`` makes the next one, or None while there is nothing to make it of.
    """

    def __init__(
        self, gateway: Gateway, forge: Forge, clock: Clock, params: ForgeryParams, took_effect: TookEffect
    ) -> None:
        self._gateway = gateway
        self._forge = forge
        self._clock = clock
        self._params = params
        self._report = _Once(took_effect)
        self._is_in_force = False

    def begin(self, cause: int) -> None:
        self._is_in_force = True
        self._try(cause)

    def end(self, cause: int) -> None:
        self._is_in_force = False

    def _try(self, cause: int) -> None:
        if not self._is_in_force:
            return
        intent = self._forge()
        if intent is not None:
            self._gateway.submit(intent, _nobody, _TIMEOUT_NS, cause)
            self._report(f"an intent in the name of {self._params.strategy} was refused")
        self._clock.call_at(self._clock.now_ns + _MINUTE_NS // self._params.per_minute, self._try, cause)


def forge_signature(signer: Signer, venue: str) -> Forge:
    """Intents of somebody who does not have the strategy's secret."""

    def forge() -> Intent:
        genuine = signer.sign(venue, "POST", "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1")
        return msgspec.structs.replace(genuine, signature="0" * len(genuine.signature))

    return forge


def forge_replay(wires: Sequence[StrategyWire], clock: Clock) -> Forge:
    """The strategy's last intent once more, as whoever overheard it would send it while its timestamp is good."""

    def forge() -> Intent | None:
        heard = [wire.last_intent for wire in wires if wire.last_intent is not None]
        last = max(heard, key=lambda intent: intent.nonce, default=None)
        if last is None or clock.now_ns // _NS_PER_MS - last.timestamp_ms > TOLERANCE_MS:
            return None
        return last

    return forge


def forge_age(signer: Signer, venue: str) -> Forge:
    """Intents that were held back for longer than the gateway tolerates."""

    def forge() -> Intent:
        query = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1"
        return signer.sign(venue, "POST", "/api/v3/order", query, age_ms=2 * TOLERANCE_MS)

    return forge


class LimitsTampered:
    """``limits_tampered``: the store's limits are not those that were approved; or, ``approved``, they are new ones.

    At the end the old text is back, an approved change by another approved change.
    """

    def __init__(self, gateway: Gateway, params: LimitsTamperedParams, took_effect: TookEffect) -> None:
        self._policy = gateway.policy
        self._params = params
        self._report = _Once(took_effect)
        self._before = ""
        self._alter(self._policy.text)  # what cannot be changed is said before anything begins

    def begin(self, cause: int) -> None:
        params = self._params
        detail = f"{params.limit} becomes {params.to}"
        if params.approved:
            self._before = self._policy.text
            self._policy.change(self._alter(self._before), f"review of limits: {detail}", "risk committee", cause)
        else:
            self._policy.tamper(self._alter, detail, cause, is_silent=params.silent)
        self._report(f"the policy store holds other limits: {detail}")

    def end(self, cause: int) -> None:
        if self._before:
            self._policy.change(self._before, "the review is withdrawn", "risk committee", cause)
        else:
            self._policy.undo(self._alter, cause, is_silent=self._params.silent)

    def _alter(self, text: str) -> str:
        return altered(text, self._params.limit, self._params.to)


class OrderedWithdrawal:
    """``ordered_withdrawal``: the firm's treasury withdraws. No harm; it only looks like some."""

    def __init__(self, gateway: Gateway, door: Door, params: OrderedWithdrawalParams, took_effect: TookEffect) -> None:
        self._gateway = gateway
        self._door = door
        self._params = params
        self._report = _Once(took_effect)

    def begin(self, cause: int) -> None:
        params = self._params
        amount = to_text(round(params.amount * UNITS))
        self._gateway.withdraw(self._door, params.venue, params.asset, amount, _TREASURY_ADDRESS, cause)
        self._report("the gateway tells of a withdrawal")

    def end(self, cause: int) -> None:
        """What has left has left."""


def _nobody(reply: Reply | None, cause: int) -> None:
    """Whoever forges an intent does not wait for its answer."""
