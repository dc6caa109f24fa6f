"""Speaking with react-querybuilder: every leaf as a rule {field, operator, value} that builders can show. Pure.

Ours keep their own keys beside field, operator and value, so that what goes out comes back equal. Plain rules come in
by their field: "trait.NAME", "event.NAME" (how often), "segment.ID", "group.ID", "stage", "tier", "pyramid", "lead".
"""

from collections.abc import Mapping
from typing import Any

from passaparola.segments.rules import reading, tree
from passaparola.segments.rules.reading import Malformed
from passaparola.segments.rules.tree import Group

_IGNORED = ("id", "path", "valueSource", "inputType", "disabled", "field")


def to_rqb(node: Any) -> dict[str, Any]:
    """A group or leaf as react-querybuilder's JSON."""
    if isinstance(node, Group):
        return {"combinator": node.combinator, "not": node.negated, "rules": [to_rqb(rule) for rule in node.rules]}
    own = reading.as_json(node)
    value = own.get("value", getattr(node, "value", None))
    return {"field": _field(node), "operator": getattr(node, "operator", "="), "value": value, **own}


def from_rqb(value: Any) -> Group:
    """A tree from react-querybuilder's JSON, ours or plain. Raises Malformed with the path of the node."""
    return reading.read(_ours(value, ""))


def _field(node: Any) -> str:
    tag = str(type(node).__struct_config__.tag)
    return f"{tag}.{getattr(node, tag)}" if tag in ("trait", "event", "segment", "group") else tag


def _ours(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Malformed(path=path or "$", detail="a rule is an object")
    reading.refuse_pattern(value, path)
    if "rules" in value:
        dot = "." if path else ""
        rules = value["rules"] if isinstance(value["rules"], (list, tuple)) else []
        if any(isinstance(rule, str) for rule in rules):
            raise Malformed(path=path or "$", detail="and and or between rules are not read: use groups")
        made = [_ours(rule, f"{path}{dot}rules[{i}]") for i, rule in enumerate(rules)]
        return {**{k: v for k, v in value.items() if k in ("combinator", "not")}, "rules": made}
    if "type" in value:
        return _own(value, path)
    return _plain(value, path)


def _own(value: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Our leaf without what was added for the builder."""
    kind = tree.LEAVES.get(str(value["type"]))
    if kind is None:
        raise Malformed(path=path, detail=f"type is one of {', '.join(tree.LEAVES)}")
    kept = {k: v for k, v in value.items() if k == "type" or k in kind.__struct_encode_fields__}
    # Builders say null where there is no value; we leave it out.
    return {k: v for k, v in kept.items() if k != "value" or v is not None}


def _plain(value: Mapping[str, Any], path: str) -> dict[str, Any]:
    field, operator, operand = value.get("field"), value.get("operator", "="), value.get("value")
    if not isinstance(field, str) or value.get("valueSource", "value") != "value":
        raise Malformed(path=path, detail="a rule compares a field with a value")
    if operator in ("between", "notBetween", "in", "notIn") and isinstance(operand, str):
        operand = [part.strip() for part in operand.split(",") if part.strip()]
    kind, _, name = field.partition(".")
    if kind == "trait" and name:
        return {"type": "trait", "trait": name, "operator": operator, **({} if operand in (None, "") else {"value": operand})}
    if kind == "event" and name:
        return {"type": "event", "event": name, "operator": operator, "value": _number(operand)}
    if kind in ("segment", "group") and name.isdecimal():
        return {"type": kind, kind: int(name), "operator": {"=": "in", "!=": "notIn"}.get(operator, operator)}
    if kind in ("stage", "tier", "pyramid", "lead") and not name:
        values = operand if isinstance(operand, (list, tuple)) else [operand]
        return {"type": kind, "operator": {"=": "in", "!=": "notIn"}.get(operator, operator), "value": list(values)}
    raise Malformed(path=path, detail=f"no field {field}: say trait.NAME, event.NAME, segment.ID, group.ID, stage …")


def _number(value: Any) -> Any:
    """Builders' number fields hand over texts; what a count is compared with is a number."""
    if isinstance(value, (list, tuple)):
        return [_number(one) for one in value]
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value
