"""From JSON to a rule tree and back, naming the node where something is wrong. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from passaparola.kernel.errors import Refusal
from passaparola.segments.rules import tree
from passaparola.segments.rules.operands import _
from passaparola.segments.rules.tree import Group

NO_PATTERNS = _("regular expressions are not read: say contains, begins with or ends with")
DEPTH_MAX = 8
NODES_MAX = 200
# What react-querybuilder adds for itself and we neither need nor keep.
_IGNORED = ("id", "path")
# How builders call them. The engines disagree on what a pattern means, and one may take for ever (docs/reference/rules.md).
_PATTERNS = frozenset(("matches", "doesnotmatch", "notmatches", "matchesregex", "regex", "regexp", "rlike", "~", "~*", "!~"))


class Malformed(Refusal):
    """The rule is not readable at {path}: {detail}."""

    code = "rule_malformed"
    status = 422
    sentences = ("detail",)


def read(value: bytes | str | Mapping[str, Any]) -> Group:
    """The tree that JSON (text or already decoded) says. Raises Malformed with the path of the node.

    Only the shape is read here: whether traits exist and operators fit is `check`'s matter.
    """
    if isinstance(value, (bytes, str)):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError as problem:
            raise Malformed(path="$", detail=str(problem)) from problem
    return _Reader().group(value, "", 1, _leaf)


def refuse_pattern(value: Mapping[str, Any], path: str) -> None:
    """Raises Malformed where a node asks for a regular expression: with what to say instead."""
    if str(value.get("operator", "")).lower() in _PATTERNS:
        raise Malformed(path=path or "$", detail=NO_PATTERNS)


def as_json(node: Any) -> Any:
    """A node as JSON's dicts and lists, without what is at its default; `read` of it is equal to it.

    Equal nodes give equal JSON (msgspec's own leaving out goes by identity, not by value).
    """
    if isinstance(node, tree.Struct):
        config = node.__struct_config__
        tag = {config.tag_field: config.tag} if config.tag_field else {}
        whole = isinstance(node, Group)
        return tag | {
            field.encode_name: as_json(getattr(node, field.name))
            for field in msgspec.structs.fields(node)
            if whole or not _is_default(field.default, getattr(node, field.name))
        }
    if isinstance(node, (tuple, list)):
        return [as_json(one) for one in node]
    return node.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(node, datetime) else node


def _is_default(default: Any, value: Any) -> bool:
    return type(default) is type(value) and bool(default == value)


class _Reader:
    """Reads one tree, counting its nodes: a rule is a page of text, not a program."""

    def __init__(self) -> None:
        self.nodes = 0

    def group(self, value: Any, path: str, depth: int, leaf: Any) -> Group:
        self.count(path, depth)
        if not isinstance(value, Mapping) or not isinstance(value.get("rules"), (list, tuple)):
            raise Malformed(path=path or "$", detail="a group has a list of rules")
        extra = sorted(set(value) - {"rules", "combinator", "not", *_IGNORED})
        if extra:
            raise Malformed(path=path or "$", detail=f"a group has no {extra[0]}")
        combinator, negated = value.get("combinator", "and"), value.get("not", False)
        if combinator not in ("and", "or") or not isinstance(negated, bool):
            raise Malformed(path=path or "$", detail="combinator is and or or; not is true or false")
        dot = "." if path else ""
        rules = tuple(self.node(rule, f"{path}{dot}rules[{i}]", depth + 1, leaf) for i, rule in enumerate(value["rules"]))
        return Group(rules=rules, combinator=combinator, negated=negated)

    def node(self, value: Any, path: str, depth: int, leaf: Any) -> Any:
        if not isinstance(value, Mapping):
            raise Malformed(path=path, detail="a rule is an object")
        refuse_pattern(value, path)
        if "rules" in value:
            return self.group(value, path, depth, leaf)
        self.count(path, depth)
        return leaf(self, {k: v for k, v in value.items() if k not in _IGNORED}, path, depth)

    def count(self, path: str, depth: int) -> None:
        self.nodes += 1
        if depth > DEPTH_MAX:
            raise Malformed(path=path, detail=f"deeper than {DEPTH_MAX}")
        if self.nodes > NODES_MAX:
            raise Malformed(path=path, detail=f"more than {NODES_MAX} nodes")

    def where(self, value: dict[str, Any], path: str, depth: int) -> dict[str, Any]:
        """The same object with its conditions on facts read."""
        if value.get("where") is None:
            return {k: v for k, v in value.items() if k != "where"}
        return {**value, "where": self.group(value["where"], f"{path}.where", depth + 1, _condition)}


def _leaf(reader: _Reader, value: dict[str, Any], path: str, depth: int) -> Any:
    kind = tree.LEAVES.get(str(value.get("type")))
    if kind is None:
        raise Malformed(path=path, detail=f"type is one of {', '.join(tree.LEAVES)}")
    if kind is tree.Event:
        value = reader.where(value, path, depth)
    if kind is tree.Sequence:
        value = {**value, "steps": _steps(reader, value.get("steps"), path, depth)}
    return _convert(value, kind, path)


def _steps(reader: _Reader, value: Any, path: str, depth: int) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise Malformed(path=path, detail="a sequence has a list of steps")
    made = []
    for i, step in enumerate(value):
        at = f"{path}.steps[{i}]"
        if not isinstance(step, Mapping):
            raise Malformed(path=at, detail="a step is an object")
        reader.count(at, depth)
        made.append(_convert(reader.where({k: v for k, v in step.items() if k not in _IGNORED}, at, depth), tree.Step, at))
    return tuple(made)


def _condition(_: _Reader, value: dict[str, Any], path: str, __: int) -> Any:
    return _convert(value, tree.Condition, path)


def _convert(value: dict[str, Any], kind: Any, path: str) -> Any:
    """The struct; values become immutable, so that a tree can be a key."""
    try:
        if isinstance(value.get("value"), list) and not issubclass(kind, tree.Level):
            value = {**value, "value": tuple(value["value"])}
        elif isinstance(value.get("value"), Mapping):
            value = {**value, "value": msgspec.convert(value["value"], tree.Duration)}
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as problem:
        raise Malformed(path=path, detail=str(problem)) from problem
