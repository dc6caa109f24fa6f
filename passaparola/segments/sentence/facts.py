"""What rules say about events: conditions, windows, measures, sequences, in words. Pure."""

from typing import Any

from django.utils.translation import gettext, ngettext

from passaparola.kernel import words
from passaparola.segments.rules import tree
from passaparola.segments.rules.operands import PROPERTIES
from passaparola.segments.rules.tree import Before, Between, Condition, Group, Since, Within
from passaparola.segments.sentence import amounts
from passaparola.segments.sentence.doings import did, did_not, since
from passaparola.segments.sentence.names import Names


def _(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown."""
    return text


FIELDS = {
    "product": _("the product"),
    "category": _("the category"),
    "channel": _("the channel"),
    "quantity_milli": _("the quantity"),
    "amount_minor": _("the amount"),
    "offer_minor": _("the amount on offer"),
    "company": _("the number of people together"),
    "day": _("the day"),
    "hour": _("the hour"),
    "weekday": _("the weekday"),
}
# (operator, value) of company said as people say it.
_COMPANY = {(">", 1): _("accompanied"), (">=", 2): _("accompanied"), ("=", 1): _("alone"), ("<=", 1): _("alone")}


def event(language: str, leaf: tree.Event, names: Names) -> str:
    """An event leaf after "people who"."""
    tail = [_where(language, leaf.where, names), window(language, leaf.window, names)]
    if leaf.measure == "count":
        if _never(leaf):
            return _joined(did_not(leaf.event), *tail)
        often = "" if (leaf.operator, leaf.value) in ((">=", 1), (">", 0)) else _often(language, leaf)
        return _joined(did(leaf.event), tail[0], often, tail[1])
    return _joined(did(leaf.event), tail[0], _measure(language, leaf, names), tail[1])


def _never(leaf: tree.Event) -> bool:
    return (leaf.operator, leaf.value) in (("=", 0), ("<=", 0), ("<", 1))


def _often(language: str, leaf: tree.Event) -> str:
    return amounts.amount(language, leaf.operator, leaf.value, lambda value: amounts.times(value, language))


def _measure(language: str, leaf: tree.Event, names: Names) -> str:
    """What stands behind the verb for another measure than how often."""
    if leaf.measure in ("sum", "distinct", "min", "max"):
        return _of_field(language, leaf, names)

    def in_days(value: Any) -> str:
        return amounts.days(value, language)

    def in_orders(value: Any) -> str:
        return ngettext("%(n)s order", "%(n)s orders", value) % {"n": words.number(value, language)}

    said = amounts.amount(language, leaf.operator, leaf.value, in_orders if leaf.measure == "orders" else in_days)
    return {
        "days": gettext("on %(amount)s"),
        "orders": gettext("in %(amount)s"),
        "first": gettext("for the first time %(amount)s ago"),
        "last": gettext("for the last time %(amount)s ago"),
    }[leaf.measure] % {"amount": said}


def _of_field(language: str, leaf: tree.Event, names: Names) -> str:
    named = {"field": field(leaf.of)}
    if leaf.measure == "distinct":
        named["amount"] = amounts.amount(language, leaf.operator, leaf.value, lambda v: amounts.plain(v, language))
        return gettext("(%(field)s, different values: %(amount)s)") % named
    say = _sayer(language, leaf.of, names)
    named["amount"] = amounts.amount(language, leaf.operator, leaf.value, say)
    return {
        "sum": gettext("(%(field)s in total: %(amount)s)"),
        "min": gettext("(%(field)s, the lowest: %(amount)s)"),
        "max": gettext("(%(field)s, the highest: %(amount)s)"),
    }[leaf.measure] % named


def sequence(language: str, leaf: tree.Sequence, names: Names) -> str:
    """A sequence leaf after "people who"."""
    parts = []
    for i, step in enumerate(leaf.steps):
        verb = did_not(step.event) if step.absent else did(step.event)
        said = _joined(verb, _where(language, step.where, names))
        if i == 0:
            parts.append(gettext("first %(did)s") % {"did": _joined(said, window(language, leaf.window, names))})
        elif step.absent and step.within is not None:
            within = amounts.length(step.within, language)
            parts.append(gettext("then for %(length)s %(did_not)s") % {"length": within, "did_not": said})
        else:
            parts.append(gettext("then %(did)s") % {"did": said})
    if leaf.same:
        parts.append(gettext("always with the same %(field)s") % {"field": _bare(leaf.same)})
    whole = ", ".join(parts)
    if leaf.within is None:
        return whole
    return gettext("%(steps)s, all within %(length)s") % {"steps": whole, "length": amounts.length(leaf.within, language)}


def window(language: str, found: Any, names: Names) -> str:
    """When; empty for ever."""
    if isinstance(found, Within):
        if found.skip:
            ends = {"far": amounts.length(found, language), "near": amounts.length(found, language, found.skip)}
            return gettext("between %(far)s and %(near)s ago") % ends
        return _lately(found, language)
    if isinstance(found, Before):
        return gettext("at least %(length)s ago") % {"length": amounts.length(found, language)}
    if isinstance(found, Since):
        return since(found.event)
    return _between(language, found, names) if isinstance(found, Between) else ""


def _lately(found: Within, language: str) -> str:
    """ "in the last 60 days": the article goes with the unit in es and it."""
    said = {
        "minutes": ngettext("in the last minute", "in the last %(n)s minutes", found.n),
        "hours": ngettext("in the last hour", "in the last %(n)s hours", found.n),
        "days": ngettext("in the last day", "in the last %(n)s days", found.n),
        "weeks": ngettext("in the last week", "in the last %(n)s weeks", found.n),
    }[found.unit]
    return said % {"n": words.number(found.n, language)}


def _between(language: str, found: Between, names: Names) -> str:
    begin = amounts.at(found.from_at, language, names) if found.from_at else ""
    end = amounts.at(found.until_at, language, names) if found.until_at else ""
    if begin and end:
        return gettext("from %(begin)s until before %(end)s") % {"begin": begin, "end": end}
    return gettext("from %(begin)s on") % {"begin": begin} if begin else gettext("before %(end)s") % {"end": end}


def _where(language: str, group: Group | None, names: Names) -> str:
    if group is None:
        return ""
    if len(group.rules) == 1 and not group.negated and _company(group.rules[0]):
        return condition(language, group.rules[0], names)
    return f"({_conditions(language, group, names, outer=True)})"


def _conditions(language: str, group: Group, names: Names, *, outer: bool = False) -> str:
    if not group.rules:
        return gettext("nothing holds")
    said = [
        _conditions(language, rule, names) if isinstance(rule, Group) else condition(language, rule, names)
        for rule in group.rules
    ]
    joined = words.listing(said, language, "or" if group.combinator == "or" else "standard")
    if group.negated:
        return gettext("it is not so that (%(conditions)s)") % {"conditions": joined}
    return joined if outer or len(said) == 1 else f"({joined})"


def _company(rule: Any) -> str:
    if not isinstance(rule, Condition) or rule.field != "company" or not isinstance(rule.value, int):
        return ""
    return _COMPANY.get((rule.operator, rule.value), "")


def condition(language: str, rule: Condition, names: Names) -> str:
    """ "the category is “coffee”"."""
    if company := _company(rule):
        return gettext(company)
    said = amounts.compared(
        language, rule.operator, rule.value, _sayer(language, rule.field, names), dates=rule.field == "day"
    )
    return gettext("%(field)s %(comparison)s") % {"field": field(rule.field), "comparison": said}


def field(name: str) -> str:
    """A field in words; a property by its own name in quotation marks."""
    return amounts.quoted(name[len(PROPERTIES) :]) if name.startswith(PROPERTIES) else gettext(FIELDS[name])


def _bare(name: str) -> str:
    """A field without its article."""
    bare = {
        "product": gettext("product"), "category": gettext("category"), "channel": gettext("channel"),
        "company": gettext("company"), "day": gettext("day"), "hour": gettext("hour"), "weekday": gettext("weekday"),
    }  # fmt: skip
    return bare.get(name) or field(name)


def _sayer(language: str, name: str, names: Names) -> amounts.Say:
    """How a value of that field is said."""

    def say(value: Any) -> str:
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if name == "day":
            return amounts.on(value, language)
        if isinstance(value, str):
            return amounts.quoted(names.products.get(value, value) if name == "product" else value)
        if name in ("amount_minor", "offer_minor"):
            return amounts.cash(value, language, names.currency)
        if name == "weekday":
            return amounts.weekday(value, language)
        if name == "hour":
            return amounts.hour(value, language)
        return amounts.plain(value / 1000 if name == "quantity_milli" else value, language)

    return say


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
