"""Chapters run side by side, know nothing of one another, and fail with a place and a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from jupyter_client.manager import AsyncKernelManager
from nbformat.v4 import new_code_cell, new_notebook, new_output
from running import printed, read, run, write_chapter

from evidence_tools.book import execution
from evidence_tools.book.execution import ChapterError, open_kernels
from evidence_tools.book.session import describe

FAIL = "def f():\n    raise ValueError('no such row')\n\nf()"
ENDLESS = "while True:\n    try:\n        __import__('time').sleep(60)\n    except BaseException:\n"
# What an interpreter has of its own; a chapter prints it, another one spoils it first.
STATE = """
import decimal, os, signal, sys, warnings
import altair, pandas
print(hasattr(pandas.DataFrame, "spoilt"), "spoilt" in globals(), altair.theme.active)
print(os.path.basename(os.getcwd()), os.environ.get("SPOILT"), "/spoilt" in sys.path)
print([str(item[2]) for item in warnings.filters if item[0] == "error"], os.umask(0o022))
print(decimal.getcontext().prec, pandas.get_option("display.precision"))
print(signal.getsignal(signal.SIGUSR1), signal.getsignal(signal.SIGCHLD))
print(sys.argv[0].endswith("ipykernel_launcher.py"), {"", os.getcwd()} & {*sys.path}, __name__)
"""
SPOIL = """
import decimal, os, signal, sys, warnings
import altair, pandas
pandas.DataFrame.spoilt = spoilt = True
pandas.set_option("display.precision", 2)
altair.theme.enable("dark")
os.chdir("/"); os.environ["SPOILT"] = "yes"; sys.path.insert(0, "/spoilt"); os.umask(0)
warnings.simplefilter("error")
decimal.getcontext().prec = 3
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
"""
TOO_MUCH = "shows more than 1,000,000 bytes (an output counts 500); "
CODE = {
    "spoiler": [SPOIL],
    "state": [STATE],
    "dice": ["import numpy, random; print(numpy.random.rand(), random.random())"],
    "dice2": ["import numpy, random; print(random.random(), numpy.random.rand())"],
    "failing": ["x = 1", FAIL],
    "deep": ["x = 1\nimport json\njson.loads('{')"],
    "earlier": ["def f():\n    pass\n    1 / 0", "f()"],
    "syntax": ["x = 1\nx = = 2"],
    "shown": ["type('A', (), {'_repr_html_': lambda self: 1 / 0})()"],
    "wide": ["raise ValueError('x' * 100_000)"],
    "dying": ["import os\nos._exit(3)"],
    "lines": ["x = 1", "for number in range(300_000):\n    print(number)"],
    "displays": ["for number in range(20_000):\n    display(number)"],
    "large": ["from IPython.display import HTML\nHTML('x' * 1_500_000)"],
    "within": ["print('x' * 900_000)"],
    "asking": ["input('?')"],
}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("with space, ümlaut, 100%, why?")


@pytest.fixture(scope="module")
def kernels(book: Path) -> Iterator[Any]:
    with open_kernels() as kernels:
        yield kernels


@pytest.fixture(scope="module")
def results(book: Path, kernels: Any) -> Any:
    """Good and broken chapters, run together."""
    for name, code in CODE.items():
        write_chapter(book, name, *code)
    return run(kernels, book, *CODE)


def message(book: Path, results: Any, name: str) -> str:
    assert isinstance(results[name], ChapterError), name
    return describe(*read(book, name), results[name], book)


def line(book: Path, name: str, code: str) -> int:
    return (book / "chapters" / f"{name}.md").read_text("utf-8").splitlines().index(code) + 1


def test_good_chapters_have_results_beside_broken_ones(results: Any) -> None:
    whole = {name for name, result in results.items() if not isinstance(result, ChapterError)}
    assert whole == {"spoiler", "state", "dice", "dice2", "within"}


def test_a_fork_is_as_a_new_interpreter_and_nothing_leaks(results: Any, book: Path) -> None:
    fresh = run(lambda name: AsyncKernelManager(kernel_name=name), book, "state")
    assert printed(results["state"]) == printed(fresh["state"])
    numbers = [*printed(results["dice"]).split(), *printed(results["dice2"]).split()]
    assert len(set(numbers)) == 4


@pytest.mark.parametrize(
    ("name", "code", "reason"),
    [
        ("failing", "    raise ValueError('no such row')", "failed: ValueError: no such row"),
        ("deep", "json.loads('{')", "JSONDecodeError: Expecting property name"),
        ("earlier", "f()", "failed: ZeroDivisionError: division by zero"),
        ("syntax", "x = = 2", "failed: SyntaxError: invalid syntax"),
        ("shown", "type('A', (), {'_repr_html_': lambda self: 1 / 0})()", "failed: ZeroDivision"),
        ("dying", "import os", "the kernel died: out of memory, or the code ended"),
        ("lines", "for number in range(300_000):", TOO_MUCH),
        ("displays", "for number in range(20_000):", TOO_MUCH),
        ("large", "from IPython.display import HTML", "raise evidence_output_bytes under"),
        ("asking", "input('?')", "StdinNotImplementedError"),
    ],
)
def test_a_broken_cell_is_named_in_one_line(
    name: str, code: str, reason: str, book: Path, results: Any
) -> None:
    found = message(book, results, name)
    place = f"chapters/{name}.md:{line(book, name, code)}: "
    assert found.startswith(place), found
    assert reason in found
    assert "\n" not in found


def test_a_message_is_cut(book: Path, results: Any) -> None:
    assert "(100,000 characters)" in message(book, results, "wide")
    assert len(message(book, results, "wide")) < 2_000


def test_a_cell_may_show_what_the_settings_allow(book: Path, kernels: Any) -> None:
    found = run(kernels, book, "large", "within", limit=2_000_000)
    assert found["large"].cells[-1].outputs[0].data["text/html"] == "x" * 1_500_000
    found = run(kernels, book, "within", limit=800_000)
    assert "shows more than 800,000 bytes" in found["within"].reason


def test_a_cell_that_ignores_interrupts_is_ended(book: Path, kernels: Any) -> None:
    path = write_chapter(book, "hanging", "x = 1", ENDLESS + "        pass")
    settings = "mystnb:\n  execution_timeout: 1\nkernelspec:"
    path.write_text(path.read_text("utf-8").replace("kernelspec:", settings), "utf-8")
    said = message(book, run(kernels, book, "hanging"), "hanging")
    assert ": the cell ran longer than 1 second" in said


def notebook(book: Path, name: str, code: str) -> None:
    old = new_output("stream", text="of another day")
    cells = [new_code_cell("x = 1"), new_code_cell(code, outputs=[old], execution_count=7)]
    (book / "chapters" / f"{name}.ipynb").write_text(json.dumps(new_notebook(cells=cells)), "utf-8")


def test_outputs_in_an_ipynb_file_are_not_used(book: Path, kernels: Any) -> None:
    notebook(book, "jupyter", "print('of this build')")
    notebook(book, "jupyter-failing", "1 / 0")
    found = run(kernels, book, "jupyter", "jupyter-failing")
    assert printed(found["jupyter"]) == "of this build\n"
    assert message(book, found, "jupyter-failing").startswith(
        "chapters/jupyter-failing.ipynb, cell 2, line 1: the code failed"
    )


def test_a_chapter_without_code_needs_no_kernel(book: Path) -> None:
    write_chapter(book, "prose")
    (book / "chapters" / "plain.md").write_text("# Title\n", "utf-8")
    with open_kernels() as closed:
        pass
    assert run(closed, book, "prose")["prose"].cells
    assert read(book, "plain") == []


def test_a_terminal_shows_each_chapter_that_has_ended(
    book: Path, kernels: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr("sys.stdout", Mock(isatty=lambda: True))
    monkeypatch.setattr(execution.LOGGER, "info", lambda text, *parts: lines.append(text % parts))
    write_chapter(book, "good", "1")
    run(kernels, book, "good", "failing")
    assert sorted(text.split(" s  ")[1] for text in lines) == ["failing  failed", "good"]


def test_a_line_that_is_written_over_shows_its_end(book: Path, kernels: Any) -> None:
    code = "import sys\nfor n in range(3): print(f'{n} of 2', end='\\r')\nprint('\\nlast')"
    write_chapter(book, "progress", code)
    assert printed(run(kernels, book, "progress")["progress"]) == "2 of 2\nlast\n"
