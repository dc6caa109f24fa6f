"""Groups and the leaves about what somebody is, in words. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext, ngettext

from passaparola.kernel import words
from passaparola.segments.rules import tree
from passaparola.segments.rules.tree import Duration, Group
from passaparola.segments.sentence import amounts, facts
from passaparola.segments.sentence.names import Names, TraitName


def _(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown."""
    return text


LEVELS = {
    "none": _("no visits"), "few": _("few visits"), "some": _("some visits"), "many": _("many visits"),
    "active": _("active customers"), "inactive": _("inactive customers"), "potential": _("potential customers"),
    "cold": _("cold leads"), "warm": _("warm leads"), "hot": _("hot leads"),
}  # fmt: skip
# Kind of level → (among these, not among these)
_SCALES: dict[type[Any], tuple[str, str]] = {
    tree.Stage: (_("are in the stage of %(levels)s"), _("are not in the stage of %(levels)s")),
    tree.Tier: (_("are in tier %(levels)s"), _("are not in tier %(levels)s")),
    tree.Pyramid: (_("are %(levels)s"), _("are not %(levels)s")),
    tree.Lead: (_("are %(levels)s"), _("are not %(levels)s")),
}
CONSENTS = {
    "given": _("yes"),
    "refused": _("no"),
    "withdrawn": _("no longer"),
    "requested": _("not yet confirmed"),
    "none": _("nothing"),
}
PURPOSES = {"referral": _("recommendations"), "offers": _("offers"), "service": _("service")}
CHANNELS = {"email": _("e-mail"), "sms": _("text message"), "push": _("push message"), "letter": _("letter")}
KINDS = {
    "friend": _("as friend"),
    "family": _("as family"),
    "household": _("in the same household"),
    "colleague": _("as colleague"),
    "knows": _("as acquaintance"),
}


def clause(language: str, node: Any, names: Names, *, outer: bool = False) -> str:
    """A node as it stands after "people who"; groups inside others in brackets."""
    if not isinstance(node, Group):
        return _LEAVES[type(node)](language, node, names)
    if not node.rules:
        return gettext("do not exist")
    said = [clause(language, rule, names) for rule in node.rules]
    joined = words.listing(said, language, "or" if node.combinator == "or" else "standard")
    if node.negated:
        return gettext("are not among those who (%(clauses)s)") % {"clauses": joined}
    return joined if outer or len(said) == 1 else f"({joined})"


def _trait(language: str, leaf: tree.Trait, names: Names) -> str:
    known = names.traits.get(leaf.trait, TraitName(leaf.trait))
    value = leaf.value
    dates = known.kind in ("day", "time")
    if leaf.operator == "anniversaryWithin" and value == 0:
        return gettext("have %(trait)s today") % {"trait": amounts.quoted(known.name)}
    comparison = amounts.compared(language, leaf.operator, value, _sayer(language, known, names), dates=dates)
    return gettext("have a %(trait)s that %(comparison)s") % {"trait": amounts.quoted(known.name), "comparison": comparison}


def _sayer(language: str, known: TraitName, names: Names) -> amounts.Say:
    def say(value: Any) -> str:
        if isinstance(value, Duration):
            return amounts.length(value, language)
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if isinstance(value, str):
            if known.kind == "day":
                return amounts.on(value, language)
            if known.kind == "time":
                return amounts.at(value, language, names)
            return amounts.quoted(names.products.get(value, value))
        if known.kind == "monthday" or known.unit == "days":
            return amounts.days(value, language)
        return _UNITS.get(known.unit, _plain)(value, language, names)

    return say


def _plain(value: Any, language: str, _names: Names) -> str:
    return amounts.plain(value, language)


_UNITS: dict[str, Callable[[Any, str, Names], str]] = {
    "times": lambda value, language, _names: amounts.times(value, language),
    "minor": lambda value, language, names: amounts.cash(value, language, names.currency),
    "percent": lambda value, language, _names: words.percent(value, language),
    "weekday": lambda value, language, _names: amounts.weekday(value, language),
    "hour": lambda value, language, _names: amounts.hour(value, language),
}


def _level(language: str, leaf: tree.Level, _names: Names) -> str:
    inside, outside = _SCALES[type(leaf)]
    said = [gettext(LEVELS[level]) if level in LEVELS else amounts.quoted(level) for level in leaf.value]
    template = inside if leaf.operator == "in" else outside
    return gettext(template) % {"levels": words.listing(said, language, "or")}


def _segment(_language: str, leaf: tree.InSegment, names: Names) -> str:
    name = amounts.quoted(names.segments.get(leaf.segment, leaf.segment))
    template = gettext("are in the segment %(name)s") if leaf.operator == "in" else gettext("are not in the segment %(name)s")
    return template % {"name": name}


def _group(_language: str, leaf: tree.InGroup, names: Names) -> str:
    name = amounts.quoted(names.groups.get(leaf.group, leaf.group))
    inside = gettext("belong to the group %(name)s")
    return (inside if leaf.operator == "in" else gettext("do not belong to the group %(name)s")) % {"name": name}


def _consent(_language: str, leaf: tree.Consent, _names: Names) -> str:
    said = {
        "state": amounts.quoted(gettext(CONSENTS[leaf.state])),
        "purpose": _named(PURPOSES, leaf.purpose),
        "channel": _named(CHANNELS, leaf.channel),
    }
    if leaf.operator == "=":
        return gettext("last said %(state)s to %(purpose)s by %(channel)s") % said
    return gettext("last said something other than %(state)s to %(purpose)s by %(channel)s") % said


def _named(names: Mapping[str, str], code: str) -> str:
    return gettext(names[code]) if code in names else amounts.quoted(code)


def _referral(language: str, leaf: tree.Referral, names: Names) -> str:
    said = _referred(language, leaf)
    if leaf.program is None:
        return said
    name = amounts.quoted(names.programs.get(leaf.program, leaf.program))
    return gettext("%(clause)s in the programme %(name)s") % {"clause": said, "name": name}


def _referred(language: str, leaf: tree.Referral) -> str:
    least = (leaf.operator, leaf.value) in ((">=", 1), (">", 0), ("=", 1))
    never = (leaf.operator, leaf.value) in (("=", 0), ("<=", 0), ("<", 1))
    if leaf.what == "was_invited" and (least or never):
        return gettext("were brought by a friend") if least else gettext("were not brought by a friend")
    if never and leaf.what == "invited":
        return gettext("have not invited anybody")
    if never and leaf.what == "converted":
        return gettext("have brought no friend who became a customer")
    say = _steps if leaf.what == "generation" else _friends
    said = amounts.amount(language, leaf.operator, leaf.value, lambda value: say(value, language))
    return {
        "invited": gettext("invited %(amount)s"),
        "was_invited": gettext("were brought by %(amount)s"),
        "converted": gettext("brought %(amount)s who became customers"),
        "generation": gettext("have %(amount)s above them in the chain of recommendations"),
    }[leaf.what] % {"amount": said}


def _friends(value: int, language: str) -> str:
    return ngettext("%(n)s friend", "%(n)s friends", value) % {"n": words.number(value, language)}


def _steps(value: int, language: str) -> str:
    return ngettext("%(n)s step", "%(n)s steps", value) % {"n": words.number(value, language)}


def _relationship(language: str, leaf: tree.Relationship, _names: Names) -> str:
    def people(value: int) -> str:
        return ngettext("%(n)s person", "%(n)s people", value) % {"n": words.number(value, language)}

    said = {"amount": amounts.amount(language, leaf.operator, leaf.value, people), "kind": _named(KINDS, leaf.kind)}
    return (gettext("know %(amount)s %(kind)s") if leaf.kind else gettext("know %(amount)s")) % said


def _bucket(language: str, leaf: tree.Bucket, _names: Names) -> str:
    share = words.percent(leaf.until - leaf.from_, language)
    return gettext("fall into a random %(share)s (numbers %(first)s to %(last)s)") % {
        "share": share, "first": leaf.from_, "last": leaf.until - 1,
    }  # fmt: skip


_LEAVES: dict[type[Any], Callable[[str, Any, Names], str]] = {
    tree.Event: facts.event,
    tree.Sequence: facts.sequence,
    tree.Trait: _trait,
    tree.Stage: _level,
    tree.Tier: _level,
    tree.Pyramid: _level,
    tree.Lead: _level,
    tree.InSegment: _segment,
    tree.InGroup: _group,
    tree.Consent: _consent,
    tree.Referral: _referral,
    tree.Relationship: _relationship,
    tree.Bucket: _bucket,
}
