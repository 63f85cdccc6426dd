"""Which mutants a campaign runs, and against which cases."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from lab.mutants.choosing import choose
from lab.mutants.equivalent import load_equivalents
from lab.mutants.mutant import LimitsEdit, Mutant, SetupEdit
from lab.mutants.named import named_mutants
from lab.mutants.reach import Reach
from lab.mutants.selection import Catalogue, applied, name_of
from lab.mutants.source_level import read_package, source_mutants
from lab.mutants.timing_level import timing_mutants
from lab.scenario.errors import ScenarioError
from lab.scenario.model import AS_MEANT, Experiment, MonitorSetup
from lab.scenario.resolve import SHIPPED, load_scenario
from risk_monitor.config import Cadences, Network, Patience
from risk_monitor.limits import parse_limits

FILES_OF_THE_LIBRARY = [
    file
    for folder in ("exchange", "market", "monitor_host", "security", "wire")
    for file in sorted((SHIPPED / folder).glob("*.yaml"))
]


@pytest.fixture(scope="module")
def experiments() -> list[Experiment]:
    files = ("market/stablecoin_peg.yaml", "market/price_divergence.yaml", "containment/gate.yaml")
    return [one for file in files for one in load_scenario(SHIPPED / file).experiments]


def mutant(edit: LimitsEdit | SetupEdit, *mandates: str, should_shout: bool = False) -> Mutant:
    return Mutant(
        id="limits/test", level="limits", operator="test", what="", edit=edit, mandates=mandates,
        should_shout=should_shout,
    )  # fmt: skip


LOOSENED = LimitsEdit("stablecoin_peg", "loosened")


def test_cases_that_expect_what_the_mutant_spoils_come_first(experiments: list[Experiment]) -> None:
    first = next(Catalogue(experiments).candidates(mutant(LOOSENED, "stablecoin_peg")))
    assert any(wish.alert == "stablecoin_peg" for wish in first.expect)


def test_a_mutant_that_shouts_is_first_held_against_harm_too_small_to_matter(experiments: list[Experiment]) -> None:
    first = next(Catalogue(experiments).candidates(mutant(LOOSENED, "stablecoin_peg", should_shout=True)))
    assert (first.scenario, first.case) == ("stablecoin_peg", "too_small")


def test_a_case_that_the_mutant_names_comes_before_all_others(experiments: list[Experiment]) -> None:
    named = msgspec.structs.replace(mutant(LOOSENED, "stablecoin_peg"), cases=("price_divergence/one_pair",))
    first = next(Catalogue(experiments).candidates(named))
    assert (first.scenario, first.case) == ("price_divergence", "one_pair")


def test_a_mutant_without_its_mildest_severity_is_first_held_against_a_case_that_stays_mild(
    experiments: list[Experiment],
) -> None:
    asking = msgspec.structs.replace(mutant(LOOSENED, "stablecoin_peg"), asks="mildest")
    assert next(Catalogue(experiments).candidates(asking)).case == "above"  # the others become critical


def test_a_case_that_asks_for_the_mildest_severity_too_comes_before_one_that_does_not() -> None:
    cases = [
        one
        for name in ("exchange/throttling", "wire/wire_loss")
        for one in load_scenario(Path(__file__).parents[3] / "scenarios" / f"{name}.yaml").experiments
    ]
    asking = msgspec.structs.replace(mutant(LOOSENED, "api_errors"), asks="mildest")
    first = next(Catalogue(cases).candidates(asking))
    assert {wish.severity for wish in first.expect if wish.alert == "api_errors"} == {"warning", "high"}


def test_a_mutant_that_counts_every_breach_is_first_held_against_the_shortest_harm(
    experiments: list[Experiment],
) -> None:
    asking = msgspec.structs.replace(mutant(LOOSENED, "price_divergence", should_shout=True), asks="shortest")
    assert next(Catalogue(experiments).candidates(asking)).case == "too_short"


def test_a_mutant_of_the_window_is_first_held_against_an_alert_that_must_resolve(experiments: list[Experiment]) -> None:
    asking = msgspec.structs.replace(mutant(LOOSENED, "stablecoin_peg"), asks="resolving")
    assert next(Catalogue(experiments).candidates(asking)).case == "above"


def test_a_tighter_bound_is_first_held_against_slight_harm_that_lasts(experiments: list[Experiment]) -> None:
    asking = msgspec.structs.replace(mutant(LOOSENED, "price_divergence", should_shout=True), asks="lasting")
    candidates = Catalogue(experiments).candidates(asking)
    cases = [one.case for one in candidates if one.scenario == "price_divergence"]
    assert cases.index("too_small") < cases.index("too_short")


def test_a_mutant_that_does_not_watch_a_venue_is_first_held_against_harm_there(experiments: list[Experiment]) -> None:
    unnamed = msgspec.structs.replace(mutant(SetupEdit(MonitorSetup(leaves_out=("boreal",)))), about=("boreal",))
    assert next(Catalogue(experiments).candidates(unnamed)).scenario == "price_divergence"


def test_every_case_that_a_mutant_names_is_in_the_library() -> None:
    library = {f"{file.stem}/{one.case}" for file in FILES_OF_THE_LIBRARY for one in load_scenario(file).experiments}
    named, _ = named_mutants(read_package(Path(__file__).parents[3]))
    assert [case for one in (*timing_mutants(), *named) for case in one.cases if case not in library] == []


def test_every_case_is_a_candidate_once(experiments: list[Experiment]) -> None:
    candidates = list(Catalogue(experiments).candidates(mutant(LOOSENED, "stablecoin_peg")))
    assert sorted(map(name_of, candidates)) == sorted(map(name_of, experiments))


def test_only_the_monitor_reads_the_mistake(experiments: list[Experiment]) -> None:
    changed = applied(mutant(LOOSENED), experiments[0])
    assert changed is not None
    assert changed.limits_text == experiments[0].limits_text
    read = parse_limits(changed.monitor_setup.limits_text, "mutant").mandate("stablecoin_peg")
    assert read is not None
    assert [str(bound.value.normalize()) for bound in read.subjects[0].bounds] == ["0.01", "0.02", "0.06"]
    assert msgspec.structs.replace(changed, monitor_setup=AS_MEANT) == experiments[0]


def test_limits_that_the_controls_cannot_be_wired_to_are_no_mutant_there(experiments: list[Experiment]) -> None:
    gate = next(one for one in experiments if one.scenario == "gate" and one.controls_text)
    assert applied(mutant(LimitsEdit("drawdown", "switched_off")), gate) is None


def test_a_venue_that_the_firm_does_not_know_cannot_be_left_out(experiments: list[Experiment]) -> None:
    assert applied(mutant(SetupEdit(MonitorSetup(leaves_out=("apexf",)))), experiments[0]) is None
    assert applied(mutant(SetupEdit(MonitorSetup(leaves_out=("apex",)))), experiments[0]) is not None


def test_every_timing_mutant_changes_one_value_that_the_monitor_has() -> None:
    fields = {*Cadences.__struct_fields__, *Network.__struct_fields__, *Patience.__struct_fields__}
    seen = []
    for one in timing_mutants():
        assert isinstance(one.edit, SetupEdit)
        ((field, ms),) = one.edit.setup.timing_ms.items()
        assert ms > 0
        seen.append(field)
    assert fields == set(seen)


def test_a_smaller_sample_is_part_of_the_larger(experiments: list[Experiment]) -> None:
    def chosen(sample: int, seed: int = 1) -> list[str]:
        choice = choose(experiments, {}, levels=["limits"], mandate=None, only=(), sample=sample, seed=seed)
        return [one.id for one in choice.chosen if not one.is_named]

    assert len(chosen(10)) == 10
    assert set(chosen(10)) < set(chosen(30))
    assert chosen(10) != chosen(10, seed=2)
    assert len({name.split("/")[2] for name in chosen(12)}) == 12  # every operator has its turn


def test_an_unknown_id_is_told_with_the_nearest(experiments: list[Experiment]) -> None:
    with pytest.raises(ScenarioError, match=r"did you mean limits/stablecoin_peg/loosened\?"):
        choose(
            experiments, {}, levels=["limits"], mandate=None, only=("limits/stablecoin_peg/losened",), sample=0, seed=1
        )


def test_a_fault_is_looked_for_where_its_module_is_used() -> None:
    reach = Reach({
        "mandates/drawdown.py": b"from risk_monitor.books.equity import Equity\n",
        "mandates/daily_loss.py": b"from risk_monitor.books.equity import Equity\n",
        "books/equity.py": b"from risk_monitor.books.sums import add\n",
        "books/sums.py": b"",
        "desk.py": b"from risk_monitor.mandates import drawdown\nfrom risk_monitor.controls.gate import Gate\n",
        "controls/gate.py": b"",
        "alone.py": b"",
    })  # fmt: skip
    assert reach.of("mandates/drawdown.py") == (("drawdown",), ())
    assert reach.of("books/equity.py") == (("drawdown", "daily_loss"), ())
    assert reach.of("books/sums.py") == (("drawdown", "daily_loss"), ())
    assert reach.of("desk.py") == (("drawdown",), ("gate",))
    assert reach.of("controls/gate.py") == ((), ("gate",))
    assert reach.of("alone.py") == ((), ())


def test_an_equivalent_needs_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "equivalents.yaml"
    file.write_text("schema: riskproof-equivalents/1\nequivalents:\n  - {id: timing/notice/*, reason: because}\n")
    with pytest.raises(ScenarioError, match="`because` is no reason; expected why nothing could notice it"):
        load_equivalents(file)


def test_every_stated_equivalent_means_a_mutant() -> None:
    ids = [one.id for one in (*timing_mutants(), *source_mutants(read_package(Path(__file__).parents[3])))]
    for one in load_equivalents(None):
        assert one.id.startswith("limits/") or any(one.covers(name) for name in ids), one.id
