"""The command line: what an author does with the report beside building it.

Exit codes: 0 done; 1 "check" found something, or it was refused; 2 it could not run.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

BUILD = Path("_build/html")
Outcome = tuple[str, int]
"""What a subcommand prints, and the exit code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand with the words after ``evidence``, and give the exit code."""
    from evidence_tools.evidence.problems import EvidenceError
    from evidence_tools.releases.manifest import ReleaseError

    chosen = _parser().parse_args(arguments)
    # A polite end of the process undoes what is half done, like Ctrl-C.
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        text, code = chosen.run(chosen)
        sys.stdout.write(f"{text.rstrip()}\n")
        sys.stdout.flush()
        return int(code)
    except (EvidenceError, ReleaseError) as error:
        message, code = str(error), 1
    except BrokenPipeError:
        # Whoever reads the output has read enough, as `head` does; Python flushes once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        message, code = f"{error.strerror or error}{place}", 2
    except (KeyboardInterrupt, EOFError):
        message, code = "interrupted", 130
    finally:
        signal.signal(signal.SIGTERM, previous)
    sys.stderr.write(f"evidence {chosen.command}: {message}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    end = "'evidence COMMAND --help' says what a command takes, CONTRIBUTING.md when to use it."
    parser = argparse.ArgumentParser(prog="evidence", description=__doc__, epilog=end)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(run: Callable[[argparse.Namespace], Outcome], text: str) -> Callable[..., object]:
        command = commands.add_parser(run.__name__[1:], help=text, description=f"{text}.")
        command.set_defaults(run=run)
        return command.add_argument

    book = {"type": Path, "default": Path(), "help": "the book folder; this one by default"}
    build = {"type": Path, "default": BUILD, "help": f"the finished build; {BUILD} by default"}
    argument = add(_check, "Say what a build would refuse, without running code")
    argument("folder", nargs="?", **book)
    argument("--format", choices=["text", "json"], default="text")
    day = {"action": "store_const", "const": date.today()}
    argument("--release", **day, help="refuse old look-ups and contradicted ratings")
    argument("--built", type=Path, metavar="HTML", help="check finished pages instead")
    argument = add(_new, "Make a report on another topic, which builds at once")
    argument("folder", type=Path, help="a folder that does not exist yet, or is empty")
    for word in ("title", "subject", "comparison", "population"):
        argument(f"--{word}", metavar="TEXT", help="asked for when it is not given")
    argument = add(_add, "Append a row to a table, and say what is still to fill in")
    argument("kind", choices=["source", "finding"])
    argument("--set", dest="cells", nargs="+", action="extend", default=[], metavar="COLUMN=VALUE")
    argument("--from", dest="citation", type=Path, help="a BibTeX, RIS or CSL JSON file")
    argument = add(_audit, "Judge the sentences of another page by this evidence")
    argument("page", help="a text, Markdown, HTML or PDF file; - is standard input")
    argument("--format", choices=["text", "json", "html"], default="text")
    argument = add(_diff, "Say what changed between two versions")
    argument("before", help="a released version or a book folder")
    argument("after", nargs="?", default=".", help="the same; this folder by default")
    argument = add(_release, "Write the files of a release for one commit")
    argument("version", help="such as 2.0.0")
    argument = add(_bundle, "Pack the build, the data and their description")
    argument("--build", **build)
    argument("--output", type=Path, help="the zip file; beside the build by default")
    argument("--sign", type=Path, metavar="KEY", help="sign bundle and build with this ssh key")
    argument = add(_publish, "Copy a build into a site of all versions")
    argument("site", type=Path, help="the folder of the site; made if it is not there")
    argument("--build", **build)
    argument = add(_verify, "Compare a build, a site or a bundle with its manifest")
    argument("place", nargs="?", **build | {"help": f"what to verify; {BUILD} by default"})
    argument("--key", type=Path, help="public ssh key of the author: check the signature too")
    argument("--signature", type=Path, help="the signature, if it is not beside what it signs")
    return parser


def _check(chosen: argparse.Namespace) -> Outcome:
    from evidence_tools.check.built import check_built
    from evidence_tools.check.review import Review, check_book, report

    if chosen.built:
        review = Review(check_built(chosen.built, folder=chosen.folder))
    else:
        review = check_book(chosen.folder, release=chosen.release, early=chosen.format == "text")
    return report(review, chosen.format)


def _new(chosen: argparse.Namespace) -> Outcome:
    from evidence_tools.releases.template import make_report

    ask = input if sys.stdin.isatty() else lambda _: ""
    return make_report(chosen.folder, vars(chosen), ask), 0


def _add(chosen: argparse.Namespace) -> Outcome:
    from evidence_tools.releases.template import add_row

    return add_row(chosen.kind, chosen.cells, chosen.citation), 0


def _audit(chosen: argparse.Namespace) -> Outcome:
    from evidence_tools.check.audit import audit, write
    from evidence_tools.evidence.model import load_evidence

    return write(audit(chosen.page, load_evidence()), chosen.format), 0


def _diff(chosen: argparse.Namespace) -> Outcome:
    from evidence_tools.releases.difference import diff

    return diff(Path(), chosen.before, chosen.after), 0


def _release(chosen: argparse.Namespace) -> Outcome:
    from evidence_tools.releases.release import release

    return release(Path(), chosen.version), 0


def _bundle(chosen: argparse.Namespace) -> Outcome:
    from evidence_tools.releases.release import make_bundle, sign

    made = make_bundle(Path(), chosen.build, chosen.output)
    signed = [f"signed in {sign(p, chosen.sign)}" for p in (made, chosen.build) if chosen.sign]
    return "\n".join([f"{made}: packed", *signed]), 0


def _publish(chosen: argparse.Namespace) -> Outcome:
    from evidence_tools.releases.release import publish

    return publish(chosen.build, chosen.site), 0


def _verify(chosen: argparse.Namespace) -> Outcome:
    from evidence_tools.releases.release import verify

    return verify(chosen.place, key=chosen.key, signature=chosen.signature), 0
