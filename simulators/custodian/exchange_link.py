"""The link between one exchange and the custodian: the firm's profit there, and value that leaves or arrives.

Value that changes houses stands in both ledgers. In the exchange's, ``settling`` holds what has been booked and not
yet moved, and an account named after the custodian holds what has moved; the custodian's ledger has an account named
after the exchange that mirrors the latter, so that the two always add up to zero.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulators.exchange.core import Exchange
from simulators.ledger import UNITS, to_units

_DOLLAR = "USD"
_STABLECOINS = ("USDT", "USDC")
_SETTLING = "settling"
_WHOLE: int = UNITS  # smallest units of one whole asset


class ExchangeLink:
    """One exchange as its custodian sees it.

    *Profit* of a session is the firm's equity at the end, less its equity at the opening, less what flowed in or out
    between. Equity is valued at the exchange's own mids in USD (``asset/USD``, or else through a stablecoin); an asset
    that cannot be priced there at all is left out, and a side that is empty leaves the last mid in force.

    ``accounts`` are the firm's accounts, in the order in which a profit is debited (free USD only); a loss is
    credited to the first, which is also the one that transfers from and to custody go through.
    """

    def __init__(self, exchange: Exchange, custodian_name: str, accounts: Sequence[str]) -> None:
        if not accounts:
            raise ValueError(f"no account of the firm at {exchange.name} to settle with")
        for name in accounts:
            exchange.ledger.account(name)  # KeyError: there is no such account
        self._exchange = exchange
        self._accounts = tuple(accounts)
        self._mirror = custodian_name
        exchange.open_account(custodian_name, "transit")
        self._pairs: dict[tuple[str, str], int] = {}
        for index, listing in enumerate(exchange.listings):
            self._pairs[listing.base, listing.quote] = index
        self._tick_units = [to_units(listing.tick_size) for listing in exchange.listings]
        self._mids: dict[int, int] = {}  # last one of each listing, in units of quote per base
        self._session_open = False
        self._opening_equity = 0
        self._opening_flows: dict[str, int] = {}
        self._carried = 0

    def open_session(self) -> bool:
        """Take the firm's worth as the session's opening; False while something it holds has no price yet."""
        if not self._can_be_valued():
            return False
        self._session_open = True
        self._reopen(0)
        return True

    def session_profit(self) -> int:
        """Profit since the opening and what was carried over, in units of USD; 0 while it cannot be valued."""
        return self._measure() or 0

    def book_settlement(self, amount: int, cause: int) -> int:
        """Move a profit from the firm's free USD into ``settling``, or a loss back; return what was booked."""
        profit = self._measure()
        if profit is None:
            return 0
        booked = 0
        if amount > 0:
            for account in self._accounts:
                part = min(self._exchange.balance(account, _DOLLAR)[0], amount - booked)
                if part > 0:
                    self._exchange.transfer(_DOLLAR, account, _SETTLING, part, "settlement", cause)
                    booked += part
        elif amount < 0:
            self._exchange.transfer(_DOLLAR, _SETTLING, self._accounts[0], -amount, "settlement", cause)
            booked = amount
        self._reopen(profit - booked)
        return booked

    def complete_settlement(self, amount: int, cause: int) -> None:
        """Pass booked value on to the custodian, or a loss from it, within the exchange's ledger."""
        if amount > 0:
            self._exchange.transfer(_DOLLAR, _SETTLING, self._mirror, amount, "settlement", cause)
        else:
            self._exchange.transfer(_DOLLAR, self._mirror, _SETTLING, -amount, "settlement", cause)

    def return_settlement(self, amount: int, cause: int) -> bool:
        """Undo the booking of ``amount``; the next cut-off finds it again.

        A profit returns to the firm's first account; a loss is taken back from free dollars, wherever they are, or
        not at all (False) if there are too few.
        """
        profit = self._measure()
        if amount < 0 and not self._take_back(-amount, cause):
            return False
        if amount > 0:
            self._exchange.transfer(_DOLLAR, _SETTLING, self._accounts[0], amount, "settlement", cause)
        if profit is not None:
            self._reopen(profit + amount)
        else:
            self._carried += amount
        return True

    def _take_back(self, amount: int, cause: int) -> bool:
        if sum(self._exchange.balance(account, _DOLLAR)[0] for account in self._accounts) < amount:
            return False
        for account in self._accounts:
            part = min(self._exchange.balance(account, _DOLLAR)[0], amount)
            if part > 0:
                self._exchange.transfer(_DOLLAR, account, _SETTLING, part, "settlement", cause)
                amount -= part
        return True

    def receive(self, asset: str, amount: int, cause: int) -> None:
        """Credit a transfer from custody to the firm's first account."""
        self._flow(asset, self._mirror, self._accounts[0], amount, cause)

    def send(self, asset: str, amount: int, cause: int) -> None:
        """Debit a transfer to custody from the firm's first account. Overdraft if it is not free."""
        self._flow(asset, self._accounts[0], self._mirror, amount, cause)

    def _flow(self, asset: str, from_account: str, to_account: str, amount: int, cause: int) -> None:
        """Move value in or out, valued at this moment's price: what it gains or loses later is profit, it is not."""
        profit = self._measure()
        self._exchange.transfer(asset, from_account, to_account, amount, "transfer", cause)
        if profit is not None:
            self._reopen(profit)

    def balances(self) -> list[tuple[str, int, int]]:
        """``(asset, free, held)`` of all the firm's accounts there together, sorted by asset."""
        sums: dict[str, tuple[int, int]] = {}
        for account in self._accounts:
            for asset, free, held in self._exchange.balances(account):
                so_far = sums.get(asset, (0, 0))
                sums[asset] = (so_far[0] + free, so_far[1] + held)
        return [(asset, *sums[asset]) for asset in sorted(sums)]

    def _can_be_valued(self) -> bool:
        """Whether everything held that has a market here also has had a price."""
        return all(
            self._mark(asset) is not None
            for asset, free, held in self.balances()
            if free + held and asset != _DOLLAR and self._routes(asset)
        )

    def _measure(self) -> int | None:
        """Profit of the session so far, or None while there is no session or no price."""
        if not self._session_open or not self._can_be_valued():
            return None
        profit = self._carried + self._equity() - self._opening_equity
        for asset, inflow in self._flows().items():
            change = inflow - self._opening_flows.get(asset, 0)
            if change:
                profit -= change * (self._mark(asset) or 0) // _WHOLE
        return profit

    def _reopen(self, carried: int) -> None:
        self._carried = carried
        self._opening_equity = self._equity()
        self._opening_flows = self._flows()

    def _flows(self) -> dict[str, int]:
        """What has come to the exchange's clients from elsewhere so far, by asset: all that trading did not bring."""
        inflows: dict[str, int] = {}
        for account in self._exchange.ledger.accounts():
            if account.owner in ("external", "transit"):
                for asset, holding in account.holdings.items():
                    inflows[asset] = inflows.get(asset, 0) - holding.free - holding.held
        return inflows

    def _equity(self) -> int:
        return sum((free + held) * (self._mark(asset) or 0) // _WHOLE for asset, free, held in self.balances())

    def _routes(self, asset: str) -> tuple[int, ...]:
        """Listings through which an asset is valued in USD, from itself to the dollar; none if it cannot be."""
        if (direct := self._pairs.get((asset, _DOLLAR))) is not None:
            return (direct,)
        for coin in _STABLECOINS:
            first, second = self._pairs.get((asset, coin)), self._pairs.get((coin, _DOLLAR))
            if first is not None and second is not None:
                return (first, second)
        return ()

    def _mark(self, asset: str) -> int | None:
        """Units of USD per whole asset, or None while a quote is missing."""
        if asset == _DOLLAR:
            return _WHOLE
        routes = self._routes(asset)
        if not routes:
            return None
        mark = _WHOLE
        for index in routes:
            mid = self._mid(index)
            if mid is None:
                return None
            mark = mark * mid // _WHOLE
        return mark

    def _mid(self, index: int) -> int | None:
        bid_ticks, bid_lots, ask_ticks, ask_lots = self._exchange.top(index)
        if bid_lots and ask_lots:
            self._mids[index] = (bid_ticks + ask_ticks) * self._tick_units[index] // 2
        return self._mids.get(index)
