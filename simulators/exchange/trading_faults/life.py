"""What the faults of trading share: an exchange, a life, and the first difference that a client can see."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.core import Exchange
from simulators.ports import Clock

TookEffect = Callable[[str], None]


class TradingFault:
    """One harm at one exchange. It begins and ends once; ending it a second time does nothing."""

    def __init__(self, api: ExchangeApi, clock: Clock, took_effect: TookEffect) -> None:
        self._api = api
        self._clock = clock
        self._took_effect = took_effect
        self._is_in_force = False
        self._has_taken_effect = False
        self._cause = 0

    def begin(self, cause: int) -> None:
        """Do harm from now on; ``cause`` is the number of the injection's record."""
        self._is_in_force = True
        self._cause = cause
        self._enter()

    def end(self, cause: int) -> None:
        """Do no more."""
        if self._is_in_force:
            self._is_in_force = False
            self._cause = cause
            self._leave()

    @abstractmethod
    def _enter(self) -> None: ...

    @abstractmethod
    def _leave(self) -> None: ...

    def _report(self, detail: str) -> None:
        """Say, once, that a client sees something else than it would have."""
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(detail)


def indices_of(exchange: Exchange, pairs: tuple[str, ...]) -> tuple[int, ...]:
    """The places of ``pairs`` in the exchange's listings (none named: of all). ValueError for one it does not list."""
    symbols = [listing.symbol for listing in exchange.listings]
    for pair in pairs:
        if pair not in symbols:
            raise ValueError(f"{exchange.name} lists {', '.join(symbols)}, not {pair}")
    return tuple(index for index, symbol in enumerate(symbols) if not pairs or symbol in pairs)


def accounts_of(exchange: Exchange, accounts: tuple[str, ...]) -> tuple[str, ...]:
    """The clients' accounts that are meant (none named: all), in the order they were opened. ValueError for one that
    is not there."""
    there = tuple(account.name for account in exchange.ledger.accounts() if account.owner == "firm")
    for account in accounts:
        if account not in there:
            raise ValueError(f"{exchange.name} has the accounts {', '.join(there)}, not {account}")
    return tuple(account for account in there if not accounts or account in accounts)
