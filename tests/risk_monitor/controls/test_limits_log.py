"""The limits log: nobody changes a limit unseen, and what is approved takes effect in the running monitor."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from risk_monitor.alerts import Watch
from risk_monitor.controls.limits_log import LogEntry, chained, first_broken
from risk_monitor.effects import AlertState, RaiseSignal

LOG = "limits_log: {approvers: [cro, head of risk], restores: true}\ngate: {headroom: high}"


def log_of(changes: list[tuple[int, str, str, str]]) -> tuple[LogEntry, ...]:
    log: list[LogEntry] = []
    for at_ms, sha256, reason, approver in changes:
        log.append(chained(log[-1].chain if log else "", len(log) + 1, at_ms, sha256, reason, approver))
    return tuple(log)


def test_a_chain_is_the_hash_of_the_previous_one_and_the_rest_of_the_entry() -> None:
    first, second = log_of([(1, "aa", "opened", "cro"), (2, "bb", "größer", "cro")])
    rest = {"approver": "cro", "at": 2, "number": 2, "reason": "größer", "sha256": "bb"}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert second.chain == hashlib.sha256((first.chain + canonical).encode()).hexdigest()
    assert first_broken((first, second)) is None


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 10**13),
        st.text("0123456789abcdef", min_size=4, max_size=8),
        st.text("abc", min_size=1, max_size=5),
        st.sampled_from(["cro", "head of risk"]),
    ),
    min_size=1,
    max_size=8,
)


@given(CHANGES, st.data())
def test_whatever_is_altered_dropped_or_swapped_breaks_the_chain(changes: list[Any], data: Any) -> None:
    log = log_of(changes)
    assert first_broken(log) is None
    position = data.draw(st.integers(0, len(log) - 1))
    field = data.draw(st.sampled_from(["number", "at", "sha256", "reason", "approver", "chain"]))
    value = getattr(log[position], field)
    altered = msgspec.structs.replace(log[position], **{field: value + 1 if isinstance(value, int) else value + "x"})
    assert first_broken((*log[:position], altered, *log[position + 1 :])) == position
    if position + 1 < len(log):
        assert first_broken((*log[:position], *log[position + 1 :])) == position
        swapped = (*log[:position], log[position + 1], log[position], *log[position + 2 :])
        assert first_broken(swapped) == position


def test_an_entry_without_a_reason_or_an_approver_breaks_the_chain_however_well_it_is_chained() -> None:
    assert first_broken(log_of([(1, "aa", "opened", "cro"), (2, "bb", " ", "cro")])) == 1
    assert first_broken(log_of([(1, "aa", "opened", "")])) == 0


def changed(at: Any, old: str, new: str) -> str:
    from_text = str(type(at).LIMITS_TEXT)
    assert old in from_text
    return from_text.replace(old, new)


def test_an_approved_change_takes_effect_at_once_and_is_logged(floor: Any) -> None:
    at = floor(LOG)
    watch: Watch = at.tower.watch("delta_exposure", "BTC", tuple)
    watch.observe(at.now_ns, 50_000.0)
    assert watch.alerts[0].state is AlertState.INACTIVE
    assert at.wants("maker", "BUY", "2.0").verdict == "allow"
    at.run(4)
    text = changed(at, "each: {high: 100k USD}", "each: {high: 20k USD}")
    at.says("change_limits", text, by="cro", reason="rougher market")
    assert watch.alerts[0].state is AlertState.FIRING
    signal = next(effect.signal for effect in at.effects if isinstance(effect, RaiseSignal))
    assert (signal.observed, signal.limit) == (50_000.0, 20_000.0)
    decision = at.wants("maker", "BUY", "2.0")
    assert (decision.verdict, decision.quantity) == ("scale_down", 1)
    (entry,) = at.room.limits_log.entries
    assert (entry.number, entry.approver, entry.reason) == (1, "cro", "rougher market")
    assert entry.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert at.deeds() == [
        ("limits_log", "taken", "limits"),
        ("limits_log", "done", "limits"),
        ("gate", "taken", "maker"),
    ]


def test_a_change_without_approval_or_sense_changes_nothing_and_says_why(floor: Any) -> None:
    at = floor(LOG)
    text = changed(at, "each: {high: 100k USD}", "each: {high: 900k USD}")
    at.says("change_limits", text, by="maker", reason="please")
    at.says("change_limits", "limits: [", by="cro", reason="typo")
    at.says("change_limits", changed(at, "  drawdown:\n    firm: {warning: 10 %, high: 15 %}\n", ""), by="cro")
    at.says("change_limits", changed(at, "{warning: 10 %, high: 15 %}", "{high: 15 %}"), by="cro")
    at.says("change_limits", changed(at, "[BTC/USD,", "[DOGE/USD, BTC/USD,"), by="cro")
    at.says("change_limits", text, by="cro", reason="")
    reasons = [action.detail for action in at.actions if action.state.value == "failed"]
    assert [reason.partition(";")[0] for reason in reasons] == [
        "'maker' may not approve a change of limits",
        "limits:2:1: not YAML: did not find expected node content",
        "limits: the mandates may not change while the monitor runs",
        "limits.drawdown: only bounds and `for` may change while the monitor runs",
        "whitelist: may not change while the monitor runs",
    ]
    assert at.room.limits_log.entries == ()
    assert at.tower.limits == at.limits
    assert at.wants("maker", "BUY", "6.0").quantity == 5


def test_limits_that_drifted_in_the_store_are_put_back(floor: Any) -> None:
    at = floor(LOG)
    alert_id = at.alert("policy_drift", "limits", "critical")
    assert [one.command for one in at.gateway.commands] == ["restore_policy"]
    at.alert("policy_drift", "limits", "critical", state="resolved")
    assert [(action.state.value, action.trigger) for action in at.actions] == [
        ("taken", alert_id),
        ("done", alert_id),
        ("ended", alert_id),
    ]
