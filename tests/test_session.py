"""A result is used again only where it follows from all that is there; what is missing runs."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from building import HEADER, PROJECT
from made_up import Made, build, write_book
from myst_nb.core.execute.cache import NotebookClientCache
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from running import environment, left_alive, write_chapter
from sphinx.util.logging import getLogger

from evidence_tools.book import execution
from evidence_tools.book import session as session_module
from evidence_tools.book.execution import Chapter, ChapterError
from evidence_tools.book.session import BuildError, Session, changed_pages, read_chapters

NAMES = ("first", "second")


class Runs:
    """Stands in for kernels: each chapter prints how many chapters ran before it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self.failing: tuple[str, ...] = ()

    def __call__(self, chapters: list[Chapter], *_: object) -> dict[str, Any]:
        results: dict[str, Any] = {}
        for chapter in chapters:
            self.names.append(chapter.docname)
            text = f"run {len(self.names)} of {chapter.docname}"
            chapter.notebook.cells[-1].outputs = [new_output("stream", text=text)]
            failed = chapter.docname in self.failing
            results[chapter.docname] = ChapterError(1, "broken") if failed else chapter.notebook
        self.meanwhile()
        return results


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runs:
    runs = Runs()
    monkeypatch.setattr(execution, "run_chapters", runs)
    monkeypatch.setattr(execution, "open_kernels", lambda: io.StringIO())
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text("x = 1\n", "utf-8")
    monkeypatch.setattr(session_module, "PACKAGE", tmp_path / "package")
    return runs


@pytest.fixture
def book(tmp_path: Path) -> Path:
    book = tmp_path / "100%, why? ü"
    for name in NAMES:
        write_chapter(book, name, f"print({name!r})")
    (book / "data").mkdir()
    for name in ("data/rows.csv", "_toc.yml"):
        (book / name).write_text("1\n", "utf-8")
    return book


def begin(book: Path) -> Session:
    chapters = [f"chapters/{name}.md" for name in NAMES]
    return Session(book, book / "_build", chapters)


def ran(book: Path, runs: Runs) -> list[str]:
    """Do what a build does with chapters, and name those that ran."""
    runs.names.clear()
    with begin(book) as session:
        session.execute(environment(book), NAMES, lambda: None)
    return runs.names


def append(path: Path, text: str = "2\n") -> None:
    """Change a file and keep its time, as a file that is put back from a copy does."""
    status = path.stat()
    path.write_text(path.read_text("utf-8") + text, "utf-8")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_only_code_that_changed_runs(book: Path, runs: Runs) -> None:
    assert ran(book, runs) == ["first", "second"]
    assert ran(book, runs) == []
    append(book / "chapters" / "first.md", "\nAnother sentence.\n")
    assert ran(book, runs) == []
    write_chapter(book, "first", "print('other')")
    assert ran(book, runs) == ["first"]


OTHERS = ["data/rows.csv", "_toc.yml", "chapters/new.py", "new.md", "../package/module.py"]


@pytest.mark.parametrize("name", OTHERS)
def test_whatever_else_changes_runs_every_chapter(name: str, book: Path, runs: Runs) -> None:
    ran(book, runs)
    (book / name).touch()
    append(book / name)
    assert ran(book, runs) == ["first", "second"]
    assert ran(book, runs) == []
    assert len(list((book / "_build" / ".jupyter_cache").iterdir())) == 1  # the old are removed


WRITTEN = ["_build/html/page.html", "chapters/.ipynb_checkpoints/a.md", "a.ipynb", "env/pyvenv.cfg"]


@pytest.mark.parametrize("name", WRITTEN)
def test_what_programs_write_runs_nothing(name: str, book: Path, runs: Runs) -> None:
    ran(book, runs)
    (book / name).parent.mkdir(parents=True, exist_ok=True)
    (book / name).write_text("new\n", "utf-8")
    assert ran(book, runs) == []


def test_a_library_that_was_installed_anew_runs_every_chapter(
    book: Path, runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "site" / "library-1.0.dist-info"
    library.mkdir(parents=True)
    monkeypatch.syspath_prepend(library.parent)
    ran(book, runs)
    os.utime(library, (1, 1))
    assert ran(book, runs) == ["first", "second"]


def test_a_link_to_data_elsewhere_is_followed(book: Path, runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "rows.csv").write_text("1\n", "utf-8")
    (book / "linked").symlink_to(tmp_path / "elsewhere")
    (book / "linked" / "loop").symlink_to(book)
    (book / "linked" / "nowhere").symlink_to(tmp_path / "gone")
    ran(book, runs)
    append(tmp_path / "elsewhere" / "rows.csv")
    assert ran(book, runs) == ["first", "second"]


def test_myst_nb_finds_the_results(book: Path, runs: Runs) -> None:
    ran(book, runs)
    env = environment(book)
    (chapter,) = read_chapters(env, ["second"])
    with begin(book) as session:
        folder = str(session.result_folder(chapter.path))
        config = env.mystnb_config.copy(execution_cache_path=folder, execution_mode="cache")
        log = getLogger("test")
        with NotebookClientCache(chapter.notebook, chapter.path, config, log) as client:
            assert client.notebook.cells[-1].outputs[0].text == "run 2 of second"
        # The same code may do something else in another folder.
        assert str(session.result_folder(book / "other" / "second.md")) != folder


def test_a_broken_chapter_is_named_and_the_others_keep_their_results(
    book: Path, runs: Runs
) -> None:
    runs.failing = ("first",)
    with pytest.raises(BuildError, match=r"^chapters/first.md:\d+: broken$"):
        ran(book, runs)
    runs.failing = ()
    assert ran(book, runs) == ["first"]


def test_results_of_files_that_changed_meanwhile_are_not_kept(book: Path, runs: Runs) -> None:
    before = (book / "data" / "rows.csv").read_text("utf-8")
    runs.meanwhile = lambda: append(book / "data" / "rows.csv")
    with pytest.raises(BuildError, match=r"^changed while chapters ran: data/rows.csv; build"):
        ran(book, runs)
    runs.meanwhile = lambda: None
    (book / "data" / "rows.csv").write_text(before, "utf-8")
    assert ran(book, runs) == ["first", "second"]


@pytest.mark.parametrize("name", ["global.db", "base.ipynb"])
def test_a_damaged_result_is_made_anew(name: str, book: Path, runs: Runs) -> None:
    ran(book, runs)
    for path in (book / "_build" / ".jupyter_cache").rglob(name):
        path.write_bytes(path.read_bytes()[:100])
    assert sorted(set(ran(book, runs))) == ["first", "second"]
    assert ran(book, runs) == []


def test_a_page_is_read_again_when_its_file_changed_whatever_its_time(book: Path) -> None:
    env = SimpleNamespace(found_docs=set(NAMES), doc2path=environment(book).doc2path)
    assert sorted(changed_pages(env)) == ["first", "second"]
    append(book / "chapters" / "second.md")
    assert changed_pages(env) == ["second"]
    assert changed_pages(env) == []


SECOND = """
import atexit, sys
from pathlib import Path
from evidence_tools.book.session import Session, end_on_signals, in_fork
end_on_signals()
session = Session(Path(sys.argv[1]), Path(sys.argv[1]) / "_build", [])
atexit.register(session.close)
in_fork(lambda: "x" * 10**6)  # more than a pipe holds, and nobody waits for it
print("ended")
"""


def test_a_second_build_says_that_it_waits_and_leaves_no_work(book: Path, runs: Runs) -> None:
    with begin(book):
        command, pipe = [sys.executable, "-c", SECOND, str(book)], subprocess.PIPE
        second = subprocess.Popen(command, cwd=PROJECT, text=True, stdout=pipe, stderr=pipe)
        assert second.stderr is not None
        wait = "another build of this folder is running; this one waits for it\n"
        assert second.stderr.readline() == wait
        assert second.poll() is None
    assert second.communicate(timeout=60) == ("ended\n", "")


def jupyter(words: str) -> str:
    """Write a chapter as an .ipynb file."""
    cells = [
        new_markdown_cell(f"# A notebook\n\n{words}"),
        new_code_cell("print('forty' + '-two')"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3"}
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return json.dumps(new_notebook(cells=cells, metadata={"kernelspec": kernel}))


BESIDE = (
    f"{HEADER}\n# What is beside?\n\n```{{code-cell}} ipython3\nopen('beside.csv').read()\n```\n"
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book whose chapters are text and an .ipynb file."""
    folder = write_book(tmp_path_factory.mktemp("fresh") / "a book, 100% ü", diary=BESIDE)
    (folder / "chapters" / "beside.csv").write_text("before", "utf-8")
    (folder / "chapters" / "jupyter.ipynb").write_text(jupyter("Written first."), "utf-8")
    append(folder / "chapters" / "about.md", "\n```{how-to-cite}\n```\n\n## Questions & answers\n")
    append(folder / "_toc.yml", "- glob: chapters/j*\n")
    append(folder / "_config.yml", "html: {baseurl: 'https://example.org/amber'}\n")
    return folder


def rebuilt(folder: Path) -> tuple[Made, int]:
    """Build a book, and count the chapters that ran."""
    made = build(folder)
    assert made.returncode == 0, made.output
    found = re.search(r"executed (\d+) of", made.output)
    return made, int(found[1]) if found else 0


def test_each_change_reaches_the_pages_and_undone_the_site_equals_a_clean_build(
    whole: Path,
) -> None:
    def write(name: str, text: str) -> None:
        (whole / name).write_text(text, encoding="utf-8")

    made, count = rebuilt(whole)
    assert count == 3
    assert all(words in made.page("jupyter") for words in ("Written first.", "forty-two"))
    canonical = (
        '<link rel="canonical" href="https://example.org/amber/v/0.1.0/chapters/jupyter.html"'
    )
    assert canonical in made.page("jupyter")
    with zipfile.ZipFile(made.html / "amber-0.1.0-files.zip") as packed:
        assert b"forty-two" in packed.read("chapters/jupyter.ipynb")
    assert "before" in made.page("diary")
    clean, names = made.contents(), ("_toc.yml", "chapters/beside.csv", "chapters/jupyter.ipynb")
    names += ("chapters/about.md", "chapters/rows.md")
    texts = {name: (whole / name).read_text("utf-8") for name in names}

    again = build(whole)
    assert "Nothing changed" in again.output
    assert again.contents() == clean

    # As in a preview: a build that waits has imported all, and builds what is written then.
    about, shown = "chapters/about.md", whole / "_build/html/chapters/about.html"
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "."]
    variables = {"EVIDENCE_PREVIEW": "waits", "SOURCE_DATE_EPOCH": "1790000000"}
    waits: dict[str, Any] = {"cwd": whole, "env": os.environ | variables}
    waits |= {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    pages = []
    for words, code in (("\nA sentence on an RCT.\n", 0), ("{finding}`gone`", 1), ("", 0)):
        with subprocess.Popen(command, **waits) as process:
            write(about, texts[about] + words)
            output, _ = process.communicate(b"?")
        assert process.returncode == code
        assert b" chapters/rows" not in output  # which stays as it was
        pages.append(shown.read_text("utf-8"))
    sentence, *others = pages
    assert others == [sentence, clean[f"{about[:-3]}.html"].decode()]
    assert again.contents() == clean
    write(about, f"{texts[about]}\nA sentence on an RCT.\n")

    # Prose of a notebook that a pattern names, and the code of one chapter.
    write("chapters/jupyter.ipynb", jupyter("Written then."))
    write("chapters/rows.md", texts["chapters/rows.md"].replace("is one?", "is two?"))
    made, count = rebuilt(whole)
    assert count == 1
    assert "What is two?" in made.page("rows")
    assert "Written then." in made.page("jupyter")
    assert all("A sentence on an" in page for page in (sentence, made.page("about")))

    diary = "- file: chapters/diary\n"
    write("_toc.yml", texts["_toc.yml"].replace(diary, f"{diary}  title: A new title\n"))
    append(whole / "chapters" / "beside.csv", " and after")
    write("Untitled.ipynb", jupyter("Not in the table of contents."))
    made, count = rebuilt(whole)
    assert count == 3
    assert "before and after" in made.page("diary")
    assert all("A new title" in made.page(name) for name in ("answer", "rows", "diary"))
    assert not list(made.html.rglob("*Untitled*"))

    (whole / "Untitled.ipynb").unlink()
    for name, text in texts.items():
        write(name, text)
    assert rebuilt(whole)[0].contents() == clean

    page = whole / "_build/html/chapters/answer.html"
    page.write_text(page.read_text("utf-8").replace("1.86", "9.86"), encoding="utf-8")
    write("_build/html/extra.html", "not ours")
    write("_build/html/searchindex.js", "Search.")
    (whole / "_build/.evidence/kept/doctrees/environment.pickle").write_bytes(b"damaged")
    assert rebuilt(whole)[0].contents() == clean


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_build_after_one_that_was_ended_is_right(how: signal.Signals, whole: Path) -> None:
    clean = rebuilt(whole)[0].contents()
    chapter = whole / "chapters" / "diary.md"
    text = chapter.read_text("utf-8")
    os.mkfifo(whole / "_build" / "pipe")
    code = "open('../_build/pipe', 'w').write('here')\nwhile True: pass\n```\n"
    chapter.write_text(text.replace("open('beside.csv').read()\n```\n", code), "utf-8")
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "."]
    ended = subprocess.Popen(command, cwd=whole, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (whole / "_build" / "pipe").read_text("utf-8") == "here"  # waits for the chapter
    started = [child.pid for child in psutil.Process(ended.pid).children(recursive=True)]
    ended.send_signal(how)
    output, _ = ended.communicate(timeout=60)
    assert ended.returncode
    assert left_alive(started) == []
    assert b"Traceback" not in output
    assert how == signal.SIGKILL or b"The build was interrupted" in output
    (whole / "_build" / "pipe").unlink()
    chapter.write_text(text, "utf-8")
    assert rebuilt(whole)[0].contents() == clean
