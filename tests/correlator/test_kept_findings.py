"""Findings that were kept give the verdicts that the journals give, under any deadlines; if in doubt they are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlator import keeping
from correlator.expectations import Resolved
from correlator.findings import Findings, Journals, find
from correlator.judge import judge, judge_findings
from correlator.keeping import MAGIC, pack, seal, unpack
from correlator.reporting import to_json

S = 1_000_000_000
TIMELINE = [{"inject": "slide", "fault": "stablecoin_depeg", "at_ns": 100 * S, "for_ns": 400 * S}]
FIRM = {"strategies": [{"name": "maker", "account": "master", "venues": ["apex"]}]}
PEG = {"alert": "stablecoin_peg", "asset": "USDT", "severity": "warning"}
durations = st.integers(1, 700 * S)


def write(new_story: Any, directory: Path, expect: list[Any], **resolved: Any) -> Journals:
    """A depeg that is due at 200 s, alerted at 212 s, and during which the firm goes on trading until 230 s."""
    paths = {}
    for arm in ("run", "control"):
        story = new_story(
            arm, timeline=TIMELINE if arm == "run" else [], firm=FIRM, expect=expect if arm == "run" else [], **resolved
        )
        story.header["scenario"] = "a_story"
        story.found_world().alive()
        for at_s in range(0, 600, 5):
            story.quote(at_s, 0, 0.99 if arm == "run" and 200 <= at_s < 500 else 1.0)
            story.quote(at_s, 1, 24_000, tick=0.01)
        if arm == "run":
            story.inject(100, 120).push(120, "usdtusd")
            story.alert(212, 520)
            story.order(205, 1).order(230, 1, "cancelled")
        paths[arm] = story.write(directory / f"{arm}.journal")
    return Journals(paths["run"], paths["control"])


def kept(findings: Findings, journals: Journals) -> Findings:
    again = unpack(pack(findings, seal(journals)), seal(journals))
    assert again is not None
    return again


@pytest.fixture
def journals(new_story: Any, tmp_path: Path) -> Journals:
    return write(new_story, tmp_path, [{**PEG, "within_ns": 15 * S, "contain": {"within_ns": 60 * S}}])


def test_kept_findings_give_the_same_verdict_to_the_byte(journals: Journals) -> None:
    findings = find(journals)
    fresh = judge_findings(findings)
    assert fresh.verdict == "pass"
    assert to_json(judge_findings(kept(findings, journals))) == to_json(fresh)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.tuples(durations, durations, durations, durations),
    st.sampled_from(["breach", "effect", "injection"]),
    st.none() | durations,
)
def test_any_other_deadlines_give_what_a_run_with_these_deadlines_gives(
    new_story: Any, tmp_path_factory: pytest.TempPathFactory, given: Any, of: str, judge_all_ns: int | None
) -> None:
    within_ns, resolves_ns, contained_ns, ceases_ns = given
    asked = {
        **PEG, "within_ns": within_ns, "of": of, "resolves_within_ns": resolves_ns,
        "contain": {"within_ns": contained_ns, "no_orders_after_ns": ceases_ns},
    }  # fmt: skip
    directory = tmp_path_factory.mktemp("runs")
    played = write(new_story, directory, [{**PEG, "within_ns": 15 * S, "contain": {"within_ns": 60 * S}}])
    findings = find(played)
    judge_findings(findings)
    again = kept(findings, played)
    own = msgspec.to_builtins(findings.reading.header.resolved)
    resolved = msgspec.convert({**own, "expect": [asked], "judge_all_ns": judge_all_ns}, Resolved)
    rescored = judge_findings(again, resolved)
    (directory / "other").mkdir()
    other = write(new_story, directory / "other", [asked], judge_all_ns=judge_all_ns)
    assert to_json(rescored) == to_json(judge(other.run, other.control))


@pytest.mark.parametrize("which", ["run", "control"])
def test_findings_of_other_journals_are_none(new_story: Any, journals: Journals, which: str, tmp_path: Path) -> None:
    data = pack(find(journals), seal(journals))
    (tmp_path / "other").mkdir()
    other = write(new_story, tmp_path / "other", [{**PEG, "within_ns": 16 * S}])
    if which == "control":
        assert other.control is not None
        other.control.write_bytes(other.control.read_bytes()[:-1])
        other = msgspec.structs.replace(other, run=journals.run)
    else:
        other = msgspec.structs.replace(other, control=journals.control)
    assert unpack(data, seal(other)) is None


def test_findings_are_sealed_by_the_journals_as_they_were_before_they_were_read(
    new_story: Any, journals: Journals
) -> None:
    before = seal(journals)
    write(new_story, journals.run.parent, [{**PEG, "within_ns": 1 * S}])
    data = pack(find(journals), before)
    assert unpack(data, seal(journals)) is None


def test_findings_of_other_code_are_none(journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pack(find(journals), seal(journals))
    monkeypatch.setattr(keeping, "MADE_BY", "other code")
    assert unpack(data, seal(journals)) is None


@pytest.mark.parametrize("place", [0, len(MAGIC), len(MAGIC) + 16, -1])
def test_findings_with_one_bit_changed_are_none(journals: Journals, place: int) -> None:
    data = bytearray(pack(find(journals), seal(journals)))
    data[place] ^= 1
    assert unpack(bytes(data), seal(journals)) is None


@pytest.mark.parametrize("data", [b"", MAGIC, b"something else"])
def test_what_is_no_findings_is_none(journals: Journals, data: bytes) -> None:
    assert unpack(data, seal(journals)) is None


def test_harm_that_was_followed_is_followed_no_more(journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = find(journals)
    judge_findings(findings)
    again = kept(findings, journals)
    monkeypatch.setattr("correlator.findings.look_again", lambda *_: pytest.fail("the journal is read again"))
    contained = judge_findings(again).expectations[0].contained
    assert contained is not None
    assert (contained.verdict, contained.to_contain_s, contained.orders) == ("pass", 30.0, 1)
