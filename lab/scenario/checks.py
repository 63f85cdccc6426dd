"""Whether an experiment makes sense as a whole: nothing in it past the end, nothing named that is not there, nothing
expected that could never come."""

from __future__ import annotations

from collections.abc import Sequence

from lab.scenario.agreement import Agreement, Path
from lab.scenario.demand_checks import check_demands
from lab.scenario.errors import Problem, nearest_name, one_of
from lab.scenario.faults import FAULTS
from lab.scenario.firm import EXCHANGE_OPERATIONS, MONITOR, Firm
from lab.scenario.mandates import OPTIONS, RULE_WORDS, subjects
from lab.scenario.model import Experiment, Injection
from lab.scenario.order import check_order
from lab.scenario.templates import Argument
from lab.scenario.units import format_duration, format_instant
from lab.scenario.world import World
from lab.scenario.yaml_nodes import Map, Node
from simulators.gateway.limits_text import altered
from simulators.market_data.world.config import assets_of, window_ns
from simulators.market_data.world.recipes import unpriced


def check_experiment(experiment: Experiment, world: World, root: Node) -> list[Problem]:
    """Every contradiction between the experiment's parts; ``root`` is the filled-in document that it was read from."""
    check = Agreement(root)
    _check_window(check, experiment, world)
    _check_market(check, world)
    _check_override_subjects(check, world, root)
    for index, injection in enumerate(experiment.timeline):
        _check_injection(check, ("timeline", index), injection, experiment, world)
    check_order(check, experiment)
    check_demands(check, experiment, world)
    return check.problems


def check_arguments(arguments: Sequence[Argument], world: World) -> list[Problem]:
    """Arguments of templates that name what the firm does not have, told where they were given."""
    firm = world.firm
    names = {
        "asset": (firm.assets, "asset of the firm"),
        "pair": (firm.pairs, "pair that an exchange lists"),
        "venue": (firm.venues, "venue of the firm"),
        "account": (tuple(dict.fromkeys(account.name for account in firm.accounts)), "account of the firm"),
        "strategy": (tuple(strategy.name for strategy in firm.strategies), "strategy of the firm"),
    }
    problems = []
    for type_, node, field in arguments:
        known, what = names[type_]
        if node.text not in known:
            message, expected = f"`{node.text}` is no {what}", one_of(known) or "nothing: there is none"
            problems.append(Problem(*node.mark, field, message, expected, nearest_name(node.text, known)))
    return problems


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
    at_ns = injection.at_ns or 0
    if at_ns >= experiment.duration_ns:
        message = f"{format_duration(at_ns)} is not before the run's end"
        check.wrong((*at, "at"), message, f"less than the duration, {length}")
    elif at_ns + injection.for_ns > experiment.duration_ns:
        message = f"it would last until {format_duration(at_ns + injection.for_ns)}, past the run's end"
        check.wrong((*at, "for"), message, f"at most {format_duration(experiment.duration_ns - at_ns)}")
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
        _check_parameters(check, (*at, "with"), injection, world)


def _check_scope(check: Agreement, at: Path, injection: Injection, world: World) -> None:
    firm, acts_in = world.firm, FAULTS[injection.fault].acts_in
    custodian = (firm.custodian.name,) if firm.custodian else ()
    exchanges = tuple(exchange.name for exchange in firm.exchanges)
    if acts_in == "custodian" and not custodian:
        check.wrong((*at, "fault"), f"{firm.name} has no custodian", "a fault of an exchange or the market")
    if acts_in == "price_source" and not firm.price_sources:
        check.wrong((*at, "fault"), f"{firm.name} has no price source", "a firm with price sources")
    if acts_in == "gateway" and not firm.has_gateway:
        check.wrong((*at, "fault"), f"{firm.name} has no gateway", "a firm with a gateway")
    venue = injection.scope.get("venue")
    there = next((exchange for exchange in firm.exchanges if exchange.name == venue), None)
    pairs = firm.pairs if there is None else there.pairs
    accounts = [one.name for one in firm.accounts if one.venue in ((venue,) if venue else exchanges)]
    assets = tuple(asset for asset in firm.assets if asset != "USD")
    if injection.fault == "stablecoin_depeg":
        assets = tuple(asset for asset in assets if asset in world.stablecoins)
    names = {
        "asset": (assets, "stablecoin of the firm" if injection.fault == "stablecoin_depeg" else "asset of the firm"),
        "venue": _venues_of(injection.fault, firm),
        "client": ((MONITOR, *(one.name for one in firm.strategies), "*"), "client of a venue"),
        "pair": (pairs, "pair listed there"),
        "operation": (tuple(word for word in EXCHANGE_OPERATIONS if word != "*"), "operation of an exchange"),
        "account": (tuple(dict.fromkeys(accounts)), "account there"),
        "counterparty": (exchanges, "exchange"),
        "strategy": (tuple(strategy.name for strategy in firm.strategies), f"strategy of {firm.name}"),
        "source": (tuple(source.name for source in firm.price_sources), f"price source of {firm.name}"),
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


def _check_parameters(check: Agreement, at: Path, injection: Injection, world: World) -> None:
    """What the parameters of an injection name, as far as it must be there."""
    firm, given = world.firm, injection.parameters
    venues: tuple[str, ...] = tuple(exchange.name for exchange in firm.exchanges)
    if isinstance(venue := injection.scope.get("venue"), str):
        venues = (venue,)
    for strategy in firm.strategies:
        if strategy.name == injection.scope.get("strategy"):
            venues = strategy.venues
    there = [exchange for exchange in firm.exchanges if exchange.name in venues]
    pairs = tuple(dict.fromkeys(pair for exchange in there for pair in exchange.pairs))
    if FAULTS[injection.fault].acts_in in ("strategies", "gateway"):
        for key, names in (("pair", pairs), ("withdraw_asset", firm.assets), ("asset", firm.assets)):
            if isinstance(word := given.get(key), str) and word:
                check.known((*at, key), word, names, "pair listed there" if key == "pair" else "asset of the firm")
        if isinstance(words := given.get("pairs"), tuple):
            for index, word in enumerate(words):
                check.known((*at, "pairs", index), word, pairs, "pair listed there")
    if injection.fault == "limits_tampered":
        try:
            altered(world.limits.text, str(given["limit"]), str(given["to"]))
        except ValueError as error:
            check.wrong((*at, "limit"), str(error))


_OF_BALANCES = ("frozen_account", "contradicting_balances")
"""Faults of what accounts are shown to hold of assets; where contracts are traded they hold positions."""


def _venues_of(fault: str, firm: Firm) -> tuple[tuple[str, ...], str]:
    """The venues that a fault may name, and what they are called."""
    if fault in _OF_BALANCES:
        return tuple(exchange.name for exchange in firm.exchanges if not exchange.is_derivatives), "spot exchange"
    return _venues_in(FAULTS[fault].acts_in, firm), "venue of that kind"


def _venues_in(acts_in: str, firm: Firm) -> tuple[str, ...]:
    if acts_in == "wire":
        return firm.venues
    if acts_in == "custodian":
        return (firm.custodian.name,) if firm.custodian else ()
    return tuple(exchange.name for exchange in firm.exchanges)
