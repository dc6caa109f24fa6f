"""Traits kept as events come equal those counted for everybody in the engine: late events, merges, own traits, any bucket."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from passaparola.events import intake
from passaparola.kernel import database
from passaparola.measure import engine, lake
from passaparola.measure.engine.recompute import HAND_MB, _hands, population
from passaparola.measure.lake import compacting, manifest
from passaparola.people.models import Merge, Person
from passaparola.segments import rules, traits
from passaparola.segments.traits.definitions import TRAITS
from tests.people import ALMA, BRUNO, CHIARA, DORA
from tests.world import World, friends_join

PEOPLE = (ALMA, BRUNO, CHIARA, DORA)
OWN = (
    {"name": "size", "event": "Shoes Tried", "property": "size", "aggregate": "last"},
    {"name": "sizes", "event": "Shoes Tried", "property": "size", "aggregate": "sum", "window_days": 30},
    {"name": "colour", "event": "Shoes Tried", "property": "colour", "aggregate": "first", "type": "text"},
    {"name": "tries", "event": "Shoes Tried", "aggregate": "count"},
)
pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def folder(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    settings.LAKE_DIR = tmp_path / "lake"
    monkeypatch.setattr(compacting, "BUCKET_ROWS", 20)
    yield tmp_path


class History:
    """A random history, walked batch by batch; after each the touched people are counted anew."""

    def __init__(self, seed: int) -> None:
        self.rng, self.world, self.touched = random.Random(seed), World(), set[int]()
        self.world.send(*(who.identify(birthday="1990-03-03") for who in PEOPLE))
        self.code = friends_join(self.world, self.world.programme(), ALMA)
        for own in OWN:
            self.world.act("Trait Defined", **own)

    def go_on(self, batches: int) -> None:
        for _ in range(batches):
            events = [self.event() for _ in range(self.rng.randrange(1, 5))]
            if self.rng.random() < 0.2:
                self.merge()
            if self.rng.random() < 0.3:
                self.world.days_pass(self.rng.choice((0.1, 1, 8, 40)))
            outcomes = self.world.send(*events)
            ids = [outcome.event_id for outcome in outcomes if outcome.event_id]
            # Whoever did something, and whose order somebody else gave back.
            sql = (
                f"SELECT person_id FROM event WHERE {database.any_of('id')} AND person_id IS NOT NULL "
                "UNION SELECT o.person_id FROM order_report r JOIN purchase_order o ON o.id = r.order_key "
                f"WHERE {database.any_of('r.event_id')} AND o.person_id IS NOT NULL"
            )
            with database.turn():
                traits.refresh([person for (person,) in database.rows(sql, [ids, ids])])

    def merge(self) -> None:
        rng, undone = self.rng, Merge.objects.filter(undone_at=None).order_by("-id").first()
        if undone and rng.random() < 0.5:
            self.world.act("Person Unmerged", merge=undone.pk)
            people = [undone.kept_id, undone.merged_id]
        else:
            roots = list(Person.objects.extra(where=["id = root_id"]).values_list("id", flat=True))
            if len(roots) < 2:
                return
            people = rng.sample(roots, 2)
            self.world.act("Person Merged", keep=people[0], other=people[1], reason="by hand")
        selves = Person.objects.filter(root_id__in=Person.objects.filter(id__in=people).values("root_id"))
        with database.turn():
            traits.refresh([*people, *selves.values_list("id", flat=True)])

    def event(self) -> dict[str, Any]:
        rng, who = self.rng, self.rng.choice(PEOPLE)
        late = timedelta(days=rng.randrange(400), hours=rng.randrange(24), microseconds=rng.randrange(3))
        when = (self.world.now - (late if rng.random() < 0.7 else timedelta())).isoformat()
        lines = [
            {"sku": rng.choice("abZé"), "category": rng.choice(("x", "y")), "total": rng.randrange(9), "discount": rng.randrange(2)}
            for _ in range(rng.randrange(3))
        ]
        order = str(rng.randrange(40))
        more: dict[str, Any] = {"products": lines, "channel": rng.choice(("web", "shop"))}
        more["currency"] = ("USD", "EUR", "EUR", "JPY", "EUR")[int(order) % 5]
        if rng.random() < 0.5:
            more |= {"party_size": rng.randrange(1, 4), "margin": rng.randrange(-3, 9)}
        return rng.choice(
            (
                who.buys(order, rng.randrange(90), timestamp=when, code=rng.choice(("", self.code)), **more),
                who.buys(order, rng.randrange(90), timestamp=when, **more),
                who.returns(order, **rng.choice(({}, {"total": 3}))),
                who.track("Visit Recorded", timestamp=when, accompanied=rng.choice((True, False, None))),
                who.track("Signed Up", timestamp=when),
                who.track("Score Given", timestamp=when, score=rng.choice((0, 7, 10, 11, "9", 8.5, None))),
                who.track("Review Given", timestamp=when, rating=rng.randrange(7)),
                who.track(rng.choice(("Complaint Opened", "Complaint Closed")), timestamp=when),
                who.track("Shoes Tried", timestamp=when, size=rng.choice((41, 38.5, 0.1, "L")), colour=rng.choice(("red", 3))),
            )
        )

    def kept(self) -> dict[int, dict[str, Any]]:
        """What the store says of everybody."""
        today, _ = intake.local(self.world.now, "Europe/Madrid")
        roots = Person.objects.extra(where=["id = root_id"]).values_list("id", flat=True)
        return {root: traits.values(root, today=today) for root in roots}

    def counted(self, url: str = "duckdb") -> dict[int, dict[str, Any]]:
        """What the engine says of everybody."""
        names = [*(trait.name for trait in TRAITS), *(own["name"] for own in OWN)]
        kinds = traits.kinds_of(names)
        found: dict[int, dict[str, Any]] = {}
        with engine.connect(url, manifest.folder()) as made:
            people = population(made, lake.load(), manifest.folder(), self.world.now)
            for bucket in range(people.buckets):
                people.open(bucket)
                for person, *values in made.rows(f"SELECT person_id, {', '.join(names)} FROM trait"):
                    assert person not in found
                    found[person] = {
                        name: bool(value) if kinds[name] == "boolean" and value is not None else value
                        for name, value in zip(names, values, strict=True)
                    }
        return found


RULE = rules.read(
    {
        "rules": [
            {"type": "trait", "trait": "purchases", "operator": ">=", "value": 1},
            {"type": "event", "event": "Product Bought", "where": {"rules": [{"field": "product", "operator": "=", "value": "a"}]},
             "window": {"kind": "within", "n": 400, "unit": "days"}},
        ]
    }
)  # fmt: skip


def settle(seed: int) -> History:
    """A history whose lake was sealed in the middle: the end of it is read beside the buckets."""
    history = History(seed)
    history.go_on(6)
    lake.write(states=True)
    lake.compact(force=True)
    history.go_on(4)
    lake.write(states=True)
    return history


# A failing history is not made smaller: that would take longer than looking at it.
@examples(max_examples=4, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
@given(st.integers(0, 10**6))
def test_kept_as_counted(folder: Path, seed: int) -> None:
    from django.db import transaction

    manifest.folder().mkdir(parents=True, exist_ok=True)
    for path in manifest.folder().glob("*.*"):
        path.unlink()
    with transaction.atomic():
        history = settle(seed)
        assert history.counted() == history.kept()
        transaction.set_rollback(True)


def test_a_segment_is_who_fits(folder: Path) -> None:
    history = settle(1)
    found = engine.evaluate(RULE, as_of=history.world.now)
    people = database.rows(
        "SELECT DISTINCT p.root_id FROM order_line l JOIN person p ON p.id = l.person_id WHERE l.product = 'a' ORDER BY 1"
    )
    assert found and found == [person for (person,) in people]
    assert engine.evaluate(RULE, as_of=history.world.now - timedelta(days=500)) == []
    done = engine.recompute({1: RULE}, as_of=history.world.now, keep_members=True)
    assert (done.segments, done.members) == ({1: len(found)}, {1: set(found)})


def test_buckets_at_once_one_by_one_and_only_who_was_touched(folder: Path, settings: Any) -> None:
    history = settle(1)
    said = {}
    for hands in (1, 2):
        settings.ENGINE_THREADS, settings.ENGINE_MEMORY_MB = hands, hands * HAND_MB
        assert _hands(lake.load()) == hands
        done = engine.recompute({1: RULE, 2: RULE}, as_of=history.world.now, keep_members=True)
        said[hands] = (done.people, done.segments, done.members, traits_in(done.into))
    assert said[1] == said[2]
    people, _, members, traits = said[1]
    assert people > 2 and len(traits) >= people
    some = sorted(row[0] for row in traits)[::2]
    done = engine.recompute({1: RULE}, as_of=history.world.now, keep_members=True, touched=some)
    assert traits_in(done.into) == [row for row in traits if row[0] in some]
    assert done.members[1] == members[1].intersection(some)


def traits_in(into: Path | None) -> list[tuple[Any, ...]]:
    names = [str(path) for path in (into or Path()).glob("*.parquet")]
    return sorted(duckdb.sql(f"SELECT * FROM read_parquet({names})").fetchall())


def test_an_unknown_engine_is_refused(folder: Path) -> None:
    with pytest.raises(engine.UnknownEngine), engine.connect("mysql://", folder):
        pass

