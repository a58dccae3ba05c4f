"""What the report is about: ``data/topic.yml``, the one place for words on the topic as a whole."""

import json
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from evidence_tools.evidence.frames import LoadedTable
from evidence_tools.evidence.problems import (
    Problem,
    did_you_mean,
    read_text,
    relative_name,
    shorten,
    text_fault,
)

TOPIC_FILE = "topic.yml"
_SCHEMA = Path(__file__).with_name("topic.schema.json")


class Topic(SimpleNamespace):
    """Words and choices that hold for the whole report: an attribute for each key of the file.

    The keys, what they mean and what holds without them are described in ``topic.schema.json``.
    """


class _Loader(yaml.SafeLoader):
    """Reads each key once: YAML would keep the last one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        for number, (key, _) in enumerate(node.value):
            if any(key.value == earlier.value for earlier, _ in node.value[:number]):
                reason = f"the key {key.value!r} occurs twice; keep one of them"
                raise yaml.constructor.ConstructorError(None, None, reason, key.start_mark)
        return super().construct_mapping(node, deep)


def read_topic(
    folder: Path, tables: Mapping[str, LoadedTable]
) -> tuple[Topic | None, list[Problem]]:
    """Read ``topic.yml`` of a data folder: the topic, or else every fault of the file.

    What it names must be in the tables, and the concerns in ``advice`` in its groups.
    """
    path = folder / TOPIC_FILE
    text, problems = read_text(path)
    if problems:
        return None, problems
    shown, schema = relative_name(path), _schema(tables)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        read = loader.construct_document(node) if node else {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", "it cannot be read")
        return None, [Problem(shown, mark.line + 1 if mark else 0, "", f"not valid YAML: {reason}")]
    for place, fault in _faults(read, schema):
        key = f"{'.'.join(map(str, place))}: " if place else ""
        problems.append(Problem(shown, _line(node, place), "", key + fault))
    if problems:
        return None, problems
    keys = schema["properties"].items()
    absent = {key: said["default"] for key, said in keys if "default" in said}
    topic = Topic(**absent | read)
    return topic, list(_unknown_concerns(topic.groups, tables["advice"])) if tables else []


def _unknown_concerns(groups: Mapping[str, Any], advice: LoadedTable) -> Iterator[Problem]:
    for number, word in enumerate(advice.frame["concern"].fillna("")):
        if word and word not in groups:
            known = ", ".join(groups) or "none, for topic.yml has no groups"
            message = f"found {word!r}; allowed: {known}{did_you_mean(word, groups)}"
            yield advice.problem(number, "concern", message)


def _schema(tables: Mapping[str, LoadedTable]) -> dict[str, Any]:
    """Read the schema, and add which sources, forms and groups of people the tables know."""
    schema: dict[str, Any] = json.loads(_SCHEMA.read_text("utf-8"))
    keys = schema["properties"]
    if tables and tables["sources"].sound:
        known = {"enum": sorted(tables["sources"].frame["source_id"])}
        for place in keys["central_source"], keys["doses"]["items"]["properties"]["source_id"]:
            place.update(known, description="a source of sources.csv")
    for column in ("form", "population_group") if tables else ():
        if allowed := tables["findings"].description.allowed(column):
            words = {"enum": allowed, "description": f"a {column} of datapackage.json"}
            keys["counts"]["properties"][f"{column}s"]["items"] = words
    return schema


def _faults(read: Any, schema: Mapping[str, Any]) -> Iterator[tuple[list[Any], str]]:
    """Find what the schema does not allow, each with the keys that lead to it."""
    from jsonschema import Draft202012Validator, FormatChecker

    checker = FormatChecker(formats=())
    checker.checks("line")(lambda text: not (isinstance(text, str) and text_fault(text)))
    errors = [*Draft202012Validator(schema, format_checker=checker).iter_errors(read)]
    misspelt = any(error.validator == "additionalProperties" for error in errors)
    for error in errors:
        place, found = list(error.absolute_path), str(error.instance)
        if error.validator == "required" and not misspelt:
            yield place, f"the key {error.message.partition(' is')[0]} is missing; add it"
        elif error.validator == "additionalProperties":
            allowed = error.schema["properties"]
            for key in error.instance.keys() - allowed.keys():
                hint = did_you_mean(str(key), allowed)
                yield [*place, key], f"unknown key{hint}; allowed: {', '.join(allowed)}"
        elif error.validator == "format":
            yield place, text_fault(found)
        elif error.validator != "required":
            hint = did_you_mean(found, error.schema.get("enum", ()))
            needed = f"{error.schema.get('description')} is needed{hint}"
            yield place, f"found {shorten(found)}; {needed}"


def _line(node: yaml.Node | None, place: list[Any]) -> int:
    """Find the line of a key, or of the last one on the way to it."""
    line = 0
    for part in place:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == str(part)), None)
        else:
            pair = (node.value[part],) * 2 if node else None
        if pair:
            line, node = pair[0].start_mark.line + 1, pair[1]
    return line
