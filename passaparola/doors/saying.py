"""A rule in words and as SQL, for whoever shows one: console and API."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext

from passaparola.doors import look
from passaparola.kernel.words import speaking
from passaparola.people.models import Group
from passaparola.programs.models import Program
from passaparola.segments import rules, traits
from passaparola.segments import sentence as sentences
from passaparola.segments.membership import answers
from passaparola.segments.models import Segment
from passaparola.segments.sentence import facts


def sentence(tree: rules.Group, language: str) -> str:
    """The rule as a sentence in a language."""
    return sentences.sentence(language, tree, _names(tree, language))


def phrase(node: Any, language: str) -> str:
    """One condition in words, as it stands alone: with a capital."""
    said = sentences.phrase(language, node, _names(rules.Group(rules=(node,)), language))
    return said[:1].upper() + said[1:]


def contradictions(tree: rules.Group, language: str) -> list[tuple[str, str]]:
    """Pairs of conditions that cannot both hold, each in words."""
    return [(phrase(one.leaf, language), phrase(one.other, language)) for one in rules.contradictions(tree)]


def detail(condition: rules.Condition, language: str) -> str:
    """A detail of what counts: the category is “coffee”."""
    with speaking(language):
        return facts.condition(language, condition, _names(rules.Group(), language))


def of(segment: Segment, language: str) -> str:
    """The sentence of a segment's rule in force."""
    return of_rule(segment.rule, language)


def of_rule(rule: Any, language: str) -> str:
    """The sentence of a stored rule."""
    return sentence(rules.read(rule or {"rules": []}), language)


def sql(tree: rules.Group, now: datetime) -> str:
    """The statement that answers it here, to read and to run elsewhere."""
    return answers.text(tree, now, settings.BUSINESS_TIME_ZONE)


def _names(tree: rules.Group, language: str) -> sentences.Names:
    """What the rule's traits, segments, groups and programmes are called in a language; only those it mentions."""
    mentioned = rules.mentions(tree)
    ours = traits.by_name()
    with speaking(language):
        called = {
            name: sentences.TraitName(gettext(ours[name].sentence), ours[name].unit, ours[name].type)
            for name in mentioned.traits
            if name in ours
        }
    for name, own in traits.in_force().items() if mentioned.traits - called.keys() else ():
        called[name] = sentences.TraitName(name, "", own.kind)
    segments = Segment.objects.filter(id__in=mentioned.segments).values_list("id", "names") if mentioned.segments else []
    groups = Group.objects.filter(id__in=mentioned.groups).values_list("id", "names") if mentioned.groups else []
    programs = Program.objects.values_list("id", "name")[:500] if "referral" in mentioned.states else []
    return sentences.Names(
        currency=settings.CURRENCY,
        zone=ZoneInfo(settings.BUSINESS_TIME_ZONE),
        traits=called,
        segments={number: look.in_language(names, language) for number, names in segments},
        groups={number: look.in_language(names, language) for number, names in groups},
        programs=dict(programs),
    )
