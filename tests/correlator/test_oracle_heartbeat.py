"""``heartbeat`` against a brute-force oracle, whatever becomes of the gateway's frames on their way.

From ``docs/reference/mandates.md``: time since the monitor was last reached by a heartbeat of the strategy. Nothing
reaches it that never arrives, that cannot be read, or that was under way on a stream which it has left.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlator.journal import Journal
from correlator.reading import read_run

LIMITS = """
schema: riskproof-limits/1
stablecoins: [USDT, USDC]
limits: {heartbeat: {each: {warning: 2 s, high: 5 s}, arb: {high: 3 s}, for: 1 s}}
"""
BOUNDS_US = {("maker", "warning"): 2_000_000, ("maker", "high"): 5_000_000, ("arb", "high"): 3_000_000}
HOLD_US = 1_000_000
LINK = "monitor>bridge"
steps = st.lists(
    st.tuples(
        st.sampled_from((0, 300, 1_000, 1_999, 2_900, 4_000, 7_000)),
        st.sampled_from(("beat", "beat", "beat", "lost", "doubled", "garbled", "other", "left", "reset")),
        st.sets(st.sampled_from(("maker", "arb", "stranger"))),
        st.sampled_from((0, 5, 900, 2_500)),
        st.sampled_from((1, 700, 3_100)),
    ),
    max_size=25,
)


def tell(story: Any, drawn: list[Any]) -> tuple[dict[str, list[int]], int]:
    """Tell a story; returns when each strategy's heartbeats reached the monitor, and the story's end, both in µs."""
    frames: list[tuple[int, int, int, tuple[str, ...]]] = []  # sent on which stream, when, and arriving when
    leaves: dict[int, int] = {}
    stream = 1
    now_us = 0
    for place, (wait_ms, kind, alive, delay_ms, again_ms) in enumerate(drawn):
        now_us += wait_ms * 1_000 + 1
        if kind in ("left", "reset"):
            story.wire("stream", now_us / 1e6, LINK, stream, kind, "")
            leaves[stream] = now_us
            stream += 1
            continue
        strategies = tuple(sorted(alive))
        body = {"type": "answer" if kind == "other" else "heartbeats", "alive": strategies, "at": now_us}
        payload = json.dumps(body, separators=(",", ":")).encode()
        # Every frame has a µs of its own to arrive at.
        came_us, again_us = (now_us + ms * 1_000 + 100 * place + 50 for ms in (delay_ms, delay_ms + again_ms))
        arrives_us = came_us if kind in ("beat", "other") else 0
        story.wire("push", now_us / 1e6, LINK, stream, payload, arrives_us and story.at_ns(arrives_us / 1e6))
        copies = {"doubled": ((payload, came_us), (payload, again_us)), "garbled": ((payload[:-3], came_us),)}
        for altered, at_us in copies.get(kind, ()):
            story.wire("arrival", now_us / 1e6, LINK, 0, "push", stream, 0, altered, story.at_ns(at_us / 1e6))
        reached = {"beat": (came_us,), "doubled": (came_us, again_us)}.get(kind, ())
        frames += [(stream, now_us, at_us, strategies) for at_us in reached]
    end_us = now_us + 4_000_000
    known = [
        (at_us, alive) for stream, _, at_us, alive in frames if at_us <= leaves.get(stream, end_us) and at_us <= end_us
    ]
    return {name: sorted(at_us for at_us, alive in known if name in alive) for name in ("maker", "arb")}, end_us


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=steps, batch=st.sampled_from((1, 3, 500)))
def test_heartbeat_equals_the_brute_force_oracle(new_story: Any, tmp_path: Path, drawn: Any, batch: int) -> None:
    story = new_story(limits=LIMITS, length_s=1).found_world()
    story.header["monitor"]["reads"]["bridge"] = {"links": [LINK], "strategies": ["maker", "arb"]}
    reached, end_us = tell(story, drawn)
    story.length_s = end_us / 1e6
    story.header["end_ns"] = story.at_ns(story.length_s)
    board = read_run(Journal(story.write(tmp_path / "run.journal", batch=batch))).board
    rules = {(rule.subject, rule.severity): rule.tracker for rule in board.rules()}
    assert rules.keys() == BOUNDS_US.keys()
    for (strategy, severity), bound_us in BOUNDS_US.items():
        expected: list[tuple[int, int | None, int | None]] = []
        for since_us, until_us in pairwise((0, *reached[strategy], end_us)):
            begins_us = since_us + bound_us
            if until_us > begins_us:
                due_us = begins_us + HOLD_US if until_us - begins_us >= HOLD_US else None
                is_over = until_us < end_us
                expected.append((begins_us, until_us if is_over else None, due_us))
        found = [
            tuple(at_ns and (at_ns - story.at_ns(0)) // 1_000 for at_ns in (one.begins_ns, one.ends_ns, one.due_ns))
            for one in rules[strategy, severity].intervals
        ]
        assert found == expected, (strategy, severity)
