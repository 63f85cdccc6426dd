"""Running balance: what an account must show, from what it showed first and every change that was shown since.

Views and changes travel separately, so a change that is shown near a view may be in it or not. What decides is when it
happened, by the venue's clock, not when it arrived.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

import msgspec

BOOKED_AFTER_NS = 86_400_000_000_000
"""A difference that has stood unchanged for so long is booked: the balance begins anew with what is shown."""

_MOST_CHANGES = 65_536  # shown and not yet in every view to come: far more than a burst brings
_MOST_IN_DOUBT = 256  # changes while the first view was asked for; of more, the earliest are taken to be in it
_ZERO = Decimal(0)
Amounts = dict[str, Decimal]


class Change(msgspec.Struct, frozen=True, gc=False):
    """A balance changed: when that was shown, when it happened by the venue's clock, and by how much."""

    shown_ns: int
    happened_ns: int
    amounts: Amounts


class View(msgspec.Struct, frozen=True):
    """What a venue says that an account holds.

    It holds what was shown before ``asked_ns``. Of the rest it holds what happened before ``surely_ns``, perhaps what
    happened up to ``perhaps_ns``, and nothing that happened later (both by the venue's clock).
    """

    asked_ns: int
    surely_ns: int
    perhaps_ns: int
    balances: Amounts


class RunningBalance:
    """An account's balance followed from a first view on.

    What the first view may hold or not is decided by the next one: as much of it, in order, as leaves the fewest assets
    apart.
    """

    def __init__(self, first: View) -> None:
        self._changes: deque[Change] = deque(maxlen=_MOST_CHANGES)
        self._begin(first)

    def _begin(self, view: View) -> None:
        self._first = view
        self._balances = dict(view.balances)
        self._in_doubt: deque[Change] = deque(maxlen=_MOST_IN_DOUBT)  # the first view may hold them or not
        known, self._changes = self._changes, deque(maxlen=_MOST_CHANGES)
        for change in known:
            self.add(change)
        self._standing: Amounts = {}
        self._standing_since_ns = 0

    def add(self, change: Change) -> None:
        """A change was shown, not before any earlier one."""
        first = self._first
        if change.shown_ns < first.asked_ns or change.happened_ns < first.surely_ns:
            return  # the first view holds it
        if change.happened_ns > first.perhaps_ns:
            self._changes.append(change)
        elif first.surely_ns < first.perhaps_ns:
            self._in_doubt.append(change)

    def compare(self, view: View, at_ns: int) -> Amounts:
        """What a view shows beyond what follows from the changes, by asset; empty if it is as it must be.

        To be asked in the order in which views were, once nothing more is waited for. ``at_ns``: when that is.
        """
        if self._in_doubt:
            self._decide(view)
        while self._changes and self._changes[0].shown_ns < view.asked_ns:
            self._book(self._balances, self._changes.popleft())
        return self._note(self._beyond(view, self._changes), view, at_ns)

    def _decide(self, view: View) -> None:
        """Let a view tell which changes the first one did not hold: the last of them, no more than explain it."""
        in_doubt = sorted(self._in_doubt, key=lambda change: change.happened_ns)
        self._in_doubt.clear()
        choices = [in_doubt[place:] for place in range(len(in_doubt), -1, -1)]
        late = min(choices, key=lambda late: len(self._beyond(view, [*self._changes, *late])))
        self._changes = deque(sorted([*self._changes, *late], key=lambda change: change.shown_ns), _MOST_CHANGES)

    def _beyond(self, view: View, changes: Iterable[Change]) -> Amounts:
        """What a view shows beyond what follows from these changes."""
        expected = dict(self._balances)
        doubtful: list[Change] = []
        for change in changes:
            if change.shown_ns < view.asked_ns or change.happened_ns < view.surely_ns:
                self._book(expected, change)
            elif change.happened_ns <= view.perhaps_ns:
                doubtful.append(change)
        return self._least(view, expected, doubtful)

    def _least(self, view: View, expected: Amounts, doubtful: list[Change]) -> Amounts:
        """The smallest difference among the moments at which the view may have been taken."""
        best = _difference(view.balances, expected)
        doubtful.sort(key=lambda change: change.happened_ns)
        for change in doubtful:
            if not best:
                break
            self._book(expected, change)
            difference = _difference(view.balances, expected)
            if len(difference) <= len(best):
                best = difference
        return best

    def _note(self, difference: Amounts, view: View, at_ns: int) -> Amounts:
        """Remember how long a difference has stood, and book one that has for a day."""
        if difference != self._standing:
            self._standing, self._standing_since_ns = difference, at_ns
        elif difference and at_ns - self._standing_since_ns >= BOOKED_AFTER_NS:
            self._begin(view)
        return self._standing

    @staticmethod
    def _book(balances: Amounts, change: Change) -> None:
        for asset, amount in change.amounts.items():
            balances[asset] = balances.get(asset, _ZERO) + amount


def _difference(shown: Amounts, expected: Amounts) -> Amounts:
    return {
        asset: amount
        for asset in sorted(shown.keys() | expected.keys())
        if (amount := shown.get(asset, _ZERO) - expected.get(asset, _ZERO))
    }
