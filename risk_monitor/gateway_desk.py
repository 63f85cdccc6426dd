"""Gateway desk: everything the monitor does with the firm's own order router: it listens to the strategies' signs of
life and to what is sent in the firm's name, reads the policy store, and carries what the controls decide."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.alerts import Emit
from risk_monitor.books.marks import MarkBook
from risk_monitor.books.order_log import OrderLog
from risk_monitor.config import MonitorConfig, VenueConfig
from risk_monitor.connectors import gateway
from risk_monitor.connectors.domain import ConnectorError
from risk_monitor.controls.order_path import (
    Acknowledgement,
    Command,
    Decision,
    Intent,
    OrderPathListener,
    TradingStrategy,
)
from risk_monitor.effects import SendFrame
from risk_monitor.mandates.authentication import Authentication
from risk_monitor.mandates.heartbeat import Heartbeats
from risk_monitor.mandates.order_rejects import OrderRejects
from risk_monitor.mandates.policy_drift import PolicyDrift
from risk_monitor.mandates.unauthorised_orders import UnauthorisedOrders
from risk_monitor.mandates.unauthorised_withdrawals import UnauthorisedWithdrawals
from risk_monitor.policy_reader import PolicyReader
from risk_monitor.streams import StreamKeeper, StreamUse, Switchboard
from risk_monitor.telemetry import Telemetry
from risk_monitor.transport import AT_ONCE_NS, Delivery, Task, Transport, VenueLine
from risk_monitor.watchtower import Watchtower

MAX_STRATEGIES = 256

_NS_PER_MS = 1_000_000


class GatewayDesk:
    """The firm's gateway; an ``OrderPath`` for the controls. ``listener`` is told of intents and acknowledgements."""

    def __init__(
        self,
        venue: VenueConfig,
        line: VenueLine,
        config: MonitorConfig,
        tower: Watchtower,
        marks: MarkBook,
        board: Switchboard,
        transport: Transport,
        emit: Emit,
        telemetry: Telemetry,
    ) -> None:
        self.name = venue.name
        self.listener: OrderPathListener | None = None
        self._account = venue.accounts[0]
        self._line = line
        self._transport = transport
        self._emit = emit
        self._telemetry = telemetry
        self._strategies: tuple[TradingStrategy, ...] = ()
        self._stream_id = 0
        self._heard_ns = -1
        self._is_roster_known = False
        agenda = transport.agenda
        self._log = log = OrderLog()
        self._heartbeats = Heartbeats(tower, venue.name, venue.strategies, agenda)
        self._rejects = OrderRejects(tower, venue.strategies, agenda)
        self._authentication = Authentication(tower, agenda)
        holders = tuple(one for one in config.venues if one.dialect != "gateway" and one.accounts)
        exchanges = tuple(one for one in holders if one.dialect != "fireblocks")
        self.orders = UnauthorisedOrders(
            tower,
            log,
            tuple((one.name, account.name) for one in exchanges for account in one.accounts),
            agenda,
            self._ask_orders,
        )
        self.withdrawals = UnauthorisedWithdrawals(
            tower, log, tuple(one.name for one in holders), marks, agenda, self._ask_withdrawals
        )
        cadences = config.cadences
        self._policy = PolicyReader(
            PolicyDrift(tower, venue.name), line, self._account, cadences.policy_ms * _NS_PER_MS, transport
        )
        self._probe = self._task(
            "time", cadences.exchange_time_ms, lambda now_ns: gateway.TIME_TARGET, _ignore, None, is_probe=True
        )
        self._roster = self._task(
            "strategies", cadences.policy_ms, lambda now_ns: gateway.STRATEGIES_TARGET, self._on_strategies, None
        )
        self._orders = self._task(
            "orders",
            cadences.withdrawals_ms,
            lambda now_ns: gateway.orders_target(self._log.number),
            self._on_orders,
            self._on_orders_unread,
        )
        self._ordered = self._task(
            "withdrawals",
            cadences.withdrawals_ms,
            lambda now_ns: gateway.WITHDRAWALS_TARGET,
            self._on_withdrawals,
            self._on_withdrawals_unread,
        )
        use = StreamUse(
            venue.name,
            self._account.name,
            gateway.stream_target(self._account),
            self._on_opened,
            self._on_frame,
            lambda: self._heard_ns,
            self._on_closed,
        )
        self._stream = StreamKeeper(use, board, config.network, agenda, emit, telemetry)
        line.on_recovered.append(self._stream.hasten)
        line.on_lost.extend((self._on_orders_unread, self._on_withdrawals_unread, self._policy.lose_sight))

    def start(self, now_ns: int) -> None:
        self._heartbeats.start(now_ns)
        for task in (self._probe, self._roster, self._orders, self._ordered):
            self._transport.schedule(task, now_ns)
        self._policy.hurry(now_ns)
        self._stream.connect(now_ns)

    @property
    def strategies(self) -> tuple[TradingStrategy, ...]:
        """All strategies that the gateway has told of, in its order; empty before that."""
        return self._strategies

    def set_gate(self, now_ns: int, is_required: bool) -> None:
        self._send(gateway.gate_frame(is_required))

    def send_decision(self, now_ns: int, decision: Decision) -> None:
        self._send(gateway.decision_frame(decision))

    def send_command(self, now_ns: int, command: Command) -> None:
        self._send(gateway.command_frame(command))

    def _send(self, payload: bytes) -> None:
        if self._stream.is_open:
            self._emit(SendFrame(self._stream_id, payload))

    def _on_opened(self, now_ns: int, stream_id: int) -> None:
        self._stream_id = stream_id
        self._authentication.regain(now_ns)
        self._policy.hurry(now_ns)
        for task in (self._orders, self._ordered):
            self._transport.schedule(task, now_ns)
        if self.listener is not None:
            self.listener.on_connected(now_ns)

    def _on_closed(self, now_ns: int) -> None:
        """Orders and withdrawals can be read afterwards; who was refused meanwhile cannot."""
        self._authentication.lose_sight()

    def _on_frame(self, now_ns: int, payload: bytes) -> None:
        try:
            frame = gateway.read_frame(payload)
        except ConnectorError as error:
            self._telemetry.connector_error(f"{self.name} stream", str(error))
            return
        self._heard_ns = now_ns
        match frame:
            case gateway.Heartbeats(alive):
                for strategy in alive:
                    self._heartbeats.beat(now_ns, strategy)
            case gateway.SentOrder():
                self._log.sent(frame)
            case gateway.Answer(client_order_id, strategy, venue, status, code):
                note = f"{self.name} answer {client_order_id[:40]} of {venue}: {status} {code}"
                self._rejects.answered(now_ns, strategy, status, note)
            case gateway.OrderedWithdrawal():
                self._log.ordered(frame)
            case gateway.SecurityIncident(reason, strategy, at_ms):
                note = f"{self.name} security {reason} strategy={strategy[:40]} at={at_ms}"
                if not self._authentication.refused(now_ns, reason, note):
                    self._telemetry.note(note)
            case gateway.PolicyChanged():
                self._policy.hurry(now_ns)
            case Intent() if self.listener is not None:
                self.listener.on_intent(now_ns, frame)
            case Acknowledgement() if self.listener is not None:
                self.listener.on_acknowledged(now_ns, frame)

    def _on_strategies(self, now_ns: int, departed_ns: int, body: bytes) -> None:
        self._strategies = gateway.read_strategies(body)[:MAX_STRATEGIES]
        self._heartbeats.listed(now_ns, tuple(strategy.name for strategy in self._strategies))
        if not self._is_roster_known:
            self._is_roster_known = True
            # The controls were told of a way to the gateway before it was known whom it leads to.
            if self.listener is not None and self._stream.is_open:
                self.listener.on_connected(now_ns)

    def _on_orders(self, now_ns: int, departed_ns: int, body: bytes) -> int | None:
        before = self._log.number
        orders = gateway.read_orders(body)
        for order in orders:
            self._log.sent(order, is_listed=True)
        if len(orders) >= gateway.ORDERS_PAGE:
            if self._log.number <= before:
                raise ConnectorError("a full page of orders does not advance")
            return AT_ONCE_NS
        self.orders.log_read(now_ns, departed_ns)
        return None

    def _on_orders_unread(self, now_ns: int) -> None:
        self.orders.log_unreadable()

    def _on_withdrawals(self, now_ns: int, departed_ns: int, body: bytes) -> None:
        for withdrawal in gateway.read_withdrawals(body):
            self._log.ordered(withdrawal)
        self.withdrawals.log_read(now_ns, departed_ns)

    def _on_withdrawals_unread(self, now_ns: int) -> None:
        self.withdrawals.log_unreadable()

    def _ask_orders(self, now_ns: int) -> None:
        self._transport.schedule(self._orders, now_ns)

    def _ask_withdrawals(self, now_ns: int) -> None:
        self._transport.schedule(self._ordered, now_ns)

    def _task(
        self,
        name: str,
        interval_ms: int,
        target: Callable[[int], str],
        deliver: Delivery,
        on_failure: Callable[[int], None] | None,
        is_probe: bool = False,
    ) -> Task:
        return Task(
            name,
            self._line,
            self._account.name,
            gateway.headers_of(self._account),
            gateway.REQUEST_WEIGHT,
            interval_ms * _NS_PER_MS,
            target,
            deliver,
            on_failure,
            is_probe,
        )


def _ignore(now_ns: int, departed_ns: int, body: bytes) -> None:
    """A probe asks only whether the gateway answers."""
