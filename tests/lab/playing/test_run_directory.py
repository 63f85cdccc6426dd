"""The run directory: made, cleared of what a run left, and never taken from somebody else."""

from pathlib import Path

import pytest

from lab.playing.run_directory import RunDirectory, RunDirectoryError, write_whole


def test_an_earlier_run_makes_way(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "a" / "b")
    directory.prepare()
    directory.run_journal.write_text("old")
    directory.verdict.write_text("old")
    directory.prepare()
    assert list(directory.path.iterdir()) == []


def test_a_directory_with_other_peoples_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    (tmp_path / "run.journal").write_text("old")
    with pytest.raises(RunDirectoryError, match=r"holds 'thesis\.txt', which no run wrote"):
        RunDirectory(tmp_path).prepare()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.journal", "thesis.txt"]


def test_what_a_killed_writer_left_is_a_runs_own(tmp_path: Path) -> None:
    (tmp_path / "verdict.json.partial").write_text("{")
    RunDirectory(tmp_path).prepare()
    assert list(tmp_path.iterdir()) == []


def test_strangers_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    RunDirectory(tmp_path / "new").refuse_strangers()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(RunDirectoryError, match="cannot be used as a run directory: Not a directory"):
        RunDirectory(tmp_path / "file").refuse_strangers()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunDirectoryError, match="cannot be used as a run directory: Not a directory"):
        RunDirectory(tmp_path / "file" / "run").prepare()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "verdict.json"
    write_whole(path, b"one")

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunDirectoryError, match=r"verdict\.json: cannot be written: No space left on device"):
        write_whole(path, b"two")
    monkeypatch.undo()
    assert path.read_bytes() == b"one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["verdict.json"]
