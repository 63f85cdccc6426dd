"""The pool of processes: order, failure, and a clean end when the person who waits goes away."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from lab.playing.pool import Job, Report, Team, run_jobs
from lab.playing.progress import Failed, Finished


def note(report: Report, directory: str, name: str) -> None:
    Path(directory, name).write_text(str(time.monotonic_ns()))
    report(Finished(reason="completed", messages=1, wall_s=0.0))


def raise_error(report: Report) -> None:
    raise RuntimeError("the venue caught fire")


def vanish(report: Report) -> None:
    os._exit(7)


def wait_for_the_end(report: Report, directory: str) -> None:
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    report(Finished(reason="started", messages=0, wall_s=0.0))
    while not ended:
        time.sleep(0.01)
    Path(directory, "closed").write_text("whole")


def shot(report: Report) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def will_not_end(report: Report) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    report(Finished(reason="started", messages=0, wall_s=0.0))
    time.sleep(60)


def tell_worker(report: Report) -> None:
    report(Finished(reason=f"{os.getppid()} {'queue' in sys.modules}", messages=0, wall_s=0.0))


def workers_of(team: Team, jobs: int) -> list[str]:
    told = [one for _, one in run_jobs([Job(f"{number}", tell_worker, ()) for number in range(jobs)], team=team)]
    return [one.reason for one in told if isinstance(one, Finished)]


def test_a_team_stays_from_one_batch_to_the_next_with_what_it_has_imported() -> None:
    with Team(1) as team:
        first = workers_of(team, 2)
        assert first == workers_of(team, 2)
        process = next(iter(team.members.values())).process
        assert [process.pid] == [int(one.split()[0]) for one in set(first)]
    assert not process.is_alive()
    with Team(2) as ready:
        ready.get_ready("no_such_module", "queue")  # one that does not import is told by the job that needs it
        hired = sorted(worker.process.pid or 0 for worker in ready.members.values())
        assert set(workers_of(ready, 4)) <= {f"{pid} True" for pid in hired}


def test_who_is_busy_leaves_a_team_with_the_batch_that_is_cut_short(tmp_path: Path) -> None:
    with Team(2) as team:
        iterator = run_jobs([Job("long", wait_for_the_end, (str(tmp_path),)), Job("short", tell_worker, ())], team=team)
        told = {job.name for job, _ in (next(iterator), next(iterator))}
        assert told == {"long", "short"}
        iterator.close()  # type: ignore[attr-defined]
        assert (tmp_path / "closed").read_text() == "whole"
        assert len(workers_of(team, 3)) == 3


def test_jobs_start_after_those_they_wait_for(tmp_path: Path) -> None:
    first = Job("first", note, (str(tmp_path), "first"))
    other = Job("other", note, (str(tmp_path), "other"))
    last = Job("last", note, (str(tmp_path), "last"), after=(first, other))
    seen = [job.name for job, _ in run_jobs([last, first, other], workers=2)]
    assert sorted(seen[:2]) == ["first", "other"]
    assert seen[2:] == ["last"]
    times = {name: int((tmp_path / name).read_text()) for name in ("first", "other", "last")}
    assert times["last"] > max(times["first"], times["other"])


def test_a_failing_job_is_reported_with_its_traceback_and_stops_what_depends_on_it(tmp_path: Path) -> None:
    broken = Job("broken", raise_error, ())
    gone = Job("gone", vanish, ())
    dependent = Job("dependent", note, (str(tmp_path), "dependent"), after=(broken,))
    seen = {job.name: progress for job, progress in run_jobs([broken, gone, dependent], workers=2)}
    assert seen.keys() == {"broken", "gone"}
    failure = seen["broken"]
    assert isinstance(failure, Failed)
    assert failure.message == "RuntimeError: the venue caught fire"
    assert "raise_error" in failure.traceback
    assert seen["gone"] == Failed("the process of gone ended with code 7", "")
    assert [job.failed for job in (broken, gone, dependent)] == [True, True, True]
    assert list(tmp_path.iterdir()) == []


def test_running_jobs_may_close_their_files_when_the_caller_stops_listening(tmp_path: Path) -> None:
    iterator = run_jobs([Job("long", wait_for_the_end, (str(tmp_path),))])
    next(iterator)
    iterator.close()  # type: ignore[attr-defined]
    assert (tmp_path / "closed").read_text() == "whole"


def test_a_process_that_was_killed_is_told_with_the_signal() -> None:
    told = [progress for _, progress in run_jobs([Job("shot", shot, ())])]
    assert told == [Failed("the process of shot was ended by SIGKILL; the machine may be out of memory", "")]


def test_ctrl_c_while_jobs_are_ending_ends_them_at_once() -> None:
    iterator = run_jobs([Job("stubborn", will_not_end, ())])
    next(iterator)
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    began_s = time.monotonic()
    iterator.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began_s < 10
