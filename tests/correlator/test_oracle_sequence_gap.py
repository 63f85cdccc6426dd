"""``sequence_gap`` against a brute-force oracle, whatever becomes of the frames of a depth stream on their way.

From ``docs/reference/mandates.md``: frames within ``window`` whose first update id is not the last one's plus 1, on one
connection. Frames count in the order in which they arrive.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from correlator.journal import Journal
from correlator.reading import read_run

LIMITS = """
schema: riskproof-limits/1
stablecoins: [USDT, USDC]
limits: {sequence_gap: {each: {warning: 0 times, high: 2 times}, window: 5 s}}
"""
WINDOW_US = 5_000_000
LINK = "monitor>apex"
PAIRS = ("btcusd", "usdtusd")
steps = st.lists(
    st.tuples(
        st.sampled_from((0, 100, 700, 2_400, 6_000)),
        st.sampled_from(("frame", "frame", "frame", "frame", "skip", "lost", "doubled", "garbled", "closed", "left")),
        st.sampled_from(PAIRS),
        st.sampled_from((0, 0, 5, 150, 2_000)),
        st.integers(1, 3),
    ),
    max_size=40,
)
LATE = [
    (0, "frame", "btcusd", 0, 1),
    (0, "frame", "btcusd", 2_000, 1),
    (100, "closed", "btcusd", 0, 1),
    (100, "frame", "btcusd", 0, 1),
    (2_400, "skip", "btcusd", 0, 1),
]
"""A frame of an old connection comes between two of the next, of which one has been lost."""
Frame = tuple[int, int, str, int, int]


def depth(pair: str, first: int, last: int) -> bytes:
    data = {"e": "depthUpdate", "E": 1, "s": pair.upper(), "U": first, "u": last, "b": [], "a": []}
    return json.dumps({"stream": f"{pair}@depth@100ms", "data": data}, separators=(",", ":")).encode()


def tell(story: Any, drawn: list[Any]) -> tuple[list[Frame], int]:
    """Tell a story; returns the frames that reached the monitor (when, on which stream, of which pair, from which id to
    which), and the story's end, in µs."""
    frames: list[Frame] = []
    leaves: dict[int, int] = {}
    stream = 1
    next_ids = dict.fromkeys(PAIRS, 100)
    now_us = 0
    for place, (wait_ms, kind, pair, delay_ms, count) in enumerate(drawn):
        now_us += wait_ms * 1_000 + 1
        if kind in ("closed", "left"):
            story.wire("stream", now_us / 1e6, LINK, stream, kind, "")
            if kind == "left":
                leaves[stream] = now_us
            stream += 1
            continue
        first = next_ids[pair] + (count if kind == "skip" else 0)
        last = first + count - 1
        next_ids[pair] = last + 1
        payload = depth(pair, first, last)
        came_us = now_us + delay_ms * 1_000 + 100 * place + 50
        again_us = came_us + count * 40_000 + 7
        arrives_us = came_us if kind in ("frame", "skip") else 0
        story.wire("push", now_us / 1e6, LINK, stream, payload, arrives_us and story.at_ns(arrives_us / 1e6))
        copies = {"doubled": ((payload, came_us), (payload, again_us)), "garbled": ((payload[:-3], came_us),)}
        for altered, at_us in copies.get(kind, ()):
            story.wire("arrival", now_us / 1e6, LINK, 0, "push", stream, 0, altered, story.at_ns(at_us / 1e6))
        reached = {"frame": (came_us,), "skip": (came_us,), "doubled": (came_us, again_us)}.get(kind, ())
        frames += [(at_us, stream, pair, first, last) for at_us in reached]
    end_us = now_us + 9_000_000
    return sorted(one for one in frames if one[0] <= leaves.get(one[1], end_us)), end_us


def gaps(frames: list[Frame], pair: str) -> list[int]:
    """When a frame came that does not follow on the one before it of its connection."""
    ours = [one for one in frames if one[2] == pair]
    found = []
    for place, (at_us, stream, _, first, _) in enumerate(ours):
        before = [one for one in ours[:place] if one[1] == stream]
        if before and before[-1][4] + 1 != first:
            found.append(at_us)
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=steps, batch=st.sampled_from((1, 3, 500)))
@example(drawn=LATE, batch=1)
def test_sequence_gap_equals_the_brute_force_oracle(new_story: Any, tmp_path: Path, drawn: Any, batch: int) -> None:
    story = new_story(limits=LIMITS, length_s=1).found_world()
    frames, end_us = tell(story, drawn)
    story.length_s = end_us / 1e6
    story.header["end_ns"] = story.at_ns(story.length_s)
    board = read_run(Journal(story.write(tmp_path / "run.journal", batch=batch))).board
    rules = {(rule.subject, rule.severity): rule.tracker for rule in board.rules()}
    names = {"apex:BTC/USD": "btcusd", "apex:USDT/USD": "usdtusd"}
    assert sorted(rules) == sorted((subject, severity) for subject in names for severity in ("warning", "high"))
    for (subject, severity), tracker in rules.items():
        ours = gaps(frames, names[subject])
        bound = {"warning": 0, "high": 2}[severity]
        expected: list[tuple[int, int | None]] = []
        was_beyond = False
        for moment_us in sorted({*ours, *(at_us + WINDOW_US for at_us in ours)}):
            if moment_us > end_us:
                break
            is_beyond = sum(at_us <= moment_us < at_us + WINDOW_US for at_us in ours) > bound
            if is_beyond and not was_beyond:
                expected.append((moment_us, None))
            elif was_beyond and not is_beyond:
                expected[-1] = (expected[-1][0], moment_us)
            was_beyond = is_beyond
        found = [
            ((one.begins_ns - story.at_ns(0)) // 1_000, one.ends_ns and (one.ends_ns - story.at_ns(0)) // 1_000)
            for one in tracker.intervals
        ]
        assert found == expected, (subject, severity)
