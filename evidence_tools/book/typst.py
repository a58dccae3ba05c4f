"""Small pieces of Typst markup: every text is escaped here, and nowhere else."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"""[\\#$*_`<>@\[\]~=+\-/"'.:;(){}&^|!]""")


def escaped(text: str) -> str:
    r"""Write text as markup that shows exactly these characters.

    Examples
    --------
    >>> escaped("5 * #let $x$")
    '5 \\* \\#let \\$x\\$'
    """
    return _MARKUP.sub(r"\\\g<0>", re.sub(r"[\t\r\n\f\v]+", " ", text))


def literal(text: str) -> str:
    r"""Write text as a string of Typst's code mode.

    Examples
    --------
    >>> literal('say "no"')
    '"say \\"no\\""'
    """
    replaced = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{replaced}"'.replace("\n", "\\n").replace("\r", "").replace("\t", "\\t")


def call(name: str, *arguments: str, body: str | None = None, **named: str) -> str:
    """Write a call of a function that may stand between words; empty arguments are left out.

    Examples
    --------
    >>> call("link", literal("https://example.org"), body="text")
    '#link("https://example.org")[text];'
    """
    given = [*arguments, *(f"{key}: {code}" for key, code in named.items() if code)]
    code = ", ".join(filter(None, given))
    brackets = f"({code})" if code or body is None else ""
    return f"#{name}{brackets}" + ("" if body is None else f"[{body}]") + ";"


def block(markup: str) -> str:
    """Let a piece stand on lines of its own."""
    return f"\n{markup}\n"
