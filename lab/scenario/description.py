"""The parts of an experiment in words, as `lab show` prints them."""

from __future__ import annotations

from typing import cast

from lab.scenario.demands import Assertion, Condition, Containment, Expectation, ExpectedMiss, Forbidden, Operator
from lab.scenario.faults import FAULTS
from lab.scenario.model import After, Injection, Value
from lab.scenario.quantities import QUANTITIES
from lab.scenario.records import Field
from lab.scenario.scalars import Duration, Real, Share
from lab.scenario.units import format_duration, format_share


def describe_injection(injection: Injection) -> str:
    """``stablecoin_depeg of USDT, 500 bp, from 1h for 35h, ramp 35h (shape linear, …)``."""
    spec = FAULTS[injection.fault]
    scope = [value if isinstance(value, str) else ", ".join(value) for value in injection.scope.values()]
    text = injection.fault + (f" of {', '.join(scope)}" if scope else "")
    if injection.intensity is not None:
        text += f", {_intensity(injection)}"
    begins = describe_after(injection.after) if injection.after else f"from {format_duration(injection.at_ns or 0)}"
    text += f", {begins} for {format_duration(injection.for_ns)}"
    if injection.ramp_ns:
        text += f", ramp {format_duration(injection.ramp_ns)}"
    if injection.ramp_down_ns:
        text += f", ramp down {format_duration(injection.ramp_down_ns)}"
    given = []
    for field in spec.parameter_fields():
        value = injection.parameters.get(field.attribute)
        if value not in (None, ()):
            given.append(f"{field.name} {_shown(field, value)}")
    text += f" ({', '.join(given)})" if given else ""
    drawn = "; ".join(f"{field} from {distribution}" for field, distribution in injection.drawn.items())
    return text + (f"; drawn: {drawn}" if drawn else "")


def describe_after(after: After) -> str:
    """``5min after slide took effect``."""
    what = f"{after.injection} {'took effect' if after.phase == 'took_effect' else after.phase}"
    return f"{format_duration(after.offset_ns)} after {what}" if after.offset_ns else f"when {what}"


def _shown(field: Field, value: Value) -> str:
    if isinstance(field.kind, Duration):
        return format_duration(cast(int, value))
    if isinstance(field.kind, Share):
        return format_share(cast(float, value))
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _intensity(injection: Injection) -> str:
    kind = FAULTS[injection.fault].intensity
    assert injection.intensity is not None
    if isinstance(kind, Duration):
        return format_duration(int(injection.intensity))
    if isinstance(kind, Real):
        return f"{injection.intensity:.10g}"
    return format_share(injection.intensity)


def describe_expectation(expectation: Expectation) -> str:
    """``stablecoin_peg USDT warning within 15s of the breach``."""
    parts = (
        expectation.alert or f"action {expectation.action}",
        expectation.asset,
        expectation.severity,
        f"within {format_duration(expectation.within_ns)}",
    )
    cause = f" ({expectation.injection})" if expectation.injection else ""
    text = " ".join(part for part in parts if part) + f" of the {expectation.of}{cause}"
    if expectation.escalates_within_ns is not None:
        text += f", escalates within {format_duration(expectation.escalates_within_ns)}"
    if expectation.resolves_within_ns is not None:
        text += f", resolves within {format_duration(expectation.resolves_within_ns)}"
    return text + ("" if expectation.contain is None else f", {describe_containment(expectation.contain)}")


def describe_containment(contain: Containment) -> str:
    """``contained within 10s, losing less than 50,000 USD, no orders after 5s``."""
    parts = ["contained" + ("" if contain.within_ns is None else f" within {format_duration(contain.within_ns)}")]
    if contain.loss_below_usd is not None:
        parts.append(f"losing less than {contain.loss_below_usd:,.10g} USD")
    if contain.no_orders_after_ns is not None:
        parts.append(f"no orders after {format_duration(contain.no_orders_after_ns)}")
    return ", ".join(parts)


def describe_miss(miss: ExpectedMiss) -> str:
    """``reconciliation apex:USDT: because …``."""
    return " ".join(part for part in (miss.alert, miss.asset, miss.severity) if part) + f": {miss.because}"


def describe_condition(condition: Condition | Assertion) -> str:
    """``equity below 9,000,000 USD``."""
    spec = QUANTITIES[condition.quantity]
    unit = condition.of if spec.unit == "asset" else spec.unit
    of = f" of {condition.of}" if condition.of and spec.unit != "asset" else ""
    return f"{condition.quantity}{of} {condition.op.replace('_', ' ')} {condition.value:,.10g} {unit}".rstrip()


def describe_assertion(assertion: Assertion) -> str:
    """``equity above 9,000,000 USD from 0s to 1h``."""
    if assertion.at_ns is not None:
        return f"{describe_condition(assertion)} at {format_duration(assertion.at_ns)}"
    span = f"from {format_duration(assertion.from_ns or 0)} to {format_duration(assertion.to_ns or 0)}"
    return f"{describe_condition(assertion)} {span}"


def describe_operator(operator: Operator) -> str:
    """``acknowledges after 2min, resets after 10min``."""
    acts = (
        ("acknowledges", operator.acknowledges_after_ns),
        ("approves", operator.approves_after_ns),
        ("resets", operator.resets_after_ns),
    )
    done = [f"{act} after {format_duration(after_ns)}" for act, after_ns in acts if after_ns is not None]
    return ", ".join(done) or "does nothing"


def describe_forbidden(forbidden: Forbidden) -> str:
    """``any alert``, or the alert or action in the words of the file."""
    if forbidden.alert is None:
        return " ".join(part for part in ("action", forbidden.action, forbidden.asset) if part)
    if forbidden.alert == "any":
        return " ".join(part for part in ("any", forbidden.severity, "alert") if part)
    return " ".join(part for part in (forbidden.alert, forbidden.asset, forbidden.severity) if part)
