"""Controls: on which alerts each control of the firm is to act, read from the text in the journal's header.

``on`` names mandates with the mildest severity that counts. A control that acts on orders rather than alerts (``gate``,
``approval``) has none. The monitor has a reader of its own, which refuses what is wrong; this one takes what it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from correlator.expectations import SEVERITIES, severity_rank

EVERY = "*"


class Trigger(msgspec.Struct, frozen=True):
    """Alerts that set a control off. ``mandate`` ``*``: of any."""

    mandate: str
    severity: str

    def covers(self, mandate: str, severity: str) -> bool:
        """Whether an alert of that mandate and severity sets it off."""
        return self.mandate in (EVERY, mandate) and severity_rank(severity) >= severity_rank(self.severity)


class ControlsError(Exception):
    """The controls' text in the journal cannot be read."""


def read_triggers(text: str, control: str, subject: str | None) -> list[Trigger]:
    """What sets a control off that acts on ``subject`` (None: on any).

    A breaker that stops one strategy and the one that stops all are parted by it: ``*`` is that of the firm.

    Raises:
        ControlsError: the text is no controls file, or names a severity that is none.
    """
    try:
        document = yaml.load(text, Loader=yaml.CBaseLoader)  # every scalar a text: else the key `on` is True
    except yaml.YAMLError as error:
        raise ControlsError(f"the controls are not YAML: {error}") from None
    top = _mapping(document, "controls file")
    if top.get("schema") != "riskproof-controls/1":
        raise ControlsError(f"schema: expected riskproof-controls/1, found {top.get('schema')!r}")
    if control == "breaker":
        breakers = _mapping(top.get("breakers") or {}, "breakers")
        kinds = ("strategy", "firm") if subject is None else ("firm",) if subject == EVERY else ("strategy",)
        return [trigger for kind in kinds for trigger in _on(breakers.get(kind), f"breakers.{kind}")]
    if control == "limits_log":
        return [Trigger("policy_drift", SEVERITIES[0])]
    section = top.get(control)
    if control == "defcon":
        rises = _mapping(_mapping(section or {}, control).get("rises") or {}, "defcon.rises")
        level = subject.removeprefix("level ") if subject is not None else None
        return [
            Trigger(EVERY, _severity(severity, "defcon.rises")) for severity, to in rises.items() if level in (None, to)
        ]
    return _on(section, control)


def _on(section: Any, field: str) -> list[Trigger]:
    listed = _mapping(_mapping(section or {}, field).get("on") or {}, f"{field}.on")
    return [Trigger(str(mandate), _severity(severity, f"{field}.on")) for mandate, severity in listed.items()]


def _severity(word: Any, field: str) -> str:
    if word not in SEVERITIES:
        raise ControlsError(f"{field}: expected one of {', '.join(SEVERITIES)}, found {word!r}")
    return str(word)


def _mapping(value: Any, field: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise ControlsError(f"{field}: expected a map, found {type(value).__name__}")
    return value
