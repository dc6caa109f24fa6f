"""A rule as it stands in a form: every field as typed, from form to tree and back, nothing ever lost. Pure.

Field names are the paths of the tree's nodes ("rules[0].where.rules[1].value"), so that what `check` finds stands
beside the field it is about. What cannot be read as a number or date goes into the tree as typed, where `check` names it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from passaparola.segments.rules.reading import DEPTH_MAX, NODES_MAX

_NAME = re.compile(r"((?:(?:rules|steps)\[\d{1,3}\]|where)(?:\.(?:(?:rules|steps)\[\d{1,3}\]|where))*)?\.?([a-z0-9_]+)")
_PARTS = re.compile(r"rules\[(\d+)\]|steps\[(\d+)\]|where")
TEXT_MAX = 20_000
STEPS_MAX = 5

Typed = Mapping[str, Sequence[str]]


@dataclass
class Draft:
    """One node: its kind (group, condition, step, absence or the type of a leaf), its fields as typed, what is below."""

    kind: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    rules: list["Draft"] = field(default_factory=list)
    where: "Draft | None" = None
    steps: list["Draft"] = field(default_factory=list)

    def one(self, name: str, default: str = "") -> str:
        """A field's first value without blanks around it."""
        values = self.fields.get(name) or [default]
        return values[0].strip()

    def put(self, **values: str | list[str]) -> "Draft":
        """The same node with these fields set."""
        self.fields.update({name: [v] if isinstance(v, str) else list(v) for name, v in values.items()})
        return self


def group(*rules: Draft, combinator: str = "and") -> Draft:
    """A group of these nodes; `combinator` is one of "and", "or", "not and", "not or"."""
    return Draft("group", rules=list(rules)).put(combinator=combinator)


def new(kind: str) -> Draft:
    """A fresh node, filled with what is asked most often."""
    made = Draft(kind)
    if kind == "group":
        return group()
    if kind in ("event", "sequence"):
        made.put(window="within", window_n="30", window_unit="days")
    if kind == "event":
        made.put(measure="count", operator=">=", value="1")
    elif kind == "absence":
        made.put(window="within", window_n="30", window_unit="days")
    elif kind == "sequence":
        made.steps = [Draft("step"), Draft("step")]
    elif kind in ("referral", "relationship"):
        made.put(what="converted", operator=">=", value="1")
    elif kind == "bucket":
        made.put(**{"from": "0", "until": "10", "seed": "0"})
    elif kind == "condition":
        made.put(field="category", operator="=")
    return made


def read(typed: Typed) -> Draft:
    """The form's root group with everything below it; unknown names are left aside."""
    by_path: dict[str, dict[str, list[str]]] = {}
    for name, values in typed.items():
        if found := _NAME.fullmatch(name):
            by_path.setdefault(found[1] or "", {})[found[2]] = [v[:TEXT_MAX] for v in values]
    return _Reader(by_path).node("", "group", 1)


@dataclass
class _Reader:
    by_path: dict[str, dict[str, list[str]]]
    nodes: int = 0

    def node(self, path: str, kind: str, depth: int) -> Draft:
        self.nodes += 1
        fields = dict(self.by_path.get(path, {}))
        fields.pop("kind", None)
        made = Draft(kind, fields)
        if kind == "group":
            made.rules = [self.node(p, k, depth + 1) for p, k in self.below(path, "rules", depth)]
        if kind == "sequence":
            made.steps = [self.node(p, "step", depth) for p, _ in self.below(path, "steps", depth)]
        if kind in ("event", "absence", "step") and join(path, "where") in self.by_path:
            made.where = self.node(join(path, "where"), "group", depth + 1)
        return made

    def below(self, path: str, what: str, depth: int) -> Iterator[tuple[str, str]]:
        """Children in order; a rule deeper or longer than any rule may be is not read on."""
        at = 0
        while depth <= DEPTH_MAX + 1 and self.nodes <= NODES_MAX + 1:
            child = join(path, f"{what}[{at}]")
            if child not in self.by_path:
                return
            yield child, (self.by_path[child].get("kind") or ["event"])[0]
            at += 1


def join(path: str, part: str) -> str:
    """A path with one part more."""
    return f"{path}.{part}" if path else part


def find(root: Draft, path: str) -> Draft | None:
    """The node at a path; an event's or step's conditions are made where there are none yet."""
    node: Draft | None = root
    for part in path.split(".") if path else []:
        found = _PARTS.fullmatch(part)
        if node is None or not found:
            return None
        if part == "where":
            node.where = node.where or group()
            node = node.where
        else:
            among = node.rules if found[1] is not None else node.steps
            at = int(found[1] or found[2])
            node = among[at] if at < len(among) else None
    return node


def _place(root: Draft, path: str) -> tuple[list[Draft], int] | None:
    """The list a node stands in, and where."""
    above, _, last = path.rpartition(".")
    found, parent = _PARTS.fullmatch(last), find(root, above)
    if parent is None or not found or last == "where":
        return None
    among = parent.rules if found[1] is not None else parent.steps
    at = int(found[1] or found[2])
    return (among, at) if at < len(among) else None


# --- what the buttons do --------------------------------------------------------------------------


def add(root: Draft, path: str, kind: str) -> str:
    """A new node at the end of a group or sequence; its path, which is where the reader goes on."""
    parent = find(root, path)
    if parent is None:
        return path
    if kind == "step":
        if len(parent.steps) < STEPS_MAX:
            parent.steps.append(new("step"))
        return join(path, f"steps[{len(parent.steps) - 1}]")
    parent.rules.append(new(kind))
    return join(path, f"rules[{len(parent.rules) - 1}]")


def remove(root: Draft, path: str, _: str = "") -> str:
    """Take a node away; the reader goes on at the one that took its place, or at the group."""
    place = _place(root, path)
    above = path.rpartition(".")[0]
    if place is None:
        return above
    among, at = place
    del among[at]
    if above.endswith("where") and not among:
        owner = find(root, above.rpartition(".")[0])
        if owner is not None:
            owner.where = None
        return above.rpartition(".")[0]
    if not among:
        return above
    part = "rules" if path.rpartition(".")[2].startswith("rules") else "steps"
    return join(above, f"{part}[{min(at, len(among) - 1)}]")


def copy(root: Draft, path: str, _: str = "") -> str:
    """The same node once more, behind itself."""
    from copy import deepcopy

    if (place := _place(root, path)) is None:
        return path
    among, at = place
    among.insert(at + 1, deepcopy(among[at]))
    return f"{path.rpartition('[')[0]}[{at + 1}]"


def wrap(root: Draft, path: str, _: str = "") -> str:
    """Put a node into a group of its own, to which others can be added."""
    if (place := _place(root, path)) is None:
        return path
    among, at = place
    among[at] = group(among[at], combinator="or")
    return path


def earlier(root: Draft, path: str, _: str = "") -> str:
    """A step changes places with the one before."""
    if (place := _place(root, path)) is None or place[1] == 0:
        return path
    among, at = place
    among[at - 1], among[at] = among[at], among[at - 1]
    return f"{path.rpartition('[')[0]}[{at - 1}]"


ACTIONS: dict[str, Callable[[Draft, str, str], str]] = {
    "add": add, "remove": remove, "copy": copy, "wrap": wrap, "earlier": earlier,
}  # fmt: skip


def act(root: Draft, order: str) -> str | None:
    """Carry out what a button says: "add rules[0] event". The path to go on at; None where it says nothing of this."""
    name, _, rest = order.partition(" ")
    path, _, kind = rest.partition(" ")
    return ACTIONS[name](root, path, kind) if name in ACTIONS else None
