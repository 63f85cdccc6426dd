"""What harm cost, by hand: equity of the control less equity of the run, up to a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from correlator.lost import Lost, lost_against_control

# 1 M USDT, 100 BTC at 24,000 and 1 M USD.


def told(story: Any, fall_at_s: float | None, market: float = 1.0) -> Any:
    """Tether at the dollar until it falls to 99 cents, and at 200 s back to 99.5; BTC moves with the market."""
    story.found_world()
    for at_s in range(0, 300, 5):
        fallen = fall_at_s is not None and at_s >= fall_at_s
        story.quote(at_s, 0, (0.995 if at_s >= 200 else 0.99) if fallen else 1.0)
        story.quote(at_s, 1, 24_000 if at_s < 50 else 24_000 * market, tick=0.01)
    return story


def written(new_story: Any, tmp_path: Path, **run: Any) -> tuple[Path, Path]:
    control = told(new_story("control", length_s=300), None, market=run.get("market", 1.0))
    return told(new_story(length_s=300), **run).write(tmp_path / "run"), control.write(tmp_path / "control")


def test_loss_is_what_the_control_has_more(new_story: Any, tmp_path: Path) -> None:
    run, control = written(new_story, tmp_path, fall_at_s=100)
    assert lost_against_control(run, control, 90, 150) == Lost(10_000.0, 100.0)
    assert lost_against_control(run, control, 200, 250) == Lost(5_000.0, 200.0)


def test_what_is_lost_after_it_was_noticed_does_not_count(new_story: Any, tmp_path: Path) -> None:
    run, control = written(new_story, tmp_path, fall_at_s=100)
    assert lost_against_control(run, control, 90, 99.5) == Lost(0.0, 90)
    assert lost_against_control(run, control, 90, 90) == Lost(0.0, 90)


def test_market_that_falls_for_both_is_no_loss(new_story: Any, tmp_path: Path) -> None:
    run, control = written(new_story, tmp_path, fall_at_s=100, market=0.5)
    assert lost_against_control(run, control, 20, 90) == Lost(0.0, 20)
    assert lost_against_control(run, control, 20, 150) == Lost(10_000.0, 100.0)


def test_equity_that_was_never_defined_is_no_figure(new_story: Any, tmp_path: Path) -> None:
    silent = new_story(length_s=300).found_world().write(tmp_path / "silent")
    assert lost_against_control(silent, silent, 10, 100) is None
