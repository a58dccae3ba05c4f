"""Keys of ``_config.yml`` that nothing reads: Jupyter Book passes over them without a word."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from evidence_tools.schema import Problem

RULE = "coverage"


def unknown_settings(folder: Path, name: str = "_config.yml") -> Iterator[Problem]:
    """Find keys that Jupyter Book does not know, at the top and one level below.

    Parameters
    ----------
    folder
        The folder with the settings.
    name
        The file; it is known to be YAML.

    Yields
    ------
    Problem
        With the line of the key.
    """
    import yaml

    known = _known_keys()
    root = yaml.compose((folder / name).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    for key, value in _pairs(root):
        if key.value not in known:
            yield _problem(name, key, "", list(known))
        # A setting without keys of its own may hold any.
        elif allowed := known[key.value]:
            for part, _ in _pairs(value):
                if part.value not in allowed:
                    yield _problem(name, part, f"{key.value}: ", allowed)


def _problem(name: str, key: Any, place: str, allowed: list[str]) -> Problem:
    nearest = difflib.get_close_matches(key.value, allowed, n=1)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    message = f"{place}unknown setting {key.value!r}; {hint}Known: {', '.join(allowed)}"
    return Problem(name, key.start_mark.line + 1, "", message, RULE)


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    return node.value if getattr(node, "id", "") == "mapping" else []


def _known_keys() -> dict[str, list[str]]:
    """List the settings that Jupyter Book describes; neither of its two lists is whole."""
    import yaml

    package = files("jupyter_book")
    schema = json.loads((package / "config_schema.json").read_text(encoding="utf-8"))
    default = yaml.safe_load((package / "default_config.yml").read_text(encoding="utf-8"))
    known = {key: dict(part.get("properties", {})) for key, part in schema["properties"].items()}
    for key, value in default.items():
        known.setdefault(key, {}).update(value if isinstance(value, dict) else {})
    return {key: list(parts) for key, parts in known.items()}
