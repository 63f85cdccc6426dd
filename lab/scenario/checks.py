"""Whether an experiment makes sense as a whole: nothing in it past the end, nothing named that is not there, nothing
expected that could never come."""

from __future__ import annotations

import msgspec

from lab.scenario.agreement import Agreement, Path
from lab.scenario.errors import Problem, one_of
from lab.scenario.faults import FAULTS
from lab.scenario.firm import EXCHANGE_OPERATIONS, Firm
from lab.scenario.limits import LimitsInForce
from lab.scenario.mandates import MANDATES, OPTIONS, RULE_WORDS, limit_keys, subjects
from lab.scenario.model import Expectation, Experiment, Forbidden, Injection, Market
from lab.scenario.units import format_duration, format_instant
from lab.scenario.yaml_nodes import Map, Node
from simulators.market_data.world.config import assets_of, window_ns
from simulators.market_data.world.recipes import unpriced


class World(msgspec.Struct, frozen=True):
    """What the scenario plays in."""

    firm: Firm
    market: Market
    limits: LimitsInForce

    @property
    def market_starts_ns(self) -> int | None:
        return window_ns(self.market.config)[0]

    @property
    def stablecoins(self) -> tuple[str, ...]:
        return self.limits.rules.stablecoins

    def severities(self, mandate: str, subject: str) -> tuple[str, ...]:
        """The severities of the rules that the limits set for ``subject``."""
        kept = self.limits.rules.mandate(mandate)
        if kept is None:
            return ()
        for key in limit_keys(mandate, subject, self.limits.rules):
            for entry in kept.subjects:
                if entry.subject == key:
                    return tuple(bound.severity.value for bound in entry.bounds)
        return ()


def check_experiment(experiment: Experiment, world: World, root: Node) -> list[Problem]:
    """Every contradiction between the experiment's parts; ``root`` is the filled-in document that it was read from."""
    check = Agreement(root)
    _check_window(check, experiment, world)
    _check_market(check, world)
    _check_override_subjects(check, world, root)
    for index, injection in enumerate(experiment.timeline):
        _check_injection(check, ("timeline", index), injection, experiment, world)
    for index, expectation in enumerate(experiment.expect):
        _check_expectation(check, ("expect", index), expectation, experiment, world)
    for index, forbidden in enumerate(experiment.forbid):
        _check_forbidden(check, ("forbid", index), forbidden, experiment, world)
    return check.problems


def _check_window(check: Agreement, experiment: Experiment, world: World) -> None:
    """The run lies within the market."""
    first_ns, end_ns = window_ns(world.market.config)
    if experiment.start_ns is None:
        return
    if first_ns is not None and experiment.start_ns < first_ns:
        expected = f"{format_instant(first_ns)} or later"
        check.wrong(("market", "start"), f"{format_instant(experiment.start_ns)} is before the market begins", expected)
    elif end_ns is not None and experiment.start_ns >= end_ns:
        expected = f"a moment before {format_instant(end_ns)}"
        check.wrong(("market", "start"), f"{format_instant(experiment.start_ns)} is after the market ends", expected)
    elif end_ns is not None and experiment.start_ns + experiment.duration_ns > end_ns:
        message = (
            f"{format_duration(experiment.duration_ns)} from {format_instant(experiment.start_ns)} outlast the market"
        )
        check.wrong(("duration",), message, f"at most {format_duration(end_ns - experiment.start_ns)}")
    steady = experiment.steady_state
    if steady is not None and steady.from_ns >= experiment.duration_ns:
        check.wrong(("steady_state", "from"), "lies past the end of the run", _before_the_end(experiment))


def _check_market(check: Agreement, world: World) -> None:
    """The market prices whatever the exchanges list."""
    for exchange in world.firm.exchanges:
        missing = unpriced(world.market.config, exchange.name, exchange.pairs)
        if missing:
            has = assets_of(world.market.config)
            lacking = [a for a in dict.fromkeys(a for pair in missing for a in pair.split("/")) if a not in has]
            reason = f"it has no {one_of(lacking)}" if lacking else "no series leads there"
            message = f"{world.market.name} cannot price {one_of(missing)}, which {exchange.name} lists: {reason}"
            check.wrong(("market", "source"), message, f"a market with {one_of(exchange.pairs)}")


def _check_override_subjects(check: Agreement, world: World, root: Node) -> None:
    overrides = root.entries.get("limit_overrides") if isinstance(root, Map) else None
    for mandate, table in overrides.entries.items() if isinstance(overrides, Map) else ():
        known = subjects(mandate, world.firm, world.limits.rules)
        words = (*RULE_WORDS, *OPTIONS)
        for subject in table.entries if isinstance(table, Map) else ():
            if subject not in words:
                check.known(("limit_overrides", mandate, subject), subject, (*known, "each"), f"subject of {mandate}")


def _before_the_end(experiment: Experiment) -> str:
    return f"a moment before the end, {format_duration(experiment.duration_ns)}"


def _check_injection(check: Agreement, at: Path, injection: Injection, experiment: Experiment, world: World) -> None:
    before = len(check.problems)
    twins = [other for other in experiment.timeline if other.name == injection.name]
    if len(twins) > 1 and twins[0] is not injection:
        first = f"first in line {twins[0].line}"
        check.wrong((*at, "inject"), f"`{injection.name}` names two injections, {first}", "each name once")
    length = format_duration(experiment.duration_ns)
    if injection.at_ns >= experiment.duration_ns:
        message = f"{format_duration(injection.at_ns)} is not before the run's end"
        check.wrong((*at, "at"), message, f"less than the duration, {length}")
    elif injection.ends_ns > experiment.duration_ns:
        message = f"it would last until {format_duration(injection.ends_ns)}, past the run's end"
        most = format_duration(experiment.duration_ns - injection.at_ns)
        check.wrong((*at, "for"), message, f"at most {most}")
    elif injection.ramp_ns + injection.ramp_down_ns > injection.for_ns:
        ramps = format_duration(injection.ramp_ns + injection.ramp_down_ns)
        key = "ramp" if injection.ramp_ns else "ramp_down"
        check.wrong((*at, key), f"the ramps take {ramps}", f"at most `for`, {format_duration(injection.for_ns)}")
    _check_scope(check, at, injection, world)
    if len(check.problems) == before:
        try:
            FAULTS[injection.fault].build(injection, 0)
        except ValueError as error:
            check.wrong((*at, "with"), str(error))


def _check_scope(check: Agreement, at: Path, injection: Injection, world: World) -> None:
    firm, acts_in = world.firm, FAULTS[injection.fault].acts_in
    custodian = (firm.custodian.name,) if firm.custodian else ()
    exchanges = tuple(exchange.name for exchange in firm.exchanges)
    if acts_in == "custodian" and not custodian:
        check.wrong((*at, "fault"), f"{firm.name} has no custodian", "a fault of an exchange or the market")
    venue = injection.scope.get("venue")
    there = next((exchange for exchange in firm.exchanges if exchange.name == venue), None)
    pairs = firm.pairs if there is None else there.pairs
    accounts = [one.name for one in firm.accounts if one.venue in ((venue,) if venue else exchanges)]
    assets = tuple(asset for asset in firm.assets if asset != "USD")
    if injection.fault == "stablecoin_depeg":
        assets = tuple(asset for asset in assets if asset in world.stablecoins)
    names = {
        "asset": (assets, "stablecoin of the firm" if injection.fault == "stablecoin_depeg" else "asset of the firm"),
        "venue": (custodian if acts_in == "custodian" else exchanges, "venue of that kind"),
        "pair": (pairs, "pair listed there"),
        "operation": (tuple(word for word in EXCHANGE_OPERATIONS if word != "*"), "operation of an exchange"),
        "account": (tuple(dict.fromkeys(accounts)), "account there"),
        "counterparty": (exchanges, "exchange"),
    }
    for key, value in injection.scope.items():
        singular = key.removesuffix("s")
        if singular not in names:
            continue
        if isinstance(value, str):
            check.known((*at, "scope", key), value, *names[singular])
        else:
            for index, word in enumerate(value):
                check.known((*at, "scope", key, index), word, *names[singular])


def _check_rule(check: Agreement, at: Path, wanted: Expectation | Forbidden, world: World) -> bool:
    """Whether the firm's limits hold a rule of that mandate, subject and severity."""
    if wanted.alert not in {mandate.spec.name for mandate in world.limits.rules.mandates}:
        kept = [mandate for mandate in MANDATES if world.limits.rules.mandate(mandate)]
        check.wrong((*at, "alert"), f"{world.limits.file} keeps no {wanted.alert}", one_of(kept))
        return False
    possible = subjects(wanted.alert, world.firm, world.limits.rules)
    ruled = tuple(subject for subject in possible if world.severities(wanted.alert, subject))
    if not ruled:
        check.wrong((*at, "alert"), f"no rule of {wanted.alert} concerns anything that {world.firm.name} has")
        return False
    if wanted.asset is not None and not check.known((*at, "asset"), wanted.asset, ruled, f"subject of {wanted.alert}"):
        return False
    if wanted.severity is None:
        return True
    concerned = ruled if wanted.asset is None else (wanted.asset,)
    set_for = tuple(dict.fromkeys(word for one in concerned for word in world.severities(wanted.alert, one)))
    if wanted.severity in set_for:
        return True
    message = f"{world.limits.file} sets no `{wanted.severity}` bound for {wanted.alert} of {one_of(concerned)}"
    check.wrong((*at, "severity"), message, one_of(set_for))
    return False


def _check_expectation(check: Agreement, at: Path, wanted: Expectation, experiment: Experiment, world: World) -> None:
    if _check_rule(check, at, wanted, world) and wanted.asset is None:
        possible = subjects(wanted.alert, world.firm, world.limits.rules)
        if len(possible) > 1:
            check.wrong((*at, "asset"), "is missing", one_of(possible))
    names = tuple(dict.fromkeys(injection.name for injection in experiment.timeline))
    if not names:
        if wanted.of != "breach" or wanted.injection is not None:
            check.wrong((*at, "of"), "the timeline has no injection to count from", "breach, or an injection")
        elif experiment.judge_all_ns is None:
            check.wrong(at, "nothing is injected, so nothing can cause the alert", "an injection, or judge_all")
        return
    if wanted.injection is None and len(names) > 1:
        check.wrong((*at, "injection"), "is missing, and the timeline has several", one_of(names))
        return
    if wanted.injection is not None and not check.known((*at, "injection"), wanted.injection, names, "injection"):
        return
    cause = experiment.timeline[names.index(wanted.injection) if wanted.injection else 0]
    if cause.at_ns < experiment.duration_ns < cause.at_ns + wanted.within_ns:
        message = f"no deadline can fall into the run: {cause.name} begins at {format_duration(cause.at_ns)}"
        check.wrong((*at, "within"), message, f"at most {format_duration(experiment.duration_ns - cause.at_ns)}")


def _check_forbidden(check: Agreement, at: Path, forbidden: Forbidden, experiment: Experiment, world: World) -> None:
    if forbidden.alert == "any":
        if forbidden.asset is not None:
            check.wrong((*at, "asset"), "`any` has no subject", "no such key")
    elif not _check_rule(check, at, forbidden, world):
        return
    for wanted in experiment.expect:
        same_alert = forbidden.alert in ("any", wanted.alert)
        same_subject = forbidden.asset is None or forbidden.asset == wanted.asset
        same_severity = forbidden.severity is None or forbidden.severity == wanted.severity
        if same_alert and same_subject and same_severity:
            message = f"forbids the {wanted.alert} that `expect` requires in line {wanted.line}"
            check.wrong((*at, "alert"), message, "alerts that the scenario does not require")
            return
