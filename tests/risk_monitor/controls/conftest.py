"""A control room at work: real books and alerts, and a gateway that does what it is told when the test lets it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Timing
from risk_monitor.books.equity import EquityHistory
from risk_monitor.books.holdings import Holdings
from risk_monitor.books.marks import MarkBook, Quote
from risk_monitor.books.perpetuals import PerpetualBook
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.controls.firm_view import FirmView
from risk_monitor.controls.order_path import Acknowledgement, Command, Decision, Intent, TradingStrategy
from risk_monitor.controls.reader import parse_controls
from risk_monitor.controls.room import ControlRoom
from risk_monitor.effects import Action, AlertState, Effect, RaiseAction, Severity, Signal
from risk_monitor.events import OperatorSaid
from risk_monitor.limits import Limits, parse_limits
from risk_monitor.telemetry import Telemetry
from risk_monitor.watchtower import Watchtower

SECOND_NS = 1_000_000_000
START_NS = 1_676_883_600 * SECOND_NS

LIMITS = """
schema: riskproof-limits/1
firm: meridian
base_currency: USD
stablecoins: [USDT]
structural: {BTC: 10 BTC}
whitelist: [BTC/USD, BTC/USDT, ETH/USD, USDT/USD]
limits:
  position_limit:
    BTC: {warning: 14 BTC, high: 15 BTC}
  notional_limit:
    total: {high: 400k USD}
  delta_exposure:
    each: {high: 100k USD}
  stablecoin_exposure:
    each: {high: 60k USD}
  drawdown:
    firm: {warning: 10 %, high: 15 %}
  order_rate:
    each: {high: 3 x}
  heartbeat:
    each: {high: 30 s}
  api_outage:
    each: {critical: 30 s}
  policy_drift:
    limits: {critical: 0 times}
"""

PRICES = {"BTC/USD": 20_000.0, "BTC/USDT": 20_000.0, "ETH/USD": 1_500.0, "ETH/BTC": 0.075, "USDT/USD": 1.0}
HOLDINGS = {"BTC": "10", "ETH": "20", "USDT": "50000", "USD": "100000"}


class Gateway:
    """Keeps what it was told. With ``obeys`` it acknowledges each command at once; otherwise the test does."""

    def __init__(self) -> None:
        self.room: ControlRoom | None = None
        self.strategies = (
            TradingStrategy("maker", (("apex", "maker"),)),
            TradingStrategy("momentum", (("apex", "momentum"), ("boreal", "momentum"))),
        )
        self.is_gated: bool | None = None
        self.decisions: list[Decision] = []
        self.commands: list[Command] = []
        self.obeys = True
        self.fails: set[str] = set()

    def set_gate(self, now_ns: int, is_required: bool) -> None:
        self.is_gated = is_required

    def send_decision(self, now_ns: int, decision: Decision) -> None:
        self.decisions.append(decision)

    def send_command(self, now_ns: int, command: Command) -> None:
        self.commands.append(command)
        if self.obeys and self.room is not None:
            is_done = command.command not in self.fails
            answer = Acknowledgement(command.command_id, is_done, "" if is_done else f"{command.command} failed")
            self.room.on_acknowledged(now_ns, answer)

    def told(self) -> list[str]:
        """The commands so far, each as ``command strategy``."""
        return [f"{one.command} {one.strategy}" for one in self.commands]


class Floor:
    """A trading floor: a monitor's books in a calm market, its control room, and a clock that the test moves."""

    LIMITS_TEXT = LIMITS

    def __init__(self, controls: str, limits: str = LIMITS) -> None:
        self.now_ns = START_NS
        self.agenda = Agenda()
        self.effects: list[Effect] = []
        self.telemetry = Telemetry()
        self.limits: Limits = parse_limits(limits, "limits.yaml")
        self.tower = Watchtower(self.limits, self.agenda, Timing(60 * SECOND_NS), self.effects.append)
        self.quotes = tuple(Quote(venue, pair) for venue in ("apex", "boreal") for pair in PRICES)
        self.marks = MarkBook(self.quotes, ("BTC", "ETH", "USD", "USDT"))
        self.holdings = Holdings(1)
        self.portfolio = Portfolio(
            self.holdings, self.marks, EquityHistory(0), self.agenda, SECOND_NS, 0, lambda: None, PerpetualBook(())
        )
        self.gateway = Gateway()
        self.failovers: list[int] = []
        text = f"schema: riskproof-controls/1\n{controls}"
        self.room = ControlRoom(
            parse_controls(text, "controls.yaml", self.limits, ("apex", "boreal")),
            self.tower,
            FirmView(self.portfolio, self.quotes),
            self.gateway,
            self.agenda,
            self.effects.append,
            self.telemetry,
            self.failovers.append,
            lambda: None,
        )
        self.gateway.room = self.room
        for quote in self.quotes:
            self.price(quote, PRICES[quote.pair])
        for asset, amount in HOLDINGS.items():
            self.holdings.shift(self.now_ns, asset, Decimal(amount))
        self.holdings.place_seen(self.now_ns)
        self.look()
        self.room.on_connected(self.now_ns)
        self._intents = 0

    def price(self, quote: Quote, mid: float) -> None:
        quote.bid = quote.ask = quote.mid = mid
        quote.is_fresh = mid > 0.0
        quote.seen_ns = self.now_ns

    def look(self) -> None:
        self.agenda.run_due(self.now_ns)
        self.portfolio.evaluate(self.now_ns)

    def holds(self, asset: str, amount: str) -> None:
        """The firm's books now say so."""
        self.holdings.shift(self.now_ns, asset, Decimal(amount) - self.holdings.total(asset))
        self.look()

    def run(self, seconds: float) -> None:
        end_ns = self.now_ns + int(seconds * SECOND_NS)
        while self.agenda.deadline_ns <= end_ns:
            self.now_ns = max(self.now_ns, self.agenda.deadline_ns)
            self.agenda.run_due(self.now_ns)
        self.now_ns = end_ns
        self.agenda.run_due(end_ns)

    def wants(
        self,
        strategy: str,
        side: str,
        quantity: str,
        symbol: str = "BTCUSD",
        price: str | None = None,
        venue: str = "apex",
    ) -> Decision:
        """A strategy wants an order sent; the gate's answer."""
        self._intents += 1
        amount = None if price is None else Decimal(price)
        kind = "MARKET" if price is None else "LIMIT"
        at_ms = self.now_ns // 1_000_000
        intent = Intent(
            f"i{self._intents}", strategy, venue, strategy, symbol, side, kind, amount, Decimal(quantity), at_ms
        )
        self.room.on_intent(self.now_ns, intent)
        return self.gateway.decisions[-1]

    def alert(self, mandate: str, subject: str, severity: str = "high", state: str = "firing") -> str:
        """The monitor says so; returns the alert's id."""
        alert_id = f"{mandate}/{subject}/{severity}/1"
        signal = Signal(
            alert_id, AlertState(state), mandate, subject, Severity(severity), 2.0, 1.0, "x", self.now_ns, ()
        )
        self.room.on_signal(self.now_ns, signal)
        return alert_id

    def says(self, command: str, subject: str, by: str = "ines", reason: str = "looked into it") -> None:
        self.room.on_operator(self.now_ns, OperatorSaid(command, subject, by, reason))

    @property
    def actions(self) -> list[Action]:
        return [effect.action for effect in self.effects if isinstance(effect, RaiseAction)]

    def deeds(self) -> list[tuple[str, str, str]]:
        """Every action so far: control, state, subject."""
        return [(action.control, action.state.value, action.subject) for action in self.actions]


@pytest.fixture(scope="session")
def floor() -> type[Floor]:
    return Floor
