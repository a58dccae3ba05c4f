"""Work in forks of the build gives what the same work gives without."""

from __future__ import annotations

import os
import signal
import time

import pytest

from evidence_tools.execution.parallel import Beside, side_by_side


def test_work_beside_is_done_in_another_process() -> None:
    assert Beside(os.getpid).result() != os.getpid()


def test_work_beside_goes_on_before_anybody_asks() -> None:
    work = Beside(time.monotonic)
    deadline = time.monotonic() + 30
    while not work.is_ready() and time.monotonic() < deadline:
        time.sleep(0.01)
    asked = time.monotonic()
    assert work.result() < asked


def test_an_error_of_work_beside_is_raised_where_its_result_is_wanted() -> None:
    work = Beside(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        work.result()


def test_work_whose_process_is_killed_is_done_here() -> None:
    here = os.getpid()

    def work() -> str:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    assert Beside(work).result() == "done"


def test_no_process_is_left_when_work_beside_is_stopped() -> None:
    work = Beside(lambda: time.sleep(60))
    pid = work._process.pid
    work.stop()
    work.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_results_come_in_the_order_of_the_items(count: int) -> None:
    assert side_by_side(lambda item: item * item, range(count)) == [n * n for n in range(count)]


def test_an_error_of_any_item_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda item: 1 // item, [3, 2, 1, 0])


def test_sizes_change_who_does_what_and_not_the_results() -> None:
    sizes = [1, 90, 2, 50, 40]
    assert side_by_side(lambda item: item * 10, range(5), sizes) == [0, 10, 20, 30, 40]
