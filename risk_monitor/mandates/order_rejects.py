"""Order rejects: share of a strategy's requests, orders and cancels, that venues refused among those answered within
``window``, at least 10 of them."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.mandates.share import Share
from risk_monitor.watchtower import Watchtower

MIN_REQUESTS = 10
MAX_STRATEGIES = 256

_REFUSED = {"ACCEPTED": False, "CANCELED": False, "REJECTED": True, "CANCEL_REJECTED": True}


class OrderRejects:
    """All strategies. No answer counts as none."""

    def __init__(self, tower: Watchtower, strategies: tuple[str, ...], agenda: Agenda) -> None:
        self._tower = tower
        self._agenda = agenda
        self._shares: dict[str, Share] = {}
        for strategy in strategies:
            self._share_of(strategy)

    def answered(self, now_ns: int, strategy: str, status: str, note: str) -> None:
        is_refused = _REFUSED.get(status)
        if is_refused is None:
            return
        share = self._share_of(strategy)
        if share is not None:
            share.ended(now_ns, is_refused, note)

    def _share_of(self, strategy: str) -> Share | None:
        share = self._shares.get(strategy)
        if share is None and len(self._shares) < MAX_STRATEGIES:
            share = Share(
                self._tower, "order_rejects", strategy, MIN_REQUESTS, f"requests of {strategy} refused", self._agenda
            )
            self._shares[strategy] = share
        return share
