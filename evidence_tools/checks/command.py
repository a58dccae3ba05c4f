"""The subcommand ``evidence check``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

NONE, FOUND, UNABLE = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``evidence check``."""
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--release", action="store_true", help="count as a problem what is only told in a draft"
    )
    parser.add_argument(
        "--built", type=Path, metavar="DIR", help="check a finished HTML folder and its PDF instead"
    )
    parser.add_argument(
        "files", nargs="*", help=argparse.SUPPRESS
    )  # a pre-commit hook names the changed files; the whole book is checked all the same


def run(chosen: argparse.Namespace) -> int:
    """Check a book and print what was found.

    Parameters
    ----------
    chosen
        Parsed arguments; ``folder`` is the book folder.

    Returns
    -------
    int
        0 without problems, 1 with problems, 2 if the book could not be checked.
    """
    from evidence_tools.checks.report import check_folder, report_json, report_text

    folder = Path(getattr(chosen, "folder", "."))
    try:
        if chosen.built:
            from evidence_tools.checks.built import check_built

            report = check_built(chosen.built, folder)
        else:
            report = check_folder(folder, release=chosen.release)
    except (OSError, ValueError) as error:
        print(f"evidence check: could not run: {error}", file=sys.stderr)
        return UNABLE
    print(report_json(report) if chosen.format == "json" else report_text(report))
    return FOUND if report.problems else NONE
