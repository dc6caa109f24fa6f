"""What the log counts: the n-th time, and business facts that happen once whoever reports them how often."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from passaparola.events import basket
from passaparola.events.basket import Basket
from passaparola.events.intake import Happening
from passaparola.events.models import Occurrence, Order, OrderLine, OrderReport
from passaparola.events.reading import Unfit
from passaparola.kernel import database, money
from passaparola.kernel.batch import Batch, Record
from passaparola.kernel.errors import Refusal
from passaparola.kernel.models import Setting

ORDER_COMPLETED = "Order Completed"
ORDER_REFUNDED = "Order Refunded"
ORDER_CANCELLED = "Order Cancelled"
VISIT_RECORDED = "Visit Recorded"
WITHDRAWN, WITHDRAW = "Import Withdrawn", "withdraw"
_ABOUT_ORDERS = (ORDER_COMPLETED, ORDER_REFUNDED, ORDER_CANCELLED)
_GIVES_BACK = {ORDER_REFUNDED: "refund", ORDER_CANCELLED: "cancel"}


# What "Setting Changed" may set; stage ranges have an act of their own.
SETTINGS = ("demo",)


class UnknownSetting(Refusal):
    """There is no setting called {name}."""

    code, status = "unknown_setting", 404


class BadRange(Refusal):
    """An import is taken back by its number and the events between which it lies."""

    code, status = "bad_range", 422


class Events:
    """The room of facts: orders by their business key, occurrences by person and name."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.orders, self.lines = batch.table(Order), batch.table(OrderLine)
        self.reports = batch.table(OrderReport)
        self.occurrences = batch.table(Occurrence)
        self.settings = batch.table(Setting)
        self._by_key: dict[tuple[str, str, str], Record] = {}
        self._counts: dict[tuple[int, str], Record] = {}
        self._never: set[tuple[int, str]] = set()

    def load(self, happenings: Sequence[Happening], person_ids: set[int], members: set[int]) -> None:
        """Read the orders the batch is about and the counts of its people."""
        order_ids = {
            _order_key(h)[1] for h in happenings if h.type == "track" and h.name in _ABOUT_ORDERS and _has_order(h)
        }
        claims = (h.props.get("order_id") for h in happenings if h.type == "act" and h.name == "Advocate Claimed")
        order_ids |= {str(order_id) for order_id in claims if order_id}
        self.take_orders(self.orders.take_any("order_id", order_ids, "text"))
        names = {h.name for h in happenings if h.type == "track"}
        if names and members:
            where = f"{database.any_of('person_id')} AND {database.any_of('name', 'text')}"
            for row in self.occurrences.take(where, [sorted(members), sorted(names)]):
                self._counts[row["person_id"], row["name"]] = row

    def take_orders(self, rows: list[Record]) -> None:
        """Make orders read elsewhere findable by their key."""
        for row in rows:
            self._by_key[row["source"], row["order_id"], row["line"]] = row

    def step(self, happening: Happening) -> None:
        """Count the event and settle what it says about an order."""
        if happening.type == "act" and happening.name == "Setting Changed":
            self._change_setting(happening)
        if happening.type == "act" and happening.name == WITHDRAWN:
            _order_withdrawal(self.batch, happening)
        if happening.type != "track" or happening.person_id is None:
            return
        fresh = True
        if happening.name == ORDER_COMPLETED:
            fresh = self._complete(happening)
        elif happening.name in (ORDER_REFUNDED, ORDER_CANCELLED):
            self._give_back(happening)
        elif happening.name == VISIT_RECORDED and (company := basket.company(happening.props)):
            # Read once, here: traits and segments ask the result and need not know how senders put it.
            happening.result = {**happening.result, "company": company}
        if fresh:
            self._count(happening)

    def times(self, members: set[int], name: str) -> int:
        """How often a person (all who merged into one) did a thing, as far as this batch has come."""
        self._know(members, name)
        return sum(row["n"] for member in members if (row := self._counts.get((member, name))))

    def _know(self, members: set[int], name: str) -> None:
        """`load` reads what this batch tells of; a merge asks about what was told long ago."""
        missing = sorted({member for member in members if (member, name) not in self._counts and (member, name) not in self._never})
        if missing:
            for row in self.occurrences.take(f"{database.any_of('person_id')} AND name = ?", [missing, name]):
                self._counts[row["person_id"], name] = row
            self._never.update((member, name) for member in missing)

    def _change_setting(self, happening: Happening) -> None:
        """What the operator decided about the installation; an unknown name is refused rather than kept unread."""
        name, value = happening.props.get("name"), happening.props.get("value")
        if name not in SETTINGS:
            raise UnknownSetting(name=name)
        found = self.settings.take("name = ?", [name])
        values = {"value": value, "changed_at": happening.received_at}
        if found:
            self.settings.change(found[0], **values)
        else:
            self.settings.add(name=name, **values)

    def _count(self, happening: Happening) -> None:
        key = (happening.person_id or 0, happening.name)
        at = happening.occurred_at
        row = self._counts.get(key)
        if row is None:
            self._counts[key] = self.occurrences.add(person_id=key[0], name=key[1], n=1, first_at=at, last_at=at)
        else:
            self.occurrences.change(
                row, n=row["n"] + 1, first_at=min(row["first_at"], at), last_at=max(row["last_at"], at)
            )

    def _complete(self, happening: Happening) -> bool:
        """Take the order; False if it was known: the same fact, reported again."""
        key, amount, unit = order_facts(happening)
        row = self._by_key.get(key)
        if row is not None and row["completed"]:
            happening.result = {"repeated_order": row["id"]}
            self._report(row, "repeat", happening)
            return False
        bought = basket_of(happening.props, amount, unit)
        values: dict[str, Any] = {
            "person_id": happening.person_id,
            "event_id": happening.id,
            "occurred_at": happening.occurred_at,
            "day": happening.day,
            "amount_minor": amount,
            "unit": unit,
            "completed": True,
            "history": happening.history,
            "company": bought.company,
            "channel": bought.channel,
            "margin_minor": bought.margin_minor,
            "offer_minor": bought.offer_minor,
        }
        if row is None:
            row = self.orders.add(source=key[0], order_id=key[1], line=key[2], **values)
            self._by_key[key] = row
        else:
            # Its refund came first: keep what was given back.
            self.orders.change(row, **values, refunded_minor=min(row["refunded_minor"], amount))
        self._put_lines(row["id"], bought, happening)
        happening.tell("order", row=row, gone=is_gone(row))
        return True

    def _put_lines(self, order_key: int, bought: Basket, happening: Happening) -> None:
        for number, line in enumerate(bought.lines, start=1):
            self.lines.put(
                {
                    "order_key": order_key,
                    "line": number,
                    "event_id": happening.id,
                    "person_id": happening.person_id,
                    "occurred_at": happening.occurred_at,
                    "day": happening.day,
                    "hour": happening.hour,
                    **line._asdict(),
                }
            )

    def _give_back(self, happening: Happening) -> None:
        """A refund or cancellation: whole unless it names an amount; never more than the order was worth."""
        key = _order_key(happening)
        row = self._by_key.get(key)
        _, amount = refund_facts(happening, row["unit"] if row and row["completed"] else None)
        whole = happening.name == ORDER_CANCELLED or amount is None
        if row is None:
            row = self.orders.add(
                source=key[0], order_id=key[1], line=key[2], person_id=happening.person_id, event_id=happening.id,
                occurred_at=happening.occurred_at, day=happening.day, amount_minor=0, unit=settings.CURRENCY,
                completed=False, cancelled=whole, refunded_minor=amount or 0, history=happening.history,
            )  # fmt: skip
            self._by_key[key] = row
            self._report(row, _GIVES_BACK[happening.name], happening)
            return
        self._report(row, _GIVES_BACK[happening.name], happening)
        before = net(row)
        if whole:
            self.orders.change(row, cancelled=True, refunded_minor=row["amount_minor"])
        else:
            total = row["refunded_minor"] + (amount or 0)
            self.orders.change(row, refunded_minor=min(total, row["amount_minor"]) if row["completed"] else total)
        if row["completed"]:
            happening.tell("refund", row=row, given_back=before - net(row), gone=is_gone(row))


    def _report(self, order: Record, kind: str, happening: Happening) -> None:
        """Note what else was said about an order: a withdrawal has to find it without reading the whole log."""
        self.reports.add(order_key=order["id"], event_id=happening.id, kind=kind)

    def take_occurrences(self, rows: list[Record]) -> None:
        """Make counts read elsewhere findable."""
        for row in rows:
            self._counts[row["person_id"], row["name"]] = row

    def drop_occurrence(self, row: Record) -> None:
        """The person never did it after all."""
        self._counts.pop((row["person_id"], row["name"]), None)
        self.occurrences.drop(row)

    def forget_order(self, order: Record) -> None:
        """The order is not there any more: the same fact may come again."""
        self._by_key.pop((order["source"], order["order_id"], order["line"]), None)


def _order_withdrawal(batch: Batch, happening: Happening) -> None:
    """Somebody wants an import taken back: the first slice is due at once (events/withdrawing.py)."""
    number, first, last = (happening.props.get(key) for key in ("import", "first", "last"))
    if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in (number, first, last)):
        raise BadRange()
    batch.set_timer(WITHDRAW, f"import:{number}", happening.received_at, {"after": first, "first": first, "until": last})


def net(order: Record) -> int:
    """What remains of an order after refunds, in minor units."""
    return 0 if order["cancelled"] else max(0, order["amount_minor"] - order["refunded_minor"])


def worth(order: Record) -> int:
    """What remains of an order in the installation's currency: nothing of one in another, for nobody knows the rate."""
    return net(order) if order["unit"] == settings.CURRENCY else 0


def basket_of(props: Record, amount_minor: int, unit: str) -> Basket:
    """What an Order Completed says of itself; amounts in another currency than ours are not kept beside those in ours."""
    bought = basket.read(props, amount_minor, unit)
    return bought if unit == settings.CURRENCY else basket.without_amounts(bought)


def is_gone(order: Record) -> bool:
    """Whether nothing of the order remains."""
    return order["cancelled"] or (order["refunded_minor"] > 0 and net(order) == 0)


def order_facts(happening: Happening) -> tuple[tuple[str, str, str], int, str]:
    """Key, amount in minor units and currency of an Order Completed. Raises Unfit."""
    unit = happening.props.get("currency") or settings.CURRENCY
    if not isinstance(unit, str) or len(unit) != 3 or not unit.isalpha():
        raise Unfit("bad_currency", "currency must be a three-letter ISO 4217 code")
    value = next(
        (happening.props[k] for k in ("total", "revenue", "value") if happening.props.get(k) is not None), None
    )
    if value is None:
        raise Unfit("no_amount", "Order Completed needs total, revenue or value")
    return _order_key(happening), _amount(value, unit.upper()), unit.upper()


def _amount(value: object, unit: str) -> int:
    try:
        amount = money.parse(value, unit)
    except money.NotMoney as problem:
        raise Unfit("bad_amount", f"the amount is no number of {unit}: {problem}") from problem
    if amount < 0:
        raise Unfit("bad_amount", "the amount is negative: send Order Refunded instead")
    return amount


def _refund_amount(happening: Happening, order_unit: str | None) -> int | None:
    value = next(
        (happening.props[k] for k in ("amount", "total", "refund") if happening.props.get(k) is not None), None
    )
    unit = str(happening.props.get("currency") or order_unit or settings.CURRENCY).upper()
    if value is not None and order_unit and unit != order_unit:
        raise Unfit("other_currency", f"the refund is in {unit}, its order was in {order_unit}: send it in {order_unit}")
    return None if value is None else _amount(value, unit)


def _has_order(happening: Happening) -> bool:
    return happening.props.get("order_id") not in (None, "")


def _order_key(happening: Happening) -> tuple[str, str, str]:
    value, line = happening.props.get("order_id"), happening.props.get("line", "")
    if isinstance(value, (bool, float)) or not isinstance(value, (str, int)) or value == "":
        raise Unfit("no_order_id", "order_id must be text or a whole number")
    key = (happening.source, str(value), str(line) if line is not None else "")
    if len(key[1]) > 120 or len(key[2]) > 40 or "\0" in key[1] + key[2]:
        raise Unfit("no_order_id", "order_id is longer than 120 characters or holds a NUL")
    return key


def refund_facts(happening: Happening, order_unit: str | None) -> tuple[tuple[str, str, str], int | None]:
    """Key and amount in minor units of an Order Refunded; None where it names none: then it is whole. Raises Unfit.

    order_unit: the currency of its order, in which the amount is unless it says otherwise; None: the order was not there yet.
    """
    return _order_key(happening), _refund_amount(happening, order_unit)
