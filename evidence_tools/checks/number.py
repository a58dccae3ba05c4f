"""Rule ``number``: every number a reader sees comes from a role or from generated output."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from evidence_tools.checks.book import Book
from evidence_tools.checks.cells import SHOWN_ARGUMENTS, cell_tree
from evidence_tools.checks.mentions import outcome_mentions
from evidence_tools.checks.passages import Page, Passage
from evidence_tools.checks.quantities import Quantity, quantities
from evidence_tools.checks.rows import suggestion
from evidence_tools.checks.sentences import straight
from evidence_tools.display import plain
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import finding_runs, source_name, value_text
from evidence_tools.schema import Problem, UnknownKeyError

RULE = "number"
_BARE = re.compile(
    r"\s*[<>=≤≥~±+\-−]?\s*\d[\s\d.,%+\-−–±]*(?:mg|µg|ug|g|mL|ng|%|women|trials|years|months)?[\s\w/]*"
)
_DECIMAL = re.compile(r"\d+[.,]\d+|\d{3,}")


@dataclass
class NumberCoverage:
    """How many numbers were seen, how many came from roles, how many are of an exempt kind."""

    seen: int = 0
    bound: int = 0
    exempt: dict[str, int] = field(default_factory=dict)


def check_number(book: Book) -> tuple[list[Problem], NumberCoverage]:
    """Find numbers that an author typed.

    Parameters
    ----------
    book
        The book.

    Returns
    -------
    problems
        One for each typed number that is not of an exempt kind.
    coverage
        Numbers seen, bound and exempt.
    """
    coverage = NumberCoverage()
    problems: list[Problem] = []
    names = source_names(book)
    for page in (*book.pages, *book.settings):
        for passage in page.passages:
            problems += _check_passage(book, page, passage, names, coverage)
        problems += _check_cells(book, page, coverage)
        for name, line in page.unreadable:
            problems.append(
                Problem(
                    page.path,
                    line,
                    "",
                    f"text of the directive {name!r} cannot be checked; "
                    "write it in the chapter as Markdown",
                    RULE,
                )
            )
    return problems, coverage


def source_names(book: Book) -> tuple[str, ...]:
    """List the names of sources and of trials that hold digits."""
    names = {source.short_name for source in book.evidence.sources.values()}
    return tuple(sorted((n for n in names if re.search(r"\d", n)), key=len, reverse=True))


def _check_passage(
    book: Book, page: Page, passage: Passage, names: tuple[str, ...], coverage: NumberCoverage
) -> Iterator[Problem]:
    whole = straight("".join(piece.text for piece in passage.pieces if not piece.role))
    outcomes = frozenset(m.outcome_id for m in outcome_mentions(whole) if m.outcome_id)
    for piece in passage.pieces:
        if piece.role:
            shown = shown_by_role(book.evidence, piece.role, piece.text)
            count = sum(1 for _ in quantities(shown))
            coverage.seen += count
            coverage.bound += count
            continue
        for quantity in _of_piece(straight(piece.text), piece.literal, names):
            coverage.seen += 1
            if quantity.kind:
                coverage.exempt[quantity.kind] = coverage.exempt.get(quantity.kind, 0) + 1
                continue
            help_ = suggestion(book.evidence, quantity.text, outcomes)
            yield Problem(
                page.path, piece.line, "", f"typed number {quantity.text!r}: {help_}", RULE
            )


def _of_piece(text: str, literal: str, names: tuple[str, ...]) -> Iterator[Quantity]:
    for quantity in quantities(text, names):
        if quantity.kind or not literal or literal == "text":
            yield quantity
        elif literal == "math" and not _DECIMAL.search(quantity.text):
            yield Quantity(quantity.text, quantity.start, quantity.end, "formula")
        elif literal == "code" and not _BARE.fullmatch(text):
            yield Quantity(quantity.text, quantity.start, quantity.end, "literal")
        else:
            yield quantity


def _check_cells(book: Book, page: Page, coverage: NumberCoverage) -> Iterator[Problem]:
    """Find numbers typed as code that would reach the page without a row.

    Any decimal, and a whole number where text is made of it: in a caption or an f-string.
    """
    for cell in page.cells:
        tree = cell_tree(cell)
        if tree is None:
            continue
        shown = {id(part) for part in _made_texts(tree)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
                continue
            whole = isinstance(node.value, int) and id(node) in shown
            if whole or isinstance(node.value, float):
                coverage.seen += 1
                typed = ast.get_source_segment(cell.source, node) or str(node.value)
                help_ = suggestion(book.evidence, typed)
                line = cell.line + node.lineno - 1
                yield Problem(
                    page.path, line, "", f"number {typed!r} typed in a code cell: {help_}", RULE
                )


def _made_texts(tree: ast.Module) -> Iterator[ast.AST]:
    """Find the whole numbers of a cell that become text: in f-strings, captions and formats."""
    for node in ast.walk(tree):
        shown = isinstance(node, ast.keyword) and node.arg in SHOWN_ARGUMENTS
        if isinstance(node, ast.FormattedValue) or (shown and isinstance(node, ast.keyword)):
            yield from _printed_parts(node.value)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            if isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
                yield from _printed_parts(node.right)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "format":
            for argument in node.args:
                yield from _printed_parts(argument)


def _printed_parts(node: ast.AST) -> Iterator[ast.AST]:
    """Leave out what only chooses or rounds: an index, an argument of another function."""
    if isinstance(node, ast.Call):
        if getattr(node.func, "id", "") in ("str", "format", "int"):
            for argument in node.args:
                yield from _printed_parts(argument)
    elif not isinstance(node, ast.Subscript | ast.Compare):
        yield node
        for child in ast.iter_child_nodes(node):
            yield from _printed_parts(child)


def shown_by_role(evidence: Evidence, role: str, key: str) -> str:
    """Write what a role shows; nothing when its key is unknown, which another rule tells."""
    try:
        if role == "finding":
            return plain(finding_runs(evidence, evidence.finding(key)))
        if role == "source":
            return source_name(evidence.source(key))
        return value_text(evidence, key) if role == "value" else ""
    except UnknownKeyError:
        return ""
