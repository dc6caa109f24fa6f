"""`passaparola segments`: everybody counted anew in the engine, and a rule asked of everybody."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from passaparola.cli import DONE, NOT_DONE, fail, open_stores
from passaparola.cli.speech import gettext as _


def summary() -> str:
    """For --help."""
    return _("count traits and segments of everybody in the engine, or ask a rule of everybody")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    verbs = parser.add_subparsers(dest="verb", metavar=_("VERB"), required=True)
    again = verbs.add_parser(
        "recompute", help=_("traits of everybody as Parquet in the lake, and how many are in each segment")
    )
    ask = verbs.add_parser("eval", help=_("the persons for whom a rule holds, one number a line"))
    ask.add_argument("rule", metavar="RULE.json", type=Path, help=_("the rule, as the builder and the API write it"))
    ask.add_argument("--count", action="store_true", help=_("only how many"))
    for one in (again, ask):
        one.add_argument("--data", dest="data_here", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        one.add_argument("--as-of", metavar="T", help=_("as of this moment, ISO 8601 with zone (default: now)"))


def run(arguments: argparse.Namespace) -> int:
    """One of the verbs; the lake is brought up to date first."""
    open_stores()
    as_of = _moment(arguments.as_of) if arguments.as_of else datetime.now(UTC)
    if as_of is None:
        return fail(_("--as-of needs a moment with its zone, like 2026-03-01T10:00:00+01:00."), NOT_DONE)
    return {"recompute": _recompute, "eval": _eval}[arguments.verb](arguments, as_of.astimezone(UTC))


def _moment(text: str) -> datetime | None:
    """A moment with its zone, or None."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _recompute(arguments: argparse.Namespace, as_of: datetime) -> int:
    from passaparola.cli import terminal
    from passaparola.measure import engine, lake

    lake.write(states=True, wait=True)
    lake.compact(wait=True)
    segments = _segments()
    found = engine.recompute({number: rule for number, (_name, rule) in segments.items()}, as_of=as_of)
    terminal.say(
        _("{facts} facts of {people} people; traits are in {folder}.").format(
            facts=f"{found.facts:,}", people=f"{found.people:,}", folder=found.into
        )
    )
    rows = [(number, segments[number][0], people) for number, people in found.segments.items()]
    if rows:
        terminal.table((_("number"), _("segment"), _("people")), rows, right=(0, 2))
    return DONE


def _eval(arguments: argparse.Namespace, as_of: datetime) -> int:
    from passaparola.cli import terminal
    from passaparola.measure import engine, lake
    from passaparola.segments import rules
    from passaparola.segments.membership import knowledge

    rule = rules.read(arguments.rule.read_bytes())
    for problem in rules.check(rule, rules.Known(traits=knowledge.traits())):
        return fail(f"{problem.path or '$'}: {_(problem.message)}", NOT_DONE)
    lake.write(states=True, wait=True)
    found = engine.evaluate(rule, as_of=as_of)
    if arguments.count:
        terminal.say(str(len(found)))
        return DONE
    for person in found:
        terminal.say(str(person))
    return DONE


def _segments():  # type: ignore[no-untyped-def]
    """The live segments with their rules, by number; none where this installation has none."""
    from passaparola.segments import models, rules

    kept = getattr(models, "Segment", None)
    if kept is None:
        return {}
    return {one.pk: (one.key, rules.read(one.rule)) for one in kept.objects.filter(state="live").order_by("id")}
