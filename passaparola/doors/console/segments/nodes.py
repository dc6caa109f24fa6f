"""What the page shows of a draft: each node with its number, controls, buttons and what is wrong with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from passaparola.doors.console.segments import controls, translate, wording
from passaparola.doors.console.segments.controls import Control, Desk
from passaparola.doors.console.segments.draft import STEPS_MAX, Draft, join
from passaparola.doors.console.segments.spelling import Kinds
from passaparola.segments import rules
from passaparola.segments.rules import Malformed
from passaparola.segments.rules.reading import DEPTH_MAX

# What is said of a node that cannot be read at all; `check` has better words for what can.
INCOMPLETE = "incomplete"


@dataclass
class View:
    """One node as drawn."""

    path: str
    kind: str
    number: str
    icon: str = ""
    title: str = ""
    rows: list[list[Control]] = field(default_factory=list)
    rules: list["View"] = field(default_factory=list)
    steps: list["View"] = field(default_factory=list)
    where: "View | None" = None
    combinator: str = "and"
    depth: int = 0
    problems: list[str] = field(default_factory=list)
    first: bool = False
    full: bool = False

    @property
    def prefix(self) -> str:
        """What the names of its fields begin with."""
        return f"{self.path}." if self.path else ""

    @property
    def id(self) -> str:
        """For ids of elements: no brackets, no dots."""
        return "rule" + "".join(c if c.isalnum() else "-" for c in f".{self.path}").rstrip("-")


def view(desk: Desk, root: Draft, problems: Mapping[str, list[str]], focus: str | None = None) -> View:
    """The whole rule as drawn; at `focus` the reader goes on."""
    made = _view(desk, root, "", "", 0, problems, "")
    if focus is not None and (control := next((c for p, c in _entrances(made) if p == focus), None)):
        control.focus = True
    return made


def _entrances(shown: View) -> Iterator[tuple[str, Control]]:
    """The first field of each node that has fields."""
    first = next((control for row in shown.rows for control in row if control.kind != "word"), None)
    if first is not None:
        yield shown.path, first
    for below in _below(shown):
        yield from _entrances(below)


def _below(shown: View) -> list[View]:
    return [*shown.rules, *shown.steps, *([shown.where] if shown.where else [])]


def _view(
    desk: Desk, node: Draft, path: str, number: str, depth: int, problems: Mapping[str, list[str]], event: str
) -> View:
    made = View(path, node.kind, number, depth=depth, problems=list(problems.get(path, ())))
    event = node.one("event") or event
    if node.kind == "group":
        made.combinator = node.one("combinator", "and")
        made.full = depth >= DEPTH_MAX - 1
        for i, rule in enumerate(node.rules):
            part = f"{number}.{i + 1}" if number else str(i + 1)
            made.rules.append(_view(desk, rule, join(path, f"rules[{i}]"), part, depth + 1, problems, event))
        return made
    made.rows = controls.of(desk, node, event)
    made.icon, title, _help = wording.KINDS.get(node.kind, ("", "", ""))
    made.title = str(title)
    made.full = len(node.steps) >= STEPS_MAX
    for i, step in enumerate(node.steps):
        one = _view(desk, step, join(path, f"steps[{i}]"), f"{number}.{i + 1}", depth, problems, "")
        one.first = i == 0
        made.steps.append(one)
    if node.where is not None:
        made.where = _view(desk, node.where, join(path, "where"), number, depth + 1, problems, node.one("event"))
    return made


def places(shown: View) -> Iterator[tuple[str, str, str]]:
    """Each node's path, number and id, for leading to it from elsewhere on the page."""
    yield shown.path, shown.number, shown.id
    for below in _below(shown):
        yield from places(below)


def examine(
    draft: Draft, kinds: Kinds, known: rules.Known, segment: int | None
) -> tuple[rules.Group | None, dict[str, list[str]]]:
    """The tree, and by path what is wrong with it in English (translated where shown); no tree where it is unreadable."""
    value = translate.to_json(draft, kinds)
    problems: dict[str, list[str]] = {}
    try:
        tree = rules.read(value)
    except Malformed:
        for path in _unreadable(value, ""):
            problems[path] = [INCOMPLETE]
        return None, problems or {"": [INCOMPLETE]}
    for problem in rules.check(tree, known, segment=segment):
        problems.setdefault(problem.path, []).append(problem.message)
    return tree, problems


def _unreadable(value: Mapping[str, Any], path: str) -> Iterator[str]:
    """The paths of leaves (and of conditions on facts) that cannot be read one by one."""
    for i, rule in enumerate(value["rules"]):
        at = join(path, f"rules[{i}]")
        if "rules" in rule:
            yield from _unreadable(rule, at)
            continue
        try:
            rules.read({"rules": [rule]})
        except Malformed as problem:
            inner = str(problem.values.get("path", "")).removeprefix("rules[0]").lstrip(".")
            # A step is part of its sequence; only a condition on facts has fields of its own.
            yield join(at, inner) if inner else at


def as_json_text(tree: rules.Group) -> str:
    """The rule as react-querybuilder reads it, indented."""
    return msgspec.json.format(msgspec.json.encode(rules.to_rqb(tree)), indent=2).decode()
