"""Crossed book: a bid above an ask, which no working book shows, ``(bid − ask) ÷ mid`` of the last quote shown."""

from __future__ import annotations

from risk_monitor.alerts import Watch


class CrossedBook:
    """One pair at one exchange. While nothing is astir it need not be told of quotes whose bid is not above the ask."""

    __slots__ = ("watch",)

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def look(self, now_ns: int, bid: float, ask: float, mid: float) -> None:
        """Take a quote; ``mid`` 0.0: a side of it is empty, and nothing crosses nothing."""
        if mid > 0.0:
            self.watch.observe(now_ns, (bid - ask) / mid)
        else:
            self.watch.lose_sight()
