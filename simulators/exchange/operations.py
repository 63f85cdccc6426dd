"""The operations of an exchange's API, and how long each takes where the venue's configuration does not say."""

from __future__ import annotations

from collections.abc import Mapping

from simulators.log_normal import LogNormal

DEFAULT_SERVICE_TIMES: Mapping[str, LogNormal] = {
    "general": LogNormal(1.0, 0.3),
    "market_data": LogNormal(4.0, 0.4),
    "order_place": LogNormal(6.0, 0.5),
    "order_cancel": LogNormal(5.0, 0.5),
    "account": LogNormal(8.0, 0.5),
    "wallet": LogNormal(40.0, 0.5),
    "stream": LogNormal(2.0, 0.3),
}
"""``general``: ping, time, exchangeInfo. ``market_data``: books, trades, klines, tickers. ``order_place`` and
``order_cancel``: changes of orders. ``account``: balances, orders, own trades, sub-accounts. ``wallet``: deposits and
withdrawals. ``stream``: answers on a WebSocket.
"""

OPERATIONS = tuple(DEFAULT_SERVICE_TIMES)
