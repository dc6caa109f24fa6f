"""From a draft to the tree's JSON and back, kind by kind. Pure; reads nothing but what the draft and `Kinds` say."""

from collections.abc import Callable, Mapping
from typing import Any

from passaparola.doors.console.segments import spelling
from passaparola.doors.console.segments.draft import Draft
from passaparola.doors.console.segments.spelling import Kinds
from passaparola.segments.rules.operands import PROPERTIES

LEVELS = ("stage", "tier", "pyramid", "lead")
MEASURES_OF = ("sum", "min", "max", "distinct")
JSON = dict[str, Any]


def to_json(draft: Draft, kinds: Kinds) -> JSON:
    """The tree as JSON, of every node; what cannot be read stands in it as typed."""
    if draft.kind == "group":
        together = draft.one("combinator", "and")
        rules = [to_json(rule, kinds) for rule in draft.rules]
        return {"combinator": together.removeprefix("not "), "not": together.startswith("not "), "rules": rules}
    return _WRITERS.get(draft.kind, _level)(draft, kinds)


def of_json(value: Mapping[str, Any], kinds: Kinds) -> Draft:
    """The draft of a tree's JSON (as_json of a tree that was read)."""
    if "rules" in value:
        made = Draft("group").put(combinator=("not " if value.get("not") else "") + value.get("combinator", "and"))
        made.rules = [of_json(rule, kinds) for rule in value["rules"]]
        return made
    kind = str(value.get("type", "condition"))
    return _READERS.get(kind, _level_of)(value, kinds)


# --- conditions on facts, windows ------------------------------------------------------------------


def _condition(draft: Draft, kinds: Kinds) -> JSON:
    name, operator = field_name(draft, "field"), draft.one("operator", "=")
    kind, scale = kinds.of_field(name, draft.one("as"))
    return {"field": name, "operator": operator} | spelling.value(draft.fields, kind, operator, scale, kinds.zone)


def field_name(draft: Draft, name: str) -> str:
    """The fact's field chosen, or the property typed beside it."""
    chosen = draft.one(name)
    return PROPERTIES + draft.one(f"{name}_own").removeprefix(PROPERTIES) if chosen == PROPERTIES else chosen


def _condition_of(value: Mapping[str, Any], kinds: Kinds) -> Draft:
    name, operator = str(value["field"]), str(value["operator"])
    given = value.get("value")
    first = given[0] if isinstance(given, (list, tuple)) and given else given
    kind = "boolean" if isinstance(first, bool) else "number" if isinstance(first, (int, float)) else "text"
    made = Draft("condition").put(field=name, operator=operator, **{"as": kind})
    kind, scale = kinds.of_field(name, kind)
    made.fields |= spelling.typed(given, kind, operator, scale, kinds.zone)
    return made


def _where(draft: Draft, kinds: Kinds) -> JSON:
    return {"where": to_json(draft.where, kinds)} if draft.where is not None else {}


def _where_of(value: Mapping[str, Any], kinds: Kinds) -> Draft | None:
    return of_json(value["where"], kinds) if value.get("where") is not None else None


def _window(draft: Draft, kinds: Kinds) -> JSON:
    kind = draft.one("window")
    made: JSON = {"kind": "within" if kind == "ago" else kind}
    if kind in ("within", "before", "ago"):
        made |= spelling.duration(draft.one("window_n"), draft.one("window_unit"))
        if kind == "ago":
            made["skip"] = spelling.number(draft.one("window_skip"))
    elif kind == "since":
        made["event"] = draft.one("window_event")
    elif kind == "between":
        ends = {end: draft.one(f"window_{end}") for end in ("from", "until")}
        made |= {end: spelling.moment(text, kinds.zone) for end, text in ends.items() if text}
    return {"window": made} if kind else {}


def _window_of(value: Mapping[str, Any], kinds: Kinds, made: Draft) -> Draft:
    window = value.get("window") or {}
    made.put(window=str(window.get("kind", "")))
    if "n" in window:
        made.put(window_n=str(window["n"]), window_unit=str(window["unit"]))
    if window.get("skip"):
        made.put(window="ago", window_skip=str(window["skip"]))
    if "event" in window:
        made.put(window_event=str(window["event"]))
    for end in ("from", "until"):
        if window.get(end):
            made.put(**{f"window_{end}": spelling.moment_text(window[end], kinds.zone)})
    return made


# --- what she did ----------------------------------------------------------------------------------


def _event(draft: Draft, kinds: Kinds) -> JSON:
    measure, operator = draft.one("measure", "count"), draft.one("operator", ">=")
    of = field_name(draft, "of") if measure in MEASURES_OF else ""
    _, scale = kinds.of_field(of, "number") if measure != "distinct" else ("", 0)
    value = spelling.value(draft.fields, "number", operator, scale, kinds.zone)
    extra = {"of": of} if of else {}
    shape = {"type": "event", "event": draft.one("event"), "measure": measure, "operator": operator}
    return shape | extra | value | _where(draft, kinds) | _window(draft, kinds)


def _event_of(value: Mapping[str, Any], kinds: Kinds) -> Draft:
    measure, operator = str(value.get("measure", "count")), str(value.get("operator", ">="))
    given, of = value.get("value", 1), str(value.get("of", ""))
    if measure == "count" and operator == "=" and given == 0 and not isinstance(given, bool):
        made = Draft("absence").put(event=str(value["event"]))
    else:
        made = Draft("event").put(event=str(value["event"]), measure=measure, operator=operator, of=of)
        _, scale = kinds.of_field(of, "number") if measure != "distinct" else ("", 0)
        made.fields |= spelling.typed(given, "number", operator, scale, kinds.zone)
    made.where = _where_of(value, kinds)
    return _window_of(value, kinds, made)


def _absence(draft: Draft, kinds: Kinds) -> JSON:
    shape = {"type": "event", "event": draft.one("event"), "operator": "=", "value": 0}
    return shape | _where(draft, kinds) | _window(draft, kinds)


def _sequence(draft: Draft, kinds: Kinds) -> JSON:
    steps = []
    for step in draft.steps:
        absent = step.one("absent") == "on"
        made: JSON = {"event": step.one("event"), "absent": absent} | _where(step, kinds)
        if absent:
            made["within"] = spelling.duration(step.one("within_n"), step.one("within_unit"))
        steps.append(made)
    shape: JSON = {"type": "sequence", "steps": steps}
    if draft.one("within_n"):
        shape["within"] = spelling.duration(draft.one("within_n"), draft.one("within_unit"))
    if same := field_name(draft, "same"):
        shape["same"] = same
    return shape | _window(draft, kinds)


def _sequence_of(value: Mapping[str, Any], kinds: Kinds) -> Draft:
    made = _within_of(value, Draft("sequence").put(same=str(value.get("same", ""))))
    for step in value["steps"]:
        one = _within_of(step, Draft("step").put(event=str(step["event"])))
        if step.get("absent"):
            one.put(absent="on")
        one.where = _where_of(step, kinds)
        made.steps.append(one)
    return _window_of(value, kinds, made)


def _within_of(value: Mapping[str, Any], made: Draft) -> Draft:
    if within := value.get("within"):
        made.put(within_n=str(within["n"]), within_unit=str(within["unit"]))
    return made


# --- what she is -----------------------------------------------------------------------------------


def _trait(draft: Draft, kinds: Kinds) -> JSON:
    name, operator = draft.one("trait"), draft.one("operator", "=")
    kind, scale = kinds.of_trait(name)
    shape = {"type": "trait", "trait": name, "operator": operator}
    return shape | spelling.value(draft.fields, kind, operator, scale, kinds.zone)


def _trait_of(value: Mapping[str, Any], kinds: Kinds) -> Draft:
    name, operator = str(value["trait"]), str(value["operator"])
    made = Draft("trait").put(trait=name, operator=operator)
    kind, scale = kinds.of_trait(name)
    made.fields |= spelling.typed(value.get("value"), kind, operator, scale, kinds.zone)
    return made


def _level(draft: Draft, _: Kinds) -> JSON:
    values = spelling.lines(draft.fields.get("values", []))
    return {"type": draft.kind, "operator": draft.one("operator", "in"), "value": values}


def _level_of(value: Mapping[str, Any], _: Kinds) -> Draft:
    made = Draft(str(value["type"])).put(operator=str(value.get("operator", "in")))
    return made.put(values=[str(v) for v in value.get("value", ())])


def _member(draft: Draft, _: Kinds) -> JSON:
    kind = "group" if draft.kind == "in_group" else "segment"
    return {"type": kind, kind: spelling.number(draft.one(kind)), "operator": draft.one("operator", "in")}


def _member_of(value: Mapping[str, Any], _: Kinds) -> Draft:
    kind = str(value["type"])
    made = Draft("in_group" if kind == "group" else kind).put(operator=str(value.get("operator", "in")))
    return made.put(**{kind: str(value[kind])})


def _consent(draft: Draft, _: Kinds) -> JSON:
    said = {name: draft.one(name) for name in ("channel", "purpose")}
    return {"type": "consent", **said, "state": draft.one("state", "given"), "operator": draft.one("operator", "=")}


def _consent_of(value: Mapping[str, Any], _: Kinds) -> Draft:
    said = {name: str(value[name]) for name in ("channel", "purpose")}
    return Draft("consent").put(
        **said, state=str(value.get("state", "given")), operator=str(value.get("operator", "="))
    )


def _referral(draft: Draft, kinds: Kinds) -> JSON:
    what = draft.one("what", "converted")
    shape: JSON = {"type": "referral", "what": what}
    if what == "was_invited" and draft.one("answer"):
        operator, _, value = draft.one("answer").partition(" ")
        shape |= {"operator": operator, "value": spelling.number(value)}
    else:
        operator = draft.one("operator", ">=")
        shape |= {"operator": operator} | spelling.value(draft.fields, "whole", operator, 0, kinds.zone)
    return shape | ({"program": spelling.number(draft.one("program"))} if draft.one("program") else {})


def _referral_of(value: Mapping[str, Any], kinds: Kinds) -> Draft:
    operator, given = str(value.get("operator", ">=")), value.get("value", 1)
    made = Draft("referral").put(what=str(value["what"]), operator=operator)
    if value["what"] == "was_invited" and not isinstance(given, (list, tuple)):
        made.put(answer=f"{operator} {spelling.number_text(given)}")
    made.fields |= spelling.typed(given, "whole", operator, 0, kinds.zone)
    return made.put(program=str(value["program"])) if value.get("program") is not None else made


def _relationship(draft: Draft, kinds: Kinds) -> JSON:
    operator = draft.one("operator", ">=")
    shape = {"type": "relationship", "kind": draft.one("relation"), "operator": operator}
    return shape | spelling.value(draft.fields, "whole", operator, 0, kinds.zone)


def _relationship_of(value: Mapping[str, Any], kinds: Kinds) -> Draft:
    operator = str(value.get("operator", ">="))
    made = Draft("relationship").put(relation=str(value.get("kind", "")), operator=operator)
    made.fields |= spelling.typed(value.get("value", 1), "whole", operator, 0, kinds.zone)
    return made


def _bucket(draft: Draft, _: Kinds) -> JSON:
    return {"type": "bucket"} | {name: spelling.number(draft.one(name) or "0") for name in ("from", "until", "seed")}


def _bucket_of(value: Mapping[str, Any], _: Kinds) -> Draft:
    given = {name: str(value.get(name, 0)) for name in ("from", "until", "seed")}
    return Draft("bucket").put(**given)


_WRITERS: dict[str, Callable[[Draft, Kinds], JSON]] = {
    "condition": _condition, "event": _event, "absence": _absence, "sequence": _sequence, "trait": _trait,
    "segment": _member, "in_group": _member, "consent": _consent, "referral": _referral, "relationship": _relationship,
    "bucket": _bucket,
}  # fmt: skip
_READERS: dict[str, Callable[[Mapping[str, Any], Kinds], Draft]] = {
    "condition": _condition_of, "event": _event_of, "sequence": _sequence_of, "trait": _trait_of, "segment": _member_of,
    "group": _member_of, "consent": _consent_of, "referral": _referral_of, "relationship": _relationship_of,
    "bucket": _bucket_of,
}  # fmt: skip
