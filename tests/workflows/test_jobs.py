"""Jobs: what others see of a long piece of work, from any thread, and how they stop it."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from earmark.errors import AudioError, JobCancelledError, ParameterError
from earmark.workflows.jobs import Job, JobStatus


def test_a_job_is_a_progress_callback() -> None:
    job: Job[None] = Job("scan")
    assert job.status == JobStatus("scan")
    job(3, 10, "a.mp3")
    status = job.status
    assert (status.state, status.done, status.total, status.item) == ("running", 3, 10, "a.mp3")


def test_result_and_end_of_work_that_is_done() -> None:
    job: Job[str] = Job("scan")
    assert job.run(lambda: "report") == "report"
    assert job.result() == "report"
    assert job.status.state == "done"
    assert job.status.has_ended


def test_work_that_fails_keeps_its_error() -> None:
    job: Job[None] = Job("scan")

    def work() -> None:
        raise ParameterError("no such folder")

    with pytest.raises(ParameterError):
        job.run(work)
    assert job.status.state == "failed"
    assert isinstance(job.status.error, ParameterError)
    with pytest.raises(ParameterError):
        job.result()


def test_a_cancelled_job_raises_at_its_next_report() -> None:
    job: Job[None] = Job("scan")
    done = []

    def work() -> None:
        for number in range(10):
            done.append(number)
            if number == 3:
                job.cancel()
            job(number + 1, 10, str(number))

    with pytest.raises(JobCancelledError, match="scan was cancelled"):
        job.run(work)
    assert done == [0, 1, 2, 3]
    assert (job.status.state, job.status.done) == ("cancelled", 3)
    with pytest.raises(JobCancelledError):
        job.result()


def test_a_job_cancelled_before_it_begins_does_nothing() -> None:
    job: Job[None] = Job("scan")
    job.cancel()
    with pytest.raises(JobCancelledError):
        job.run(lambda: pytest.fail("it began"))
    assert job.status.state == "cancelled"


def test_cancelling_what_has_ended_changes_nothing() -> None:
    job: Job[int] = Job("scan")
    job.run(lambda: 1)
    job.cancel()
    assert job.status.state == "done"
    assert job.result() == 1


def test_ctrl_c_counts_as_cancelled() -> None:
    job: Job[None] = Job("scan")
    with pytest.raises(KeyboardInterrupt), job:
        raise KeyboardInterrupt
    assert job.status.state == "cancelled"


def test_a_job_runs_once() -> None:
    job: Job[int] = Job("scan")
    job.run(lambda: 1)
    with pytest.raises(ParameterError, match="has begun already"):
        job.run(lambda: 2)


def test_phases_count_for_themselves() -> None:
    job: Job[None] = Job("scan")
    job.phase("look")
    job(5, 5, "a")
    job.phase("analyse", total=2)
    assert (job.status.phase, job.status.done, job.status.total) == ("analyse", 0, 2)
    job(1, 2, "b")
    assert [(one.name, one.done, one.total) for one in job.status.phases] == [
        ("look", 5, 5),
        ("analyse", 1, 2),
    ]
    job.phase("look")  # a watched folder is looked at again and again
    assert [one.name for one in job.status.phases] == ["analyse", "look"]


def test_warnings_and_failures_are_kept_in_order() -> None:
    job: Job[None] = Job("scan")
    job.warn("the index could not be saved")
    job.fail(AudioError("a.mp3", "broken"))
    job.warn("again")
    assert job.status.warnings == ("the index could not be saved", "again")
    assert [str(error) for error in job.status.failures] == ["'a.mp3': broken"]


def test_the_estimate_leaves_out_what_an_earlier_run_did(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("earmark.workflows.jobs.time.monotonic", lambda: now[0])
    job: Job[None] = Job("features")
    with job:
        assert job.status.seconds_left is None
        now[0] += 10
        job(51, 100, "a")  # 50 were done before
        assert job.status.seconds_left is None
        now[0] += 20
        job(61, 100, "b")
        assert job.status.seconds_left == pytest.approx(2.0 * 39)
        job.phase("write")
        now[0] += 4
        job(1, 3, "c")
        assert job.status.seconds_left == pytest.approx(8.0)
        now[0] += 1
        assert job.status.seconds == pytest.approx(35)
    now[0] += 50
    assert job.status.seconds == pytest.approx(35)
    assert job.status.seconds_left is None


def test_subscribers_see_every_status_until_they_leave() -> None:
    job: Job[None] = Job("scan")
    seen: list[tuple[str, int]] = []
    leave = job.subscribe(lambda status: seen.append((status.state, status.done)))
    with job:
        job(1, 3, "a")
        job(2, 3, "b")
        leave()
        job(3, 3, "c")
    assert seen == [("running", 0), ("running", 1), ("running", 2)]


def test_a_plain_callback_is_wrapped_and_a_job_is_passed_on() -> None:
    calls: list[tuple[int, int, str]] = []
    wrapped: Job[None] = Job.of(lambda *report: calls.append(report), "scan")
    wrapped(1, 2, "a")
    assert calls == [(1, 2, "a")]
    assert Job.of(wrapped, "other") is wrapped
    assert Job.of(None, "scan").name == "scan"


def test_following_from_another_thread_ends_with_the_job() -> None:
    job: Job[None] = Job("scan")
    followed: list[JobStatus] = []
    follower = threading.Thread(target=lambda: followed.extend(job.follow()))
    follower.start()

    def work() -> None:
        for number in range(100):
            job(number + 1, 100, str(number))

    job.run(work)
    follower.join(timeout=10)
    assert not follower.is_alive()
    assert followed[-1].state == "done"
    assert [one.done for one in followed] == sorted(one.done for one in followed)
    assert [one.state for one in job.follow()] == ["done"]


def test_waiting_from_another_thread() -> None:
    job: Job[int] = Job("scan")
    may_end = threading.Event()

    def work() -> int:
        may_end.wait(10)
        return 7

    worker = threading.Thread(target=partial(job.run, work))
    worker.start()
    assert not job.wait(0.01)
    with pytest.raises(TimeoutError):
        job.result(0.01)
    may_end.set()
    assert job.result(10) == 7
    worker.join()


def test_reports_of_many_threads_are_all_kept() -> None:
    job: Job[None] = Job("scan")
    seen: list[int] = []
    job.subscribe(lambda status: seen.append(len(status.warnings)))

    def work(number: int) -> None:
        for at in range(200):
            job.warn(f"{number}.{at}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(job.status.warnings)) == 800
    assert len(seen) == 800
