"""What a build of the report costs, beside plain Jupyter Book: ``make bench``.

Both build the same chapters in turn, on the same machine, in the same minutes: the ratio is
what counts. Plain Jupyter Book writes HTML only; the report's build writes the PDF as well.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from books import PROJECT, chapter_files, make_book
from changes import CHANGES
from measure import Cost, build
from weight import heaviest_page

SIDES = ("plain", "report")
LIBRARIES = ("jupyter-book", "Sphinx", "myst-nb", "nbclient", "ipykernel", "pandas", "altair")
# At most this many times plain Jupyter Book's time for the same; "cold" names another base.
TARGETS = {
    "cold": 0.40,
    "nothing changed": 1.0,
    "one sentence changed": 1.3,
    "one number in data changed": 0.40,
    "one line of package changed": 0.40,
}
STALE = ("one number in data changed", "one line of package changed")

Results = dict[str, dict[str, list[Cost]]]


def run_book(size: int | None, runs: int, folder: Path) -> tuple[Results, int, list[str]]:
    """Build one book by both sides in turn.

    Parameters
    ----------
    size
        Number of pages; ``None`` for the real book.
    runs
        How often each step is repeated.
    folder
        Receives the books.

    Returns
    -------
    results
        Change to side to the costs of each run.
    pages
        Number of pages.
    weights
        A line of the page weights for each side.
    """
    books = {
        side: make_book(folder / f"{size or 'real'}-{side}", size, plain=side == "plain")
        for side in SIDES
    }
    pages = len(chapter_files(books["report"]))
    results: Results = {change: {side: [] for side in SIDES} for change in CHANGES}
    for run in range(runs):
        for change, apply in CHANGES.items():
            for side in SIDES if run % 2 == 0 else reversed(SIDES):
                apply(books[side], run)
                cost = build(books[side])
                results[change][side].append(cost)
                print(f"{pages:4} pages  {change:28} {side:7} {cost.wall:8.2f} s", flush=True)
    weights = []
    for side in SIDES:
        weight = heaviest_page(books[side] / "_build" / "html")
        first, cached = f"{weight.first / 1000:.0f} kB", f"{weight.cached / 1000:.0f} kB"
        weights.append(f"| {pages} | {side} | {weight.page} | {first} | {cached} |")
    return results, pages, weights


def table(results: Results, pages: int) -> list[str]:
    """Write one book's results as Markdown table rows; medians over the runs."""
    rows = []
    cold = _median(results["cold"]["plain"], "wall")
    for change, sides in results.items():
        base = cold if change in STALE else _median(sides["plain"], "wall")
        ratio = _median(sides["report"], "wall") / base
        target = TARGETS[change]
        verdict = "met" if ratio <= target else "**missed**"
        plain_note = " (stale)" if change in STALE else ""
        cells = [str(pages), change]
        for side in SIDES:
            wall, cpu = (_median(sides[side], name) for name in ("wall", "cpu"))
            memory = _median(sides[side], "memory") / 1e6
            note = plain_note if side == "plain" else ""
            cells += [f"{wall:.2f}{note}", f"{cpu:.2f}", f"{memory:.0f}"]
        cells += [f"{ratio:.2f}", f"{target:.2f} {verdict}", str(len(sides["plain"]))]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def _median(costs: list[Cost], name: str) -> float:
    return float(statistics.median(getattr(cost, name) for cost in costs))


HEAD = [
    "| pages | step | plain wall s | plain CPU s | plain MB | report wall s | report CPU s "
    "| report MB | ratio | target | runs |",
    "|--:|---|--:|--:|--:|--:|--:|--:|--:|---|--:|",
]


def report(rows: list[str], weights: list[str], growth: str, notes: str) -> str:
    """Put the whole of ``results.md`` together."""
    commit = subprocess.run(
        ["git", "-C", str(PROJECT), "rev-parse", "--short=10", "HEAD"],  # noqa: S607
        capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    processors = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    lines = [
        "# What a build costs",
        "",
        "Made by `make bench`; `benchmarks/run.py --help` names its options.",
        "Both sides build the same chapters in turn: plain Jupyter Book with none of our "
        "extensions, HTML only; and the report's build, HTML and PDF.",
        "Wall and CPU seconds and memory are medians over the runs.",
        "CPU is user and system time of all processes; memory is the largest sum over all "
        "processes at one moment, shared pages counted once.",
        "The ratio is the report's wall time over plain Jupyter Book's for the same step.",
        "After a change of data or package it is over plain Jupyter Book's *cold* time, because "
        "plain Jupyter Book does not notice the change: its quick build shows stale numbers.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit or 'none'}, {processors} processors, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}.",
        f"{versions}.",
        "",
        *([notes, ""] if notes else []),
        *HEAD,
        *rows,
        "",
        *([growth, ""] if growth else []),
        "## Page weight",
        "",
        "Bytes for the heaviest page as a compressing server sends them: at the first view with "
        "all styles, scripts and pictures it names; and with styles and scripts cached.",
        "What a script loads later, such as Vega for a chart in view, is not in it.",
        "",
        "| pages | build | page | first view | cached |",
        "|--:|---|---|--:|--:|",
        *weights,
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sizes", default="real,10,50,200", help="comma-separated; a number or 'real'"
    )
    parser.add_argument("--runs", type=int, default=3, help="runs of each step (1 for 200 pages)")
    parser.add_argument("--notes", default="", help="a sentence for the results, on the machine")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("results.md"))
    options = parser.parse_args()
    rows: list[str] = []
    weights: list[str] = []
    per_page: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name in options.sizes.split(","):
            size = None if name == "real" else int(name)
            runs = 1 if size is not None and size >= 200 else options.runs
            results, pages, weight = run_book(size, runs, Path(folder))
            rows += table(results, pages)
            weights += weight
            per_page[pages] = _median(results["cold"]["report"], "wall") / pages
            growth = "Cold, seconds per page: " + ", ".join(
                f"{seconds:.2f} at {count} pages" for count, seconds in per_page.items()
            )
            text = report(rows, weights, growth + ".", options.notes)
            options.output.write_text(text, encoding="utf-8")
    print("\n".join([*HEAD, *rows]))
    print(f"written to {options.output}")


if __name__ == "__main__":
    sys.exit(main())
