"""Commands: what a monitor with control may have the gateway do, over the venues' production APIs and under the firm's
own trading keys."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urlencode

import msgspec

from simulators.gateway.core import Gateway
from simulators.gateway.orders import Order
from simulators.gateway.payloads import Ack, Command
from simulators.ports import Reply
from simulators.strategies.dialect import DIALECTS, Dialect
from simulators.strategies.frames import decode_account
from simulators.strategies.pairs import Pair, to_text, to_units
from simulators.strategies.rest import Answer, Rest
from simulators.strategies.runner import Runner

EVERY = "*"
_MOST_REMEMBERED = 1_000
_NO_ORDERS = -2_011
_TOO_SMALL = -1_013
_TIMEOUT_NS = 5_000_000_000


class _Symbol(msgspec.Struct, frozen=True):
    """An open order, as far as it matters here."""

    symbol: str


class _Cancelled(msgspec.Struct, frozen=True, rename="camel"):
    """An order that a venue says it has cancelled; by the name of the order, not of the cancel."""

    orig_client_order_id: str


_decode_symbols = msgspec.json.Decoder(list[_Symbol]).decode
_decode_cancelled = msgspec.json.Decoder(list[_Cancelled]).decode


class Commands:
    """Carries out commands, each id once. ``acknowledge`` is called when a command is done, or has failed."""

    def __init__(self, gateway: Gateway, acknowledge: Callable[[Ack, int], None]) -> None:
        self._gateway = gateway
        self._acknowledge = acknowledge
        self._known: OrderedDict[str, Ack | None] = OrderedDict()
        self._flattened = 0

    def carry_out(self, command: Command, cause: int) -> None:
        """Begin with it, or say again how it ended."""
        if command.id in self._known:
            ack = self._known[command.id]
            if ack is not None:
                self._acknowledge(ack, cause)
            return
        self._known[command.id] = None
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        task = _Task(lambda problems: self._ended(command, problems, cause))
        runners = self._runners(command)
        if command.command == "restore_policy":
            self._gateway.policy.restore(command.reason, cause)
        elif not runners:
            task.fail(f"no strategy is called {command.strategy}")
        elif command.command == "pause":
            for runner in runners:
                runner.pause(command.reason or "paused", cause)
        elif command.command == "resume":
            for runner in runners:
                runner.resume(cause)
        elif command.command == "reroute":
            self._reroute(command, runners, task)
        elif command.command == "cancel_all":
            for runner in runners:
                self._cancel_all(runner, command, task, cause)
        elif command.command == "flatten":
            for runner in runners:
                self._flatten(runner, command, task, cause)
        else:
            task.fail(f"no command is called {command.command}")
        task.step_done()

    def _runners(self, command: Command) -> list[Runner]:
        return [runner for name, runner in self._gateway.runners.items() if command.strategy in (EVERY, name)]

    def _ended(self, command: Command, problems: list[str], cause: int) -> None:
        ack = Ack(command.id, "failed" if problems else "done", "; ".join(problems))
        if command.id in self._known:
            self._known[command.id] = ack
        self._acknowledge(ack, cause)

    def _reroute(self, command: Command, runners: list[Runner], task: _Task) -> None:
        for runner in runners:
            for venue in _venues(runner, command):
                self._gateway.route(runner.name, venue, command.to or venue)
                if self._gateway.door(runner.name, command.to or venue) is None:
                    task.fail(f"{runner.name} has no account at {command.to}: its orders for {venue} are refused")

    def _cancel_all(self, runner: Runner, command: Command, task: _Task, cause: int) -> None:
        for venue in _venues(runner, command):
            rest = self._gateway.rest(runner.name, venue)
            assert rest is not None
            task.step()
            rest.send(
                "GET",
                rest.dialect.open_orders,
                "",
                self._listed(task, rest, runner.name, venue),
                cause,
                signed=True,
            )

    def _listed(self, task: _Task, rest: Rest, strategy: str, venue: str) -> Callable[[Answer], None]:
        """What to do with the list of open orders: cancel them, symbol by symbol."""

        def listed(answer: Answer) -> None:
            try:
                symbols = [each.symbol for each in _decode_symbols(answer.body)] if answer.is_ok else None
            except msgspec.DecodeError:
                symbols = None
            if symbols is None:
                task.fail(f"{strategy} at {venue}: its open orders are not known")
            for symbol in dict.fromkeys(symbols or ()):
                task.step()
                rest.send(
                    "DELETE",
                    rest.dialect.cancel_all,
                    f"symbol={symbol}",
                    self._cancelled(task, strategy, venue),
                    answer.cause,
                    signed=True,
                )
            task.step_done()

        return listed

    def _cancelled(self, task: _Task, strategy: str, venue: str) -> Callable[[Answer], None]:
        def cancelled(answer: Answer) -> None:
            if answer.is_ok:
                try:
                    names = [each.orig_client_order_id for each in _decode_cancelled(answer.body)]
                except msgspec.DecodeError:  # a venue that names no orders
                    names = []
                for name in names:
                    self._gateway.cancelled(strategy, venue, name, answer.cause)
            elif answer.error_code() != _NO_ORDERS:
                task.fail(f"{strategy} at {venue}: orders could not be cancelled ({answer.status})")
            task.step_done()

        return cancelled

    def _flatten(self, runner: Runner, command: Command, task: _Task, cause: int) -> None:
        venues = _venues(runner, command)
        for venue, symbol, units in runner.open_positions():
            pair = self._gateway.pair(venue, symbol)
            rest = self._gateway.rest(runner.name, venue)
            if venue not in venues or pair is None or rest is None:
                continue
            task.step()
            if rest.dialect.is_margin:
                self._trade(runner, venue, pair, abs(units), "SELL" if units > 0 else "BUY", task, cause)
            elif units < 0:
                self._trade(runner, venue, pair, -units, "BUY", task, cause)
            else:
                # Fees have been taken from what was bought: no more can be sold than is there.
                on_answer = self._balance_known(runner, venue, pair, units, task)
                rest.send("GET", rest.dialect.account, "omitZeroBalances=true", on_answer, cause, signed=True)

    def _balance_known(
        self, runner: Runner, venue: str, pair: Pair, units: int, task: _Task
    ) -> Callable[[Answer], None]:
        def told(answer: Answer) -> None:
            try:
                balances = decode_account(answer.body).balances if answer.is_ok else None
            except (msgspec.DecodeError, ValueError):
                balances = None
            if balances is None:
                task.fail(f"{runner.name} at {venue}: its balances are not known")
                task.step_done()
                return
            free = next((to_units(each.free) for each in balances if each.asset == pair.base), 0)
            self._trade(runner, venue, pair, min(units, free), "SELL", task, answer.cause)

        return told

    def _trade(self, runner: Runner, venue: str, pair: Pair, units: int, side: str, task: _Task, cause: int) -> None:
        """One market order; ends the step that it is."""
        gateway = self._gateway
        lots = pair.lots(units)
        door = gateway.door(runner.name, venue)
        if lots < pair.min_lots or door is None:
            task.step_done()  # dust: no order is small enough for it
            return
        self._flattened += 1
        dialect = DIALECTS[door.key.dialect]
        fields = {
            "symbol": pair.symbol,
            "side": side,
            "type": "MARKET",
            "quantity": to_text(lots * pair.lot_units),
            "newClientOrderId": f"{runner.name}-flat{self._flattened}",
            "newOrderRespType": "RESULT",
        }
        order = Order.of(runner.name, venue, door.account, dialect.order, urlencode(fields))

        def replied(reply: Reply | None, _: int) -> None:
            traded = _executed_units(reply, dialect)
            if traded is None:
                task.fail(f"{runner.name}: {side} {order.quantity} {pair.name} at {venue} has not been traded")
            else:
                runner.book(venue, pair.symbol, traded if side == "BUY" else -traded)
                if traded < lots * pair.lot_units:
                    left = to_text(lots * pair.lot_units - traded)
                    task.fail(f"{runner.name}: {left} {pair.base} are left at {venue}: the book was empty")
            task.step_done()

        gateway.send(order, "sent", "flatten", replied, _TIMEOUT_NS, cause)


class _Task:
    """Several requests on their way; ``ended(problems)`` is called once when the last is over."""

    def __init__(self, ended: Callable[[list[str]], None]) -> None:
        self._ended = ended
        self._open = 1
        self._problems: list[str] = []

    def step(self) -> None:
        self._open += 1

    def step_done(self) -> None:
        self._open -= 1
        if not self._open:
            self._ended(self._problems)

    def fail(self, problem: str) -> None:
        self._problems.append(problem)


def _venues(runner: Runner, command: Command) -> list[str]:
    return [venue for venue in runner.venues if command.venue in (EVERY, venue)]


def _executed_units(reply: Reply | None, dialect: Dialect) -> int | None:
    """What a market order has traded; None if that is not known. One that is too small for the venue trades nothing."""
    if reply is None:
        return None
    if reply.status != 200:
        return 0 if Answer(reply.status, reply.body, 0).error_code() == _TOO_SMALL else None
    try:
        return to_units(dialect.read_order(reply.body).executed_qty)
    except (msgspec.DecodeError, ValueError):
        return None
