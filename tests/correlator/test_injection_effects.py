"""When injections took effect: the wire decides, claims are believed as far as it bears them out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from correlator.expectations import PlannedInjection
from correlator.injections import Difference, collect_phases, establish_effects, first_difference
from correlator.journal import Journal
from correlator.records import Injection, Push

SECOND_NS = 10**9
PLANNED = [
    PlannedInjection("first", "a", 10 * SECOND_NS, 50 * SECOND_NS),
    PlannedInjection("second", "b", 20 * SECOND_NS),
]


def phases(*told: tuple[str, str, int]) -> dict[str, Any]:
    records = [
        Injection(number, at_s * SECOND_NS, "coordinator", 0, name, "fault", phase, 0, 0, "{}", "")
        for number, (name, phase, at_s) in enumerate(told, start=1)
    ]
    return collect_phases(PLANNED, records, 0)


def test_phases_are_collected_and_the_unplanned_is_noted() -> None:
    facts = phases(("first", "planned", 0), ("first", "began", 10), ("first", "ended", 60), ("second", "refused", 20),
                   ("ghost", "began", 5))  # fmt: skip
    first, second, ghost = facts.values()
    assert (first.planned_ns, first.ends_planned_ns) == (10 * SECOND_NS, 60 * SECOND_NS)
    assert (first.began_ns, first.ended_ns, first.seqs) == (10 * SECOND_NS, 60 * SECOND_NS, [1, 2, 3])
    assert (second.began_ns, second.refused, second.ends_planned_ns) == (None, True, None)
    assert ghost.notes == ["the scenario's timeline does not hold it"]


def test_several_injections_are_told_apart_by_claims_after_the_first_difference() -> None:
    facts = phases(("first", "began", 10), ("first", "took_effect", 12), ("second", "began", 20),
                   ("second", "took_effect", 33))  # fmt: skip
    establish_effects(facts, Difference(15 * SECOND_NS, 1, 1))
    assert [known.took_effect_ns for known in facts.values()] == [15 * SECOND_NS, 33 * SECOND_NS]
    claimed = "no run without it shows when it took effect: that is its own claim"
    early = "it claims an effect 3.000 s before the first difference on the wire"
    assert [known.notes for known in facts.values()] == [[early, claimed], [claimed]]


def test_of_several_each_took_effect_where_the_run_parts_from_the_one_without_it() -> None:
    facts = phases(("first", "began", 10), ("first", "took_effect", 12), ("second", "began", 20))
    without = {"first": Difference(15 * SECOND_NS, 1, 1), "second": Difference(26 * SECOND_NS, 7, 7)}
    establish_effects(facts, without["first"], without)
    assert [known.took_effect_ns for known in facts.values()] == [15 * SECOND_NS, 26 * SECOND_NS]
    assert [known.notes for known in facts.values()] == [
        ["it claims an effect 3.000 s before the first difference on the wire"],
        ["it claims no effect; the wire shows one"],
    ]


def test_of_several_one_without_which_nothing_differs_took_no_effect_whatever_it_claims() -> None:
    facts = phases(("first", "began", 10), ("second", "began", 20), ("second", "took_effect", 33))
    establish_effects(
        facts, Difference(15 * SECOND_NS, 1, 1), {"first": Difference(15 * SECOND_NS, 1, 1), "second": None}
    )
    assert [known.took_effect_ns for known in facts.values()] == [15 * SECOND_NS, None]
    assert facts["second"].notes == ["it claims an effect, yet nothing on the wire differs from the run without second"]


def test_of_several_one_without_a_claim_took_no_effect() -> None:
    facts = phases(("first", "began", 10), ("second", "began", 20), ("second", "took_effect", 33))
    establish_effects(facts, Difference(33 * SECOND_NS, 1, 1))
    assert [known.took_effect_ns for known in facts.values()] == [None, 33 * SECOND_NS]


def write(
    new_story: Any, path: Path, arm: str, tell: Any = None, ending: str | None = "completed", **kept: Any
) -> Journal:
    story = new_story(arm).found_world().alive(every_s=2)
    for at_s in range(0, 600, 3):
        story.quote(at_s, 0, 1.0)
    if tell is not None:
        tell(story)
    journal = Journal(story.write(path / f"{arm}.journal", ending, **kept))
    list(journal.frames())
    return journal


def test_numbers_and_causes_are_no_difference(new_story, tmp_path: Path) -> None:
    run = write(new_story, tmp_path, "run", lambda story: story.quote(100.5, 1, 24_000))
    control = write(new_story, tmp_path, "control")
    assert len(list(run.records())) == len(list(control.records())) + 1
    assert first_difference(run, control) is None


def test_first_difference_is_found_wherever_it_is(new_story, tmp_path: Path) -> None:
    control = write(new_story, tmp_path, "control")
    wire = [place for place, entry in enumerate(write_entries(new_story)) if entry[1] == "wire"]
    for place in wire[:: len(wire) // 25]:

        def lose(story: Any, place: int = place) -> None:
            del story.entries[place]

        lost_ns = write_entries(new_story)[place][0]
        difference = first_difference(write(new_story, tmp_path, "run", lose), control)
        assert difference is not None
        assert difference.at_ns == lost_ns


def write_entries(new_story: Any) -> list[Any]:
    story = new_story("run").found_world().alive(every_s=2)
    for at_s in range(0, 600, 3):
        story.quote(at_s, 0, 1.0)
    return story.entries


def test_late_arrival_and_changed_payload_are_differences(new_story, tmp_path: Path) -> None:
    control = write(new_story, tmp_path, "control")

    def change(field: int, value: Any) -> Any:
        def tell(story: Any) -> None:
            place = next(
                p for p, entry in enumerate(story.entries) if entry[2][0] == "push" and entry[0] > story.at_ns(300)
            )
            story.entries[place][2][field] = value

        return tell

    for field, value in ((4, b"{}"), (5, 1), (3, 99), (1, "maker>apex")):
        difference = first_difference(write(new_story, tmp_path, "run", change(field, value)), control)
        assert difference is not None
        found = {record.seq: record for record in Journal(tmp_path / "run.journal").wire()}[difference.run_seq]
        assert isinstance(found, Push)
        assert found.at_ns == difference.at_ns


def test_history_that_was_cut_short_differs_from_nothing_after_its_end(new_story, tmp_path: Path) -> None:
    control = write(new_story, tmp_path, "control")
    for ending in ("interrupted", None):
        assert first_difference(write(new_story, tmp_path, "run", None, ending, ended_s=300), control) is None


def test_completed_run_that_falls_silent_does_differ(new_story, tmp_path: Path) -> None:
    control = write(new_story, tmp_path, "control")

    def fall_silent(story: Any) -> None:
        story.entries = [entry for entry in story.entries if entry[1] != "wire" or entry[0] < story.at_ns(401)]

    difference = first_difference(write(new_story, tmp_path, "run", fall_silent), control)
    assert difference is not None
    assert difference.run_seq == 0
    assert difference.at_ns >= new_story.at_ns(401)
