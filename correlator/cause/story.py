"""Story: one chain of the causal graph told in plain sentences, from an injection to the end of an alert.

A chain belongs to one alert, to something that was owed and of which none fired, or to a control action. Everything is
read from a judgement; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from correlator.cause.graph import CausalNode, Dependence
from correlator.cause.removal_told import because, sentences
from correlator.cause.truth_told import told_truth
from correlator.cause.words import after
from correlator.expectations import severity_rank
from correlator.verdict import AlertOutcome, ExpectationOutcome, Judgement

ChainKind = Literal["alert", "missed", "action", "quiet"]


class Step(msgspec.Struct, frozen=True):
    """One moment of a chain: seconds since the run's start (null: no moment of its own), and what it means."""

    at_s: float | None
    text: str


class Chain(msgspec.Struct, frozen=True):
    """One chain. ``id`` is that of the alert or action, empty where none came; ``names`` are what it can be asked
    for by. ``due_at_s`` and ``came_at_s`` are null where nothing was owed, or nothing came."""

    kind: ChainKind
    id: str
    name: str
    names: list[str]
    truth: str
    due_at_s: float | None
    came_at_s: float | None
    depends_on: list[str]
    in_control: bool | None
    summary: str
    steps: list[Step]
    expectations: list[str]


def chains(judgement: Judgement) -> list[Chain]:
    """Every chain of a run: by the moment it came or was owed."""
    teller = _Teller(judgement)
    told = [teller.alert(place) for place in range(len(judgement.alerts))]
    told += [
        teller.missed(node) for node in judgement.causes.nodes if node.kind == "due" and teller.is_unanswered(node)
    ]
    told += [teller.action(place) for place in range(len(judgement.actions))]
    return sorted(
        told, key=lambda chain: next(at_s for at_s in (chain.came_at_s, chain.due_at_s, 0.0) if at_s is not None)
    )


def quiet(judgement: Judgement) -> list[Chain]:
    """Of every rule that was never due and of which no alert fired: that there is nothing to tell, and why."""
    told = {name for chain in chains(judgement) for name in chain.names}
    found = []
    for rule in judgement.rules:
        names = _names(rule.alert, rule.asset, rule.severity)
        if names[-1] in told:
            continue
        text = (
            f"The truth was beyond {rule.bound} {rule.breaches} times, never for the {rule.for_s:g} s that make it due."
        )
        if not rule.breaches:
            text = f"The truth was never beyond {rule.bound}."
        teller = _Teller(judgement)
        asked = teller.expected(rule.alert, rule.asset, rule.severity)
        name = f"{rule.alert} {rule.asset} {rule.severity}"
        found.append(Chain("quiet", "", name, names, "", None, None, [], None, "never due", [Step(None, text)], asked))
    return found


class _Teller:
    """Knows a judgement's graph by its nodes."""

    def __init__(self, judgement: Judgement) -> None:
        self._judgement = judgement
        graph = judgement.causes
        self._nodes = {node.id: node for node in graph.nodes}
        self._dependences = {found.node: found for found in graph.dependences}
        self._began = [one.name for one in judgement.injections if one.began_at_s is not None]
        self._arms = [
            tuple(name for name in arm.removed if name in self._began) for arm in graph.arms if not arm.trouble
        ]
        self._into: dict[str, list[str]] = {}
        self._out_of: dict[str, list[str]] = {}
        for edge in graph.edges:
            self._into.setdefault(edge.to, []).append(edge.from_)
            self._out_of.setdefault(edge.from_, []).append(edge.to)

    def is_unanswered(self, due: CausalNode) -> bool:
        """Whether no alert speaks of what was owed."""
        return not any(self._nodes[node].kind == "alert" for node in self._out_of.get(due.id, []))

    def alert(self, place: int) -> Chain:
        """The chain of an alert."""
        alert = self._judgement.alerts[place]
        node = f"alert:{place}"
        before = self._ancestors(node)
        due_at_s = next((one.at_s for one in before if one.kind == "due"), None)
        steps = [*self._told(before), Step(alert.fired_at_s, self._fired(alert, due_at_s, node))]
        if alert.truth != "true":
            steps += [Step(None, text) for text in told_truth(self._judgement, alert)]
        for other in self._out_of.get(node, []):
            if self._nodes[other].kind == "action":
                steps += self._action_steps(self._nodes[other])
        steps += self._afterwards(alert)
        found = self._dependences.get(node)
        name = f"{alert.alert} {alert.asset} {alert.severity}"
        latency = "" if due_at_s is None else f", {after(due_at_s, alert.fired_at_s)} it was due"
        if self._is_told_again(node):
            latency = " again, of a breach that was told of before"
        what = "a false alarm" if alert.truth == "false" else "fired"
        summary = f"{what}{latency}; {self._because(found, alert.in_control)}"
        return Chain(
            "alert", alert.alert_id, name, _names(alert.alert, alert.asset, alert.severity), alert.truth, due_at_s,
            alert.fired_at_s, alert.depends_on, alert.in_control, summary, steps,
            self.expected(alert.alert, alert.asset, alert.severity),
        )  # fmt: skip

    def missed(self, due: CausalNode) -> Chain:
        """The chain of what was owed and of which no alert fired."""
        rule = self._judgement.rules[due.ref]
        steps = [*self._told(self._ancestors(due.id)), Step(due.at_s, "An alert was due. None fired.")]
        steps += self._earlier(rule.alert, rule.asset, rule.severity, due.at_s)
        breach = next((one for one in self._into.get(due.id, []) if one in self._dependences), "")
        found = self._dependences.get(breach)
        name = f"{rule.alert} {rule.asset} {rule.severity}"
        in_control = None if found is None else found.in_control
        return Chain(
            "missed", "", name, _names(rule.alert, rule.asset, rule.severity), "true", due.at_s, None,
            [] if found is None else found.depends_on, in_control,
            f"due, and no alert fired; {self._because(found, in_control is True)}", steps,
            self.expected(rule.alert, rule.asset, rule.severity),
        )  # fmt: skip

    def action(self, place: int) -> Chain:
        """The chain of a control action."""
        action = self._judgement.actions[place]
        node = f"action:{place}"
        steps = self._told(self._ancestors(node))
        if node in self._nodes:
            steps += self._action_steps(self._nodes[node])
        found = self._dependences.get(node)
        asked = [
            one
            for one in self._judgement.expectations
            if one.action == action.control and one.asset in (None, action.subject)
        ]
        summary = f"taken; {self._because(found, action.in_control)}"
        return Chain(
            "action", action.action_id, f"{action.control} {action.subject}",
            [action.control, f"{action.control}/{action.subject}"], "", None, action.taken_at_s, action.depends_on,
            action.in_control, summary, steps, [_judged(one) for one in asked],
        )  # fmt: skip

    def _ancestors(self, node: str) -> list[CausalNode]:
        """What led to a node, in order of time, then of the chain."""
        seen: dict[str, None] = {}
        waiting = list(self._into.get(node, []))
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen[one] = None
                waiting += self._into.get(one, [])
        places = {name: place for place, name in enumerate(self._nodes)}
        found = sorted(seen, key=places.__getitem__)
        return sorted((self._nodes[name] for name in found), key=lambda one: one.at_s if one.at_s is not None else 0.0)

    def _told(self, nodes: Iterable[CausalNode]) -> list[Step]:
        return [Step(node.at_s, self._sentence(node)) for node in nodes]

    def _sentence(self, node: CausalNode) -> str:
        match node.kind:
            case "injection":
                called = [other for other in self._into.get(node.id, []) if self._nodes[other].kind == "injection"]
                by = f", called by {called[0].partition(':')[2]}" if called else ""
                return f"{node.label} began{by}."
            case "effect":
                name = node.id.partition(":")[2]
                return f"{name} took effect, the first difference on the wire: {node.label}."
            case "breach":
                told = self._by_removal(self._dependences.get(node.id), "this")
                return f"In truth {node.label}.{told}"
            case "due":
                rule = self._judgement.rules[node.ref]
                return f"An alert of {rule.alert} {rule.asset} {rule.severity} is due."
            case "alert":
                alert = self._judgement.alerts[node.ref]
                return self._fired(alert, None, node.id)
            case "action":
                return self._action_steps(node)[0].text
            case "resolution":
                return "Resolved."

    def _fired(self, alert: AlertOutcome, due_at_s: float | None, node: str) -> str:
        when = "" if due_at_s is None else f", {after(due_at_s, alert.fired_at_s)} it was due"
        if self._is_told_again(node):
            when = ", of a breach that it had told of before"
        found = self._dependences.get(node)
        text = f"The monitor fired {alert.alert} {alert.asset} {alert.severity}{when}: it saw {_seen(alert)}."
        if alert.in_control:
            return f"{text} The same fires in the control, without any injection: it is credited to none."
        return text + self._by_removal(found, "it")

    def _by_removal(self, found: Dependence | None, what: str) -> str:
        """What removal showed, as sentences that begin with a blank."""
        return "" if found is None else "".join(f" {text}" for text in sentences(found, what, self._arms))

    def _is_told_again(self, alert: str) -> bool:
        """Whether another alert of the same breach came before."""
        sources = self._into.get(alert, [])
        told = (other for source in sources if self._nodes[source].kind == "due" for other in self._out_of[source])
        return next(told, alert) != alert

    def _because(self, found: Dependence | None, in_control: bool) -> str:
        """What it hangs on, in a few words."""
        if in_control:
            return "it comes without any injection too"
        if found is None:
            return "it is one of too many to follow up" if self._began else "nothing was injected"
        return because(found)

    def _action_steps(self, node: CausalNode) -> list[Step]:
        action = self._judgement.actions[node.ref]
        detail = f": {action.detail}" if action.detail else ""
        text = f"The control {action.control} acted on {action.subject}{detail}."
        if action.in_control:
            text += " It is taken in the control too."
        else:
            text += self._by_removal(self._dependences.get(node.id), "it")
        steps = [Step(action.taken_at_s, text)]
        for at_s, what in (
            (action.done_at_s, "was done"),
            (action.failed_at_s, "failed"),
            (action.ended_at_s, "was over"),
        ):
            if at_s is not None:
                steps.append(Step(at_s, f"It {what}."))
        return steps

    def _afterwards(self, alert: AlertOutcome) -> list[Step]:
        steps = []
        if alert.escalated_at_s is not None:
            steps.append(Step(alert.escalated_at_s, f"It escalated to {alert.escalated_to}."))
        if alert.acknowledged_at_s is not None:
            steps.append(Step(alert.acknowledged_at_s, "Somebody acknowledged it."))
        if alert.resolved_at_s is None:
            steps.append(Step(None, "It did not resolve before the run ended."))
        else:
            steps.append(Step(alert.resolved_at_s, "It resolved."))
        return steps

    def _earlier(self, mandate: str, asset: str, severity: str, due_at_s: float | None) -> list[Step]:
        """Alerts of the same rule that stood when another became owed."""
        return [
            Step(alert.fired_at_s, "An alert of the same rule had fired before, and stood.")
            for alert in self._judgement.alerts
            if (alert.alert, alert.asset, alert.severity) == (mandate, asset, severity)
            and due_at_s is not None
            and alert.fired_at_s < due_at_s
            and (alert.resolved_at_s is None or alert.resolved_at_s > due_at_s)
        ]

    def expected(self, mandate: str, asset: str, severity: str) -> list[str]:
        """What the scenario expected of a rule, and what became of it."""
        return [
            _judged(one)
            for one in self._judgement.expectations
            if one.origin == "scenario"
            and one.alert == mandate
            and one.asset in (None, asset)
            and (one.severity is None or severity_rank(one.severity) <= severity_rank(severity))
        ]


def _judged(one: ExpectationOutcome) -> str:
    of = f" of {one.injection}" if one.injection is not None else ""
    kind = one.severity or ("action" if one.action else "any severity")
    who = f"{one.name} {one.asset or 'any'} {kind}"
    return f"Expected {who}{of}, within {one.deadline_s:g} s of the {one.of}: {one.verdict}, {one.reason}."


def _names(mandate: str, asset: str, severity: str) -> list[str]:
    return [mandate, f"{mandate}/{asset}", f"{mandate}/{asset}/{severity}"]


def _seen(alert: AlertOutcome) -> str:
    return f"{alert.observed:,.6g} against a limit of {alert.limit:,.6g} {alert.unit}"
