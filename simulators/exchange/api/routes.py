"""Routes: which function serves which request, what it costs, and who may ask."""

from __future__ import annotations

import enum
from collections.abc import Callable

import msgspec

from simulators.exchange.api.parameters import Parameters
from simulators.ports import Reply


class ApiKey(msgspec.Struct, frozen=True):
    """What an API key opens: one account, to read, and to trade or to withdraw as well; a master's key also lists the
    sub-accounts. A key with a secret is good for signed requests only. ``addresses``: the clients from which alone it
    is accepted; none named: from anywhere."""

    account: str
    can_trade: bool = False
    is_master: bool = False
    can_withdraw: bool = False
    secret: str = ""
    addresses: tuple[str, ...] = ()

    def is_good_at(self, address: str) -> bool:
        """Whether the key is accepted from a client at ``address``."""
        return not self.addresses or address in self.addresses


class Access(enum.Enum):
    """Who may call: anybody, a key's holder, a key that may trade, the master's key, a key that may withdraw."""

    PUBLIC = 0
    READ = 1
    TRADE = 2
    MASTER = 3
    WITHDRAW = 4


class Call(msgspec.Struct):
    """One request on its way through the API; ``serve`` is what will answer it, or already the refusal.

    ``account`` is empty where no key was needed. ``is_order``: it asks for an order, and was let in; ``is_cancel``:
    for the end of one.
    """

    parameters: Parameters
    account: str
    cause: int
    respond: Callable[[Reply, int], None]
    serve: Callable[[Call], object] | Reply
    headers: tuple[tuple[str, str], ...]
    is_order: bool = False
    is_cancel: bool = False


class Route(msgspec.Struct, frozen=True):
    """An endpoint. ``weight`` is Binance's request weight, of the request's parameters.

    ``serve`` answers with anything msgspec can write as JSON, or raises ``ApiError`` or ``Rejected``.
    """

    method: str
    path: str
    operation: str
    access: Access
    weight: Callable[[Parameters], int]
    serve: Callable[[Call], object]
    is_order: bool = False
    is_cancel: bool = False


def costs(weight: int) -> Callable[[Parameters], int]:
    """The weight of an endpoint that always costs the same."""
    return lambda _parameters: weight


def costs_by_symbol(one: int, all_symbols: int) -> Callable[[Parameters], int]:
    """The weight of an endpoint that costs more when no symbol is named."""
    return lambda parameters: one if parameters.text("symbol") or parameters.text("symbols") else all_symbols
