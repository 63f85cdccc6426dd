"""Whether what a scenario demands could come at all: of the firm's rules, the controls wired in, and its venues."""

from __future__ import annotations

from lab.scenario.agreement import Agreement, Path
from lab.scenario.controls import CONTROLS
from lab.scenario.demands import Assertion, Condition, Expectation, ExpectedMiss, Forbidden
from lab.scenario.errors import one_of
from lab.scenario.mandates import MANDATES, subjects
from lab.scenario.model import Experiment
from lab.scenario.quantities import QUANTITIES
from lab.scenario.units import format_duration
from lab.scenario.world import World


def check_demands(check: Agreement, experiment: Experiment, world: World) -> None:
    """Every demand that contradicts the rest of the experiment."""
    for index, expectation in enumerate(experiment.expect):
        _check_expectation(check, ("expect", index), expectation, experiment, world)
    for index, miss in enumerate(experiment.expect_miss):
        _check_miss(check, ("expect_miss", index), miss, experiment, world)
    for index, forbidden in enumerate(experiment.forbid):
        _check_forbidden(check, ("forbid", index), forbidden, experiment, world)
    for index, assertion in enumerate(experiment.assertions):
        _check_assertion(check, ("assert", index), assertion, experiment, world)
    for index, condition in enumerate(experiment.stop_when):
        _check_quantity(check, ("stop_when", index), condition, world)
    steady = experiment.steady_state
    if steady is not None and steady.again_within_ns is not None and not experiment.timeline:
        check.wrong(("steady_state", "again_within"), "nothing is injected that could disturb it", "no such key")
    _check_operator(check, experiment)


def _check_rule(
    check: Agreement, at: Path, wanted: Expectation | ExpectedMiss | Forbidden, alert: str, world: World
) -> bool:
    """Whether the firm's limits hold a rule of that mandate, subject and severity."""
    if alert not in {mandate.spec.name for mandate in world.limits.rules.mandates}:
        kept = [mandate for mandate in MANDATES if world.limits.rules.mandate(mandate)]
        check.wrong((*at, "alert"), f"{world.limits.file} keeps no {alert}", one_of(kept))
        return False
    possible = subjects(alert, world.firm, world.limits.rules)
    ruled = tuple(subject for subject in possible if world.severities(alert, subject))
    if not ruled:
        check.wrong((*at, "alert"), f"no rule of {alert} concerns anything that {world.firm.name} has")
        return False
    if wanted.asset is not None and not check.known((*at, "asset"), wanted.asset, ruled, f"subject of {alert}"):
        return False
    if wanted.severity is None:
        return True
    concerned = ruled if wanted.asset is None else (wanted.asset,)
    set_for = tuple(dict.fromkeys(word for one in concerned for word in world.severities(alert, one)))
    if wanted.severity in set_for:
        return True
    message = f"{world.limits.file} sets no `{wanted.severity}` bound for {alert} of {one_of(concerned)}"
    check.wrong((*at, "severity"), message, one_of(set_for))
    return False


def _check_expectation(check: Agreement, at: Path, wanted: Expectation, experiment: Experiment, world: World) -> None:
    if wanted.action is not None:
        _check_action(check, at, wanted.action, wanted.asset, world)
    elif wanted.alert is not None and _check_rule(check, at, wanted, wanted.alert, world) and wanted.asset is None:
        possible = subjects(wanted.alert, world.firm, world.limits.rules)
        if len(possible) > 1:
            check.wrong((*at, "asset"), "is missing", one_of(possible))
    if wanted.escalates_within_ns is not None and experiment.operator is None:
        message = "nobody is there whose silence could escalate it"
        check.wrong((*at, "escalates_within"), message, "`operator: {…}` above")
    names = tuple(dict.fromkeys(injection.name for injection in experiment.timeline))
    if not names:
        if wanted.of != "breach" or wanted.injection is not None:
            check.wrong((*at, "of"), "the timeline has no injection to count from", "breach, or an injection")
        elif experiment.judge_all_ns is None:
            check.wrong(at, "nothing is injected, so nothing can cause it", "an injection, or judge_all")
        return
    if wanted.injection is None and len(names) > 1:
        check.wrong((*at, "injection"), "is missing, and the timeline has several", one_of(names))
        return
    if wanted.injection is not None and not check.known((*at, "injection"), wanted.injection, names, "injection"):
        return
    cause = experiment.timeline[names.index(wanted.injection) if wanted.injection else 0]
    if cause.at_ns is not None and cause.at_ns < experiment.duration_ns < cause.at_ns + wanted.within_ns:
        message = f"no deadline can fall into the run: {cause.name} begins at {format_duration(cause.at_ns)}"
        check.wrong((*at, "within"), message, f"at most {format_duration(experiment.duration_ns - cause.at_ns)}")


def _check_forbidden(check: Agreement, at: Path, forbidden: Forbidden, experiment: Experiment, world: World) -> None:
    if forbidden.alert is None:
        _check_forbidden_action(check, at, forbidden, experiment, world)
        return
    if forbidden.alert == "any":
        if forbidden.asset is not None:
            check.wrong((*at, "asset"), "`any` has no subject", "no such key")
    elif not _check_rule(check, at, forbidden, forbidden.alert, world):
        return
    for wanted in experiment.expect:
        same_alert = wanted.alert is not None and forbidden.alert in ("any", wanted.alert)
        same_subject = forbidden.asset is None or forbidden.asset == wanted.asset
        same_severity = forbidden.severity is None or forbidden.severity == wanted.severity
        if same_alert and same_subject and same_severity:
            message = f"forbids the {wanted.alert} that `expect` requires in line {wanted.line}"
            check.wrong((*at, "alert"), message, "alerts that the scenario does not require")
            return


def _check_forbidden_action(
    check: Agreement, at: Path, forbidden: Forbidden, experiment: Experiment, world: World
) -> None:
    assert forbidden.action is not None
    _check_action(check, at, forbidden.action, forbidden.asset, world)
    for wanted in experiment.expect:
        if wanted.action == forbidden.action and forbidden.asset in (None, wanted.asset):
            message = f"forbids the {wanted.action} that `expect` requires in line {wanted.line}"
            check.wrong((*at, "action"), message, "actions that the scenario does not require")
            return


def _check_action(check: Agreement, at: Path, action: str, subject: str | None, world: World) -> None:
    """The control is wired in, and can act on the subject."""
    controls = world.controls
    if controls is None:
        check.wrong((*at, "action"), f"no controls are wired in, so no {action} can act", "`controls: NAME` above")
    elif action not in controls.wired:
        wired = [name for name in CONTROLS if name in controls.wired]
        check.wrong(
            (*at, "action"), f"{controls.file} configures no {action}", one_of(wired) or "a control: it has none"
        )
    elif subject is not None:
        strategies = tuple(strategy.name for strategy in world.firm.strategies)
        exchanges = tuple(exchange.name for exchange in world.firm.exchanges)
        acted_on = {
            "gate": strategies,
            "breaker": (*strategies, "*"),
            "emergency_stop": ("*",),
            "defensive": (*strategies, "*"),
            "defcon": ("level 4", "level 3", "level 2", "level 1"),
            "approval": strategies,
            "failover": exchanges,
            "limits_log": ("limits",),
        }
        check.known((*at, "asset"), subject, acted_on[action], f"subject of {action}")


def _check_miss(check: Agreement, at: Path, miss: ExpectedMiss, experiment: Experiment, world: World) -> None:
    if not _check_rule(check, at, miss, miss.alert, world):
        return
    if not experiment.timeline:
        check.wrong(at, "nothing is injected, so nothing can be missed", "an injection")
    for wanted in experiment.expect:
        same_rule = miss.alert == wanted.alert and miss.severity == wanted.severity
        if same_rule and (miss.asset is None or miss.asset == wanted.asset):
            message = f"misses the {miss.alert} that `expect` requires in line {wanted.line}"
            check.wrong((*at, "alert"), message, "one of the two")
            return


def _check_assertion(check: Agreement, at: Path, assertion: Assertion, experiment: Experiment, world: World) -> None:
    _check_quantity(check, at, assertion, world)
    for key, moment_ns in (("at", assertion.at_ns), ("from", assertion.from_ns), ("to", assertion.to_ns)):
        if moment_ns is not None and moment_ns > experiment.duration_ns:
            expected = f"at most the duration, {format_duration(experiment.duration_ns)}"
            check.wrong((*at, key), f"{format_duration(moment_ns)} is past the run's end", expected)


def _check_quantity(check: Agreement, at: Path, wanted: Assertion | Condition, world: World) -> None:
    """What the quantity is asked of is there."""
    if wanted.of is None:
        return
    firm = world.firm
    names: dict[str, tuple[tuple[str, ...], str]] = {
        "book": (
            tuple(f"{exchange.name}:{pair}" for exchange in firm.exchanges for pair in exchange.pairs),
            "venue and pair of the firm",
        ),
        "account": (
            tuple(f"{account.venue}:{account.name}" for account in firm.trading_accounts),
            "account at an exchange",
        ),
        "asset": (firm.assets, "asset of the firm"),
    }
    check.known((*at, "of"), wanted.of, *names[QUANTITIES[wanted.quantity].of])


def _check_operator(check: Agreement, experiment: Experiment) -> None:
    """The operator's work is there to be done."""
    operator = experiment.operator
    if operator is None or experiment.controls is not None:
        return
    for key, after_ns in (("approves_after", operator.approves_after_ns), ("resets_after", operator.resets_after_ns)):
        if after_ns is not None:
            check.wrong(("operator", key), "no controls are wired in that would wait for it", "`controls: NAME` above")
