"""The theme with what this book uses of it: one style sheet, its icons as drawings, few scripts.

As it comes, the theme loads two megabytes on every page: every icon of Font Awesome as a script,
Bootstrap, the search index, and the styles of every component. A page of this book needs a
tenth. What is left out is found by looking at the finished pages, so nothing has to be listed
by hand when a chapter uses another part of the theme.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sphinx.application import Sphinx

TEMPLATES = Path(__file__).parent / "templates"
SHEET = "evidence-theme.css"
# In the order in which the theme loads them; later rules win.
_SHEETS = (
    "basic.css",
    "styles/pydata-sphinx-theme.css",
    "pygments.css",
    "styles/sphinx-book-theme.css",
    "mystnb*.css",
    "sphinx-design*.css",
)
_SCRIPTS = (
    "doctools.js",
    "sphinx_highlight.js",
    "searchtools.js",
    "scripts/pydata-sphinx-theme.js",
    "scripts/sphinx-book-theme.js",
    "evidence*.js",
)
_UNUSED_SCRIPTS = re.compile(r"clipboard|copybutton|togglebutton|thebe|design-tabs", re.IGNORECASE)
_UNUSED_INLINE = re.compile(r"toggle|thebe|DOCUMENTATION_OPTIONS", re.IGNORECASE)
_VERSION = re.compile(rf'(?<=_static/{re.escape(SHEET)}\?v=)[^"]*')

# Strings, comments and addresses are taken whole, so that braces inside them do not count.
_CSS_TOKEN = re.compile(
    r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\((?!["'])[^)]*\)|[{};]""", re.DOTALL
)
_NAME_IN_SELECTOR = re.compile(r"[.#]((?:[\w-]|\\.)+)")
_ALTERNATIVES = re.compile(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)")
_ICON = re.compile(r"\bfa-([a-z0-9-]+)")
_LETTER_AS_ICON = re.compile(r"--fa-font|Font Awesome|content:var\(--pst-icon")
_GROUPS = ("@media", "@supports", "@layer", "@container")


def use_templates(app: Sphinx) -> None:
    """Put our few templates before the theme's, and silence what no page of ours uses."""
    app.config.templates_path.insert(0, str(TEMPLATES))
    for listeners in app.events.listeners.values():
        # Thebe would write into every page where to run its code on another host.
        listeners[:] = [item for item in listeners if "sphinx_thebe" not in item.handler.__module__]


def use_relative_folders(app: Sphinx) -> None:
    """Name folders of templates and static files from the book's folder, as the last setting.

    Sphinx writes a hash of its settings into the site; so it is the same on every machine.
    """
    for name in ("templates_path", "html_static_path"):
        folders = [app.confdir / path for path in app.config[name]]
        app.config[name] = [os.path.relpath(folder, app.confdir) for folder in folders]


def drop_unused_assets(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Leave out scripts for buttons we do not have; let the others wait for the text."""
    del templatename, doctree
    if "script_files" not in context or app.builder.name != "html":
        return
    kept = []
    for script in context["script_files"]:
        name, attributes = script.filename, script.attributes
        unused = _UNUSED_INLINE.search(attributes.get("body") or "")
        if _UNUSED_SCRIPTS.search(str(name or "")) or (not name and unused):
            continue
        # The search page has scripts of its own that count on the order of loading.
        if name and pagename != "search" and not {"defer", "async"} & attributes.keys():
            script = type(script)(name, priority=script.priority, **{**attributes, "defer": ""})
        kept.append(script)
    context["script_files"][:] = kept
    ours = [sheet for sheet in context["css_files"] if not _is_merged(str(sheet.filename))]
    context["css_files"][:] = ours


def _is_merged(filename: str) -> bool:
    path = Path(filename.removeprefix("_static/"))
    merged = any(path.match(pattern) for pattern in _SHEETS)
    return merged or bool(_UNUSED_SCRIPTS.search(filename))


def write_sheet(outdir: Path, cache: Path) -> None:
    """Write the one style sheet of the site, and its version into every page.

    Parameters
    ----------
    outdir
        The finished HTML site.
    cache
        Folder that keeps the sheet between builds, by what it was made from.
    """
    static = outdir / "_static"
    sources = [path for pattern in _SHEETS for path in sorted(static.glob(pattern))]
    icons = static / "scripts" / "fontawesome.js"
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(outdir.rglob("*.html"))}
    words = used_words(pages.values())
    for pattern in _SCRIPTS:
        for path in static.glob(pattern):
            words |= set(re.findall(r"[\w-]+", path.read_text(encoding="utf-8")))
    digest = hashlib.sha256("\n".join(sorted(words)).encode())
    for path in [*sources, icons]:
        digest.update(path.read_bytes())
    digest.update(Path(__file__).read_bytes())
    version = digest.hexdigest()[:16]
    kept = cache / f"{version}.css"
    if not kept.is_file():
        parts = [prune(path.read_text(encoding="utf-8"), words) for path in sources]
        used = {match for page in pages.values() for match in _ICON.findall(page)}
        parts.append(icon_rules(icons.read_text(encoding="utf-8"), used))
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob("*.css"):
            old.unlink()
        kept.write_text("\n".join(parts), encoding="utf-8")
    (static / SHEET).write_bytes(kept.read_bytes())
    for path, page in pages.items():
        if (changed := _VERSION.sub(version, page)) != page:
            path.write_text(changed, encoding="utf-8")


def used_words(pages: Iterable[str]) -> set[str]:
    """Collect every class and id that stands in some page."""
    words: set[str] = set()
    for page in pages:
        for value in re.findall(r"""\s(?:class|id)=["']([^"']*)["']""", page):
            words.update(value.split())
    return words


def prune(css: str, words: set[str]) -> str:
    """Leave out the rules of a style sheet that match nothing.

    Parameters
    ----------
    css
        A style sheet.
    words
        Classes and ids that occur, or that a script may set.

    Returns
    -------
    str
        The same rules in the same order, without those whose every selector names a class or
        id that never occurs, and without icon fonts.
    """
    return "".join(_pruned(prelude, body, words) for prelude, body in _rules(css))


def _pruned(prelude: str, body: str, words: set[str]) -> str:
    if prelude.startswith(_GROUPS):
        inner = prune(body, words)
        return f"{prelude}{{{inner}}}" if inner else ""
    if prelude.startswith("@font-face"):
        return ""  # only icons have a font of their own
    if prelude.startswith("@"):
        return f"{prelude}{{{body}}}" if body else f"{prelude};"
    if _LETTER_AS_ICON.search(body) and not prelude.startswith(("html", ":root", ":host")):
        return ""
    kept = [selector for selector in _selectors(prelude) if _may_match(selector, words)]
    return f"{','.join(kept)}{{{body}}}" if kept else ""


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """Split a style sheet into what stands before each outer block, and the block."""
    depth, start, opened = 0, 0, 0
    prelude = ""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    for token in _CSS_TOKEN.finditer(css):
        if token[0] == "{":
            if depth == 0:
                prelude, opened = css[start : token.start()].strip(), token.end()
            depth += 1
        elif token[0] == "}":
            depth -= 1
            if depth == 0:
                yield prelude, css[opened : token.start()].strip()
                start = token.end()
        elif token[0] == ";" and depth == 0:
            statement = css[start : token.start()].strip()
            if statement and not statement.startswith("@import"):
                yield statement, ""
            start = token.end()


def _selectors(prelude: str) -> list[str]:
    """Split a list of selectors at the commas that stand outside of brackets."""
    return [part.strip() for part in re.split(r",(?![^(\[]*[)\]])", prelude)]


def _may_match(selector: str, words: set[str]) -> bool:
    if re.match(r"\.fa(?:[srbld]|-[a-z0-9-]+)?(?:[:.,]|$)", selector):
        return False  # icons are drawn by our own rules
    # What stands in :not() or among alternatives is not needed for a match.
    plain = re.sub(r"\[[^\]]*\]", "", _ALTERNATIVES.sub("", selector))
    return all(name.replace("\\", "") in words for name in _NAME_IN_SELECTOR.findall(plain))


def icon_rules(script: str, names: Iterable[str]) -> str:
    """Write the icons of the pages as drawings that take the colour of the text.

    Parameters
    ----------
    script
        Font Awesome's script as the theme brings it; its drawings are under CC BY 4.0.
    names
        Icons by name, without ``fa-``; what is no icon is passed over.

    Returns
    -------
    str
    """
    rules = [
        "/* Icons: Font Awesome Free by Fonticons, CC BY 4.0 */",
        ".fas::before,.fa-solid::before,.far::before,.fab::before{content:'';"
        "display:inline-block;width:1em;height:1em;vertical-align:-.125em;"
        "background:currentColor;-webkit-mask:var(--icon) center/contain no-repeat;"
        "mask:var(--icon) center/contain no-repeat}",
        ".fa-lg{font-size:1.25em;line-height:.05em;vertical-align:-.075em}",
    ]
    for name in sorted(set(names)):
        drawing = re.search(
            rf'[,{{]"?{re.escape(name)}"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"\]', script
        )
        if drawing is not None:
            width, height, path = drawing.groups()
            svg = (
                f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}'>"
                f"<path d='{path}'/></svg>"
            )
            rules.append(f'.fa-{name}{{--icon:url("data:image/svg+xml,{quote(svg, safe=SAFE)}")}}')
    return "\n".join(rules)


SAFE = " '=:/,.-"
"""Characters that may stand in a drawing's address as they are."""
