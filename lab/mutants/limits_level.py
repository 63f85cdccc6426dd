"""Limits-level mutants: the monitor reads a limits file with one mistake in it, of the kinds that hands make.

The file is changed as data rather than as text: nobody but the monitor reads the result.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import yaml

from lab.mutants.mutant import Asks, LimitsEdit, Mutant, SetupEdit
from lab.scenario.model import MonitorSetup
from risk_monitor.limits import Limits, parse_limits
from risk_monitor.quantities import parse
from risk_monitor.rules import MANDATES, NEVER_EACH, Dimension, MandateSpec
from risk_monitor.yaml_nodes import LimitsError

Node = str | list["Node"] | dict[str, "Node"]

FACTOR = Decimal(2)
"""How far a threshold is loosened or tightened: what noticed only twice the harm would be a mistake worth finding."""

_SEVERITIES = ("info", "warning", "high", "critical")
_OPTIONS = ("for", "window", "quantile")
_CONFUSED = {Dimension.MONEY: Decimal(1000), Dimension.FRACTION: Decimal(100), Dimension.DURATION: Decimal(1000)}
_INSTEAD_OF_ZERO = {
    Dimension.ASSET: "10",
    Dimension.MONEY: "1M",
    Dimension.FRACTION: "1",
    Dimension.DURATION: "60",
    Dimension.FACTOR: "2",
    Dimension.COUNT: "5",
    Dimension.EXPONENT: "1",
}

Section = dict[str, Node]


def limits_mutants(texts: Sequence[str], venues: Sequence[str], assets: Sequence[str]) -> list[Mutant]:
    """Every limits-level mutant of these limits files, in the order of the first that has each.

    ``venues`` and ``assets``: what the monitor watches, each of which it can be made blind to.
    """
    mutants: dict[str, Mutant] = {}
    seen: set[str] = set()
    for text in texts:
        limits = parse_limits(text, "limits")
        root = _loaded(text)
        for mandate in limits.mandates:
            written = f"{mandate.spec.name} {_mandate(root, mandate.spec.name)!r}"
            if written in seen:
                continue  # another file says the same of it
            seen.add(written)
            for edit, what, missing in _of_mandate(mandate.spec, root):
                one = Mutant(
                    id="/".join(part for part in ("limits", edit.section, edit.operator, edit.entry) if part),
                    level="limits",
                    operator=edit.operator,
                    what=what,
                    edit=edit,
                    mandates=(mandate.spec.name,),
                    about=_subjects_of(edit.entry, limits),
                    asks=_ASKS.get(edit.operator, ""),
                    should_shout=edit.operator in _SHOUTING or _falls_back(edit, mandate.spec, root),
                    missing=missing,
                )
                mutants.setdefault(one.id, one)
        for one in _of_the_whole(limits):
            mutants.setdefault(one.id, one)
    for kind, names in (("venue", venues), ("asset", assets)):
        for name in names:
            one = Mutant(
                id=f"limits/{kind}_dropped/{name}",
                level="limits",
                operator=f"{kind}_dropped",
                what=f"{name} is not watched at all",
                edit=SetupEdit(MonitorSetup(leaves_out=(name,))),
                about=(name,),
                is_named=True,
                missing=f"a harm that only {name} shows",
            )
            mutants.setdefault(one.id, one)
    return list(mutants.values())


def mutated(text: str, edit: LimitsEdit) -> str | None:
    """The limits file with the mistake in it; None where it changes nothing there, or makes what no monitor reads."""
    root = _loaded(text)
    if not _changes(root, edit):
        return None
    _ACTS[edit.operator](root, edit)
    changed = yaml.safe_dump(root, sort_keys=False, allow_unicode=True, width=200)
    try:
        parse_limits(changed, "mutant")
    except LimitsError:
        return None
    return changed


def _loaded(text: str) -> Section:
    """As text throughout: what a value means is the monitor's to say."""
    root: Section = yaml.load(text, Loader=yaml.CBaseLoader)
    return root


def _changes(root: Section, edit: LimitsEdit) -> bool:
    changed = copy.deepcopy(root)
    try:
        _ACTS[edit.operator](changed, edit)
    except _NothingToChange:
        return False
    return changed != root


class _NothingToChange(Exception):
    """The file has no such entry, or nothing that the operator could change."""


def _of_mandate(spec: MandateSpec, root: Section) -> Iterable[tuple[LimitsEdit, str, str]]:
    """The changes of one mandate that this limits file allows, with what each means and what would notice it."""
    name = spec.name
    section = _mandate(root, name)
    alone: Section = {"limits": {name: section}}
    for operator, (what, missing) in _MANDATE_OPERATORS.items():
        edit = LimitsEdit(name, operator)
        if _changes(alone, edit):
            yield edit, f"{name}: {what}", f"{name}: {missing}"
    for subject in section:
        edit = LimitsEdit(name, "subject_dropped", subject)
        if subject not in _OPTIONS and not _is_said_by_each(section, subject) and _changes(alone, edit):
            yield edit, f"{name}: no bounds for {subject}", f"{name}: a breach of {subject}'s own bounds alone"


def _is_said_by_each(section: Section, subject: str) -> bool:
    """Whether a subject that is left out has the same bounds all the same."""
    return subject not in ("each", *NEVER_EACH) and section[subject] == section.get("each")


def _falls_back(edit: LimitsEdit, spec: MandateSpec, root: Section) -> bool:
    """Whether a subject without its own bounds is held to those of ``each``, which are tighter as a rule."""
    if edit.operator != "subject_dropped" or edit.entry in ("each", *NEVER_EACH):
        return False
    return "each" in _mandate(root, spec.name)


def _subjects_of(entry: str, limits: Limits) -> tuple[str, ...]:
    """What bounds are for: the subject itself, or the accounts of a profile."""
    accounts = tuple(account for account, profile in limits.profiles if profile == entry)
    return accounts or ((entry,) if entry else ())


def _of_the_whole(limits: Limits) -> Iterable[Mutant]:
    """Mutants of what stands beside the mandates."""
    rows: list[tuple[str, str, str, tuple[str, ...], str]] = []
    for coin in limits.stablecoins if len(limits.stablecoins) > 1 else ():
        rows.append(("stablecoins", "entry_dropped", coin, ("stablecoin_peg", "stablecoin_exposure"), "no stablecoin"))
    for asset, _ in limits.structural:
        rows.append(("structural", "entry_dropped", asset, ("delta_exposure",), "no structural holding"))
    for cluster in limits.clusters:
        for asset in cluster.assets if len(cluster.assets) > 1 else ():
            rows.append(("clusters", "entry_dropped", f"{cluster.name}.{asset}", ("correlation_cluster",), "left out"))
    for pair in limits.whitelist:
        rows.append(("whitelist", "entry_dropped", pair, ("instrument_whitelist",), "not on the whitelist"))
    if limits.whitelist:
        rows.append(("whitelist", "entry_added", "ETH/BTC", ("instrument_whitelist",), "on the whitelist"))
    levered = [kept for kept in limits.mandates if kept.spec.by_profile]
    for account, profile in limits.profiles:
        if all(kept.bounds(account, profile) == kept.bounds(account) for kept in levered):
            continue  # without a profile it is held to the same bounds
        both: tuple[str, ...] = ("leverage", "single_trade_risk")
        rows.append(("profiles", "entry_dropped", account, both, f"without its profile, {profile}"))
    for section, operator, entry, mandates, meaning in rows:
        yield Mutant(
            id=f"limits/{section}/{operator}/{entry}",
            level="limits",
            operator=operator,
            what=f"{section}: {entry} is {meaning}",
            edit=LimitsEdit(section, operator, entry),
            mandates=mandates,
            about=(entry.rpartition(".")[2],),
            missing=f"{' or '.join(mandates)}: a case that hangs on {entry} in {section}",
        )


def _mandate(root: Section, name: str) -> Section:
    limits = root.get("limits")
    node = limits.get(name) if isinstance(limits, dict) else None
    if not isinstance(node, dict):
        raise _NothingToChange
    return node


def _subjects(section: Section) -> Iterable[Section]:
    for name, node in section.items():
        if name not in _OPTIONS and isinstance(node, dict):
            yield node


def _each_bound(root: Section, edit: LimitsEdit, change: Callable[[Decimal, str], str]) -> None:
    for bounds in _subjects(_mandate(root, edit.section)):
        for severity, text in bounds.items():
            quantity = parse(str(text))
            bounds[severity] = change(quantity.amount, quantity.unit)


def _scale(factor: Decimal) -> Callable[[Section, LimitsEdit], None]:
    """Every bound further from what is measured by the factor; below 1: nearer."""

    def act(root: Section, edit: LimitsEdit) -> None:
        spec = MANDATES[edit.section]
        by = 1 / factor if spec.below else factor

        def change(amount: Decimal, unit: str) -> str:
            if not amount and factor > 1:
                return f"{_INSTEAD_OF_ZERO[spec.dimension]} {unit}"
            return _written(amount * by, unit)

        _each_bound(root, edit, change)

    return act


def _confuse_units(root: Section, edit: LimitsEdit) -> None:
    spec = MANDATES[edit.section]
    factor = _CONFUSED.get(spec.dimension)
    if factor is None:
        raise _NothingToChange
    _each_bound(root, edit, lambda amount, unit: _written(amount / factor if spec.below else amount * factor, unit))


def _drop_mandate(root: Section, edit: LimitsEdit) -> None:
    _mandate(root, edit.section)
    limits = root["limits"]
    assert isinstance(limits, dict)
    del limits[edit.section]


def _drop_severity(place: int) -> Callable[[Section, LimitsEdit], None]:
    def act(root: Section, edit: LimitsEdit) -> None:
        for bounds in _subjects(_mandate(root, edit.section)):
            if len(bounds) > 1:
                del bounds[[severity for severity in _SEVERITIES if severity in bounds][place]]

    return act


def _drop_subject(root: Section, edit: LimitsEdit) -> None:
    section = _mandate(root, edit.section)
    if section.pop(edit.entry, None) is None or not any(_subjects(section)):
        raise _NothingToChange


def _scale_option(option: str, factor: Decimal, instead_of_none: str = "") -> Callable[[Section, LimitsEdit], None]:
    def act(root: Section, edit: LimitsEdit) -> None:
        section = _mandate(root, edit.section)
        text = section.get(option)
        quantity = None if text is None else parse(str(text))
        if quantity is not None and quantity.amount:
            section[option] = _written(quantity.amount * factor, quantity.unit)
        elif instead_of_none:
            section[option] = instead_of_none
        else:
            raise _NothingToChange

    return act


def _drop_option(option: str) -> Callable[[Section, LimitsEdit], None]:
    def act(root: Section, edit: LimitsEdit) -> None:
        if _mandate(root, edit.section).pop(option, None) is None:
            raise _NothingToChange

    return act


def _set_quantile(root: Section, edit: LimitsEdit) -> None:
    section = _mandate(root, edit.section)
    if "quantile" not in section:
        raise _NothingToChange
    section["quantile"] = "50 %"


def _drop_entry(root: Section, edit: LimitsEdit) -> None:
    name, _, inner = edit.entry.partition(".") if edit.section == "clusters" else (edit.entry, "", "")
    node = root.get(edit.section)
    if inner and isinstance(node, dict):
        node = node.get(name)
        name = inner
    if isinstance(node, dict) and name in node:
        del node[name]
    elif isinstance(node, list) and name in node:
        node.remove(name)
    else:
        raise _NothingToChange


def _add_entry(root: Section, edit: LimitsEdit) -> None:
    node = root.get(edit.section)
    if not isinstance(node, list) or edit.entry in node:
        raise _NothingToChange
    node.append(edit.entry)


def _written(amount: Decimal, unit: str) -> str:
    return f"{amount.quantize(Decimal(1).scaleb(-12)).normalize():f} {unit}".strip()


_MANDATE_OPERATORS: dict[str, tuple[str, str]] = {
    "loosened": (f"every bound {FACTOR} times as loose", "a harm between the bound and twice that"),
    "tightened": (f"every bound {FACTOR} times as tight", "a measure between half the bound and the bound, silent"),
    "switched_off": ("not kept at all", "a breach that must be noticed"),
    "units_confused": ("bounds in the wrong unit, 100 or 1000 times as loose", "a breach that must be noticed"),
    "gravest_lost": ("without its gravest severity", "a breach of the gravest severity that must be noticed"),
    "mildest_lost": ("without its mildest severity", "a breach of the mildest severity alone"),
    "for_longer": ("a breach must last ten times as long", "a deadline shorter than ten times `for`"),
    "for_dropped": ("a breach counts at once", "a breach shorter than `for`, silent"),
    "window_longer": ("a window four times as long", "a measure that only the longer window would find, silent"),
    "window_shorter": ("a quarter of the window", "a breach that only the whole window shows"),
    "quantile_lower": ("the median instead of its quantile", "a breach in the tail alone"),
}  # fmt: skip
_ASKS: dict[str, Asks] = {
    "loosened": "mildest",
    "tightened": "lasting",
    "mildest_lost": "mildest",
    "gravest_lost": "gravest",
    "for_dropped": "shortest",
    "window_longer": "resolving",
    "window_shorter": "resolving",
}
_SHOUTING = ("tightened", "for_dropped")
_ACTS: dict[str, Callable[[Section, LimitsEdit], None]] = {
    "loosened": _scale(FACTOR),
    "tightened": _scale(1 / FACTOR),
    "switched_off": _drop_mandate,
    "units_confused": _confuse_units,
    "gravest_lost": _drop_severity(-1),
    "mildest_lost": _drop_severity(0),
    "for_longer": _scale_option("for", Decimal(10), "5 min"),
    "for_dropped": _drop_option("for"),
    "window_longer": _scale_option("window", Decimal(4)),
    "window_shorter": _scale_option("window", Decimal("0.25")),
    "quantile_lower": _set_quantile,
    "subject_dropped": _drop_subject,
    "entry_dropped": _drop_entry,
    "entry_added": _add_entry,
}
