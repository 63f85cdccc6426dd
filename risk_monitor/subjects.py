"""Subjects: whether a name in the limits file can be a subject of a mandate, and what to say if it cannot."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import msgspec

from risk_monitor.rules import PROFILES, MandateSpec, Subjects

ASSET = re.compile(r"[A-Z][A-Z0-9]{0,14}")
PAIR = re.compile(r"[A-Z][A-Z0-9]{0,14}/[A-Z][A-Z0-9]{0,14}")
PERPETUAL = re.compile(r"[A-Z][A-Z0-9]{0,14}/(?P<quote>[A-Z][A-Z0-9]{0,14}):(?P=quote)")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
ACCOUNT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}:[A-Za-z0-9_-]{1,63}")

_VENUE_PAIR = re.compile(rf"{NAME.pattern}:{PAIR.pattern}(?::[A-Z][A-Z0-9]{{0,14}})?")
_VENUE_ASSET = re.compile(rf"{NAME.pattern}:{ASSET.pattern}")


class Known(msgspec.Struct, frozen=True):
    """The names that the limits file itself has given."""

    stablecoins: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()


def words_of(spec: MandateSpec) -> tuple[str, ...]:
    """The subjects of a mandate that stand for themselves."""
    return spec.words + (PROFILES if spec.by_profile else ())


def is_traded(asset: str, known: Known) -> bool:
    """Whether a name is that of an asset that is neither USD nor a stablecoin."""
    return bool(ASSET.fullmatch(asset)) and asset != "USD" and asset not in known.stablecoins


def is_listed(symbol: str) -> bool:
    """Whether a name is that of a pair or perpetual."""
    return bool(PAIR.fullmatch(symbol) or PERPETUAL.fullmatch(symbol))


def fits(spec: MandateSpec, subject: str, known: Known, options: tuple[str, ...]) -> bool:
    """Whether ``subject``, which is none of the mandate's words, can be the name of a subject. A name that is nearly a
    word is taken for a misspelt one."""
    words = words_of(spec) + options
    match spec.subjects:
        case Subjects.ASSET:
            return is_traded(subject, known)
        case Subjects.STABLECOIN:
            return subject in known.stablecoins
        case Subjects.CLUSTER:
            return subject in known.clusters
        case Subjects.PAIR:
            return bool(PAIR.fullmatch(subject))
        case Subjects.PERPETUAL:
            return bool(PERPETUAL.fullmatch(subject))
        case Subjects.LISTED:
            return is_listed(subject)
        case Subjects.VENUE_PAIR:
            return bool(_VENUE_PAIR.fullmatch(subject))
        case Subjects.VENUE_ASSET:
            return bool(_VENUE_ASSET.fullmatch(subject))
        case Subjects.ACCOUNT:
            return bool(ACCOUNT.fullmatch(subject))
        case Subjects.ASSET_PAIR:
            first, _, second = subject.partition("~")
            return is_traded(first, known) and is_traded(second, known) and first < second
        case Subjects.VENUE | Subjects.STRATEGY:
            return bool(NAME.fullmatch(subject)) and not difflib.get_close_matches(subject, words, 1, 0.75)
        case Subjects.NONE:
            return False


def expected(spec: MandateSpec, known: Known, options: tuple[str, ...]) -> str:
    """What could have stood there instead."""
    words = words_of(spec) + options
    match spec.subjects:
        case Subjects.ASSET:
            return f"an asset that is neither USD nor a stablecoin, or one of {', '.join(words)}"
        case Subjects.STABLECOIN:
            return f"one of {', '.join(known.stablecoins + words)}"
        case Subjects.CLUSTER:
            return f"one of {', '.join(known.clusters + words)}"
        case Subjects.NONE:
            return f"one of {', '.join(words)}"
        case _:
            return f"{spec.subjects.value} or one of {', '.join(words)}"


def nearest_subject(spec: MandateSpec, subject: str, known: Known, options: tuple[str, ...]) -> str:
    """The name that was probably meant; "" if none is near."""
    if spec.subjects is Subjects.ASSET_PAIR:
        turned = "~".join(sorted(subject.split("~")))
        if turned != subject and fits(spec, turned, known, options):
            return turned
    names = words_of(spec) + options
    if spec.subjects is Subjects.STABLECOIN:
        names = known.stablecoins + names
    elif spec.subjects is Subjects.CLUSTER:
        names = known.clusters + names
    return nearest(subject, names)


def nearest(name: str, known: Iterable[str]) -> str:
    matches = difflib.get_close_matches(name, list(known), 1, 0.5)
    return matches[0] if matches else ""
