"""Random people and what they did, as the Python interpreter sees them and as rows of our tables."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from passaparola.segments.person.facts import Fact, Person
from tests.agreement.dice import (
    CATEGORIES,
    CHANNELS,
    EVENTS,
    KEYS,
    LEVELS,
    NOW_US,
    NUMBERS,
    PRODUCTS,
    SECOND,
    STATES,
    TEXTS,
    day_of,
    hour_of,
    moment,
    turns,
)  # fmt: skip

ACCEPTED = ("registered", "qualified", "converted", "rewarded")
encode = msgspec.json.Encoder(order="sorted").encode


def at_of(at_us: int) -> datetime:
    """Microseconds as an aware time."""
    return datetime.fromtimestamp(at_us // SECOND, UTC).replace(microsecond=at_us % SECOND)


class Histories:
    """`people` of random histories; every third has other selves merged into her."""

    def __init__(self, dice: Any, people: int) -> None:
        self.dice = dice
        self.rows: dict[str, list[dict[str, Any]]] = {
            name: [] for name in (
                "person", "event", "purchase_order", "order_line", "traits", "lead", "consent", "referral", "relationship",
                "group_member", "membership", "trait", "level",
            )
        }  # fmt: skip
        self.facts: dict[int, list[Fact]] = {}
        self.root: dict[int, int] = {}
        self._number = 0
        # The database keeps one active referral for each friend and programme.
        self._brought: set[tuple[int, int]] = set()
        self._related: set[tuple[int, int, str]] = set()
        numbers = dice.sample(range(1, 4_000_000_000), people)
        for n, number in enumerate(numbers):
            # A person row may be older than the root it was merged into.
            selves = [number, *([number + 1 + k for k in range(dice.choice([1, 2]))] if n % 3 == 0 else [])]
            for one in selves:
                self.root[one] = number
        self.selves = {root: [one for one, r in self.root.items() if r == root] for root in set(self.root.values())}
        for root in sorted(self.selves):
            self._live(root)
        self.people = [self._person(root) for root in sorted(self.selves)]

    def number(self) -> int:
        self._number += 1
        return self._number

    def put(self, table: str, **row: Any) -> int:
        number = self.number()
        self.rows[table].append({"id": number, **row})
        return number

    def _live(self, root: int) -> None:
        dice = self.dice
        self.facts[root] = []
        for one in self.selves[root]:
            self.rows["person"].append({"id": one, "root_id": root, "uid": str(one), "created_at": at_of(NOW_US)})
        for _ in range(dice.choice([0, 1, 2, 4, 8, 12])):
            self._event(root)
        traits = {
            "orders": self._maybe((0, 1, 2, 7, 1500)), "rate": self._maybe((0.1, 2.5, -3.0005, 5.0)), "city": self._maybe(TEXTS),
            "vip": self._maybe((True, False)), "first_day": self._maybe((day_of(moment(dice)), day_of(moment(dice)))),
            "last_at": self._maybe((moment(dice), moment(dice))),
            "birthday": self._maybe((1121, 1122, 1128, 229, 228, 101, 1120, 1221)), "visits": self._maybe((1, 2, 7)),
            "lately": self._maybe((1, 2, 30)),
        }  # fmt: skip
        self.rows["trait"].append({"person_id": root, **traits, **turns(traits["visits"], traits["lately"])})
        levels = {kind: self._maybe(LEVELS[kind]) for kind in ("stage", "tier", "pyramid", "lead")}
        self.rows["level"].append({"person_id": root, **levels})
        for one in self.selves[root]:
            self._states(one, root)

    def _maybe(self, values: Any) -> Any:
        return None if self.dice.random() < 0.25 else self.dice.choice(values)

    def _states(self, one: int, root: int) -> None:
        dice = self.dice
        everybody = sorted(self.root)
        for _ in range(dice.choice([0, 0, 1, 2])):
            self.put("consent", person_id=one, channel=dice.choice(["email", "sms"]), purpose="referral",
                     state=dice.choice(["given", "withdrawn", "refused"]))  # fmt: skip
        for _ in range(dice.choice([0, 0, 1, 3])):
            state = dice.choice(STATES)
            friend = dice.choice(everybody)
            program = dice.choice([1, 2])
            if state in ACCEPTED and (program, friend) in self._brought:
                state = "refused"
            if friend != one:
                self._brought |= {(program, friend)} if state in ACCEPTED else set()
                self.put("referral", advocate_id=one, friend_id=friend, program_id=program, state=state)
        for _ in range(dice.choice([0, 0, 1, 2])):
            other = dice.choice(everybody)
            kind, over = dice.choice(["family", "friend"]), dice.random() < 0.3
            # Of one kind two people are related once at a time.
            if other != one and (over or (one, other, kind) not in self._related):
                self._related |= set() if over else {(one, other, kind)}
                self.put("relationship", person_id=one, other_id=other, kind=kind, over=over)
        if dice.random() < 0.4:
            self.put("group_member", person_id=one, group_id=dice.choice([1, 2]), over=dice.random() < 0.3)
        if dice.random() < 0.4 and one == root:
            self.put("membership", person_id=one, segment_id=dice.choice([1, 2]), over=dice.random() < 0.3)

    def _props(self) -> dict[str, Any]:
        dice = self.dice
        made: dict[str, Any] = {}
        for key in KEYS:
            if dice.random() < 0.4:
                made[key] = dice.choice([*NUMBERS, *NUMBERS, *TEXTS, *TEXTS, True, False, None, [1], {"a": 1}, ""])
        return made

    def _event(self, root: int) -> None:
        dice = self.dice
        one, name, at_us = dice.choice(self.selves[root]), dice.choice(EVENTS), moment(dice)
        if name == "Product Bought":
            name = "Order Completed"
        props = self._props()
        kind = {"Page Viewed": "page", "Screen Viewed": "screen"}.get(name, "track")
        twice = name == "Order Completed" and dice.random() < 0.1
        number = self.put(
            "event", type=kind, name="Home" if kind != "track" else name, person_id=one, at_us=at_us,
            properties=encode(props).decode(), result='{"repeated_order":1}' if twice else "{}",
        )  # fmt: skip
        if twice:
            return
        fact = Fact(name=name, at_us=at_us, day=day_of(at_us), hour=hour_of(at_us), event_id=number, props=_scalars(props))
        if name == "Order Completed" and dice.random() < 0.9:
            self._order(root, one, fact)
        else:
            self.facts[root].append(fact)
        if dice.random() < 0.05:
            # Only the refund of some order arrived: no order yet.
            self.put("purchase_order", person_id=one, event_id=number, at_us=at_us, amount_minor=0, completed=False, unit="EUR")

    def _order(self, root: int, one: int, fact: Fact) -> None:
        dice = self.dice
        bought = {
            "amount_minor": dice.choice([0, 100, 1500, 999999]), "offer_minor": dice.choice([None, 0, 100]),
            "company": dice.choice([None, 1, 2, 6]), "channel": dice.choice(CHANNELS),
        }  # fmt: skip
        # What an order in another currency is worth in ours nobody knows; its other amounts events/actions.py leaves out.
        ours = dice.random() < 0.8
        bought |= {} if ours else {"offer_minor": None}
        key = self.put(
            "purchase_order", person_id=one, event_id=fact.event_id, at_us=fact.at_us, completed=True,
            unit="EUR" if ours else "JPY", **bought,
        )  # fmt: skip
        bought |= {} if ours else {"amount_minor": None}
        self.facts[root].append(msgspec.structs.replace(fact, order_key=key, **bought))
        for line in range(1, dice.choice([1, 2, 3])):
            sold = {
                "product": dice.choice(PRODUCTS), "category": dice.choice(CATEGORIES), "quantity_milli": dice.choice([1000, 1500]),
                "amount_minor": dice.choice([None, 100, 1500]), "offer_minor": dice.choice([None, 50]),
            }  # fmt: skip
            self.put("order_line", order_key=key, line=line, event_id=fact.event_id, person_id=one, at_us=fact.at_us, **sold)
            self.facts[root].append(
                msgspec.structs.replace(
                    fact, name="Product Bought", line=line, order_key=key, props={},
                    company=bought["company"], channel=bought["channel"], **sold,
                )  # fmt: skip
            )

    def _person(self, root: int) -> Person:
        def mine(table: str, who: str = "person_id") -> list[dict[str, Any]]:
            return [row for row in self.rows[table] if self.root[row[who]] == root]

        level = next(row for row in self.rows["level"] if row["person_id"] == root)
        trait = next(row for row in self.rows["trait"] if row["person_id"] == root)
        return Person(
            id=root,
            facts=self.facts[root],
            traits={k: v for k, v in trait.items() if k != "person_id"},
            levels={k: v for k, v in level.items() if k != "person_id"},
            segments=frozenset(row["segment_id"] for row in mine("membership") if not row["over"]),
            groups=frozenset(row["group_id"] for row in mine("group_member") if not row["over"]),
            consents={(row["channel"], row["purpose"]): row["state"] for row in mine("consent")},
            friends=[(row["program_id"], row["state"], self.root[row["friend_id"]]) for row in mine("referral", "advocate_id")],
            invitations=[(row["program_id"], row["state"]) for row in mine("referral", "friend_id")],
            generation=self._generation(root),
            relationships=[(row["kind"], self.root[row["other_id"]]) for row in mine("relationship") if not row["over"]],
        )

    def _generation(self, root: int) -> int:
        """Advocates above her, following first accepted referrals; a ring is cut at 16."""
        up: dict[int, int] = {}
        for row in self.rows["referral"]:
            if row["state"] in ACCEPTED:
                up.setdefault(self.root[row["friend_id"]], self.root[row["advocate_id"]])
        depth, at = 0, root
        while depth < 16 and at in up:
            depth, at = depth + 1, up[at]
        return depth


def _scalars(props: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in props.items() if isinstance(value, (bool, int, float, str))}


