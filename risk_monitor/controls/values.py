"""Values of a controls file: each read strictly, each mistake with its place and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from decimal import Decimal

from risk_monitor import quantities
from risk_monitor.controls.config import Rate, Trigger
from risk_monitor.effects import Severity
from risk_monitor.limits import Limits
from risk_monitor.rules import MANDATES, MandateSpec
from risk_monitor.yaml_nodes import LimitsError, Mapping, Node, Scalar, Sequence

_SEVERITIES = tuple(Severity)


class Values:
    """Reads nodes of one file. Every method raises ``LimitsError``; ``field`` is the path of the node in the file."""

    def __init__(self, file: str, limits: Limits | None) -> None:
        self.file = file
        self._limits = limits

    def mapping(self, node: Node, field: str, known: Collection[str], expected: str = "") -> Mapping:
        """A mapping whose keys are all known."""
        if not isinstance(node, Mapping):
            raise self.error(node, field, "not a mapping", f"a mapping of {expected or ', '.join(known)}")
        for key, _ in node.entries:
            if key.text not in known:
                inner = f"{field}.{key.text}" if field else key.text
                raise self.error(key, inner, "unknown key", f"one of {', '.join(known)}", nearest(key.text, known))
        return node

    def required(self, table: Mapping, field: str, key: str) -> Node:
        node = table.get(key)
        if node is None:
            raise self.error(table, f"{field}.{key}" if field else key, "missing", f"the key {key}")
        return node

    def text(self, node: Node, field: str) -> str:
        if not isinstance(node, Scalar) or not node.text:
            raise self.error(node, field, "no value", "a value")
        return node.text

    def choice(self, node: Node, field: str, known: Collection[str]) -> str:
        text = self.text(node, field)
        if text not in known:
            raise self.error(
                node, field, f"{text!r} is none of them", f"one of {', '.join(known)}", nearest(text, known)
            )
        return text

    def severity(self, node: Node, field: str) -> Severity:
        return Severity(self.choice(node, field, _SEVERITIES))

    def flag(self, node: Node, field: str) -> bool:
        return self.choice(node, field, ("true", "false")) == "true"

    def share(self, node: Node, field: str) -> float:
        units = quantities.FRACTION
        return float(self._amount(node, field, units, "a share, such as 50 % or 200 bp"))

    def money(self, node: Node, field: str) -> float:
        return float(self._amount(node, field, {"USD": Decimal(1)}, "an amount of the base currency, such as 250k USD"))

    def duration(self, node: Node, field: str, alternative: str = "") -> int:
        """In ns; ``alternative`` tells what else may stand there."""
        units = {unit: Decimal(ns) for unit, ns in quantities.DURATION_NS.items()}
        return int(self._amount(node, field, units, f"a duration, such as 30 s or 10 min{alternative}"))

    def count(self, node: Node, field: str) -> int:
        expected = "a whole count, such as 5 times"
        amount = self._amount(node, field, {"times": Decimal(1)}, expected)
        if amount != int(amount):
            raise self.error(node, field, f"{self.text(node, field)!r} is not whole", expected)
        return int(amount)

    def rate(self, node: Node, field: str) -> Rate:
        table = self.mapping(node, field, ("most", "within"))
        most = self.count(self.required(table, field, "most"), f"{field}.most")
        return Rate(most, self.duration(self.required(table, field, "within"), f"{field}.within"))

    def names(self, node: Node, field: str, known: Collection[str], expected: str) -> tuple[str, ...]:
        """A list of names, each once; any name if none is known."""
        if not isinstance(node, Sequence) or not node.items:
            raise self.error(node, field, "no list", expected)
        names: list[str] = []
        for item in node.items:
            name = self.choice(item, field, known) if known else self.text(item, field)
            if name in names:
                raise self.error(item, field, f"{name!r} is given twice", "each name once")
            names.append(name)
        return tuple(names)

    def triggers(self, table: Mapping, field: str, fits: Collection[MandateSpec]) -> tuple[Trigger, ...]:
        """``on``: mandates with the mildest severity that counts. ``fits``: those whose subjects the control can act
        on. A mandate that the limits do not keep would never set it off."""
        node = table.get("on")
        if node is None:
            return ()
        inner = f"{field}.on"
        known = tuple(spec.name for spec in fits)
        triggers: list[Trigger] = []
        for key, value in self.mapping(node, inner, MANDATES, "mandates with a severity").entries:
            at = f"{inner}.{key.text}"
            if key.text not in known:
                raise self.error(
                    key, at, "its subjects are none that this control acts on", f"one of {', '.join(known)}"
                )
            severity = self.severity(value, at)
            self._check_kept(key, value, at, severity)
            triggers.append(Trigger(key.text, severity))
        return tuple(triggers)

    def error(self, node: Node, field: str, message: str, expected: str, near: str = "") -> LimitsError:
        return LimitsError(self.file, node.line, node.column, field, message, expected, near)

    def _check_kept(self, key: Scalar, value: Node, field: str, severity: Severity) -> None:
        if self._limits is None:
            return
        kept = self._limits.mandate(key.text)
        if kept is None:
            names = [mandate.spec.name for mandate in self._limits.mandates]
            raise self.error(key, field, "the limits keep no such mandate", f"one of {', '.join(names)}")
        used = {bound.severity for subject in kept.subjects for bound in subject.bounds}
        if not any(_SEVERITIES.index(one) >= _SEVERITIES.index(severity) for one in used):
            known = [one.value for one in _SEVERITIES if one in used]
            raise self.error(
                value, field, f"the limits give it no bound of {severity} or above", f"one of {', '.join(known)}"
            )

    def _amount(self, node: Node, field: str, units: dict[str, Decimal], expected: str) -> Decimal:
        try:
            quantity = quantities.parse(self.text(node, field))
        except ValueError as error:
            raise self.error(node, field, str(error), expected) from None
        if quantity.unit not in units:
            message = f"unknown unit {quantity.unit!r}" if quantity.unit else "no unit"
            raise self.error(node, field, message, expected, nearest(quantity.unit, units))
        if not quantity.amount:
            raise self.error(node, field, "is nothing", f"{expected}, above zero")
        return quantity.amount * units[quantity.unit]


def nearest(name: str, known: Iterable[str]) -> str:
    matches = difflib.get_close_matches(name, list(known), 1, 0.5)
    return matches[0] if matches else ""
