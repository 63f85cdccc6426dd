"""Reader of the controls file, ``riskproof-controls/1``. The format is in ``docs/reference/controls.md``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from risk_monitor.controls.config import (
    NARROWNESS,
    RANK,
    Allows,
    ApprovalConfig,
    BreakerConfig,
    ControlsConfig,
    DefconConfig,
    DefconLevel,
    DefensiveConfig,
    EmergencyStopConfig,
    FailoverConfig,
    GateConfig,
    LimitsLogConfig,
    Trigger,
)
from risk_monitor.controls.values import Values
from risk_monitor.effects import Severity
from risk_monitor.limits import Limits
from risk_monitor.rules import MANDATES, MandateSpec, Subjects
from risk_monitor.yaml_nodes import LimitsError, Mapping, Node, read

SCHEMA = "riskproof-controls/1"

_SECTIONS = ("gate", "breakers", "emergency_stop", "defensive", "defcon", "approval", "failover", "limits_log")
_ALL = tuple(MANDATES.values())
_OF_STRATEGIES = tuple(spec for spec in _ALL if spec.subjects in (Subjects.STRATEGY, Subjects.ACCOUNT))
_OF_VENUES = (
    *(spec for spec in _ALL if spec.subjects in (Subjects.VENUE, Subjects.VENUE_PAIR)),
    MANDATES["feed_staleness"],
)


def parse_controls(
    text: str | bytes, file_name: str, limits: Limits | None = None, venues: Sequence[str] = ()
) -> ControlsConfig:
    """Read a controls file; with ``limits`` and the names of the firm's exchanges, also check that what it waits for
    can happen. Raises ``LimitsError`` at the first mistake."""
    root = read(text, file_name)
    if not isinstance(root, Mapping):
        raise LimitsError(
            file_name, root.line, root.column, "", "not a controls file", f"a mapping with schema: {SCHEMA}"
        )
    return _Reader(Values(file_name, limits), limits, tuple(venues)).controls(root)


class _Reader:
    def __init__(self, values: Values, limits: Limits | None, venues: tuple[str, ...]) -> None:
        self._v = values
        self._limits = limits
        self._venues = venues

    def controls(self, root: Mapping) -> ControlsConfig:
        v = self._v
        schema = root.get("schema")
        if schema is not None and v.text(schema, "schema") != SCHEMA:
            # A file of another kind is one mistake, not as many as it has keys.
            raise v.error(schema, "schema", f"{v.text(schema, 'schema')!r} is not read here", SCHEMA)
        v.mapping(root, "", ("schema", *_SECTIONS))
        v.required(root, "", "schema")
        section = {name: node for name in _SECTIONS if (node := root.get(name)) is not None}
        if not section:
            raise v.error(root, "", "no control", f"at least one of {', '.join(_SECTIONS)}")
        breakers = section.get("breakers")
        by_scope = {} if breakers is None else self._breakers(breakers)
        return ControlsConfig(
            gate=self._gate(section["gate"]) if "gate" in section else None,
            strategy_breaker=by_scope.get("strategy"),
            firm_breaker=by_scope.get("firm"),
            emergency_stop=self._emergency_stop(section["emergency_stop"]) if "emergency_stop" in section else None,
            defensive=self._defensive(section["defensive"]) if "defensive" in section else None,
            defcon=self._defcon(section["defcon"]) if "defcon" in section else None,
            approval=self._approval(section["approval"]) if "approval" in section else None,
            failover=self._failover(section["failover"]) if "failover" in section else None,
            limits_log=self._limits_log(section["limits_log"]) if "limits_log" in section else None,
        )

    def _gate(self, node: Node) -> GateConfig:
        v = self._v
        keys = ("price_collar", "order_value", "headroom", "messages", "repeats", "whitelist")
        table = v.mapping(node, "gate", keys)
        scale_above: float | None = None
        block_above: float | None = None
        value = table.get("order_value")
        if value is not None:
            bounds = v.mapping(value, "gate.order_value", ("scale_above", "block_above"))
            if (scale := bounds.get("scale_above")) is not None:
                scale_above = v.money(scale, "gate.order_value.scale_above")
            if (block := bounds.get("block_above")) is not None:
                block_above = v.money(block, "gate.order_value.block_above")
                if scale_above is not None and block_above <= scale_above:
                    raise v.error(
                        block,
                        "gate.order_value.block_above",
                        "is not above scale_above",
                        "what is too much to be scaled",
                    )
        collar, headroom = table.get("price_collar"), table.get("headroom")
        messages, repeats, whitelist = table.get("messages"), table.get("repeats"), table.get("whitelist")
        listed = whitelist is not None and v.flag(whitelist, "gate.whitelist")
        if whitelist is not None and listed and self._limits is not None and not self._limits.whitelist:
            raise v.error(
                whitelist, "gate.whitelist", "the limits file has no whitelist", "a whitelist in the limits file"
            )
        return GateConfig(
            price_collar=None if collar is None else v.share(collar, "gate.price_collar"),
            scale_above_usd=scale_above,
            block_above_usd=block_above,
            headroom=None if headroom is None else v.severity(headroom, "gate.headroom"),
            messages=None if messages is None else v.rate(messages, "gate.messages"),
            repeats=None if repeats is None else v.rate(repeats, "gate.repeats"),
            whitelist=listed,
        )

    def _breakers(self, node: Node) -> dict[str, BreakerConfig]:
        table = self._v.mapping(node, "breakers", ("strategy", "firm"))
        fits = {"strategy": _OF_STRATEGIES, "firm": _ALL}
        return {key.text: self._breaker(one, f"breakers.{key.text}", fits[key.text]) for key, one in table.entries}

    def _breaker(self, node: Node, field: str, fits: Sequence[MandateSpec]) -> BreakerConfig:
        v = self._v
        table = v.mapping(node, field, ("on", "blocks", "pause", "cancels"))
        on = v.triggers(table, field, fits)
        blocks = table.get("blocks")
        if not on and blocks is None:
            raise v.error(table, field, "nothing sets it off", "on, blocks, or both")
        pause = v.required(table, field, "pause")
        by_hand = v.text(pause, f"{field}.pause") == "manual"
        cancels = table.get("cancels")
        return BreakerConfig(
            on,
            None if blocks is None else v.rate(blocks, f"{field}.blocks"),
            0 if by_hand else v.duration(pause, f"{field}.pause", ", or manual"),
            cancels is None or v.flag(cancels, f"{field}.cancels"),
        )

    def _emergency_stop(self, node: Node) -> EmergencyStopConfig:
        table = self._v.mapping(node, "emergency_stop", ("on", "flattens"))
        flattens = table.get("flattens")
        return EmergencyStopConfig(
            self._on(table, "emergency_stop", _ALL),
            flattens is None or self._v.flag(flattens, "emergency_stop.flattens"),
        )

    def _defensive(self, node: Node) -> DefensiveConfig:
        v = self._v
        table = v.mapping(node, "defensive", ("on", "scale", "calm"))
        return DefensiveConfig(
            self._on(table, "defensive", _ALL),
            self._scale(v.required(table, "defensive", "scale"), "defensive.scale"),
            v.duration(v.required(table, "defensive", "calm"), "defensive.calm"),
        )

    def _defcon(self, node: Node) -> DefconConfig:
        v = self._v
        table = v.mapping(node, "defcon", ("rises", "levels", "calm"))
        levels: list[DefconLevel] = []
        node = v.required(table, "defcon", "levels")
        written = v.mapping(node, "defcon.levels", ("4", "3", "2", "1"))
        for number in ("4", "3", "2", "1"):
            field = f"defcon.levels.{number}"
            one = v.required(written, "defcon.levels", number)
            rule = v.mapping(one, field, ("scale", "allows"))
            scale, allows = rule.get("scale"), rule.get("allows")
            level = DefconLevel(
                int(number),
                1.0 if scale is None else self._scale(scale, f"{field}.scale"),
                Allows.EVERYTHING if allows is None else Allows(v.choice(allows, f"{field}.allows", tuple(Allows))),
            )
            above = levels[-1] if levels else DefconLevel(5, 1.0, Allows.EVERYTHING)
            if level.scale > above.scale or NARROWNESS[level.allows] < NARROWNESS[above.allows]:
                raise v.error(
                    one, field, f"allows more than level {above.level}", "levels that grow narrower downwards"
                )
            levels.append(level)
        node = v.required(table, "defcon", "rises")
        rises: dict[Severity, int] = {}
        for key, value in v.mapping(node, "defcon.rises", tuple(Severity)).entries:
            rises[Severity(key.text)] = int(v.choice(value, f"defcon.rises.{key.text}", ("4", "3", "2", "1")))
        if not rises:
            raise v.error(node, "defcon.rises", "nothing raises it", "at least one severity with a level")
        ordered = sorted(rises.items(), key=lambda rise: RANK[rise[0]])
        for (milder, high), (graver, low) in itertools.pairwise(ordered):
            if low > high:
                raise v.error(
                    node, f"defcon.rises.{graver}", f"is a milder level than {milder}'s", "graver is not milder"
                )
        calm = table.get("calm")
        return DefconConfig(tuple(ordered), tuple(levels), 0 if calm is None else v.duration(calm, "defcon.calm"))

    def _approval(self, node: Node) -> ApprovalConfig:
        v = self._v
        table = v.mapping(node, "approval", ("first", "timeout", "valid"))
        return ApprovalConfig(
            v.count(v.required(table, "approval", "first"), "approval.first"),
            v.duration(v.required(table, "approval", "timeout"), "approval.timeout"),
            v.duration(v.required(table, "approval", "valid"), "approval.valid"),
        )

    def _failover(self, node: Node) -> FailoverConfig:
        v = self._v
        table = v.mapping(node, "failover", ("chain", "on", "back_after"))
        chain_node = v.required(table, "failover", "chain")
        chain = v.names(chain_node, "failover.chain", self._venues, "exchanges in the order in which they are tried")
        if len(chain) < 2:
            raise v.error(chain_node, "failover.chain", "has one venue", "at least two venues")
        return FailoverConfig(
            chain,
            self._on(table, "failover", _OF_VENUES),
            v.duration(v.required(table, "failover", "back_after"), "failover.back_after"),
        )

    def _limits_log(self, node: Node) -> LimitsLogConfig:
        v = self._v
        table = v.mapping(node, "limits_log", ("approvers", "restores"))
        approvers = v.required(table, "limits_log", "approvers")
        restores = table.get("restores")
        return LimitsLogConfig(
            v.names(approvers, "limits_log.approvers", (), "the names of those who may approve a change"),
            restores is not None and v.flag(restores, "limits_log.restores"),
        )

    def _on(self, table: Mapping, field: str, fits: Sequence[MandateSpec]) -> tuple[Trigger, ...]:
        self._v.required(table, field, "on")
        on = self._v.triggers(table, field, fits)
        if not on:
            raise self._v.error(table, f"{field}.on", "nothing sets it off", "at least one mandate with a severity")
        return on

    def _scale(self, node: Node, field: str) -> float:
        share = self._v.share(node, field)
        if share > 1.0:
            raise self._v.error(node, field, "is more than all of an order", "at most 100 %")
        return share
