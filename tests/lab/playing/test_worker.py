"""Workers: they live for many jobs, yet no job sees what another left, and nobody outlives who ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import lab.playing.progress
from lab.playing.pool import Job, Report, run_jobs
from lab.playing.progress import Failed, Finished


def say(report: Report) -> None:
    left = getattr(lab.playing.progress, "left_behind", "nothing")
    lab.playing.progress.left_behind = "something"  # type: ignore[attr-defined]
    report(Finished(reason=f"{os.getppid()} {left}", messages=os.getpid(), wall_s=0.0))


def say_who(report: Report, name: str) -> None:
    report(Finished(reason=sys.modules[name].__file__ or "", messages=0, wall_s=0.0))


def be_shot(report: Report) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def shoot_the_worker(report: Report) -> None:
    os.kill(os.getppid(), signal.SIGKILL)


def wait_for_ever(report: Report, path: str) -> None:
    Path(path).write_text(f"{os.getppid()} {os.getpid()}")
    report(Finished(reason="started", messages=0, wall_s=0.0))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


def reasons(jobs: list[Job]) -> list[str]:
    return [told.reason for _, told in run_jobs(jobs, workers=1) if isinstance(told, Finished)]


def test_one_worker_does_many_jobs_each_in_a_clean_process() -> None:
    told = [told for _, told in run_jobs([Job(f"{number}", say, ()) for number in range(3)], workers=1)]
    assert all(isinstance(one, Finished) for one in told)
    finished = [one for one in told if isinstance(one, Finished)]
    assert len({one.reason for one in finished}) == 1  # the same parent, and nothing left behind
    assert finished[0].reason.endswith(" nothing")
    assert len({one.messages for one in finished}) == 3


def test_a_job_that_is_killed_takes_only_its_worker_with_it() -> None:
    jobs = [Job("first", say, ()), Job("shot", be_shot, ()), Job("worker", shoot_the_worker, ()), Job("last", say, ())]
    told = list(run_jobs(jobs, workers=1))
    assert [job.name for job, _ in told] == ["first", "shot", "worker", "last"]
    failed = [one.message for _, one in told if isinstance(one, Failed)]
    assert failed == [
        f"the process of {name} was ended by SIGKILL; the machine may be out of memory" for name in ("shot", "worker")
    ]
    assert [job.failed for job in jobs] == [False, True, True, False]


def test_a_job_waits_for_others_to_be_over_even_if_they_failed() -> None:
    shot = Job("shot", be_shot, ())
    compared = Job("compared", say, (), once_over=(shot,))
    assert [(job.name, type(told)) for job, told in run_jobs([compared, shot], workers=2)] == [
        ("shot", Failed), ("compared", Finished),
    ]  # fmt: skip
    assert not compared.failed


def test_what_takes_too_long_is_killed_with_its_child(tmp_path: Path) -> None:
    slow = Job("slow", wait_for_ever, (str(tmp_path / "pids"),))
    told = [one for _, one in run_jobs([slow], workers=1, at_most_s=1.0)]
    assert told[-1] == Failed("slow took longer than 1 s", "")
    for pid in (tmp_path / "pids").read_text().split():
        assert not is_alive(int(pid))


def is_alive(pid: int) -> bool:
    for _ in range(50):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        if state == "Z":  # dead; an orphan that nobody has buried yet
            return False
        time.sleep(0.1)
    return True


def tell_for_ever(report: Report, path: str) -> None:
    Path(path).write_text(f"{os.getppid()} {os.getpid()}")
    while True:  # until nobody listens: then `report` raises, and that ends the process
        report(Finished(reason="still here", messages=0, wall_s=0.0))
        time.sleep(0.02)


PARENT = """
import sys
sys.path.insert(0, {tests!r})
from test_worker import Job, run_jobs, tell_for_ever
if __name__ == "__main__":
    for _ in run_jobs([Job("long", tell_for_ever, ({pids!r},))], workers=2):
        pass
"""


def test_nobody_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(tests=str(Path(__file__).parent), pids=str(pids)))
    parent = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.PIPE)
    while not pids.exists() or not pids.read_text():
        assert parent.poll() is None
        time.sleep(0.02)
    parent.kill()
    parent.wait()
    for pid in pids.read_text().split():
        assert not is_alive(int(pid))
