"""`lab evidence` and `lab verify` on a real run: what was packed is proven, what was forged is told."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

import lab.evidence.rederive as rederive
from lab.cli import main
from lab.evidence.manifest import JournalEnd, chained, decode
from lab.evidence.pack import Plan, Source, measure, write
from lab.evidence.verification import verify

RUN = "runs/tiny_outage/default/seed-7"


def silent(_: str) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def packed(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("packed") / "evidence.zip"
    assert main(["evidence", str(tiny / "runs"), "--out", str(out), "--scenarios", str(tiny)]) == 0
    return out


def forged(packed: Path, out: Path, changes: dict[str, bytes]) -> Path:
    """The pack with other contents, and everything that holds it together made to fit: a forger with all our code."""
    with zipfile.ZipFile(packed) as pack:
        manifest = decode(pack.read("manifest.json"))
        contents = {entry.name: pack.read(entry.name) for entry in manifest.entries} | changes
    sources = [Source(name, text=content) for name, content in contents.items()]
    whole = chained(msgspec.structs.replace(manifest, entries=[measure(source) for source in sources]))
    write(Plan(sources, [], [], [], whole), out)
    return out


@pytest.mark.parametrize(
    ("name", "lie", "told"),
    [
        (f"{RUN}/run.journal", {"journal": JournalEnd(9_999, "0" * 32, True)}, "its chain does not end where"),
        (f"{RUN}/verdict.json", {"journal": JournalEnd(9_999, "0" * 32, True)}, "its chain does not end where"),
        (f"{RUN}/control.journal", {"crc32": "00000000"}, "the manifest says 00000000"),
        ("scenarios/tiny_outage.yaml", {"blake2b": "0" * 64}, "does not unpack to what the manifest says"),
    ],
)
def test_a_manifest_that_lies_of_a_file_that_nothing_is_derived_from_is_told(
    packed: Path, tmp_path: Path, name: str, lie: dict[str, Any], told: str
) -> None:
    with zipfile.ZipFile(packed) as pack:
        manifest = decode(pack.read("manifest.json"))
        contents = {entry.name: pack.read(entry.name) for entry in manifest.entries}
    entries = [msgspec.structs.replace(one, **(lie if one.name == name else {})) for one in manifest.entries]
    whole = chained(msgspec.structs.replace(manifest, entries=entries))
    sources = [Source(each, text=content) for each, content in contents.items()]
    write(Plan(sources, [], [], [], whole), tmp_path / "forged.zip")
    found = verify(tmp_path / "forged.zip", None, silent)
    assert found.verdict == "fail"
    assert [(one.place, told in one.what) for one in found.findings] == [(name, True)]


@pytest.mark.parametrize("path", [RUN, "runs/tiny_outage/another/seed-7"])
def test_one_run_cannot_be_counted_twice(packed: Path, tmp_path: Path, path: str) -> None:
    with zipfile.ZipFile(packed) as pack:
        manifest = decode(pack.read("manifest.json"))
        contents = {entry.name: pack.read(entry.name) for entry in manifest.entries}
    copies = {name.replace(RUN, path): content for name, content in contents.items() if name.startswith(RUN)}
    (run,) = manifest.runs
    runs = [run, msgspec.structs.replace(run, path=path)]
    sources = [Source(name, text=content) for name, content in (contents | copies).items()]
    entries = [measure(source) for source in sources]
    whole = chained(msgspec.structs.replace(manifest, runs=runs, entries=entries))
    write(Plan(sources, [], [], [], whole), tmp_path / "forged.zip")
    found = verify(tmp_path / "forged.zip", None, silent)
    assert found.verdict == "fail"
    assert [(one.place, one.what) for one in found.findings] == [(path, "is no run's place, or stands twice")]


def test_a_pack_holds_what_it_takes_and_is_proven(
    packed: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(packed) as pack:
        assert pack.namelist() == [
            "manifest.json", "summary.html", "scenarios/tiny_outage.yaml", f"{RUN}/run.journal",
            f"{RUN}/control.journal", f"{RUN}/scenario.json", f"{RUN}/limits.yaml", f"{RUN}/verdict.json",
            f"{RUN}/report.html",
        ]  # fmt: skip
        assert pack.read("scenarios/tiny_outage.yaml") == (tiny / "tiny_outage.yaml").read_bytes()
        for name in ("run.journal", "control.journal", "scenario.json", "limits.yaml", "verdict.json", "report.html"):
            assert pack.read(f"{RUN}/{name}") == (tiny / RUN / name).read_bytes(), name
    capsys.readouterr()
    again = tmp_path / "again.zip"
    assert main(["evidence", str(tiny / RUN), "--out", str(again), "--scenarios", str(tiny), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert again.read_bytes() == packed.read_bytes()
    assert main(["verify", str(packed), "--head", told["head"]]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "every byte is as it was packed",
        "1 of 1 verdicts derived again from the journals and found the same: 1 pass",
        f"head {told['head']}",
        "proven: this is the pack of that head, and every verdict in it follows from its journals",
    ]


def test_the_head_of_another_pack_is_told(packed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(packed), "--head", "0" * 64]) == 1
    assert f"expected {'0' * 64}: another pack" in capsys.readouterr().out
    assert main(["verify", str(packed), "--head", "abc"]) == 2
    assert capsys.readouterr().err == "--head: found 'abc'; expected the 64 hexadecimal digits of a head\n"


def test_a_flipped_byte_of_a_journal_is_named_by_file_and_frame(
    packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(packed.read_bytes())
    at = data.index(b"RISKPROOF-JOURNAL/1\n")
    data[at + 60_000] ^= 1
    (tmp_path / "changed.zip").write_bytes(data)
    capsys.readouterr()
    assert main(["verify", str(tmp_path / "changed.zip"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    (finding,) = told["findings"]
    assert finding["place"] == f"{RUN}/run.journal"
    assert finding["what"].startswith("is not what was packed: frame ")
    assert (told["verdict"], told["runs"][0]["outcome"]) == ("fail", "not derived")
    assert told["runs"][0]["why"] == f"{RUN}/run.journal is not what was packed"


def test_a_forged_verdict_does_not_follow_from_the_journals(
    packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(packed) as pack:
        document = json.loads(pack.read(f"{RUN}/verdict.json"))
    document["expectations"][0]["latency_s"] = 0.000001
    document["reasons"].append("looks fine to me")
    changed = json.dumps(document).encode()
    out = forged(packed, tmp_path / "forged.zip", {f"{RUN}/verdict.json": changed})
    found = verify(out, None, silent)
    assert (found.findings, found.verdict) == ([], "fail")
    differences = [(one.file, one.field, one.stored) for one in found.runs[0].differences]
    assert differences == [
        (f"{RUN}/verdict.json", "reasons[0]", "looks fine to me"),
        (f"{RUN}/verdict.json", "expectations[0].latency_s", "1e-6"),
    ]
    capsys.readouterr()
    assert main(["verify", str(out)]) == 1
    said = capsys.readouterr().out
    assert "verdict.json reasons[0]: says 'looks fine to me', follows 'nothing'" in said
    assert said.rstrip().endswith("this is not what was packed, or its verdicts do not follow from it")


@pytest.mark.parametrize(
    ("file", "field"),
    [("limits.yaml", "line 2"), ("report.html", ""), ("scenario.json", "description"), ("summary.html", "")],
)
def test_nothing_that_stands_beside_the_journals_can_be_forged(
    packed: Path, tmp_path: Path, file: str, field: str
) -> None:
    name = file if file == "summary.html" else f"{RUN}/{file}"
    with zipfile.ZipFile(packed) as pack:
        content = pack.read(name)
    if file == "scenario.json":
        changed = content.replace(b"falls silent", b"sings aloud")
    elif field:
        changed = content.replace(b"\n", b"\n# raised by hand\n", 1)
    else:
        changed = content + b"\n<p>trust me</p>\n"
    found = verify(forged(packed, tmp_path / "forged.zip", {name: changed}), None, silent)
    told = [*found.summary, *found.runs[0].differences]
    assert (found.findings, found.verdict, [(one.file, one.field) for one in told]) == ([], "fail", [(name, field)])


def test_files_that_nobody_packs_are_strays(packed: Path, tmp_path: Path) -> None:
    found = verify(forged(packed, tmp_path / "forged.zip", {f"{RUN}/evil.py": b"import os"}), None, silent)
    assert [(one.place, one.what) for one in found.findings] == [(f"{RUN}/evil.py", "is no part of a pack")]
    assert found.verdict == "fail"


def test_another_version_makes_a_proof_unknown(
    packed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rederive._other_version.cache_clear()
    monkeypatch.setattr(rederive, "code_hash", lambda: "another")
    try:
        capsys.readouterr()
        assert main(["verify", str(packed)]) == 3
        said = capsys.readouterr().out
        assert "derived by another version: the code is another than the pack was made with" in said
        assert "1 of 1 verdicts derived again from the journals and found the same: 1 pass" in said
        forgery = forged(packed, tmp_path / "forged.zip", {f"{RUN}/verdict.json": b"{}"})
        assert verify(forgery, None, silent).verdict == "unknown", "it may be the version that speaks otherwise"
    finally:
        rederive._other_version.cache_clear()


def test_runs_that_prove_nothing_are_left_out_and_counted(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(tiny / "runs", tmp_path / "runs")
    bare = tmp_path / "runs" / "tiny_outage" / "default" / "seed-8"
    shutil.copytree(tiny / RUN, bare)
    (bare / "run.journal").unlink()
    capsys.readouterr()
    assert main(["evidence", str(tmp_path / "runs"), "--summary", str(tmp_path / "s.html"), "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (told["pack"], told["head"], told["restated"]) == (None, None, [])
    assert [one["run"] for one in told["left_out"]] == ["tiny_outage/default/seed-8"]
    assert told["runs"][0]["as_written"] == "", "the file that it was written in is not among those that lab knows"
    page = (tmp_path / "s.html").read_text()
    assert "1 of the 2 runs found are left out" in page
    assert "<script" not in page


def test_a_verdict_that_says_otherwise_than_its_journals_is_not_packed(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(tiny / "runs", tmp_path / "runs")
    stored = tmp_path / RUN / "verdict.json"
    stored.write_text(stored.read_text().replace('"verdict": "pass"', '"verdict": "fail"'))
    capsys.readouterr()
    assert main(["evidence", str(tmp_path / "runs"), "--out", str(tmp_path / "e.zip")]) == 0
    said = capsys.readouterr().out
    assert f"{RUN}: its verdict.json says otherwise than its journals; the pack holds what follows from them" in said
    with zipfile.ZipFile(tmp_path / "e.zip") as pack:
        assert pack.read(f"{RUN}/verdict.json") == (tiny / RUN / "verdict.json").read_bytes()


def test_a_damaged_journal_is_not_packed(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(tiny / "runs", tmp_path / "runs")
    journal = tmp_path / RUN / "run.journal"
    data = bytearray(journal.read_bytes())
    data[50_000] ^= 1
    journal.write_bytes(data)
    capsys.readouterr()
    assert main(["evidence", str(tmp_path / "runs"), "--out", str(tmp_path / "e.zip")]) == 2
    assert capsys.readouterr().err.rstrip().endswith("a damaged journal proves nothing")
    assert not (tmp_path / "e.zip").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evidence", "RUNS"], "lab evidence: nothing to write; expected --out FILE.zip, --summary FILE.html, or both"),
        (["evidence", "EMPTY", "--out", "x.zip"], "holds no run; expected a directory that `lab run` wrote"),
        (["evidence", "GONE", "--out", "x.zip"], "is no directory; expected one that `lab run` wrote"),
        (["evidence", "RUNS", "COPY", "--out", "x.zip"], f"holds too ({RUN}); expected each once"),
        (["verify", "RUNS/tiny_outage/default/seed-7/limits.yaml"], "is no pack of evidence; expected a file that"),
        (["verify", "GONE"], "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    tiny: Path, tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    shutil.copytree(tiny / "runs", tmp_path / "copy")
    places = {"RUNS": tiny / "runs", "EMPTY": tmp_path / "empty", "GONE": tmp_path / "gone", "COPY": tmp_path / "copy"}
    for word, place in places.items():
        arguments = [argument.replace(word, str(place)) for argument in arguments]
    capsys.readouterr()
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert len(told.err.splitlines()) == 1
