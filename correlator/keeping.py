"""Keeping: findings as bytes that lie beside the journals, so that a run can be judged again without reading them.

Kept findings are believed only of the very journals that they were made of, byte for byte, and only by the code that
made them: the seals of the journals, a digest of the correlator and of what it reckons with, and a digest of the kept
bytes themselves are compared. Whatever does not agree is as good as absent.
"""

from __future__ import annotations

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import msgspec
import zstandard

from correlator.actions import ActionEpisode
from correlator.alerts import Episode
from correlator.cause.arms import Arm, Removed, control_arm
from correlator.expectations import Assertion
from correlator.findings import Findings, Journals, mismatch_of
from correlator.header import Header
from correlator.injections import Difference
from correlator.journal import Journal, JournalError, Seal
from correlator.reading import ControlReading, Reading, RuleBreaches, limits_of
from correlator.records import Injection, Operator, Stop, StrategyNote
from correlator.said import Said
from correlator.truth.kept import KeptGauge, keep, restore
from correlator.truth.series import Buckets
from correlator.truth.uncontained import Course, Harm
from correlator.verdict import AssertionOutcome

MAGIC = b"RISKPROOF-FINDINGS/1\n"
_DIGEST_BYTES = 16
_LARGEST_BYTES = 1 << 28


class _KeptSaid(msgspec.Struct, frozen=True):
    episodes: list[Episode]
    signals: int
    dropped_alerts: int
    actions: list[ActionEpisode]
    dropped_actions: int
    injections: list[Injection]
    crashes: list[StrategyNote]
    operator: list[Operator]
    stop: Stop | None
    forgetful: list[int]


class _KeptReading(msgspec.Struct, frozen=True):
    end_ns: int
    ending: str
    detail: str
    gauges: list[KeptGauge]
    failures: dict[str, str]
    violations: list[str]
    imbalances: list[str]
    said: _KeptSaid
    asserted: list[Assertion]
    assertions: list[AssertionOutcome]
    last_request_ns: int | None
    counts: dict[str, int]


class _KeptControl(msgspec.Struct, frozen=True):
    end_ns: int
    episodes: list[Episode]
    actions: list[ActionEpisode]
    breaches: list[RuleBreaches]
    untold: list[str]


class _KeptHarm(msgspec.Struct, frozen=True):
    due_ns: int
    until_ns: int
    accounts: list[tuple[str, str]]
    strategies: list[str] | None


class _KeptLook(msgspec.Struct, frozen=True):
    harms: list[_KeptHarm]
    courses: list[Course]


class _Kept(msgspec.Struct, frozen=True):
    made_by: str
    seals: list[Seal | None]
    reading: _KeptReading
    control: _KeptControl | None
    difference: Difference | None
    arms: list[Arm]  # the control apart
    looks: list[_KeptLook]


_DECODER = msgspec.msgpack.Decoder(_Kept)


class Sealed(msgspec.Struct, frozen=True):
    """The journals of an experiment, each read through with its content left packed: nothing in them is damaged.

    ``arms``: the seals of those that leave some injections out; None where one is damaged, which spoils no verdict.
    ``removed``: what each of them is said to leave out, by the name of its file.
    """

    run: Journal
    control: Journal | None
    arms: list[Seal | None]
    removed: list[Removed]

    @property
    def seals(self) -> list[Seal | None]:
        """Of all of them."""
        return [self.run.seal, None if self.control is None else self.control.seal, *self.arms]


def seal(journals: Journals) -> Sealed:
    """Read journals through, before they are read for what they hold: so one that changes meanwhile is found out.

    Raises:
        JournalError: run or control is foreign, of another version, or damaged.
        OSError: run or control cannot be read.
    """
    control = [] if journals.control is None else [journals.control]
    removed = sorted(journals.removals)
    arms = [journals.removals[one] for one in removed]
    with ThreadPoolExecutor(1 + len(control) + len(arms)) as readers:  # reading and hashing let others go on
        of_arms = readers.map(_seal_of_arm, arms)
        run, *others = readers.map(_read_through, [journals.run, *control])
        return Sealed(run, others[0] if others else None, list(of_arms), removed)


def pack(findings: Findings, sealed: Sealed) -> bytes:
    """The findings that were made of these journals since they were sealed, as bytes for ``unpack``."""
    reading, control = findings.reading, findings.control
    kept = _Kept(
        MADE_BY,
        sealed.seals,
        _KeptReading(
            reading.end_ns,
            reading.ending,
            reading.detail,
            keep(reading.board),
            reading.failures,
            reading.violations,
            reading.imbalances,
            _keep_said(reading.said),
            reading.asserted,
            reading.assertions,
            reading.last_request_ns,
            reading.counts,
        ),
        None if control is None else _keep_control(control),
        findings.difference,
        findings.arms if control is None else findings.arms[:-1],
        [_KeptLook([_keep_harm(harm) for harm in harms], courses) for harms, courses in findings.looks.items()],
    )
    raw = msgspec.msgpack.encode(kept)
    packed = zstandard.ZstdCompressor(level=1).compress(raw)
    return MAGIC + hashlib.blake2b(packed, digest_size=_DIGEST_BYTES).digest() + packed


def unpack(data: bytes, sealed: Sealed) -> Findings | None:
    """The findings that were packed, if they are of these very journals, and this code made them."""
    kept = _decode(data)
    if kept is None or kept.made_by != MADE_BY or kept.seals != sealed.seals or None in sealed.arms:
        return None
    if sorted(arm.removed for arm in kept.arms) != sealed.removed:
        return None  # the same journals under other names
    run = sealed.run
    header = run.header
    failures = dict(kept.reading.failures)
    limits = limits_of(header, {})
    reading = Reading(
        header,
        kept.reading.end_ns,
        kept.reading.ending,
        kept.reading.detail,
        restore(kept.reading.gauges, limits, Buckets(header.start_ns, header.end_ns)),
        failures,
        kept.reading.violations,
        kept.reading.imbalances,
        _restore_said(kept.reading.said),
        kept.reading.asserted,
        kept.reading.assertions,
        kept.reading.last_request_ns,
        kept.reading.counts,
    )
    findings = Findings(run, reading, difference=kept.difference)
    findings.looks = {tuple(_restore_harm(harm) for harm in look.harms): look.courses for look in kept.looks}
    findings.arms = kept.arms
    if kept.control is not None and sealed.control is not None:
        findings.control = _restore_control(kept.control, sealed.control.header)
        findings.mismatch = mismatch_of(run, sealed.control)
        findings.arms.append(control_arm(reading, findings.control, findings.mismatch, kept.difference))
    elif header.resolved.timeline:
        findings.mismatch = "there is no control run to compare with"
    return findings


def _digest_of_code() -> str:
    """A digest of the correlator's own source, and of whatever else its figures hang on."""
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    for name in ("numpy", "msgspec", "pyyaml"):
        digest.update(f"{name} {version(name)}\0".encode())
    digest.update(sys.version.encode())
    return digest.hexdigest()


MADE_BY = _digest_of_code()
"""What the correlator of this process is known by. Taken when it is loaded: its files may be others by the time that
findings are kept."""


def _decode(data: bytes) -> _Kept | None:
    start = len(MAGIC) + _DIGEST_BYTES
    packed = data[start:]
    if data[: len(MAGIC)] != MAGIC:
        return None
    if hashlib.blake2b(packed, digest_size=_DIGEST_BYTES).digest() != data[len(MAGIC) : start]:
        return None
    try:
        return _DECODER.decode(zstandard.ZstdDecompressor().decompress(packed, max_output_size=_LARGEST_BYTES))
    except (zstandard.ZstdError, msgspec.MsgspecError):
        return None  # of a version before this one


def _seal_of_arm(path: Path) -> Seal | None:
    try:
        return _read_through(path).seal
    except (JournalError, OSError):
        return None


def _read_through(path: Path) -> Journal:
    journal = Journal(path)
    for _ in journal.frames():
        pass
    return journal


def _keep_harm(harm: Harm) -> _KeptHarm:
    strategies = None if harm.strategies is None else sorted(harm.strategies)
    return _KeptHarm(harm.due_ns, harm.until_ns, sorted(harm.accounts), strategies)


def _restore_harm(kept: _KeptHarm) -> Harm:
    strategies = None if kept.strategies is None else frozenset(kept.strategies)
    return Harm(kept.due_ns, kept.until_ns, frozenset(kept.accounts), strategies)


def _keep_control(control: ControlReading) -> _KeptControl:
    return _KeptControl(control.end_ns, control.episodes, control.actions, control.breaches, control.untold)


def _restore_control(kept: _KeptControl, header: Header) -> ControlReading:
    return ControlReading(header, kept.end_ns, kept.episodes, kept.actions, kept.breaches, kept.untold)


def _keep_said(said: Said) -> _KeptSaid:
    return _KeptSaid(
        said.episodes.episodes,
        said.episodes.signals,
        said.episodes.dropped,
        said.actions.actions,
        said.actions.dropped,
        said.injections,
        said.crashes,
        said.operator,
        said.stop,
        said.forgetful,
    )


def _restore_said(kept: _KeptSaid) -> Said:
    said = Said(
        injections=kept.injections,
        crashes=kept.crashes,
        operator=kept.operator,
        stop=kept.stop,
        forgetful=kept.forgetful,
    )
    said.episodes.episodes, said.episodes.signals = kept.episodes, kept.signals
    said.episodes.dropped = kept.dropped_alerts
    said.actions.actions, said.actions.dropped = kept.actions, kept.dropped_actions
    return said
