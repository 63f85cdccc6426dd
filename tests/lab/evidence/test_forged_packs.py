"""Packs that were forged by somebody with all our code, so that manifest, chain and container agree with each other."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from lab.cli import main
from lab.evidence.gather import find_runs
from lab.evidence.manifest import Article, Manifest, chained, decode
from lab.evidence.pack import Plan, Source, measure, write
from lab.evidence.verification import Verification, verify

RUN = "runs/tiny_outage/default/seed-7"
WRITTEN = "scenarios/tiny_outage.yaml"


@pytest.fixture(scope="module")
def packed(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("packed") / "evidence.zip"
    assert main(["evidence", str(tiny / "runs"), "--out", str(out), "--scenarios", str(tiny)]) == 0
    return out


def as_it_is(manifest: Manifest) -> Manifest:
    return manifest


def verified(
    packed: Path,
    out: Path,
    change: Callable[[dict[str, bytes]], dict[str, bytes]],
    restate: Callable[[Manifest], Manifest] = as_it_is,
) -> Verification:
    """What is found of the pack with other contents, and a manifest that fits them."""
    with zipfile.ZipFile(packed) as pack:
        manifest = decode(pack.read("manifest.json"))
        contents = change({entry.name: pack.read(entry.name) for entry in manifest.entries})
    sources = [Source(name, text=content) for name, content in contents.items()]
    entries = [measure(source) for source in sources]
    whole = chained(restate(msgspec.structs.replace(manifest, entries=entries)))
    write(Plan(sources, [], [], [], whole), out)
    return verify(out, None, lambda _: None)


def differences(found: Verification) -> list[tuple[str, str, str]]:
    every = [*found.summary, *(one for run in found.runs for one in run.differences)]
    return [(one.file, one.field, one.stored) for one in every]


def test_a_pack_remade_as_it_was_is_proven(packed: Path, tmp_path: Path) -> None:
    assert verified(packed, tmp_path / "same.zip", lambda contents: contents).verdict == "pass"
    assert (tmp_path / "same.zip").read_bytes() == packed.read_bytes()


@pytest.mark.parametrize(("name", "key"), [("verdict.json", "verdict"), ("scenario.json", "case")])
def test_a_key_that_stands_twice_cannot_tell_another_reader_another_story(
    packed: Path, tmp_path: Path, name: str, key: str
) -> None:
    """Of two equal keys some readers take the first and some the last; a comparison of what was read sees only one."""
    told_first = f'{{\n  "{key}": "another",'.encode()

    def change(contents: dict[str, bytes]) -> dict[str, bytes]:
        content = contents[f"{RUN}/{name}"]
        assert content.startswith(b"{")
        assert f'"{key}": '.encode() in content
        return contents | {f"{RUN}/{name}": content.replace(b"{", told_first, 1)}

    found = verified(packed, tmp_path / "forged.zip", change)
    assert (found.verdict, found.findings) == ("fail", [])
    assert differences(found) == [(f"{RUN}/{name}", "", "the same, written otherwise")]


def test_a_verdict_in_other_words_is_told_though_it_says_the_same(packed: Path, tmp_path: Path) -> None:
    name = f"{RUN}/verdict.json"
    found = verified(packed, tmp_path / "forged.zip", lambda all_: all_ | {name: all_[name] + b"   \n"})
    assert (found.verdict, differences(found)) == ("fail", [(name, "", "the same, written otherwise")])


def test_bytes_behind_a_files_own_in_its_place_are_told(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deflated stream says itself where it ends: what lies behind it would be in the pack and in no file."""
    import lab.evidence.pack as pack_module

    honest = pack_module._packed

    def smuggling(source: Source) -> object:
        yield from honest(source)
        if source.name == WRITTEN:
            yield b"nobody unpacks this"

    monkeypatch.setattr(pack_module, "_packed", smuggling)
    found = verified(packed, tmp_path / "forged.zip", lambda contents: contents)
    assert found.verdict == "fail"
    assert [(one.place, one.what) for one in found.findings] == [
        (WRITTEN, "has bytes behind its end that belong to no file")
    ]


def test_a_stream_that_never_ends_is_told(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import lab.evidence.pack as pack_module

    honest = pack_module._packed

    def unfinished(source: Source) -> object:
        if source.name != WRITTEN:
            yield from honest(source)
            return
        deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        yield deflate.compress(source.text) + deflate.flush(zlib.Z_SYNC_FLUSH)

    monkeypatch.setattr(pack_module, "_packed", unfinished)
    found = verified(packed, tmp_path / "forged.zip", lambda contents: contents)
    assert found.verdict == "fail"
    assert [(one.place, one.what) for one in found.findings] == [(WRITTEN, "does not unpack (it is cut off)")]


def test_no_file_of_any_name_comes_in_as_the_one_the_author_wrote(packed: Path, tmp_path: Path) -> None:
    def restate(manifest: Manifest) -> Manifest:
        (run,) = manifest.runs
        return msgspec.structs.replace(manifest, runs=[msgspec.structs.replace(run, as_written="setup.exe")])

    def change(contents: dict[str, bytes]) -> dict[str, bytes]:
        return {("setup.exe" if name == WRITTEN else name): content for name, content in contents.items()}

    found = verified(packed, tmp_path / "forged.zip", change, restate)
    assert (found.verdict, [(one.place, one.what) for one in found.findings]) == (
        "fail",
        [("setup.exe", "is no part of a pack"), (RUN, "was written in 'setup.exe', which is no place for that")],
    )


def test_a_file_that_a_run_was_written_in_must_be_there(packed: Path, tmp_path: Path) -> None:
    def change(contents: dict[str, bytes]) -> dict[str, bytes]:
        return {name: content for name, content in contents.items() if name != WRITTEN}

    found = verified(packed, tmp_path / "forged.zip", change)
    assert (found.verdict, [(one.place, one.what) for one in found.findings]) == (
        "fail",
        [(RUN, f"was written in '{WRITTEN}', which is not in the pack")],
    )


def test_a_pack_without_a_run_proves_nothing(packed: Path, tmp_path: Path) -> None:
    def change(contents: dict[str, bytes]) -> dict[str, bytes]:
        from dashboards.evidence_page.model import read_run
        from lab.evidence.summary import summarise

        with zipfile.ZipFile(packed) as pack:
            manifest = decode(pack.read("manifest.json"))
        assert read_run(contents[f"{RUN}/verdict.json"])
        return {"summary.html": summarise(manifest.articles, manifest.left_out, []).encode()}

    found = verified(packed, tmp_path / "forged.zip", change, lambda one: msgspec.structs.replace(one, runs=[]))
    assert (found.verdict, [(one.place, one.what) for one in found.findings]) == (
        "fail",
        [("manifest.json", "names no run; expected one at least")],
    )


def test_an_article_cannot_be_left_out_or_said_to_ask_for_something_else(packed: Path, tmp_path: Path) -> None:
    asked = "Art 6: complied with, says the regulator"

    def restate(manifest: Manifest) -> Manifest:
        kept = [Article(one.tag, asked, one.scenarios) for one in manifest.articles if one.tag == "rts6-art-6"]
        return msgspec.structs.replace(manifest, articles=kept)

    def change(contents: dict[str, bytes]) -> dict[str, bytes]:
        from dashboards.evidence_page.model import read_run
        from lab.evidence.summary import summarise

        with zipfile.ZipFile(packed) as pack:
            manifest = restate(decode(pack.read("manifest.json")))
        page = summarise(manifest.articles, manifest.left_out, [read_run(contents[f"{RUN}/verdict.json"])])
        return contents | {"summary.html": page.encode()}

    found = verified(packed, tmp_path / "forged.zip", change, restate)
    assert found.verdict == "fail"
    assert [(file, field) for file, field, _ in differences(found)] == [("manifest.json", "articles")]


def test_a_run_left_out_is_told_though_another_of_its_name_is_packed(tiny: Path, tmp_path: Path) -> None:
    """It may have gone otherwise: with another monitor, other values, other code."""
    bare = tmp_path / RUN
    shutil.copytree(tiny / RUN, bare)
    (bare / "run.journal").unlink()
    found, left_out = find_runs([tiny / "runs", tmp_path / "runs"])
    assert [run.path for run in found] == [RUN]
    assert [(one.run, one.why.split("; ")[-1]) for one in left_out] == [
        ("tiny_outage/default/seed-7", "another run of this name is not left out")
    ]
