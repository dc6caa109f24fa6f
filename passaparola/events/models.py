"""The log and its anteroom."""

from django.db import models

from passaparola.kernel.models import Row


class Inbox(models.Model):
    """One accepted request, as it came; the corridor takes it from here."""

    id = models.BigAutoField(primary_key=True)
    received_at = models.DateTimeField()
    # What the body is: "v1" (Segment spec), "web" (the same, with a public key), "click", "import".
    kind = models.CharField(max_length=12)
    source = models.CharField(max_length=60)
    # The call the path named: "batch", "track", …; for our own kinds empty.
    call = models.CharField(max_length=12, default="")
    body = models.BinaryField()

    class Meta:
        db_table = "inbox"


class Logged(Row):
    """The columns of an event, in force or withdrawn."""

    # Which corridor transaction consumed it: a replay keeps the same boundaries.
    batch = models.BigIntegerField()
    source = models.CharField(max_length=60)
    message_id = models.CharField(max_length=100)
    # First 16 bytes of BLAKE2b over source and message id: the unique index stays small (docs/decisions/fingerprint.md).
    fingerprint = models.BinaryField(max_length=16, unique=True)
    body_hash = models.BinaryField(max_length=8)
    type = models.CharField(max_length=10)
    name = models.CharField(max_length=120)
    person_id = models.BigIntegerField(null=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    # Business-local day number since 1970-01-01 and hour, written once at intake.
    day = models.IntegerField()
    hour = models.SmallIntegerField()
    # Imported history: builds people, traits and stages, never asks or pays.
    history = models.BooleanField(default=False)
    caused_by = models.BigIntegerField(null=True)
    # The file import that brought it, if one did (file_import.id): not personal, so erasure leaves it.
    import_id = models.BigIntegerField(null=True)
    # Of a forgotten person: what the books follow from.
    properties = models.TextField(default="{}")
    # What it came to, so that a repeat is answered as the first time (ids made, JSON).
    result = models.TextField(default="{}")
    # Personal columns, blanked by erasure.
    user_id = models.CharField(max_length=255, null=True)
    anonymous_id = models.CharField(max_length=255, null=True)
    group_id = models.CharField(max_length=255, null=True)
    previous_id = models.CharField(max_length=255, null=True)
    traits = models.TextField(null=True)
    context = models.TextField(null=True)

    class Meta:
        abstract = True


class Event(Logged):
    """Something that happened; immutable. Only erasure blanks its personal columns, only a withdrawal puts it aside."""

    class Meta:
        db_table = "event"
        indexes = [models.Index(fields=["person_id", "occurred_at"], name="event_person")]


class WithdrawnEvent(Logged):
    """An event that was taken back with its import: kept whole in the log, out of every reader's sight."""

    # The same fact may come again, and be taken back again.
    fingerprint = models.BinaryField(max_length=16)
    # The ring ("Timer Rang", kind "withdraw") that took it back.
    withdrawn_by = models.BigIntegerField()

    class Meta:
        db_table = "withdrawn_event"
        indexes = [
            models.Index(fields=["person_id"], name="withdrawn_person"),
            models.Index(fields=["withdrawn_by"], name="withdrawn_by"),
        ]


class Parked(Row):
    """An item that could not be taken, kept whole with the reason; it can be sent again after mending."""

    received_at = models.DateTimeField()
    source = models.CharField(max_length=60)
    reason = models.CharField(max_length=60)
    detail = models.CharField(max_length=500, default="")
    # Position in its batch; null when the whole request was unreadable.
    position = models.IntegerField(null=True)
    body = models.BinaryField()
    resolved_at = models.DateTimeField(null=True)
    # Its content was removed, since somebody it named asked to be forgotten.
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "parked"


class ParkedName(Row):
    """That a parked item holds a word which may be a name (events/parking.py): gone with its content."""

    parked_id = models.BigIntegerField(db_index=True)
    # 64 bits of a hash of the word; 0: it holds more words than are marked.
    mark = models.BigIntegerField(db_index=True)

    class Meta:
        db_table = "parked_name"


class ForgottenName(models.Model):
    """64 bits of a keyed hash of a name whose person was forgotten, as long as nobody has it again."""

    mark = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "forgotten_name"


class Occurrence(Row):
    """How often a person did a thing: what "the n-th time" is read from."""

    person_id = models.BigIntegerField()
    name = models.CharField(max_length=120)
    n = models.IntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "occurrence"
        constraints = [models.UniqueConstraint(fields=["person_id", "name"], name="occurrence_once")]


class Order(Row):
    """A completed order: the business key that makes a purchase count once, whoever reports it how often."""

    source = models.CharField(max_length=60)
    order_id = models.CharField(max_length=120)
    line = models.CharField(max_length=40, default="")
    person_id = models.BigIntegerField(null=True)
    event_id = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    day = models.IntegerField()
    amount_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)
    unit = models.CharField(max_length=3)
    # False while only its refund or cancellation has arrived; the order itself may come later.
    completed = models.BooleanField(default=True)
    # Given back as a whole, whatever the amounts say.
    cancelled = models.BooleanField(default=False)
    history = models.BooleanField(default=False)
    # How many came together (1 is alone), where it was bought, what was earned: null where nobody said.
    company = models.SmallIntegerField(null=True)
    channel = models.CharField(max_length=40, null=True)
    margin_minor = models.BigIntegerField(null=True)
    # So much of the amount was bought on offer.
    offer_minor = models.BigIntegerField(null=True)

    class Meta:
        db_table = "purchase_order"
        constraints = [models.UniqueConstraint(fields=["source", "order_id", "line"], name="order_once")]
        indexes = [models.Index(fields=["person_id", "occurred_at"], name="order_person")]


class OrderReport(Row):
    """What else was said about an order: a repeated report, a refund, a cancellation. Few beside the orders."""

    KINDS = ("repeat", "refund", "cancel")

    # purchase_order.id
    order_key = models.BigIntegerField(db_index=True)
    event_id = models.BigIntegerField(unique=True)
    kind = models.CharField(max_length=6)

    class Meta:
        db_table = "order_report"


class OrderLine(Row):
    """One line of a completed order: what was bought, how much of it, for how much; immutable."""

    # purchase_order.id
    order_key = models.BigIntegerField()
    # From 1.
    line = models.SmallIntegerField()
    event_id = models.BigIntegerField()
    # As recorded; who the person was found to be is the root's matter.
    person_id = models.BigIntegerField(null=True)
    occurred_at = models.DateTimeField()
    day = models.IntegerField()
    hour = models.SmallIntegerField()
    # product_id, sku or name: whichever came.
    product = models.CharField(max_length=120, null=True)
    category = models.CharField(max_length=120, null=True)
    quantity_milli = models.BigIntegerField()
    amount_minor = models.BigIntegerField(null=True)
    offer_minor = models.BigIntegerField(null=True)

    class Meta:
        db_table = "order_line"
        constraints = [models.UniqueConstraint(fields=["order_key", "line"], name="order_line_once")]
        indexes = [models.Index(fields=["person_id", "occurred_at"], name="order_line_person")]
