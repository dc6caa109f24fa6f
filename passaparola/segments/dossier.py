"""One person's facts and states as they stand in the store, for being weighed with reasons (segments/person).

The same rows that the compiled statements read, of one person and of the events a rule mentions only.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from passaparola.events.models import Event, Order, OrderLine
from passaparola.kernel import database
from passaparola.people.models import Consent, GroupMember, Relationship
from passaparola.people.models import Person as PersonRow
from passaparola.segments import pyramid, rules, traits
from passaparola.segments.membership import knowledge
from passaparola.segments.models import Lead, Membership, Traits
from passaparola.segments.person.facts import Fact, Person
from passaparola.segments.rules.tree import CONVERTED

# More facts of one person than this are not read: her latest ones decide, and a page must answer.
FACTS_MAX = 20_000
GENERATIONS_MAX = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_VIEWS = {"Page Viewed": "page", "Screen Viewed": "screen"}
_LINE, _ORDER = "Product Bought", "Order Completed"
_ACCEPTED = ("registered", "qualified", *CONVERTED)


def read(root: int, tree: rules.Group, today: int) -> Person:
    """What a rule may ask about this person (a root) now; `today` is the business-local day number."""
    selves = list(PersonRow.objects.filter(root_id=root).values_list("id", flat=True)) or [root]
    mentioned = rules.mentions(tree)
    facts = sorted(_facts(selves, mentioned.events), key=lambda fact: fact.at_us)
    kept = Traits.objects.filter(person_id=root).first()
    warmth = Lead.objects.filter(person_id=root).values_list("temperature", flat=True).first()
    return Person(
        id=root,
        facts=tuple(facts[-FACTS_MAX:]),
        traits=_traits(root, tree, today) if mentioned.traits else {},
        levels={"stage": kept.stage if kept else "none", "lead": warmth or None, "pyramid": _pyramid(root, today)},
        segments=frozenset(
            Membership.objects.filter(person_id__in=selves, until_at=None).values_list("segment_id", flat=True)
        ),
        groups=frozenset(
            GroupMember.objects.filter(person_id__in=selves, until_at=None).values_list("group_id", flat=True)
        ),
        consents=_consents(selves),
        friends=_referrals("r.program_id, r.state, o.root_id", "advocate_id", "friend_id", selves),
        invitations=[
            row[:2] for row in _referrals("r.program_id, r.state, o.root_id", "friend_id", "advocate_id", selves)
        ],
        generation=_generation(root) if "referral" in mentioned.states else 0,
        relationships=_relationships(selves),
    )


def _traits(root: int, tree: rules.Group, today: int) -> dict[str, Any]:
    """Every trait, and the helper traits that tell when the rule's own may come out otherwise."""
    kinds = knowledge.traits()
    leaves = [leaf for _, leaf in rules.leaves(tree) if isinstance(leaf, rules.Trait) and leaf.trait in kinds]
    names = [name for leaf in leaves for name in rules.turns(leaf, kinds[leaf.trait]) or ()]
    return traits.values(root, today=today, turns=dict.fromkeys(names))


def _us(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _facts(selves: list[int], names: Collection[str]) -> Iterator[Fact]:
    orders = _orders(selves) if _LINE in names or _ORDER in names else []
    if _LINE in names:
        yield from _lines(selves, {order.id: order for order in orders})
    views = {_VIEWS[name] for name in names if name in _VIEWS}
    named = Event.objects.filter(person_id__in=selves, name__in=list(names), type__in=("track", "act"))
    viewed = Event.objects.filter(person_id__in=selves, type__in=list(views))
    by_event = {(order.event_id, order.person_id): order for order in orders if order.completed}
    for row in [*named.order_by("-occurred_at")[:FACTS_MAX], *viewed.order_by("-occurred_at")[:FACTS_MAX]]:
        if row.name == "Timer Rang" or (row.name == _ORDER and '"repeated_order"' in row.result):
            continue
        yield _fact(row, by_event.get((row.id, row.person_id)) if row.name == _ORDER else None)


def _orders(selves: list[int]) -> list[Order]:
    """Her latest orders, in one query, the newest row first: of two of one event the older one is kept by a dict."""
    latest = Order.objects.filter(person_id__in=selves).order_by("-occurred_at", "-id")[:FACTS_MAX]
    return sorted(latest, key=lambda order: -order.id)


def _fact(row: Event, order: Order | None) -> Fact:
    name = {view: name for name, view in _VIEWS.items()}.get(row.type, row.name)
    properties = json.loads(row.properties or "{}")
    # Of a visit, how many came together stands in what came of the event.
    told = json.loads(row.result or "{}") if name == "Visit Recorded" else {}
    return Fact(
        name=name, at_us=_us(row.occurred_at), day=row.day, hour=row.hour, event_id=row.id,
        amount_minor=order.amount_minor if order and order.unit == settings.CURRENCY else None,
        offer_minor=order.offer_minor if order else None,
        company=order.company if order else told.get("company"),
        channel=order.channel if order else None,
        order_key=order.id if order else None,
        props={k: v for k, v in properties.items() if isinstance(v, (str, int, float, bool))},
    )  # fmt: skip


def _lines(selves: list[int], orders: Mapping[int, Order]) -> Iterator[Fact]:
    for row in OrderLine.objects.filter(person_id__in=selves).order_by("-occurred_at")[:FACTS_MAX]:
        order = orders.get(row.order_key)
        yield Fact(
            name=_LINE, at_us=_us(row.occurred_at), day=row.day, hour=row.hour, event_id=row.event_id, line=row.line,
            product=row.product, category=row.category, quantity_milli=row.quantity_milli, amount_minor=row.amount_minor,
            offer_minor=row.offer_minor, company=order.company if order else None,
            channel=order.channel if order else None, order_key=row.order_key,
        )  # fmt: skip


def _pyramid(root: int, today: int) -> str | None:
    levels = pyramid.relation(today, pyramid.period_in_force().period_days)
    found = database.rows(f"SELECT level FROM ({levels} AND person.id = ?) AS p", [root])
    return found[0][0] if found else None


def _consents(selves: list[int]) -> dict[tuple[str, str], str]:
    rows = Consent.objects.filter(person_id__in=selves).order_by("id")
    return {(channel, purpose): state for channel, purpose, state in rows.values_list("channel", "purpose", "state")}


def _referrals(columns: str, mine: str, theirs: str, selves: list[int]) -> list[Any]:
    """Referrals of which she is one side; this room may not know the programmes' models, but may read what they wrote."""
    sql = (
        f"SELECT {columns} FROM referral r JOIN person o ON o.id = r.{theirs} "
        f"WHERE {database.any_of(f'r.{mine}')} ORDER BY r.id"
    )
    return [tuple(row) for row in database.rows(sql, [selves])]


def _generation(root: int) -> int:
    """How many advocates stand above her, following each one's first accepted referral."""
    states = ", ".join(f"'{state}'" for state in _ACCEPTED)
    sql = (
        "SELECT a.root_id FROM referral r JOIN person f ON f.id = r.friend_id JOIN person a ON a.id = r.advocate_id "
        f"WHERE f.root_id = ? AND r.state IN ({states}) ORDER BY r.id LIMIT 1"
    )
    at, depth = root, 0
    while depth < GENERATIONS_MAX and (above := database.rows(sql, [at])):
        at, depth = int(above[0][0]), depth + 1
    return depth


def _relationships(selves: list[int]) -> list[tuple[str, int]]:
    rows = list(Relationship.objects.filter(person_id__in=selves, until_at=None).values_list("kind", "other_id"))
    roots = dict(PersonRow.objects.filter(id__in=[other for _, other in rows]).values_list("id", "root_id"))
    return [(kind, roots.get(other, other)) for kind, other in rows]
