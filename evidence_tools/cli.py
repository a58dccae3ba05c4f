"""The command ``evidence``: what an author does with the report beside building it.

Exit codes: 0 done, or nothing found; 1 something was found or refused; 2 it could not run.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DONE, FOUND, UNABLE = 0, 1, 2
BUILD = Path("_build/html")


@dataclass(frozen=True, slots=True)
class Command:
    """One subcommand: its name, what it does, its arguments, and the function that does it."""

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], object]
    run: Callable[[argparse.Namespace], int]


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
    from evidence_tools.schema import EvidenceError
    from evidence_tools.storage import HistoryError

    chosen = _parser().parse_args(arguments)
    # A polite end of the process undoes what is half done, like Ctrl-C.
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = int(chosen.run(chosen))
        sys.stdout.flush()
        return code
    except EvidenceError as error:
        return _fail(chosen.command, str(error), FOUND)
    except HistoryError as error:
        return _fail(chosen.command, str(error), UNABLE)
    except BrokenPipeError:
        # Whoever reads the output has read enough, as `head` does; Python flushes once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        return _fail(chosen.command, f"{error.strerror or error}{place}", UNABLE)
    except KeyboardInterrupt:
        return _fail(chosen.command, "interrupted", 130)
    finally:
        signal.signal(signal.SIGTERM, previous)


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    from evidence_tools.checks.command import add_arguments

    add_arguments(parser)


def _check(chosen: argparse.Namespace) -> int:
    from evidence_tools.checks.command import run

    return int(run(chosen))


def _diff_arguments(parser: argparse.ArgumentParser) -> None:
    state = "version, snapshot file, book folder or git revision"
    parser.add_argument("before", help=state)
    parser.add_argument("after", nargs="?", default=".", help=f"{state}; by default the files here")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")


def _diff(chosen: argparse.Namespace) -> int:
    from evidence_tools.history.difference import compare
    from evidence_tools.history.revisions import load_revision
    from evidence_tools.history.summary import difference_markdown, difference_text

    before = load_revision(chosen.folder, chosen.before)
    difference = compare(before, load_revision(chosen.folder, chosen.after))
    if chosen.format == "json":
        print(json.dumps(difference.to_json(), indent=1, ensure_ascii=False))
    elif chosen.format == "markdown":
        print(difference_markdown(difference))
    else:
        print(difference_text(difference))
    return DONE


def _release_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", help="three numbers such as 1.1.0, greater than the last")
    parser.add_argument("--dry-run", action="store_true", help="show everything, write nothing")


def _release(chosen: argparse.Namespace) -> int:
    from evidence_tools.history import release

    day = release.release_day()
    if chosen.dry_run:
        if release.interrupted(chosen.folder):
            return _fail("release", "an earlier release was interrupted; release again", UNABLE)
        plan = release.plan_release(chosen.folder, chosen.version, day)
    else:
        plan = release.make_release(chosen.folder, chosen.version, day)
    if plan.problems:
        lines = [f"version {plan.version} cannot be released:", *plan.problems]
        return _fail("release", "\n  ".join(lines), FOUND)
    verb = "Would write" if chosen.dry_run else "Wrote"
    print("\n".join(plan.notes))
    print(f"{verb} and stage:" if chosen.dry_run else f"{verb} and staged:")
    print("\n".join(f"  {name} ({len(content)} bytes)" for name, content in plan.files.items()))
    print(f"\n{plan.section}")
    if chosen.dry_run:
        print("Nothing was written. After the release, two commands would be left:")
    else:
        print("Two commands are left:")
    print("\n".join(f"  {command}" for command in plan.commands))
    return DONE


def _publish_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", type=Path, help="folder that holds all published versions")
    _build_argument(parser)


def _build_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--build", type=Path, help=f"the finished build; by default {BUILD} in the book folder"
    )


def _publish(chosen: argparse.Namespace) -> int:
    from evidence_tools.history.publication import publish

    published = publish(chosen.build or chosen.folder / BUILD, chosen.site)
    for note in published.notes:
        print(f"Warning: {note}.", file=sys.stderr)
    what = "is now published" if published.added else "was published already and is unchanged"
    print(f"Version {published.version} {what}; the newest is {published.newest}.")
    print(f"  {chosen.site / 'v' / published.version}")
    return DONE


def _bundle_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, help="the zip file to write")
    _build_argument(parser)


def _bundle(chosen: argparse.Namespace) -> int:
    from evidence_tools.history.bundle import make_bundle

    print(make_bundle(chosen.folder, chosen.build or chosen.folder / BUILD, chosen.output))
    return DONE


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("place", type=Path, help="a built or published site, or a bundle")


def _verify(chosen: argparse.Namespace) -> int:
    from evidence_tools import manifest
    from evidence_tools.history.inspection import inspect_site, is_site

    place: Path = chosen.place
    if is_site(place):
        inspections = inspect_site(place)
        for part in inspections:
            for fault in part.faults:
                print(f"{place / part.place / fault.path}: {fault.what}")
            if not part.faults:
                print(f"{place / part.place}: {part.told}.")
        return FOUND if any(part.faults for part in inspections) else DONE
    if faults := manifest.verify(place):
        print("\n".join(map(str, faults)))
        return FOUND
    found = manifest.read_manifest(place)
    print(f"{place}: version {found.version}, all {len(found.files)} files are as written.")
    return DONE


COMMANDS = (
    Command("check", "find what the report must not say", _check_arguments, _check),
    Command("diff", "say what changed between two states", _diff_arguments, _diff),
    Command("release", "release a version", _release_arguments, _release),
    Command("publish", "add the build to a site of versions", _publish_arguments, _publish),
    Command("bundle", "pack the build and its files", _bundle_arguments, _bundle),
    Command("verify", "hash a site or bundle again", _verify_arguments, _verify),
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="evidence", description="Work with the evidence report.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        added: Any = commands.add_parser(command.name, help=command.summary)
        added.add_argument(
            "--folder", type=Path, default=Path(), help="the book folder; by default this one"
        )
        command.add_arguments(added)
        added.set_defaults(run=command.run)
    return parser


def _fail(command: str, message: str, code: int) -> int:
    print(f"evidence {command}: {message}", file=sys.stderr)
    return code


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
