"""Which fields a condition shows, given what is in it: the draft's node in, a list of controls out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from babel.dates import get_day_names
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from passaparola.doors.console.segments import spelling, translate, wording
from passaparola.doors.console.segments.draft import Draft
from passaparola.doors.console.segments.vocabulary import Vocabulary
from passaparola.segments.rules.operands import KNOWN_OR_NOT, OPERATORS, PROPERTIES, RELATIVE

Options = list[tuple[str, str]]


@dataclass
class Control:
    """One field: its kind says how it is drawn (select, text, area, checks, hidden, word)."""

    name: str
    kind: str
    label: str
    value: str = ""
    options: Options = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    # For text: its type, the suggestions, what stands behind it.
    type: str = "text"
    offered: str = ""
    unit: str = ""
    size: str = ""
    # What an empty field means.
    hint: str = ""
    # Whether a change of it changes which fields there are.
    shapes: bool = False
    # Whether the reader goes on here after the page was made again.
    focus: bool = False


@dataclass
class Desk:
    """What controls are made with: the vocabulary, and the lists of suggestions the page must carry."""

    words: Vocabulary
    lists: dict[str, list[str]] = field(default_factory=dict)

    def offer(self, name: str, values: Iterable[str]) -> str:
        """A list of suggestions; its id, empty where there is nothing to suggest."""
        known = list(values)
        if known:
            self.lists[name] = known
        return name if known else ""


def of(desk: Desk, node: Draft, event: str = "") -> list[list[Control]]:
    """The node's controls in rows; `event` is whose facts a condition is about."""
    if node.kind == "condition":
        return [_condition(desk, node, event)]
    return _MAKERS[node.kind](desk, node)


# --- pieces ---------------------------------------------------------------------------------------


def _select(
    node: Draft, name: str, label: str, choices: Options, default: str = "", *, shapes: bool = False
) -> Control:
    value = node.one(name, default)
    if value and value not in {v for v, _word in choices}:
        choices = [*choices, (value, value)]
    return Control(name, "select", label, value, choices, shapes=shapes)


def _text(
    node: Draft, name: str, label: str, *, offered: str = "", unit: str = "", size: str = "", type: str = "text"
) -> Control:
    return Control(name, "text", label, node.one(name), type=type, offered=offered, unit=unit, size=size)


def _count(node: Draft, name: str, label: str, unit: str = "") -> Control:
    return _text(node, name, label, size="short", type="number", unit=unit)


def _word(text: str) -> Control:
    return Control("", "word", text)


def _event_name(desk: Desk, node: Draft, name: str = "event", label: str = "") -> Control:
    made = _text(node, name, label or _("Event"), offered=desk.offer("events", desk.words.events), size="event")
    made.shapes = True
    return made


def weekdays(width: Literal["wide", "abbreviated"] = "wide") -> Options:
    """Monday to Sunday as 1 to 7, in the reader's language."""
    names = get_day_names(width, locale=(get_language() or "en")[:2])
    return [(str(n + 1), str(names[n]).capitalize()) for n in range(7)]


def compared(
    desk: Desk, node: Draft, kind: str, *, unit: str = "", offered: str = "", choices: Options | None = None,
    known: bool = False, operators: tuple[str, ...] = (),
) -> list[Control]:  # fmt: skip
    """Operator and value fields for something of a kind; `choices` where there are but a few values."""
    words = (
        wording.CHOICE_WORDS if choices and kind == "whole" else wording.OPERATOR_WORDS.get(kind, wording.TEXT_WORDS)
    )
    allowed = operators or OPERATORS.get(kind, OPERATORS["text"])
    if choices and kind == "whole":
        # One of a few is ticked: "is" is offered only where a rule says it already.
        allowed = ("in", "notIn", ">=", "<=", *((node.one("operator"),) if node.one("value") else ()))
    listed = wording.options(words, allowed) + (wording.options(wording.KNOWN_WORDS, KNOWN_OR_NOT) if known else [])
    operator = node.one("operator")
    if operator not in {value for value, _word in listed}:
        operator = listed[0][0]
        node.put(operator=operator)
    made = [_select(node, "operator", _("Comparison"), listed, operator, shapes=True)]
    return made + _values(node, kind, operator, unit, offered, choices)


def _values(node: Draft, kind: str, operator: str, unit: str, offered: str, choices: Options | None) -> list[Control]:
    first = node.one("value") or next(iter(spelling.lines(node.fields.get("values", []))), "")
    several = node.fields.get("values") or ([first] if first else [])
    if operator in spelling.WITHOUT:
        return []
    if operator in RELATIVE:
        units = wording.DAY_UNITS if kind == "day" else wording.UNITS
        return [_count(node, "value", _("How long")), _select(node, "unit", _("Unit"), wording.options(units), "days")]
    if operator in spelling.LISTS:
        if choices:
            short = weekdays("abbreviated") if len(choices) == 7 else choices
            return [Control("values", "checks", _("Values"), options=short, chosen=spelling.lines(several))]
        area = Control("values", "area", _("Values, one a line"), "\n".join(spelling.lines(several)), unit=unit)
        return [area]
    if choices:
        return [Control("value", "select", _("Value"), first, choices)]
    type_, size = {"day": ("date", ""), "time": ("datetime-local", ""), "text": ("text", "value")}.get(
        kind, ("number", "short")
    )
    one = Control("value", "text", _("Value"), first, type=_exact(type_, first), offered=offered, unit=unit, size=size)
    if operator not in spelling.RANGES:
        return [one]
    one.unit, one.label = "", _("From")
    second = node.one("value2")
    until = Control(
        "value2", "text", _("To"), second, type=_exact(type_, second), offered=offered, unit=unit, size=size
    )
    return [one, _word(_("and")), until]


def _exact(type_: str, value: str) -> str:
    """A field of local time shows none but local time: a moment with its own zone stays a text."""
    return "text" if type_ == "datetime-local" and ("+" in value or value.endswith("Z")) else type_


# --- conditions on facts ---------------------------------------------------------------------------


def _condition(desk: Desk, node: Draft, event: str) -> list[Control]:
    made = _field(desk, node, "field", _("Detail"), event, wording.FIELDS)
    name = translate.field_name(node, "field")
    properties = desk.words.properties(event)
    if name.startswith(PROPERTIES):
        own = name.removeprefix(PROPERTIES)
        kind = node.one("as") or properties.get(own, "text")
        node.put(**{"as": kind})
        made.append(_select(node, "as", _("Compared as"), wording.options(wording.VALUE_KINDS), kind, shapes=True))
        seen = desk.words.values(event, own) if kind == "text" else []
        offered = desk.offer(f"seen-{list(properties).index(own)}", seen) if own in properties else ""
        return made + compared(desk, node, kind, offered=offered, choices=_choices(kind), known=True)
    kind, _scale = desk.words.kinds.of_field(name, "")
    unit = wording.FIELDS.get(name, ("", ""))[1]
    unit = settings.CURRENCY if unit == "money" else str(unit)
    lists = {"product": "products", "category": "categories", "channel": "channels"}
    offered = desk.offer(lists[name], getattr(desk.words, lists[name])) if name in lists else ""
    choices = weekdays() if name == "weekday" else None
    # A fact is on a day; "in the last" is what the event's window says.
    operators = tuple(o for o in OPERATORS[kind] if o not in RELATIVE)
    return made + compared(
        desk, node, kind, unit=unit, offered=offered, choices=choices, known=True, operators=operators
    )


def _choices(kind: str) -> Options | None:
    return wording.options(wording.YES_NO) if kind == "boolean" else None


def _field(desk: Desk, node: Draft, name: str, label: str, event: str, columns: Iterable[str]) -> list[Control]:
    """A column of facts, a property seen, or one typed by its name."""
    chosen = node.one(name)
    properties = desk.words.properties(event)
    if name == "of":
        properties = {
            p: kind for p, kind in properties.items() if kind == "number" or node.one("measure") == "distinct"
        }
    listed = [(column, str(wording.FIELDS[column][0])) for column in columns]
    listed += [(PROPERTIES + p, p) for p in properties]
    listed.append((PROPERTIES, _("another detail …")))
    if chosen.startswith(PROPERTIES) and chosen not in {value for value, _word in listed}:
        listed.insert(-1, (chosen, chosen.removeprefix(PROPERTIES)))
    made = [_select(node, name, label, listed, listed[0][0], shapes=True)]
    if chosen == PROPERTIES:
        made.append(_text(node, f"{name}_own", _("Name of the detail"), size="value"))
    return made


# --- leaves ---------------------------------------------------------------------------------------


def _window(desk: Desk, node: Draft, *, since: bool = True) -> list[Control]:
    kinds = {k: w for k, w in wording.WINDOWS.items() if since or k != "since"}
    kind = node.one("window")
    made = [_select(node, "window", _("When"), wording.options(kinds), shapes=True)]
    if kind in ("within", "before"):
        made += [
            _count(node, "window_n", _("How long")),
            _select(node, "window_unit", _("Unit"), wording.options(wording.UNITS), "days"),
        ]
    if kind == "ago":
        unit = _select(node, "window_unit", _("Unit"), wording.options(wording.UNITS), "days")
        made += [_word(_("from")), _count(node, "window_n", _("From how long ago")), _word(_("to")),
                 _count(node, "window_skip", _("To how long ago")), unit, _word(_("ago"))]  # fmt: skip
    if kind == "since":
        made.append(_event_name(desk, node, "window_event", _("Since which event")))
    if kind == "between":
        ends = (("window_from", _("From")), ("window_until", _("Until before")))
        fields = [_text(node, name, label, type=_exact("datetime-local", node.one(name))) for name, label in ends]
        made += [fields[0], _word(_("and")), fields[1]]
    return made


def _event(desk: Desk, node: Draft) -> list[list[Control]]:
    measure = node.one("measure", "count")
    words = {name: word for name, (word, _unit) in wording.MEASURES.items()}
    first = [
        _event_name(desk, node),
        _select(node, "measure", _("Measured by"), wording.options(words), "count", shapes=True),
    ]
    unit = str(wording.MEASURES.get(measure, ("", ""))[1])
    if measure in translate.MEASURES_OF:
        columns = wording.FIELDS if measure == "distinct" else wording.NUMBER_FIELDS
        first += _field(desk, node, "of", _("Of which detail"), node.one("event"), columns)
        if measure != "distinct" and wording.FIELDS.get(node.one("of", "amount_minor"), ("", ""))[1] == "money":
            unit = settings.CURRENCY
    node.put(operator=node.one("operator", ">="))
    first += compared(desk, node, "number", unit=unit)
    return [first, _window(desk, node)]


def _absence(desk: Desk, node: Draft) -> list[list[Control]]:
    return [[_event_name(desk, node), *_window(desk, node)]]


def _sequence(desk: Desk, node: Draft) -> list[list[Control]]:
    within = _count(node, "within_n", _("All within"))
    within.hint = _("any")
    unit = _select(node, "within_unit", _("Unit"), wording.options(wording.UNITS), "days")
    same = _field(desk, node, "same", _("With the same detail"), node.steps[0].one("event"), wording.FIELDS)
    same[0].options.insert(0, ("", _("whatever the details")))
    same[0].value = node.one("same")
    return [
        [_word(_("the first")), *_window(desk, node, since=False)],
        [_word(_("all within")), within, unit, _word(_("with the same")), *same],
    ]


def _step(desk: Desk, node: Draft) -> list[list[Control]]:
    absent = {"": _("did"), "on": _("did not")}
    made = [_select(node, "absent", _("Did or did not"), wording.options(absent), shapes=True), _event_name(desk, node)]
    if node.one("absent") == "on":
        made += [_word(_("within")), _count(node, "within_n", _("Within")),
                 _select(node, "within_unit", _("Unit"), wording.options(wording.UNITS), "days")]  # fmt: skip
    return [made]


def _trait(desk: Desk, node: Draft) -> list[list[Control]]:
    listed = [("", _("choose a trait …")), *((t.name, t.sentence) for t in desk.words.traits.values())]
    made = [_select(node, "trait", _("Trait"), listed, shapes=True)]
    word = desk.words.traits.get(node.one("trait"))
    if word is None:
        return [made]
    unit = settings.CURRENCY if word.unit == "minor" else str(wording.TRAIT_UNITS.get(word.unit, ""))
    choices = weekdays() if word.unit == "weekday" else _choices(word.type)
    if word.type == "monthday":
        unit = _("days")
    kind = word.type
    lists = {"favourite_product": "products", "favourite_category": "categories", "favourite_channel": "channels"}
    offered = desk.offer(lists[word.name], getattr(desk.words, lists[word.name])) if word.name in lists else ""
    made += compared(desk, node, kind, unit=unit, offered=offered, choices=choices, known=True)
    return [made]


def _level(choices: dict[str, Any]) -> Any:
    def make(desk: Desk, node: Draft) -> list[list[Control]]:
        ticked = Control(
            "values",
            "checks",
            _("Which"),
            options=wording.options(choices),
            chosen=spelling.lines(node.fields.get("values", [])),
        )
        return [[_select(node, "operator", _("Comparison"), wording.options(wording.LEVEL_WORDS), "in"), ticked]]

    return make


def _tier(desk: Desk, node: Draft) -> list[list[Control]]:
    if desk.words.tiers:
        return _level({tier: tier for tier in desk.words.tiers})(desk, node)  # type: ignore[no-any-return]
    values = "\n".join(spelling.lines(node.fields.get("values", [])))
    area = Control("values", "area", _("Tiers, one a line"), values)
    return [[_select(node, "operator", _("Comparison"), wording.options(wording.LEVEL_WORDS), "in"), area]]


def _member(kind: str) -> Any:
    def make(desk: Desk, node: Draft) -> list[list[Control]]:
        found = desk.words.segments if kind == "segment" else desk.words.groups
        empty = _("choose a segment …") if kind == "segment" else _("choose a group …")
        listed = [("", empty), *((str(number), name) for number, name in found.items())]
        operator = _select(node, "operator", _("Comparison"), wording.options(wording.MEMBER_WORDS), "in")
        label = _("Segment") if kind == "segment" else _("Group")
        return [[operator, _select(node, "segment" if kind == "segment" else "group", label, listed)]]

    return make


def _consent(desk: Desk, node: Draft) -> list[list[Control]]:
    return [[
        _select(node, "purpose", _("Purpose"), wording.options(wording.PURPOSES)),
        _select(node, "channel", _("Channel"), wording.options(wording.CHANNELS)),
        _select(node, "operator", _("Comparison"), wording.options({"=": _("is"), "!=": _("is not")}), "="),
        _select(node, "state", _("State"), wording.options(wording.CONSENTS), "given"),
    ]]  # fmt: skip


def _referral(desk: Desk, node: Draft) -> list[list[Control]]:
    what = node.one("what", "converted")
    made = [_select(node, "what", _("What"), wording.options(wording.REFERRALS), "converted", shapes=True)]
    if what == "was_invited":
        answers = {">= 1": _("yes"), "= 0": _("no")}
        given = node.one("answer")
        if given and given not in answers:
            answers = {given: _("yes") if given in ("= 1", "> 0") else given} | {
                k: v for k, v in answers.items() if k != ">= 1"
            }
        made.append(_select(node, "answer", _("Answer"), wording.options(answers), ">= 1"))
    else:
        made += compared(desk, node, "whole")
    programs = [("", _("in any programme")), *((str(i), name) for i, name in desk.words.programs.items())]
    return [[*made, _select(node, "program", _("Programme"), programs)]] if desk.words.programs or node.one("program") else [made]


def _relationship(desk: Desk, node: Draft) -> list[list[Control]]:
    made = [_select(node, "relation", _("Kind of relationship"), wording.options(wording.RELATIONS))]
    return [made + compared(desk, node, "whole", unit=_("people"))]


def _bucket(desk: Desk, node: Draft) -> list[list[Control]]:
    first = [_word(_("from")), _count(node, "from", _("From per cent"))]
    until = [_word(_("to below")), _count(node, "until", _("To below per cent"), "%")]
    seed = [_word(_("of a draw, number")), _count(node, "seed", _("Number of the draw"))]
    return [[*first, *until, *seed]]


_MAKERS: dict[str, Any] = {
    "event": _event, "absence": _absence, "sequence": _sequence, "step": _step, "trait": _trait,
    "stage": _level(wording.STAGES), "pyramid": _level(wording.PYRAMID), "lead": _level(wording.LEADS), "tier": _tier,
    "segment": _member("segment"), "in_group": _member("in_group"), "consent": _consent, "referral": _referral,
    "relationship": _relationship, "bucket": _bucket,
}  # fmt: skip
