"""A data set of a real run, read back with pandas and compared whole with what its journal and verdict say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pyarrow.parquet as pq
import pytest

from correlator.cause.graph import CausalGraph, Dependence
from correlator.journal import Journal
from correlator.records import Arrival, Broken, Push, Reply, Request, Signal, Stream
from correlator.verdict import BreachOutcome
from lab.cli import main
from lab.dataset.columns import TABLES
from lab.dataset.features import Row
from lab.dataset.labels import Labels
from lab.dataset.seen import Sight
from lab.dataset.table import schema_of
from lab.judging.judge import read_judgement
from lab.playing.run_directory import RunDirectory

RUN = "runs/tiny_outage/default/seed-7"
DOCS = Path(__file__).parents[3] / "docs" / "reference" / "dataset.md"


@pytest.fixture(scope="module")
def built(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dataset") / "set"
    assert main(["dataset", str(tiny / "runs"), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def journal(tiny: Path) -> Journal:
    return Journal(tiny / RUN / "run.journal")


@pytest.fixture(scope="module")
def verdict(tiny: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((tiny / RUN / "verdict.json").read_bytes())
    return document


def table(built: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(built / f"{name}.parquet")


def ns(at_s: float | None) -> int | None:
    return None if at_s is None else round(at_s * 1e9)


def test_every_table_has_the_columns_that_are_promised(built: Path) -> None:
    assert sorted(path.name for path in built.iterdir()) == sorted(f"{name}.parquet" for name in TABLES)
    for name, columns in TABLES.items():
        schema = pq.read_schema(built / f"{name}.parquet")
        assert schema.equals(schema_of(columns)), name
        for column in columns:
            told = schema.field(column.name).metadata
            assert (told[b"unit"].decode(), told[b"meaning"].decode()) == (column.unit, column.meaning)
        assert schema.metadata[b"format"] == b"riskproof-dataset/1"


def test_the_run_is_told_whole(built: Path, verdict: dict[str, Any]) -> None:
    (row,) = table(built, "runs").to_dict("records")
    market = "calm_2023_02_kucoin_1m.yaml"
    assert row | {"tags": list(row["tags"])} == {
        "run": 0,
        "world": f"{market} {verdict['start_ns']} 7",
        "scenario": "tiny_outage",
        "case": "default",
        "seed": 7,
        "market": market,
        "start_ns": verdict["start_ns"],
        "planned_ns": 240_000_000_000,
        "ended_ns": 240_000_000_000,
        "ended": "completed",
        "verdict": "pass",
        "tags": ["rts6-art-17", "rts6-art-16-5"],
        "code": verdict["code"],
    }


def test_the_window_of_harm_is_the_injections(built: Path, verdict: dict[str, Any]) -> None:
    (row,) = table(built, "windows").to_dict("records")
    (injection,) = verdict["injections"]
    assert row["began_ns"] == 90_000_000_000
    assert row["effect_ns"] == ns(injection["took_effect_at_s"])
    assert row["ended_ns"] == 180_000_000_000
    assert (row["injection"], row["fault"], row["refused"]) == ("down", "exchange_outage", False)
    assert json.loads(row["scope"]) == {"venue": "apex"}
    assert json.loads(row["parameters"]).keys() >= {"mode", "streams"}


def test_every_true_breach_is_a_row_of_due(built: Path, verdict: dict[str, Any]) -> None:
    rows = table(built, "due").astype(object).where(lambda frame: frame.notna(), None).values.tolist()
    assert rows == [
        [
            0, rule["alert"], rule["asset"], rule["severity"], rule["bound"], ns(rule["for_s"]),
            ns(breach["began_at_s"]), ns(breach["due_at_s"]), ns(breach["ended_at_s"]), breach["peak"], rule["unit"],
            breach["breaches"],
        ]
        for rule in verdict["rules"]
        for breach in rule["intervals"]
    ]  # fmt: skip
    assert any(row[1] == "api_outage" and row[7] is not None for row in rows)


def test_outputs_are_the_monitors_signals_with_their_truth(
    built: Path, journal: Journal, verdict: dict[str, Any]
) -> None:
    outputs = table(built, "outputs")
    signals = [record for record in journal.audit() if isinstance(record, Signal)]
    start_ns = journal.header.start_ns
    said = outputs[outputs.kind == "alert"]
    assert list(zip(said.at_ns, said.id, said.state, said.observed, said.since_ns, strict=True)) == [
        (one.at_ns - start_ns, one.alert_id, one.state, one.observed, one.since_ns - start_ns) for one in signals
    ]
    truth = {alert["alert_id"]: (alert["truth"], alert["in_control"]) for alert in verdict["alerts"]}
    fired = said[said.id.isin(list(truth))]
    assert list(zip(fired.truth, fired.in_control, strict=True)) == [truth[name] for name in fired.id]
    assert said[~said.id.isin(list(truth))].truth.isna().all()


def test_quotes_are_what_the_unharmed_venue_pushed_when_it_arrived(built: Path, journal: Journal) -> None:
    """Read again with nothing but the standard library."""
    features = table(built, "features")
    start_ns, end_ns = journal.header.start_ns, journal.header.end_ns
    expected = []
    for record in journal.wire():
        if isinstance(record, Push) and record.source == "monitor>boreal" and 0 < record.arrives_ns <= end_ns:
            frame = json.loads(record.payload)
            if frame.get("stream", "").endswith("@bookTicker"):
                quote = frame["data"]
                prices = [float(quote[key]) for key in "bBaA"]
                expected.append([record.arrives_ns - start_ns, quote["s"], *prices, quote["u"]])
    expected.sort(key=lambda row: row[0])
    quotes = features[(features.venue == "boreal") & (features.kind == "quote")]
    quotes = quotes.assign(subject=quotes.subject.str.replace("/", ""))
    columns = ["at_ns", "subject", "bid", "bid_quantity", "ask", "ask_quantity", "number"]
    pd.testing.assert_frame_equal(
        quotes[columns].reset_index(drop=True), pd.DataFrame(expected, columns=columns), check_dtype=False
    )
    assert len(expected) > 500


def test_every_request_is_answered_or_given_up_or_still_under_way(built: Path, journal: Journal) -> None:
    features = table(built, "features")
    ended = features[features.kind.isin(["reply", "no_reply"])].groupby("venue").size()
    asked: dict[str, int] = {}
    for record in journal.wire():
        if isinstance(record, Request) and record.source.startswith("monitor>"):
            venue = record.source.partition(">")[2]
            asked[venue] = asked.get(venue, 0) + 1
    for venue, count in asked.items():
        assert count - 3 <= ended[venue] <= count, venue
    harmed = features[(features.venue == "apex") & (features.kind == "reply") & (features.number == 503)]
    assert harmed.at_ns.between(90_000_000_000, 181_000_000_000).all()
    assert len(harmed) > 5


def test_what_the_monitor_saw_is_in_order_and_knows_nothing_of_the_truth(built: Path, journal: Journal) -> None:
    features = table(built, "features")
    assert features.at_ns.is_monotonic_increasing
    assert features.at_ns.between(0, 240_000_000_000).all()
    assert not {"injection", "fault", "truth", "sent_ns", "due_ns"}.intersection(features.columns)
    for venue, reads in journal.header.monitor.reads.items():
        assert set(features[features.venue == venue].account.dropna()) <= set(reads.accounts), venue
    balances = features[(features.kind == "balance") & (features.venue == "boreal")]
    assert balances.account.notna().all()


def test_a_second_data_set_takes_the_place_of_the_first(tiny: Path, built: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    for _ in range(2):
        assert main(["dataset", str(tiny / "runs"), "--out", str(out)]) == 0
    for name in TABLES:
        assert (out / f"{name}.parquet").read_bytes() == (built / f"{name}.parquet").read_bytes(), name


def test_other_peoples_files_are_left_alone(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    capsys.readouterr()
    assert main(["dataset", str(tiny / "runs"), "--out", str(tmp_path)]) == 2
    assert "holds 'thesis.txt', which is no table of a data set" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_fails_in_the_middle_leaves_the_older_set_as_it_was(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "set"
    assert main(["dataset", str(tiny / "runs"), "--out", str(out)]) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lab.dataset.table.TableWriter._flush", full)
    assert main(["dataset", str(tiny / "runs"), "--out", str(out)]) == 2
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_the_page_describes_every_column() -> None:
    page = DOCS.read_text()
    for name, columns in TABLES.items():
        section = page.partition(f"\n## `{name}`")[2].partition("\n## ")[0]
        for column in columns:
            assert f"| `{column.name}` | {column.kind} | {column.unit} | {column.meaning} |" in section, column
    kinds = page.partition("\n### Kinds")[2]
    for field in Row.__struct_fields__[1:]:
        assert f"`{field}`" in kinds, field


def test_a_breach_that_did_not_last_was_never_due(tiny: Path, journal: Journal) -> None:
    judgement = read_judgement(RunDirectory(tiny / RUN))
    rule = judgement.rules[0]
    breaches = [
        BreachOutcome(60.0, 61.5, None, 3.5, 1, []),
        BreachOutcome(70.25, None, 75.25, 4.5, 2, []),
    ]
    judged = msgspec.structs.replace(judgement, rules=[msgspec.structs.replace(rule, for_s=5.0, intervals=breaches)])
    labels = Labels(3, journal.header, judged, (tiny / RUN / "scenario.json").read_bytes())
    shared = (3, rule.alert, rule.asset, rule.severity, rule.bound, 5_000_000_000)
    assert list(labels.due()) == [
        (*shared, 60_000_000_000, None, 61_500_000_000, 3.5, rule.unit, 1),
        (*shared, 70_250_000_000, 75_250_000_000, None, 4.5, rule.unit, 2),
    ]


def test_what_comes_late_doubled_or_after_hanging_up_is_seen_as_the_monitor_sees_it(journal: Journal) -> None:
    """A request answered after its patience, one whose reply comes twice, and a stream that the monitor leaves."""
    link, patience_ns = "monitor>apex", journal.header.monitor.request_timeout_ns
    sight = Sight(journal.header)
    records = [
        Request(1, 0, link, 0, 1, "GET", "/api/v3/time", b"", 5, ""),
        Request(2, 0, link, 0, 2, "GET", "/api/v3/time", b"", 5, ""),
        Request(3, 0, link, 0, 3, "GET", "/api/v3/time", b"", 5, ""),
        Stream(4, 1, link, 0, 1, "open", "/stream?streams=btcusdt@bookTicker"),
        Reply(5, 10, link, 1, 1, 200, b"late", patience_ns + 20),
        Reply(6, 10, link, 2, 2, 200, b"first", 40),
        Arrival(7, 10, link, 6, 6, "reply", 2, 200, b"again", 60),
        Push(8, 10, link, 4, 1, b"overtaken", 50),
        Push(9, 20, link, 4, 1, b"overtaking", 30),
        Push(10, 45, link, 4, 1, b"to nobody", 55),
        Broken(11, 48, link, 3, 3, "reset"),
        Stream(12, 52, link, 0, 1, "left", ""),
    ]
    seen = [*sight.take(records), *sight.until(2 * patience_ns)]
    assert [(one.at_ns, one.what, one.payload, one.latency_ns) for one in seen] == [
        (30, "push", b"overtaking", 0),
        (40, "reply", b"first", 40),
        (48, "no_reply", b"reset", 48),
        (50, "push", b"overtaken", 0),
        (patience_ns, "no_reply", b"timeout", patience_ns),
    ]


def test_an_id_that_a_monitor_without_memory_gives_again_bears_the_truth_of_its_own_alert(
    tiny: Path, journal: Journal
) -> None:
    """Two alerts of one id, parted by a restart at 90 s: the first false, the second true. Between them one is pending
    that never fires."""
    judgement, start_ns = read_judgement(RunDirectory(tiny / RUN)), journal.header.start_ns
    alert = judgement.alerts[0]
    first = msgspec.structs.replace(
        alert, alert_id="peg/1", truth="false", in_control=True, fired_at_s=60.0, resolved_at_s=90.0, evidence=[10, 12]
    )
    second = msgspec.structs.replace(
        first, truth="true", in_control=False, fired_at_s=120.0, resolved_at_s=None, evidence=[30, 31]
    )
    judged = msgspec.structs.replace(judgement, alerts=[first, second])
    labels = Labels(0, journal.header, judged, (tiny / RUN / "scenario.json").read_bytes())

    def labelled(seq: int, at_s: float, state: str) -> tuple[Any, ...]:
        at_ns = start_ns + round(at_s * 1e9)
        said = Signal(seq, at_ns, "monitor", 0, "peg/1", state, "peg", "USDT", "high", 1.0, 2.0, "bp", at_ns, [])
        return labels.output(said)[-2:]

    assert [
        labelled(10, 55.0, "pending"),
        labelled(12, 60.0, "firing"),
        labelled(13, 70.0, "acknowledged"),
        labelled(20, 100.0, "pending"),
        labelled(30, 115.0, "pending"),
        labelled(31, 120.0, "firing"),
        labelled(40, 170.0, "resolved"),
    ] == [("false", True), ("false", True), ("false", True), (None, None), *[("true", False)] * 3]


@pytest.mark.parametrize(
    ("began_at_s", "control_tells", "expected"), [(90.0, True, False), (90.0, False, None), (None, True, True)]
)
def test_whether_an_alert_fires_without_harm_is_null_where_no_control_tells_and_true_where_there_was_no_harm(
    tiny: Path, journal: Journal, began_at_s: float | None, control_tells: bool, expected: bool | None
) -> None:
    judgement = read_judgement(RunDirectory(tiny / RUN))
    alert = msgspec.structs.replace(judgement.alerts[0], in_control=False, evidence=[1], resolved_at_s=None)
    (injection,) = judgement.injections
    judged = msgspec.structs.replace(
        judgement,
        alerts=[alert],
        injections=[msgspec.structs.replace(injection, began_at_s=began_at_s)],
        causes=CausalGraph(dependences=[Dependence("alert:0", False if control_tells else None, [], [])]),
    )
    labels = Labels(0, journal.header, judged, (tiny / RUN / "scenario.json").read_bytes())
    at_ns = journal.header.start_ns + 10**9
    said = Signal(5, at_ns, "monitor", 0, alert.alert_id, "firing", "m", "s", "high", 1.0, 2.0, "bp", at_ns, [])
    assert labels.output(said)[-1] is expected
