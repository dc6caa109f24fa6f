"""Random lives: whatever may happen to people, in whatever order, under a rule of every kind of leaf.

Orders, visits, refunds, late events, imports and taking them back, merges and their undoing, consents, groups, friends,
forgetting, pins, other rules, time. The tests live a few of them, `./run soak` one with a million people.
"""

import json
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from passaparola import corridor, worker
from passaparola.events import intake, log
from passaparola.events.models import Event
from passaparola.kernel.database import highest
from passaparola.ledger.proof import memberships
from passaparola.people.models import Merge
from passaparola.segments.models import Segment
from tests.people import Somebody
from tests.world import World

WEEKS = {"kind": "within", "n": 3, "unit": "weeks"}
ON_WEEKENDS = {"rules": [{"field": "weekday", "operator": "in", "value": [6, 7]}]}
COFFEE = {"rules": [{"field": "category", "operator": "=", "value": "coffee"}]}
RULES: dict[str, list[dict[str, Any]]] = {
    "bought lately": [{"type": "event", "event": "Order Completed", "window": WEEKS}],
    "not seen": [{"type": "event", "event": "Visit Recorded", "window": WEEKS, "operator": "=", "value": 0}],
    "coffee": [{"type": "event", "event": "Product Bought", "where": COFFEE, "measure": "orders", "value": 2}],
    "weekends": [{"type": "event", "event": "Order Completed", "where": ON_WEEKENDS, "measure": "days"}],
    "since complaint": [
        {"type": "event", "event": "Order Completed", "window": {"kind": "since", "event": "Complaint Opened"}}
    ],
    "came and did not buy": [
        {
            "type": "sequence",
            "steps": [
                {"event": "Visit Recorded"},
                {"event": "Order Completed", "absent": True, "within": {"n": 2, "unit": "days"}},
            ],
        }
    ],
    "spent": [{"type": "trait", "trait": "spent_minor", "operator": ">=", "value": 5000}],
    "period": [{"type": "trait", "trait": "purchases_period", "operator": ">=", "value": 2}],
    "recent": [{"type": "trait", "trait": "days_since_purchase", "operator": "<=", "value": 10}],
    "unhappy": [{"type": "trait", "trait": "complaints_open", "operator": ">", "value": 0}],
    "italian": [{"type": "trait", "trait": "language", "operator": "=", "value": "it"}],
    "of age": [{"type": "trait", "trait": "age", "operator": ">=", "value": 18}],
    "told": [{"type": "trait", "trait": "friends_registered", "operator": ">", "value": 0}],
    "stage": [{"type": "stage", "value": ["some", "many"]}],
    "pyramid": [{"type": "pyramid", "value": ["active"]}],
    "lead": [{"type": "lead", "value": ["warm", "hot"]}],
    "consent": [{"type": "consent", "channel": "email", "purpose": "offers"}],
    "invited": [{"type": "referral", "what": "invited"}],
    "was invited": [{"type": "referral", "what": "was_invited"}],
    "generation": [{"type": "referral", "what": "generation", "operator": ">=", "value": 1}],
    "friends": [{"type": "relationship", "kind": "friend"}],
    "tenth": [{"type": "bucket", "until": 50, "seed": 7}],
    "entered": [{"type": "event", "event": "Segment Entered", "measure": "count", "operator": ">=", "value": 3}],
}


class Life:
    """A world with a seed and so many people; `scene` lets one thing happen."""

    def __init__(self, seed: int, population: int = 7) -> None:
        self.dice, self.world, self.population = random.Random(seed), World(), population
        self.orders: list[tuple[Somebody, str]] = []
        self.count = 0
        # Files that are in, and how many ever were.
        self.files: list[int] = []
        self.number_of_files = 0
        self.program = self.world.programme()
        self.group = self.world.act("Group Created", names={"en": "Runners"})["group_id"]
        self.segments = {name: self._segment(name, rules) for name, rules in RULES.items()}
        inside = [{"type": "segment", "segment": self.segments[n]} for n in ("bought lately", "stage")]
        self.segments["of segments"] = self._segment("of segments", inside, combinator="or")
        self.segments["of the group"] = self._segment("of the group", [{"type": "group", "group": self.group}])
        worker.drain(self.world.now)

    def _segment(self, name: str, rules: list[dict[str, Any]], **more: Any) -> int:
        rule = {"rules": rules, **more}
        number: int = self.world.act("Segment Created", names={"en": name}, rule=rule)["segment_id"]
        return number

    def somebody(self, n: int) -> Somebody:
        """The n-th of them, whether or not the installation has heard of her."""
        return Somebody(f"P{n}", f"p{n}", f"p{n}@example.test", "es")

    def who(self) -> Somebody:
        return self.somebody(self.dice.randrange(self.population))

    def number(self, one: Somebody) -> int:
        try:
            return self.world.number(one)
        except Exception:
            self.world.send(one.identify())
            return self.world.number(one)

    def scene(self, scenes: Sequence[Callable[["Life"], None]] = ()) -> None:
        """One of `scenes` (any, if none are given) happens; a refusal is one of the things that may come of it."""
        scene = self.dice.choice(scenes or (*EVENTS, *ACTS, *FILES, *SCENES_OF_ALL))
        try:
            scene(self)
        except Exception as refused:
            if not hasattr(refused, "code"):
                raise

    # --- what may happen ---

    def when(self) -> str:
        """Now, or late: up to 40 days ago."""
        late = timedelta(days=self.dice.choice((0, 0, 0, 2, 20, 40)), seconds=self.dice.randrange(3600))
        return (self.world.now - late).isoformat()

    def buys(self) -> None:
        self.count += 1
        one, order = self.who(), f"O-{self.count}"
        category = self.dice.choice(("coffee", "tea"))
        lines = [{"product_id": "x1", "category": category, "price": 10, "quantity": 2}]
        more: dict[str, Any] = {"code": self.code()} if self.dice.random() < 0.3 else {}
        self.orders.append((one, order))
        self.world.send(one.buys(order, self.dice.choice((9, 20, 45)), timestamp=self.when(), products=lines, **more))

    def code(self) -> str:
        one = self.who()
        self.number(one)
        return self.world.code_of(one, self.program)

    def repeats(self) -> None:
        if self.orders:
            one, order = self.dice.choice(self.orders)
            self.world.send(one.buys(order, 20))

    def returns(self) -> None:
        if self.orders:
            one, order = self.dice.choice(self.orders)
            by = one if self.dice.random() < 0.7 else self.who()
            self.world.send(by.returns(order, total=self.dice.choice((5, 20))))

    def tracks(self) -> None:
        name = self.dice.choice(("Visit Recorded", "Complaint Opened", "Complaint Closed", "Score Given", "Lead Submitted"))
        more: dict[str, Any] = {"score": self.dice.randrange(11)} if name == "Score Given" else {}
        self.world.send(self.who().track(name, timestamp=self.when(), **more))

    def tells_of_herself(self) -> None:
        birthday = f"{self.dice.choice((1980, 2008, 2012))}-03-{self.dice.randrange(10, 28)}"
        self.world.send(self.who().identify(language=self.dice.choice(("es", "it")), birthday=birthday))

    def agrees(self) -> None:
        state = self.dice.choice(("Given", "Withdrawn", "Refused"))
        self.world.send(self.who().track(f"Consent {state}", channel="email", purpose="offers"))

    def befriends(self) -> None:
        one, other = self.number(self.who()), self.number(self.who())
        name = self.dice.choice(("Relationship Recorded", "Relationship Recorded", "Relationship Ended"))
        self.world.act(name, person=one, other=other, kind="friend", source="test")

    def joins(self) -> None:
        name = self.dice.choice(("Group Joined", "Group Left"))
        self.world.act(name, person=self.number(self.who()), group=self.group)

    def merges(self) -> None:
        keep, other = self.number(self.who()), self.number(self.who())
        if keep != other:
            self.world.act("Person Merged", keep=keep, other=other, reason="the same")

    def unmerges(self) -> None:
        merges = list(Merge.objects.filter(undone_at=None).values_list("id", flat=True))
        if merges:
            self.world.act("Person Unmerged", merge=self.dice.choice(merges))

    def forgets(self) -> None:
        if self.dice.random() < 0.1:
            self.world.act("Person Forgotten", person=self.number(self.who()))

    def pins(self) -> None:
        segment = self.dice.choice(list(self.segments.values()))
        state = self.dice.choice(("in", "out", ""))
        self.world.act("Segment Pinned", segment=segment, person=self.number(self.who()), state=state)

    def edits(self) -> None:
        value = self.dice.randrange(1, 4)
        rule = {"rules": [{"type": "event", "event": "Order Completed", "window": WEEKS, "value": value}]}
        self.world.act("Segment Edited", segment=self.segments["bought lately"], rule=rule)

    def changes_ranges(self) -> None:
        some = self.dice.randrange(2, 4)
        period = self.dice.choice((30, 365))
        self.world.act("Stages Changed", period_days=period, few=[1, some - 1], some=[some, 4], many=[5, None])

    def imports(self) -> None:
        """A file of old orders and of whatever else; sometimes of news."""
        batch = []
        self.number_of_files += 1
        self.files.append(self.number_of_files)
        for _ in range(self.dice.randrange(1, 5)):
            self.count += 1
            one, order = self.who(), f"O-{self.count}"
            self.orders.append((one, order))
            at = (self.world.now - timedelta(days=self.dice.randrange(1, 90))).isoformat()
            batch.append(one.buys(order, 20, timestamp=at, message_id=f"import-{self.count}"))
            if self.dice.random() < 0.5:
                batch.append(self.also(at, f"also-{self.count}"))
        whole = {"context": {"history": self.dice.random() < 0.8, "import": self.files[-1]}, "batch": batch}
        good, bad = intake.read(
            kind="import", call="", source="shop", body=json.dumps(whole).encode(), received_at=self.world.now,
            inbox_id=900_000 + self.count, limits=log.limits(),
        )  # fmt: skip
        assert not bad
        corridor.submit(good)

    def also(self, at: str, message_id: str) -> dict[str, Any]:
        """What else may stand in a file."""
        one, (_, order) = self.who(), self.dice.choice(self.orders)
        return self.dice.choice((
            one.identify(message_id=message_id, language="it", city="Bari"),
            one.returns(order, total=5, message_id=message_id),
            one.track("Visit Recorded", timestamp=at, message_id=message_id),
            one.track("Consent Given", channel="email", purpose="offers", timestamp=at, message_id=message_id),
            one.track("Lead Submitted", timestamp=at, message_id=message_id),
            one.track("Complaint Opened", timestamp=at, message_id=message_id),
            one.buys(order, 25, timestamp=at, message_id=message_id),
            {**one.identify(message_id=message_id), "anonymousId": f"browser-{self.dice.randrange(3)}"},
        ))  # fmt: skip

    def browses(self) -> None:
        """Somebody looks at a page in one of three browsers, now and then signed in."""
        whose = {"userId": self.who().user_id} if self.dice.random() < 0.2 else {}
        self.world.send({"type": "page", "anonymousId": f"browser-{self.dice.randrange(3)}", **whose})

    def takes_back(self) -> None:
        """A file was the wrong one."""
        if self.files:
            number = self.files.pop(self.dice.randrange(len(self.files)))
            self.world.act("Import Withdrawn", **{"import": number, "first": 0, "last": highest(Event)})

    def waits(self) -> None:
        self.world.now += timedelta(seconds=self.dice.choice((0, 1, 3600, 86_400)))
        worker.drain(self.world.now)


# What comes in as events, and what the desk does.
EVENTS = (
    Life.buys, Life.buys, Life.buys, Life.buys, Life.repeats, Life.returns, Life.tracks, Life.tracks, Life.tracks,
    Life.tells_of_herself, Life.agrees,
)  # fmt: skip
ACTS = (
    Life.befriends, Life.joins, Life.merges, Life.unmerges, Life.forgets, Life.pins, Life.imports, Life.waits,
)  # fmt: skip
# Whole files, in and out again, and browsers that somebody is found to be.
FILES = (Life.imports, Life.takes_back, Life.takes_back, Life.browses)
# After these everybody is looked at again.
SCENES_OF_ALL = (Life.edits, Life.changes_ranges)


def disagreements(now: datetime) -> list[str]:
    """Whose membership is not what asking every rule again says."""
    names = dict(Segment.objects.values_list("id", "key"))
    wrong = [one for _, look in memberships.all_of(now, "default") for one in look()]
    pairs = [(one, *str(one.id).split(":")) for one in wrong]
    return [f"{names[int(segment)]}: {person} should be {one.expected}" for one, segment, person in pairs]
