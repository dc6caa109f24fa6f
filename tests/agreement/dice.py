"""Random trees and random histories that meet at the edges of windows."""

from datetime import UTC, datetime
from typing import Any

from passaparola.segments import rules
from passaparola.segments.rules import Clock, Known, TraitKind
from passaparola.segments.rules.tree import DAY_US, UNITS_US

# A business two hours ahead of UTC, all year.
OFFSET_US = 2 * 3600 * 1_000_000
NOW_US = int(datetime(2026, 11, 21, 10, 30, tzinfo=UTC).timestamp()) * 1_000_000 + 123_456
SECOND = 1_000_000
# Names with whatever might hurt a statement, a path or a catalogue.
EVENTS = ("Order Completed", "Product Bought", "Link Clicked", "Really? 100%s's \"Café\" :x $1", "Page Viewed", "Screen Viewed")
TEXTS = ("a", "A", "ab", "b%", "it's?", 'say "x"', "ñandú", "5", "true", "日本", "b_", "\\n", " a", "ss", "ß")
NUMBERS = (0, 1, 2, 5, -1, 2.5, 0.1, 0.3, -0.0, 5.0, 1e-3, 1234567.891, 2**53 + 1, 10**18, 1e15, -3.0005, 0.0005, 1e300, 10**400)
KEYS = ("size", "two words", "price", "ñ", "a.b", "on-line", "100%")
PRODUCTS = (None, "p1", "p2", "P1")
CATEGORIES = (None, "coffee", "Tea", "tea")
CHANNELS = (None, "web", "shop")
STATES = ("registered", "qualified", "converted", "rewarded", "refused", "expired", "reversed")
TRAITS = {
    "orders": TraitKind("whole"), "rate": TraitKind("number"), "city": TraitKind("text"), "vip": TraitKind("boolean"),
    "first_day": TraitKind("day"), "last_at": TraitKind("time"), "birthday": TraitKind("monthday"),
    "visits": TraitKind("whole", moves=True, grows=True), "lately": TraitKind("whole", moves=True),
}  # fmt: skip
# The numbers that traits are compared with, and what a growing one crosses there; today, two hours ahead of UTC.
WHOLE = (1, 2, 6, 7, 12, 1000, 1500)
CROSSED = sorted({value + more for value in WHOLE for more in (0, 1)})
TODAY = (NOW_US + OFFSET_US) // DAY_US
LENGTHS = ((1, "minutes"), (3, "hours"), (1, "days"), (2, "days"), (1, "weeks"), (30, "days"), (60, "days"))
KNOWN = Known(
    traits=TRAITS, events=frozenset(EVENTS), segments={1: None, 2: None}, groups=frozenset({1, 2}), tiers=frozenset({"gold"})
)  # fmt: skip
LEVELS: dict[str, tuple[str, ...]] = {
    "stage": ("none", "few", "some", "many"), "tier": ("gold",), "pyramid": ("active", "inactive", "potential"),
    "lead": ("cold", "warm", "hot"),
}  # fmt: skip


def clock(as_of_us: int) -> Clock:
    """The moment with its local day; an hour comes off in twenty days, and that may change in forty."""
    today = (as_of_us + OFFSET_US) // DAY_US
    return Clock(as_of_us, today, (today + 1) * DAY_US - OFFSET_US, today + 20, -3600 * SECOND, today + 40)


def turns(visits: int | None, lately: int | None) -> dict[str, int | None]:
    """Helper traits of the two that move: visits grow by one each local day, lately there is another number from a day on."""
    growing = {f"visits@{value}": None if visits is None else TODAY + value - visits for value in CROSSED}
    return {**growing, "lately@": None if lately is None else TODAY + lately}


def day_of(at_us: int) -> int:
    """The local day."""
    return (at_us + OFFSET_US) // DAY_US


def hour_of(at_us: int) -> int:
    """The local hour."""
    return (at_us + OFFSET_US) % DAY_US // (3600 * SECOND)


def moment(dice: Any) -> int:
    """A moment at, just before or just after where some window begins or ends; rarely in the future."""
    back = dice.choice([n * UNITS_US[unit] for n, unit in LENGTHS] * 3 + [0, 0, 45 * DAY_US, 400 * DAY_US, -DAY_US])
    beside = [0, 0, 1, -1, 1000, -1000, 999, SECOND, -SECOND, 7 * SECOND, dice.randint(-DAY_US, DAY_US)]
    return int(NOW_US - back + dice.choice(beside))


class Trees:
    """Makes trees; every one passes `rules.check`."""

    def __init__(self, dice: Any) -> None:
        self.dice = dice

    def tree(self) -> rules.Group:
        return rules.read(self.group(self.leaf, 0))

    def group(self, leaf: Any, depth: int) -> dict[str, Any]:
        dice = self.dice
        size = dice.choice([1, 1, 2, 2, 3])
        made = [self.group(leaf, depth + 1) if depth < 2 and dice.random() < 0.2 else leaf() for _ in range(size)]
        return {"combinator": dice.choice(["and", "or"]), "not": dice.random() < 0.25, "rules": made}

    def leaf(self) -> dict[str, Any]:
        kinds = [self.event] * 8 + [self.sequence] * 3 + [self.trait] * 4 + [self.level, self.state, self.bucket]
        made: dict[str, Any] = self.dice.choice(kinds)()
        return made

    def number(self, values: Any, operator: str) -> Any:
        if operator in ("between", "notBetween"):
            return sorted(self.dice.choice(values) for _ in range(2))
        if operator in ("in", "notIn"):
            return [self.dice.choice(values) for _ in range(self.dice.choice([1, 2, 3]))]
        return self.dice.choice(values)

    def operator(self) -> str:
        return str(self.dice.choice(rules.operands.NUMBERS))

    def event(self) -> dict[str, Any]:
        dice = self.dice
        made: dict[str, Any] = {"type": "event", "event": dice.choice(EVENTS)}
        if dice.random() < 0.5:
            made["where"] = self.group(self.condition, 1)
        if dice.random() < 0.7:
            made["window"] = self.window(since=True)
        measure = dice.choice(["count"] * 4 + ["days", "orders", "sum", "distinct", "min", "max", "first", "last"])
        made["measure"] = measure
        operator = self.operator()
        values: Any = (0, 1, 2, 3)
        if measure in ("first", "last"):
            values = (0, 1, 2, 7, 30)
        elif measure == "distinct":
            made["of"] = dice.choice(["product", "channel", "company", f"properties.{dice.choice(KEYS)}"])
        elif measure in ("sum", "min", "max"):
            made["of"] = dice.choice(["amount_minor", "quantity_milli", "company", "hour", f"properties.{dice.choice(KEYS)}"])
            values = (0, 1, 100, 1500, 2.5, 0.1, -3.0005, 1000)
        if operator == "<" and measure not in ("sum", "min", "max"):
            values = values[1:]
        return {**made, "operator": operator, "value": self.number(values, operator)}

    def window(self, *, since: bool = False) -> dict[str, Any]:
        dice = self.dice
        n, unit = dice.choice(LENGTHS)
        kind = dice.choice(["within", "within", "within", "before", "between", *(["since"] if since else [])])
        if kind == "since":
            return {"kind": kind, "event": dice.choice(EVENTS)}
        if kind == "between":
            first, second = sorted({moment(dice), moment(dice), NOW_US - 90 * DAY_US})[:2]
            ends = {"from": iso(first), "until": iso(second)}
            drop = dice.choice(["from", "until", None])
            return {"kind": kind, **{k: v for k, v in ends.items() if k != drop}}
        if kind == "within" and n > 1 and dice.random() < 0.3:
            return {"kind": kind, "n": n, "unit": unit, "skip": n // 2}
        return {"kind": kind, "n": n, "unit": unit}

    def condition(self) -> dict[str, Any]:
        dice = self.dice
        if dice.random() < 0.5:
            kind = dice.choice(["number", "number", "text", "text", "boolean", "any"])
            return self.about(f"properties.{dice.choice(KEYS)}", kind)
        field = dice.choice(sorted(rules.operands.COLUMNS))
        return self.about(field, rules.operands.COLUMNS[field])

    def about(self, field: str, kind: str) -> dict[str, Any]:
        dice = self.dice
        if kind == "any" or dice.random() < 0.1:
            return {"field": field, "operator": dice.choice(["null", "notNull"])}
        operator = dice.choice(rules.operands.OPERATORS[kind])
        if kind == "boolean":
            return {"field": field, "operator": operator, "value": dice.choice([True, False])}
        if kind == "day":
            return {"field": field, **self.day()}
        if kind == "text":
            known = {"product": PRODUCTS, "category": CATEGORIES, "channel": CHANNELS}.get(field, TEXTS)
            values = [value for value in known if value]
            value = [dice.choice(values), "zz"] if operator in ("in", "notIn") else dice.choice([dice.choice(values), "a", "%"])
            return {"field": field, "operator": operator, "value": value}
        values = WHOLE if kind == "whole" else [n for n in NUMBERS if abs(n) <= 10**15]
        return {"field": field, "operator": operator, "value": self.number(values, operator)}

    def day(self) -> dict[str, Any]:
        dice = self.dice
        operator = dice.choice(rules.operands.OPERATORS["day"])
        if operator in ("inLast", "beforeLast", "inNext"):
            # Conditions on facts compare days with dates only; as a trait both are tried.
            operator = "="
        days = sorted(date_text(day_of(moment(dice))) for _ in range(2))
        return {"operator": operator, "value": days if "etween" in operator else days[0]}

    def sequence(self) -> dict[str, Any]:
        dice = self.dice
        steps: list[dict[str, Any]] = []
        for _ in range(dice.choice([2, 2, 3])):
            step: dict[str, Any] = {"event": dice.choice(EVENTS[:4])}
            if dice.random() < 0.3:
                step["where"] = self.group(self.condition, 2)
            steps.append(step)
        if dice.random() < 0.5:
            n, unit = dice.choice(LENGTHS)
            steps[-1] |= {"absent": True, "within": {"n": n, "unit": unit}}
        made: dict[str, Any] = {"type": "sequence", "steps": steps}
        if dice.random() < 0.5:
            made["window"] = self.window()
        if dice.random() < 0.4:
            n, unit = dice.choice(LENGTHS)
            made["within"] = {"n": n, "unit": unit}
        if dice.random() < 0.3:
            made["same"] = dice.choice(["product", "channel", "hour", f"properties.{dice.choice(KEYS)}"])
        return made

    def trait(self) -> dict[str, Any]:
        dice = self.dice
        name = dice.choice(sorted(TRAITS))
        kind = TRAITS[name].type
        made: dict[str, Any] = {"type": "trait", "trait": name}
        relative = dice.choice(["inLast", "beforeLast", "inNext"])
        if dice.random() < 0.1:
            return {**made, "operator": dice.choice(["null", "notNull"])}
        if kind == "monthday":
            return {**made, "operator": "anniversaryWithin", "value": dice.choice([0, 1, 7, 30, 365])}
        if kind in ("day", "time") and dice.random() < 0.6:
            n, unit = dice.choice([one for one in LENGTHS if kind == "time" or one[1] in ("days", "weeks")])
            return {**made, "operator": relative, "value": {"n": n, "unit": unit}}
        if kind == "day":
            return {**made, **self.day()}
        if kind == "time":
            operator = dice.choice(["<", "<=", ">", ">=", "between", "notBetween"])
            ends = sorted(moment(dice) for _ in range(2))
            return {**made, "operator": operator, "value": [iso(at) for at in ends] if "etween" in operator else iso(ends[0])}
        about = self.about(name, kind)
        return {**made, **{k: v for k, v in about.items() if k != "field"}}

    def level(self) -> dict[str, Any]:
        dice = self.dice
        kind = dice.choice(sorted(LEVELS))
        return {"type": kind, "operator": dice.choice(["in", "notIn"]), "value": [dice.choice(LEVELS[kind])]}

    def state(self) -> dict[str, Any]:
        dice = self.dice
        inside = dice.choice(["in", "notIn"])
        operator = self.operator()
        count = {"operator": operator, "value": self.number((1, 2) if operator == "<" else (0, 1, 2), operator)}
        made: dict[str, Any] = dice.choice([
            {"type": "segment", "segment": dice.choice([1, 2]), "operator": inside},
            {"type": "group", "group": dice.choice([1, 2]), "operator": inside},
            {"type": "consent", "channel": dice.choice(["email", "sms"]), "purpose": "referral",
             "state": dice.choice(["given", "withdrawn", "none"]), "operator": dice.choice(["=", "!="])},
            {"type": "referral", "what": dice.choice(["invited", "converted", "was_invited", "generation"]), **count},
            {"type": "referral", "what": dice.choice(["invited", "converted", "was_invited"]), "program": 1, **count},
            {"type": "relationship", "kind": dice.choice(["", "family"]), **count},
        ])  # fmt: skip
        return made

    def bucket(self) -> dict[str, Any]:
        first = self.dice.choice([0, 0, 20])
        return {"type": "bucket", "from": first, "until": self.dice.choice([21, 50, 100]), "seed": self.dice.choice([0, 7])}


def iso(at_us: int) -> str:
    """A moment as JSON says it, to the microsecond."""
    at = datetime.fromtimestamp(at_us // SECOND, UTC).replace(microsecond=at_us % SECOND)
    return at.isoformat()


def date_text(day: int) -> str:
    """A day number as a date."""
    return datetime.fromtimestamp(day * 86400, UTC).date().isoformat()
