"""Which findings a page shows, read from its roles and its code without running it.

Cells select findings with a few plain expressions. Those are evaluated here on the real
evidence when they consist of nothing but names, constants, comparisons, comprehensions and the
read-only methods of :class:`evidence_tools.Evidence`; anything else counts as showing nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evidence_tools.checks.cells import cell_tree
from evidence_tools.checks.passages import Page
from evidence_tools.evidence import Evidence
from evidence_tools.schema import Finding

_ALLOWED = (
    ast.Expression, ast.Call, ast.Attribute, ast.Name, ast.Constant, ast.Load, ast.Store, ast.keyword,
    ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.comprehension, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.And, ast.Or, ast.Not,
    ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot, ast.List, ast.Tuple, ast.Set, ast.Subscript, ast.Slice, ast.BinOp, ast.Add, ast.Starred,
)  # fmt: skip
_METHODS = frozenset(
    {
        "findings",
        "finding",
        "source",
        "outcome",
        "source_of",
        "outcome_of",
        "values",
        "startswith",
        "endswith",
        "items",
        "keys",
    }
)
_FUNCTIONS = {"tuple": tuple, "list": list, "sorted": sorted, "set": set, "len": len}
RESULT_FIELDS = frozenset(
    {"direction", "statistically_significant", "estimate", "p_value", "ci_lower", "ci_upper"}
)
"""Fields that say how a result came out: a selection by them is selective reporting."""


@dataclass
class Shown:
    """What one page shows: findings by identifier with the line, and selections by result."""

    findings: dict[str, int] = field(default_factory=dict)
    by_result: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)


def shown_findings(page: Page, evidence: Evidence) -> Shown:
    """Find the findings that a page shows.

    Parameters
    ----------
    page
        A chapter.
    evidence
        Its evidence.

    Returns
    -------
    Shown
    """
    shown = Shown()
    for piece in page.roles():
        identifier = piece.text.partition(".")[0]
        if piece.role in ("finding", "value") and identifier in evidence.findings_by_id:
            shown.findings.setdefault(identifier, piece.line)
    names: dict[str, Any] = {"evidence": evidence}
    for cell in page.cells:
        tree = cell_tree(cell)
        for statement in tree.body if tree else ():
            line = cell.line + statement.lineno - 1
            for node in ast.walk(statement):
                if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
                    _note_selection(node, cell.line, names, shown)
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                target = statement.targets[0]
                value = _evaluate(statement.value, names)
                if isinstance(target, ast.Name) and value is not None:
                    names[target.id] = value
                    continue
            for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
                if isinstance(call.func, ast.Name) and call.func.id not in _FUNCTIONS:
                    for argument in [*call.args, *(k.value for k in call.keywords)]:
                        for finding in _findings_in(_evaluate(argument, names)):
                            shown.findings.setdefault(finding.finding_id, line)
    return shown


def _note_selection(
    node: ast.ListComp | ast.GeneratorExp | ast.SetComp,
    first: int,
    names: dict[str, Any],
    shown: Shown,
) -> None:
    for part in node.generators:
        for condition in part.ifs:
            for inner in ast.walk(condition):
                if isinstance(inner, ast.Attribute) and inner.attr in RESULT_FIELDS:
                    kept = {f.finding_id for f in _findings_in(_evaluate(node, names))}
                    every = {f.finding_id for f in _findings_in(_evaluate(part.iter, names))}
                    line = first + condition.lineno - 1
                    dropped = tuple(sorted(every - kept))
                    shown.by_result.append((line, inner.attr, dropped))
                    return


def _findings_in(value: Any) -> Iterator[Finding]:
    if isinstance(value, Finding):
        yield value
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _findings_in(item)


def _evaluate(node: ast.expr, names: dict[str, Any]) -> Any:
    if not all(isinstance(part, _ALLOWED) for part in ast.walk(node)):
        return None
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and part.attr.startswith("_"):
            return None
        if isinstance(part, ast.Call):
            named = isinstance(part.func, ast.Name) and part.func.id in _FUNCTIONS
            method = isinstance(part.func, ast.Attribute) and part.func.attr in _METHODS
            if not (named or method):
                return None
    code = compile(ast.Expression(body=node), "<selection>", "eval")
    try:
        # Only whitelisted syntax gets here; comprehensions look names up as globals.
        return eval(code, {"__builtins__": {}, **_FUNCTIONS, **names})  # noqa: S307
    except Exception:
        return None
