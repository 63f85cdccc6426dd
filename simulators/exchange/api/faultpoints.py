"""Fault points: where harm may act on the API. They cost nothing while no fault is in force.

A fault that is in force is asked about every request on its arrival, about every frame that a client sends (operation
``stream``), and about every WebSocket that a client opens; it may also have the frames of topics, or all user data,
withheld.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from simulators.exchange.api.topic import Topic, Withholder
from simulators.exchange.api.user_data import EventWithholder, UserData
from simulators.ports import Reply


class Fate(msgspec.Struct, frozen=True):
    """What becomes of a request: served ``extra_ns`` later, refused with ``refusal``, or never answered.

    A frame on a WebSocket cannot be refused in this way; it is served late or not at all.
    """

    extra_ns: int = 0
    refusal: Reply | None = None
    is_lost: bool = False


UNHARMED = Fate()


class RequestFault(Protocol):
    """A fault that acts on requests or on the opening of streams."""

    def treat(self, operation: str, account: str, service_ns: int) -> Fate:
        """Decide about a request that has just arrived and would be answered in ``service_ns``."""

    def refuses_streams(self) -> bool:
        """Whether a WebSocket that a client opens now is refused; asking means that one is being opened."""


class FaultPoints:
    """The faults ``in_force``, in the order they began. While there is none, nobody need ask for a request's fate."""

    def __init__(self, user_data: UserData) -> None:
        self._user_data = user_data
        self.in_force: list[RequestFault] = []
        self._topic_withholders: dict[str, tuple[Withholder, ...]] = {}
        self._event_withholders: tuple[EventWithholder, ...] = ()

    def add(self, fault: RequestFault) -> None:
        self.in_force.append(fault)

    def remove(self, fault: RequestFault) -> None:
        self.in_force.remove(fault)

    def withhold_topics(self, topics: tuple[Topic, ...], withholder: Withholder) -> None:
        """Withhold these streams; ``withholder`` is called for each frame that somebody would have received."""
        for topic in topics:
            self._set_topic(topic, (*self._topic_withholders.get(topic.name, ()), withholder))

    def release_topics(self, topics: tuple[Topic, ...], withholder: Withholder) -> None:
        for topic in topics:
            self._set_topic(topic, _without(self._topic_withholders.get(topic.name, ()), withholder))

    def withhold_user_data(self, withholder: Withholder, accounts: tuple[str, ...] = ()) -> None:
        """Withhold every event of these accounts (none named: of all)."""
        self._event_withholders = (*self._event_withholders, EventWithholder(withholder, accounts))
        self._user_data.withhold(self._event_withholders)

    def release_user_data(self, withholder: Withholder) -> None:
        self._event_withholders = tuple(each for each in self._event_withholders if each.withhold != withholder)
        self._user_data.withhold(self._event_withholders)

    def fate(self, operation: str, account: str, service_ns: int) -> Fate:
        """All faults together: lost outranks refused, refused outranks late, and delays add up."""
        if not self.in_force:
            return UNHARMED
        extra_ns = 0
        refusal: Reply | None = None
        is_lost = False
        for fault in self.in_force:
            fate = fault.treat(operation, account, service_ns)
            extra_ns += fate.extra_ns
            refusal = refusal or fate.refusal
            is_lost = is_lost or fate.is_lost
        return Fate(extra_ns, refusal, is_lost)

    def refuses_streams(self) -> bool:
        refused = False
        for fault in self.in_force:  # each is asked, because each takes effect
            refused = fault.refuses_streams() or refused
        return refused

    def _set_topic(self, topic: Topic, withholders: tuple[Withholder, ...]) -> None:
        self._topic_withholders[topic.name] = withholders
        topic.withhold(withholders)


def _without(withholders: tuple[Withholder, ...], gone: Withholder) -> tuple[Withholder, ...]:
    return tuple(withholder for withholder in withholders if withholder != gone)
