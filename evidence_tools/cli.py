"""The command ``evidence``: what an author does with the report beside building it.

Exit codes: 0 done, or nothing found; 1 something was found; 2 it could not run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Parameters
    ----------
    arguments
        Words after ``evidence``; those of the process by default.

    Returns
    -------
    int
        The exit code.
    """
    from evidence_tools.checks import command

    parser = argparse.ArgumentParser(prog="evidence", description="Work with the evidence report.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="find what the report must not say")
    check.add_argument(
        "--folder", type=Path, default=Path(), help="the book folder; by default this one"
    )
    command.add_arguments(check)
    check.set_defaults(run=command.run)
    chosen = parser.parse_args(arguments)
    return int(chosen.run(chosen))


if __name__ == "__main__":
    sys.exit(main())
