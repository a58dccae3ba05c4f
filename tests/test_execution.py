"""Chapters run side by side in kernels that know nothing of one another, and leave nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
from conftest import PROJECT
from jupyter_client.kernelspec import KernelSpecManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from evidence_tools.execution.chapter import Chapter, Outcome
from evidence_tools.execution.local import LocalExecutor
from evidence_tools.execution.warm import WarmProcess

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}

# What an interpreter has of its own; a chapter prints it, another one spoils it first.
STATE = """
import builtins, decimal, locale, os, signal, sys, threading, warnings
import altair, pandas
print(hasattr(pandas.DataFrame, "spoilt"), hasattr(builtins, "spoilt"), "spoilt" in globals())
print(altair.theme.active, altair.theme.options)
print(os.path.basename(os.getcwd()), os.environ.get("SPOILT"), "/spoilt" in sys.path)
print([item[:1] + (str(item[2]),) for item in warnings.filters if item[0] == "error"])
print(sorted(thread.name for thread in threading.enumerate() if "spoilt" in thread.name))
print(decimal.getcontext().prec, locale.setlocale(locale.LC_ALL))
print(pandas.get_option("display.precision"))
print(signal.getsignal(signal.SIGUSR1), sys.getrecursionlimit(), os.umask(0o022))
import jsonschema
iri = jsonschema.FormatChecker().conforms
print(iri("https://example.org/a", "iri"), iri("no iri", "iri"))
print(sys.argv[0].endswith("ipykernel_launcher.py"), sys.path[0], __name__, sys.flags.interactive)
"""
SOCKETS = """
import psutil
print([item.laddr.ip for item in psutil.Process().net_connections("inet")])
"""
FAIL = """def f():
    raise ValueError('no such marker')

f()"""
SPOIL = """
import builtins, decimal, os, signal, sys, threading, time, warnings
import altair, numpy, pandas
pandas.DataFrame.spoilt = builtins.spoilt = spoilt = True
pandas.set_option("display.precision", 2)
altair.theme.enable("dark")
os.chdir("/"); os.environ["SPOILT"] = "yes"; sys.path.insert(0, "/spoilt"); os.umask(0)
warnings.simplefilter("error")
threading.Thread(target=time.sleep, args=(60,), name="spoilt").start()
decimal.getcontext().prec = 3
signal.signal(signal.SIGUSR1, signal.SIG_IGN); sys.setrecursionlimit(5000)
numpy.random.seed(0)
"""


def chapter(book: Path, name: str, *code: str, timeout: int = 60) -> Chapter:
    """A chapter as a text notebook on disk, and as MyST-NB would read it."""
    folder = book / "chapters"
    folder.mkdir(exist_ok=True)
    lines: list[str] = ["# A title", ""]
    cells = [new_markdown_cell("# A title")]
    source_map = [0]
    for cell in code:
        source_map.append(len(lines))
        lines += ["```{code-cell} ipython3", ":tags: [hide-input]", "", *cell.split("\n"), "```"]
        cells.append(new_code_cell(cell))
    path = folder / f"{name}.md"
    path.write_text("\n".join(lines), encoding="utf-8")
    notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "source_map": source_map})
    return Chapter(name, path, notebook, timeout)


def printed(outcome: Outcome) -> str:
    """What the last cell printed."""
    assert not outcome.reason, outcome.reason
    return "".join(part.get("text", "") for part in outcome.notebook.cells[-1].outputs)


def descendants() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def gone(pids: set[int], seconds: float = 8) -> bool:
    """Whether processes end within a time; a zombie has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(_lives(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chapters")


@pytest.fixture(scope="module")
def executor(book: Path) -> Iterator[LocalExecutor]:
    warm = WarmProcess(PROJECT / "data")
    warm.start()
    executor = LocalExecutor(book, PROJECT / "data", warm=warm, workers=2)
    yield executor
    executor.close()


@pytest.fixture(scope="module")
def outcomes(book: Path, executor: LocalExecutor) -> dict[str, Outcome]:
    """Good and broken chapters, run together."""
    endless = (
        "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException:\n"
    )
    chapters = [
        chapter(book, "spoiler", SPOIL),
        chapter(book, "state", STATE),
        chapter(book, "dice", "import numpy, random; print(numpy.random.rand(), random.random())"),
        chapter(book, "dice2", "import numpy, random; print(random.random(), numpy.random.rand())"),
        chapter(book, "failing", "x = 1", FAIL),
        chapter(book, "dying", "import os\nos._exit(3)"),
        chapter(book, "hanging", "x = 1", endless + "        pass", timeout=1),
        chapter(book, "sockets", SOCKETS),
        chapter(book, "reading", "open('beside.csv').read(); import os; os.listdir('..')"),
        chapter(book, "calling", "import subprocess; subprocess.run(['true'])"),
        chapter(book, "data", "from evidence_tools import load_evidence\n"
                f"e = load_evidence({str(PROJECT / 'data')!r})\nprint(len(e.findings()) > 0)"),
    ]  # fmt: skip
    (book / "chapters" / "beside.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    return {outcome.chapter.docname: outcome for outcome in executor.run(chapters)}


def test_every_chapter_has_an_outcome_also_beside_broken_ones(outcomes: dict[str, Outcome]) -> None:
    assert len(outcomes) == 11
    broken = {name: outcome.reason for name, outcome in outcomes.items() if outcome.reason}
    assert set(broken) == {"failing", "dying", "hanging"}, broken


def test_nothing_leaks_into_another_chapter(
    outcomes: dict[str, Outcome], book: Path, executor: LocalExecutor
) -> None:
    ordinary = LocalExecutor(book, PROJECT / "data", warm=None, workers=1)
    try:
        (fresh,) = ordinary.run([chapter(book, "fresh", STATE)])
    finally:
        ordinary.close()
    (after,) = executor.run([chapter(book, "after", STATE)])
    assert printed(after) == printed(outcomes["state"]) == printed(fresh)


def test_chapters_do_not_share_random_numbers(outcomes: dict[str, Outcome]) -> None:
    numbers = [*printed(outcomes["dice"]).split(), *printed(outcomes["dice2"]).split()]
    assert len(set(numbers)) == 4


def test_a_failing_cell_is_named_with_its_line(outcomes: dict[str, Outcome], book: Path) -> None:
    message = str(outcomes["failing"])
    path = book / "chapters" / "failing.md"
    lines = path.read_text(encoding="utf-8").splitlines()
    line = lines.index("    raise ValueError('no such marker')")
    assert message.startswith(f"{path}:{line + 1}: code cell 2 of chapter 'failing'")
    assert "ValueError: no such marker" in message
    assert "\x1b" not in message


def test_the_line_is_the_cells_own_however_deep_the_error_lies(
    book: Path, executor: LocalExecutor
) -> None:
    deep = "from evidence_tools import load_evidence\nx = 1\nload_evidence('nowhere')"
    earlier = "def f():\n    pass\n    1 / 0"
    chapters = [
        chapter(book, "deep", deep),
        chapter(book, "earlier", earlier, "f()"),
        chapter(book, "wide", "raise ValueError('x' * 100_000)"),
    ]
    found = {outcome.chapter.docname: outcome for outcome in executor.run(chapters)}
    for name, wanted in (("deep", "load_evidence('nowhere')"), ("earlier", "f()")):
        path = book / "chapters" / f"{name}.md"
        line = path.read_text(encoding="utf-8").splitlines().index(wanted) + 1
        assert str(found[name]).startswith(f"{path}:{line}: "), str(found[name])
    assert wanted in found["earlier"].reason
    assert "x = 1" not in found["deep"].reason
    assert "following cell" not in found["wide"].reason
    assert len(found["wide"].reason) < 1000


def test_a_kernel_that_dies_is_named(outcomes: dict[str, Outcome]) -> None:
    assert "code cell 1 of chapter 'dying': the kernel died" in str(outcomes["dying"])


def test_a_hanging_cell_is_ended_even_when_it_ignores_interrupts(
    outcomes: dict[str, Outcome],
) -> None:
    assert "code cell 2 of chapter 'hanging': ran longer than 1 second" in str(outcomes["hanging"])
    assert outcomes["hanging"].seconds < 15


def test_no_kernel_can_be_reached_from_another_machine(outcomes: dict[str, Outcome]) -> None:
    # ipykernel itself listens on the loopback interface for the output of forked processes.
    assert printed(outcomes["sockets"]).strip() in ("[]", "['127.0.0.1']")


def test_files_and_folders_that_a_chapter_reads_are_known(outcomes: dict[str, Outcome]) -> None:
    reads = outcomes["reading"].reads
    assert reads is not None
    assert set(reads) == {"chapters/beside.csv", "./"}


def test_data_and_package_are_not_listed_since_every_result_depends_on_them(
    outcomes: dict[str, Outcome],
) -> None:
    assert outcomes["data"].reads == {}


def test_a_chapter_that_starts_a_program_depends_on_the_whole_book(
    outcomes: dict[str, Outcome],
) -> None:
    reads = outcomes["calling"].reads
    assert reads is not None
    assert "*" in reads


def test_only_the_warm_process_is_left_after_a_run(
    outcomes: dict[str, Outcome], executor: LocalExecutor
) -> None:
    assert outcomes
    ours = {" ".join(psutil.Process(pid).cmdline()) for pid in descendants()}
    # A browser of other tests may still run.
    names = [name for name in ours if "chromium" not in name and "playwright" not in name]
    assert all("forkserver" in name or "resource_tracker" in name for name in names), names
    assert [path.name for path in executor.folder.iterdir()] == ["draw"]


def test_the_warm_process_has_no_python_thread_to_lose(book: Path, executor: LocalExecutor) -> None:
    code = "import evidence_tools.execution.preload as p; print(p.THREADS)"
    (outcome,) = executor.run([chapter(book, "threads", code)])
    assert printed(outcome).strip() == "['MainThread']"


def test_ordinary_kernels_take_over_when_none_can_be_forked(book: Path) -> None:
    notes: list[str] = []
    warm = WarmProcess(PROJECT / "data")
    warm.start()
    warm.stop()
    executor = LocalExecutor(book, PROJECT / "data", warm=warm, workers=1, note=notes.append)
    try:
        (outcome,) = executor.run([chapter(book, "fallback", "print(6 * 7)")])
    finally:
        executor.close()
    assert printed(outcome).strip() == "42"
    assert len(notes) == 1
    assert "cannot be forked" in notes[0]


def test_an_unknown_kernel_is_named(book: Path, executor: LocalExecutor) -> None:
    strange = chapter(book, "strange", "1 + 1")
    strange.notebook.metadata["kernelspec"] = {**KERNEL, "name": "klingon"}
    head = "---\nkernelspec:\n  display_name: Klingon\n  name: klingon\n---\n"
    strange.path.write_text(head + "# A title\n", encoding="utf-8")
    (outcome,) = executor.run([strange])
    assert str(outcome).startswith(f"{strange.path}:4: chapter 'strange': ")
    assert "there is no kernel 'klingon'; write 'name: python3'" in str(outcome)


def test_programs_that_left_their_kernel_end_with_it(book: Path, executor: LocalExecutor) -> None:
    apart = """
import os, subprocess
first = subprocess.Popen(["sleep", "100"], start_new_session=True).pid
shell = subprocess.Popen(["sh", "-c", "setsid sleep 100 & echo $!"], stdout=subprocess.PIPE)
second = shell.stdout.readline()
print(first, int(second), subprocess.Popen(["sleep", "100"]).pid, flush=True)
"""
    note = book / "chapters" / "left.txt"
    dying = f"p = subprocess.Popen(['sleep', '100']).pid\nopen({str(note)!r}, 'w').write(str(p))"
    run = executor.run(
        [
            chapter(book, "deserting", apart),
            chapter(book, "orphaning", f"import os, subprocess\n{dying}\nos._exit(1)"),
        ]
    )
    found = {outcome.chapter.docname: outcome for outcome in run}
    left = {int(number) for number in printed(found["deserting"]).split()}
    assert len(left) == 3
    assert gone(left | {int(note.read_text(encoding="utf-8"))})


def test_jupyterlab_keeps_its_ordinary_kernels() -> None:
    spec = KernelSpecManager().get_kernel_spec("python3")
    assert "kernel_provisioner" not in spec.metadata


def test_stopping_early_ends_the_kernels(book: Path) -> None:
    before = descendants()
    executor = LocalExecutor(book, PROJECT / "data", warm=WarmProcess(PROJECT / "data"))
    slow = "import subprocess; subprocess.run(['sleep', '100'])"
    run = executor.run([chapter(book, "quick", "1"), chapter(book, "slow", slow)])
    assert isinstance(run, Iterator)
    next(run)
    started = descendants() - before
    run.close()  # type: ignore[attr-defined]
    executor.close()
    assert started
    assert gone(started)
    assert not executor.folder.exists()


SCRIPT = """
import signal, sys
# Whoever started the tests in the background had this signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_execution import chapter, PROJECT
from evidence_tools.execution.local import LocalExecutor
from evidence_tools.execution.occupancy import Occupancy
from evidence_tools.execution.warm import WarmProcess
book = Path({book!r})
occupancy = Occupancy(book / "_build", print)
occupancy.begin()
code = "import subprocess; print(1, flush=True); subprocess.run(['sleep', '100'])"
warm = WarmProcess(PROJECT / "data") if {warm} else None
executor = LocalExecutor(book, PROJECT / "data", warm=warm)
occupancy.uses(executor.folder)
try:
    for _ in executor.run([chapter(book, f"c{{i}}", code) for i in range(2)]):
        pass
finally:
    executor.close()
"""


@pytest.mark.parametrize(
    ("how", "warm"), [(signal.SIGKILL, True), (signal.SIGINT, True), (signal.SIGINT, False)]
)
def test_nothing_runs_on_after_the_build_was_ended(
    how: signal.Signals, warm: bool, tmp_path: Path
) -> None:
    script = SCRIPT.format(tests=str(PROJECT / "tests"), book=str(tmp_path), warm=warm)
    build = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    process = psutil.Process(build.pid)
    end = time.monotonic() + 40
    sleeping: Sequence[Any] = []
    while len(sleeping) < 2 and time.monotonic() < end:
        time.sleep(0.1)
        sleeping = [p for p in process.children(recursive=True) if _name(p) == "sleep"]
    assert len(sleeping) == 2
    started = {p.pid for p in process.children(recursive=True)}
    os.kill(build.pid, how)
    build.wait(20)
    assert gone(started)
    from evidence_tools.execution.occupancy import Occupancy

    note = (tmp_path / "_build" / "unfinished.json").read_text(encoding="utf-8")
    next_build = Occupancy(tmp_path / "_build", print)
    assert next_build.begin()
    next_build.release()
    folder = Path(note.split('"')[3])
    assert folder.name.startswith("evidence-")
    assert not folder.exists()


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.NoSuchProcess:
        return ""
