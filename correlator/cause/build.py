"""Building the causal graph: every event that matters, what removal showed of it, and what led to it.

Only what was owed or answered is drawn: breaches that became due or that an alert spoke of, alerts, control actions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from correlator.alerts import LOOKBACK_NS
from correlator.case import Case, Finding
from correlator.cause.arms import Arm, by_removed
from correlator.cause.graph import ArmFact, Basis, CausalEdge, CausalGraph, CausalNode, Dependence, NodeKind, Strength
from correlator.cause.presence import Presence
from correlator.cause.removal import Removed, depend
from correlator.matching import answers_to
from correlator.truth.gauge import Rule
from correlator.truth.intervals import Interval, coalesce

MOST_DRAWN = 500
"""Of breaches, of alerts and of actions each; what is beyond is counted and has no place in the graph."""

_RuleKey = tuple[str, str, str]


def build_causes(case: Case, arms: Sequence[Arm]) -> CausalGraph:
    """The causal graph of a run. ``arms``: as far as they can be believed (``settle``), the control among them."""
    return _Builder(case, arms).graph()


class _Builder:
    """Gathers nodes and edges in the order of the chain; each is added once."""

    def __init__(self, case: Case, arms: Sequence[Arm]) -> None:
        self._case = case
        self._arms = arms
        self._by_removed = by_removed(arms, case.injections)
        self._names = case.began()
        self._nodes: list[CausalNode] = []
        self._edges: list[CausalEdge] = []
        self._dependences: dict[str, Dependence] = {}
        self._breaches: dict[_RuleKey, list[tuple[Interval, str, str]]] = {}  # with the ids of breach and due
        self._at_ns: dict[str, int | None] = {}
        self._left_out = 0

    def graph(self) -> CausalGraph:
        self._add_injections()
        self._add_breaches()
        self._add_alerts()
        self._add_actions()
        return CausalGraph(
            self._nodes,
            self._edges,
            list(self._dependences.values()),
            [ArmFact(list(arm.removed), arm.trouble) for arm in self._arms],
            self._left_out,
        )

    def _add_injections(self) -> None:
        for place, known in enumerate(self._case.injections.values()):
            begun = self._node(
                f"injection:{known.name}", "injection", f"{known.name} ({known.fault})", known.began_ns, place
            )
            if known.took_effect_ns is None:
                continue
            label = known.detail or "the wire differs"
            effect = self._node(f"effect:{known.name}", "effect", label, known.took_effect_ns, place)
            arm = self._by_removed.get((known.name,))
            if arm is not None and not arm.trouble:
                self._edge(begun, effect, "removal", "necessary")
            else:
                self._edge(begun, effect, "evidence")
        for known in self._case.injections.values():
            if known.hangs_on in self._case.injections and known.began_ns is not None:
                self._edge(f"injection:{known.hangs_on}", f"injection:{known.name}", "evidence")

    def _add_breaches(self) -> None:
        spoken_of: dict[_RuleKey, list[Finding]] = {}
        for finding in self._case.findings:
            if finding.truth:
                spoken_of.setdefault(finding.episode.rule, []).append(finding)
        drawn = 0
        for place, rule in enumerate(self._case.rules):
            key = (rule.mandate, rule.subject, rule.severity)
            for number, breach in enumerate(coalesce(rule.tracker.intervals, LOOKBACK_NS), start=1):
                answers = any(answers_to(rule, finding, breach) for finding in spoken_of.get(key, []))
                if breach.due_ns is None and not answers:
                    continue
                drawn += 1
                if drawn > MOST_DRAWN:
                    self._left_out += 1
                    continue
                self._add_breach(place, rule, key, number, breach)

    def _add_breach(self, place: int, rule: Rule, key: _RuleKey, number: int, breach: Interval) -> None:
        name = f"{'/'.join(key)}/{number}"
        label = f"{rule.mandate} {rule.subject} went {'below' if breach.below else 'beyond'} {rule.bound}"
        begins = self._node(f"breach:{name}", "breach", label, breach.begins_ns, place)
        last = begins
        if breach.due_ns is not None:
            last = self._node(f"due:{name}", "due", f"{' '.join(key)} is owed", breach.due_ns, place)
            self._edge(begins, last, "time")
        self._breaches.setdefault(key, []).append((breach, begins, last))
        self._depend(begins, lambda arm: arm.breach(key, breach))
        self._link_to_effects(begins, "")

    def _add_alerts(self) -> None:
        for place, finding in enumerate(self._case.findings[:MOST_DRAWN]):
            episode = finding.episode
            alert = self._node(f"alert:{place}", "alert", " ".join(episode.rule), episode.fired_ns, place)
            self._depend(alert, lambda arm, episode=episode: arm.alert(episode))  # type: ignore[misc]
            breach, due = self._breach_of(finding)
            if due:
                self._edge(due, alert, "evidence")
            self._link_to_effects(alert, breach)
            if episode.resolved_ns is not None:
                over = self._node(f"resolution:{place}", "resolution", "resolved", episode.resolved_ns, place)
                self._edge(alert, over, "time")
        self._left_out += max(0, len(self._case.findings) - MOST_DRAWN)

    def _breach_of(self, finding: Finding) -> tuple[str, str]:
        """The breach that an alert speaks of, the last of those that it can mean, and what was owed of it."""
        if not finding.truth:
            return "", ""
        rule = next((each for each in self._case.rules if _key(each) == finding.episode.rule), None)
        known = self._breaches.get(finding.episode.rule, [])
        meant = [
            (begins, due) for breach, begins, due in known if rule is not None and answers_to(rule, finding, breach)
        ]
        return meant[-1] if meant else ("", "")

    def _add_actions(self) -> None:
        alerts = self._case.findings[:MOST_DRAWN]
        for place, action in enumerate(self._case.actions[:MOST_DRAWN]):
            label = f"{action.control} {action.subject}"
            taken = self._node(f"action:{place}", "action", label, action.taken_ns, place)
            self._depend(taken, lambda arm, action=action: arm.action(action))  # type: ignore[misc]
            set_off_by = [
                number
                for number, finding in enumerate(alerts)
                if finding.episode.alert_id == action.trigger and finding.fired_ns <= action.taken_ns
            ]
            if not set_off_by:
                self._link_to_effects(taken, "")
                continue
            alert = f"alert:{set_off_by[-1]}"
            self._edge(alert, taken, "evidence")
            self._link_to_effects(taken, alert)
            resolved_ns = alerts[set_off_by[-1]].episode.resolved_ns
            if resolved_ns is not None and resolved_ns >= action.taken_ns:
                self._edge(taken, f"resolution:{set_off_by[-1]}", "time")
        self._left_out += max(0, len(self._case.actions) - MOST_DRAWN)

    def _depend(self, node: str, fares: Callable[[Arm], Presence]) -> None:
        presences: dict[Removed, Presence] = {removed: fares(arm) for removed, arm in self._by_removed.items()}
        if self._names:
            self._dependences[node] = depend(node, self._names, presences)

    def _link_to_effects(self, node: str, through: str) -> None:
        """Edges by removal from what removal showed to matter, but for what came ``through`` another node already."""
        found = self._dependences.get(node)
        if found is None:
            return
        passed = self._dependences.get(through)
        handed_on = {} if passed is None else {each.injection: each.strength for each in passed.influences}
        for influence in found.influences:
            if (
                influence.strength == "independent"
                or handed_on.get(influence.injection, "independent") != "independent"
            ):
                continue
            effect = f"effect:{influence.injection}"
            source = effect if effect in self._at_ns else f"injection:{influence.injection}"
            since_ns, at_ns = self._at_ns[source], self._at_ns[node]
            if influence.strength == "unknown" and since_ns is not None and at_ns is not None and at_ns < since_ns:
                continue  # it was there first
            self._edge(source, node, "removal", influence.strength)

    def _node(self, node: str, kind: NodeKind, label: str, at_ns: int | None, ref: int) -> str:
        self._nodes.append(CausalNode(node, kind, label, self._case.at_s(at_ns), ref))
        self._at_ns[node] = at_ns
        return node

    def _edge(self, source: str, target: str, by: Basis, strength: Strength | None = None) -> None:
        from_ns, to_ns = self._at_ns[source], self._at_ns[target]
        seconds = None if from_ns is None or to_ns is None else round((to_ns - from_ns) / 1e9, 6)
        self._edges.append(CausalEdge(source, target, seconds, by, strength))


def _key(rule: Rule) -> _RuleKey:
    return (rule.mandate, rule.subject, rule.severity)
