"""What a scenario demands of the monitor and of the world: alerts and actions that must come, and those that must not.

Each struct is the declaration of its YAML (see ``records``) and, as plain values, its entry in the resolved scenario.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from lab.scenario.controls import CONTROLS
from lab.scenario.mandates import MANDATES, SEVERITIES
from lab.scenario.records import Key, record
from lab.scenario.scalars import NAME, Choice, Dollars, Duration, Flag, Moment, Text

SUBJECT = Text("a subject of the mandate, such as USDT, apex or BTC/USD", r"[A-Za-z0-9_/:~]+", 60)
ACTED_ON = Text(
    "a subject of the alert or the action, such as USDT, maker, * or level 3", r"[A-Za-z0-9_/:~]+|\*|level [1-4]", 60
)


class Containment(msgspec.Struct, frozen=True, kw_only=True):
    """Harm is contained once no order of its accounts is accepted any more and none stands in a book."""

    within_ns: Annotated[int | None, Key(Duration(positive=True), "contained so long after it was due", "within")] = (
        None
    )
    loss_below_usd: Annotated[
        float | None, Key(Dollars(), "most that equity may lose while the harm is uncontained", "loss_below")
    ] = None
    no_orders_after_ns: Annotated[
        int | None,
        Key(Duration(), "no order of what is contained is accepted so long after it was due", "no_orders_after"),
    ] = None

    def __post_init__(self) -> None:
        if self.within_ns is None and self.loss_below_usd is None and self.no_orders_after_ns is None:
            raise ValueError("demands nothing: expected within, loss_below or no_orders_after")


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that must fire, or an action that must be taken, by a deadline."""

    alert: Annotated[str | None, Key(Choice(MANDATES), "the mandate; this or `action` is required")] = None
    action: Annotated[str | None, Key(Choice(CONTROLS), "the control that must act")] = None
    asset: Annotated[
        str | None,
        Key(ACTED_ON, "the subject of the alert or the action; may be left out where the mandate has only one"),
    ] = None
    severity: Annotated[str | None, Key(Choice(SEVERITIES), "this severity or worse; alerts only")] = None
    within_ns: Annotated[int, Key(Duration(positive=True), "the deadline", "within")]
    of: Annotated[str, Key(Choice(("breach", "effect", "injection")), "what the deadline is counted from")] = "breach"
    injection: Annotated[str | None, Key(NAME, "the injection; may be left out where the timeline has only one")] = None
    escalates_within_ns: Annotated[
        int | None,
        Key(Duration(positive=True), "unacknowledged, it escalates so long after it fired", "escalates_within"),
    ] = None
    resolves_within_ns: Annotated[
        int | None,
        Key(Duration(positive=True), "it resolves so long after the true breach's end", "resolves_within"),
    ] = None
    contain: Annotated[Containment | None, Key(record(Containment), "how the harm must be contained")] = None
    line: int = 0

    def __post_init__(self) -> None:
        if (self.alert is None) == (self.action is None):
            raise ValueError(f"names {'neither' if self.alert is None else 'both'}: expected an alert or an action")
        if self.action is not None:
            for name in ("severity", "escalates_within_ns", "resolves_within_ns"):
                if getattr(self, name) is not None:
                    raise ValueError(f"an action has no {name.removesuffix('_ns')}")


class ExpectedMiss(msgspec.Struct, frozen=True, kw_only=True):
    """A true breach that no production API shows, so that no monitor can alert it: it is due, and nothing fires."""

    alert: Annotated[str, Key(Choice(MANDATES), "the mandate")]
    asset: Annotated[
        str | None, Key(SUBJECT, "the alert's subject; may be left out where the mandate has only one")
    ] = None
    severity: Annotated[str | None, Key(Choice(SEVERITIES), "this severity or worse")] = None
    because: Annotated[str, Key(Text("a text of at least ten signs", r".{10,}"), "why no client can see it")]
    line: int = 0


class Forbidden(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that must not fire, or an action that must not be taken."""

    alert: Annotated[
        str | None, Key(Choice((*MANDATES, "any")), "the mandate, or `any`; this or `action` is required")
    ] = None
    action: Annotated[str | None, Key(Choice(CONTROLS), "the control that must not act")] = None
    asset: Annotated[str | None, Key(ACTED_ON, "the subject of the alert or the action; all of them where absent")] = (
        None
    )
    severity: Annotated[
        str | None, Key(Choice(SEVERITIES), "this severity only; all of them where absent; alerts only")
    ] = None
    line: int = 0

    def __post_init__(self) -> None:
        if (self.alert is None) == (self.action is None):
            raise ValueError(f"names {'neither' if self.alert is None else 'both'}: expected an alert or an action")
        if self.action is not None and self.severity is not None:
            raise ValueError("an action has no severity")


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """A bound on a quantity of the world; ``value`` is in the quantity's unit."""

    quantity: str
    of: str | None
    op: str  # above, below, at_least or at_most
    value: float
    line: int = 0


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """A bound that must hold at a moment, or at every moment of a stretch; times are ns since the run's start."""

    quantity: str
    of: str | None
    at_ns: int | None
    from_ns: int | None
    to_ns: int | None
    op: str
    value: float
    line: int = 0


class SteadyState(msgspec.Struct, frozen=True, kw_only=True):
    """What must hold until the first injection, or else the run says nothing about it."""

    from_ns: Annotated[int, Key(Moment(), "when it begins to hold", "from")] = 0
    no_alerts: Annotated[bool, Key(Flag(), "no alert fires")] = True
    feeds_live: Annotated[bool, Key(Flag(), "every price feed of the monitor is fresh")] = True
    again_within_ns: Annotated[
        int | None,
        Key(Duration(positive=True), "it holds again so long after the last injection's end", "again_within"),
    ] = None


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """A person who watches the monitor, and how long he takes; what is absent he never does. Where there is one, the
    monitor escalates what he leaves unacknowledged."""

    acknowledges_after_ns: Annotated[
        int | None, Key(Duration(), "acknowledges each alert so long after it fired", "acknowledges_after")
    ] = None
    approves_after_ns: Annotated[
        int | None, Key(Duration(), "approves each order that awaits approval", "approves_after")
    ] = None
    escalates_after_ns: Annotated[
        int,
        Key(Duration(positive=True), "the monitor escalates what is unacknowledged so long", "escalates_after"),
    ] = 300_000_000_000
    resets_after_ns: Annotated[int | None, Key(Duration(), "resets each control that awaits it", "resets_after")] = None
