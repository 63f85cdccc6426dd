"""Own orders: which orders at the venues are those that the firm's gateway sent on, and for which strategy."""

from __future__ import annotations

from correlator.records import Intent

WITHDRAWAL = "withdrawal"
_MOST_SENT = 65_536  # orders sent on, the oldest forgotten: far more than can be on their way or open at once


class OwnOrders:
    """Orders that the gateway sent on, by venue, account and client order id."""

    def __init__(self) -> None:
        self._sent: dict[tuple[str, str, str], str] = {}

    def take(self, record: Intent) -> None:
        """The gateway recorded an intent."""
        if record.event not in ("sent", "scaled_down") or record.type == WITHDRAWAL:
            return
        if len(self._sent) >= _MOST_SENT:
            del self._sent[next(iter(self._sent))]
        self._sent[record.venue, record.account, record.client_order_id] = record.strategy

    def strategy(self, venue: str, account: str, client_order_id: str) -> str | None:
        """The strategy whose order it is; None if the gateway did not send it."""
        return self._sent.get((venue, account, client_order_id))

    def forget(self, venue: str, account: str, client_order_id: str) -> None:
        """Nothing more will be heard of it."""
        self._sent.pop((venue, account, client_order_id), None)
