"""What is known about each person from what they did, and their loyalty stage."""

from django.db import models

from passaparola.kernel.fields import RowId
from passaparola.kernel.models import Row


class Visit(Row):
    """A local day on which a person came: bought or visited. What returns are counted from."""

    person_id = models.BigIntegerField()
    day = models.IntegerField()

    class Meta:
        db_table = "visit"
        constraints = [models.UniqueConstraint(fields=["person_id", "day"], name="visit_once")]


class Traits(models.Model):
    """One row a person (the root), kept up to date by the corridor with every event."""

    person_id = RowId()
    first_seen_at = models.DateTimeField()
    # To the hour.
    last_seen_at = models.DateTimeField()
    # Visits: distinct local days, in the observation period and ever.
    visits_period = models.IntegerField(default=0)
    visits_ever = models.IntegerField(default=0)
    first_visit_day = models.IntegerField(null=True)
    last_visit_day = models.IntegerField(null=True)
    orders = models.IntegerField(default=0)
    first_order_at = models.DateTimeField(null=True)
    last_order_at = models.DateTimeField(null=True)
    # Net of refunds, in the installation's currency.
    spent_minor = models.BigIntegerField(default=0)
    refunds = models.IntegerField(default=0)
    # Open complaints or a bad score suppress asks until mended.
    complaints_open = models.IntegerField(default=0)
    unhappy = models.BooleanField(default=False)
    stage = models.CharField(max_length=6, default="none", db_index=True)
    stage_since_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "traits"


class StageChange(Row):
    """That a person moved from one stage to another, when, and by which numbers."""

    person_id = models.BigIntegerField()
    before = models.CharField(max_length=6)
    after = models.CharField(max_length=6)
    at = models.DateTimeField()
    # e.g. {"visits": 6, "range": [6, null], "period_days": 365, "because": "visit"}
    reason = models.JSONField(default=dict)
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "stage_change"
        indexes = [
            models.Index(fields=["person_id", "at"], name="stage_change_person"),
            # Who became a regular last, for the overview; other changes cost nothing here.
            models.Index(fields=["id"], condition=models.Q(after="many"), name="stage_change_many"),
        ]


class Lead(models.Model):
    """Somebody interested who has not bought: how well she suits and how much she engages; one row a person.

    `own` is what was recorded under this very number (docs/why/leads.md); the columns are what follows for the
    person of today, from all her selves. On a row of somebody merged into another they are empty.
    """

    SOURCES = ("form", "co-registration", "referral", "event", "draw")
    TEMPERATURES = ("cold", "warm", "hot")

    person_id = RowId()
    source = models.CharField(max_length=16, default="")
    since_at = models.DateTimeField(null=True)
    # When she confirmed her own address with us; without it a co-registered lead is never hot.
    confirmed_at = models.DateTimeField(null=True)
    # 0 to 100.
    fit = models.SmallIntegerField(default=0)
    # Weights of what she did, halved every half-life, in millionths, as it stood at `at`.
    sum_micro = models.BigIntegerField(default=0)
    at = models.DateTimeField(null=True)
    # 0 to 100, as it stood at `at`; it falls from there.
    score = models.SmallIntegerField(default=0)
    # Empty: no lead, or a customer by now.
    temperature = models.CharField(max_length=4, default="")
    temperature_since_at = models.DateTimeField(null=True)
    became_customer_at = models.DateTimeField(null=True)
    # Who of sales took her on.
    taken_by = models.CharField(max_length=150, default="")
    taken_at = models.DateTimeField(null=True)
    own = models.JSONField(default=dict)

    class Meta:
        db_table = "lead"
        indexes = [models.Index(fields=["temperature", "score"], name="lead_temperature")]


class LeadChange(Row):
    """That a lead became warmer or colder, when, and by which numbers."""

    person_id = models.BigIntegerField()
    before = models.CharField(max_length=4)
    after = models.CharField(max_length=4)
    score = models.SmallIntegerField()
    at = models.DateTimeField()
    # e.g. {"fit": 80, "engagement": 63, "because": "Demo Requested"}
    reason = models.JSONField(default=dict)
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "lead_change"
        indexes = [models.Index(fields=["person_id", "at"], name="lead_change_person")]


class PersonTrait(models.Model):
    """What follows from a person's facts alone (segments/traits/base.sql), one row a root; renewed by events.

    Traits that move with time are made from these columns and today.
    """

    person_id = RowId()
    known_day = models.IntegerField(null=True)
    enrolled_day = models.IntegerField(null=True)
    visits = models.IntegerField()
    visits_enrolled = models.IntegerField()
    first_visit_day = models.IntegerField(null=True)
    last_visit_day = models.IntegerField(null=True)
    interval_days = models.IntegerField(null=True)
    purchases = models.IntegerField()
    purchases_enrolled = models.IntegerField()
    # Microseconds since 1970 UTC.
    first_purchase_us = models.BigIntegerField(null=True)
    last_purchase_us = models.BigIntegerField(null=True)
    last_purchase_day = models.IntegerField(null=True)
    spent_minor = models.BigIntegerField()
    # Purchases whose amount is in the installation's currency: those that spent_minor is of.
    purchases_valued = models.IntegerField(db_default=0)
    margin_minor = models.BigIntegerField(null=True)
    offer_minor = models.BigIntegerField(null=True)
    offer_of_minor = models.BigIntegerField(null=True)
    company_known = models.IntegerField()
    accompanied = models.IntegerField()
    favourite_product = models.CharField(max_length=120, null=True)
    products = models.IntegerField()
    favourite_category = models.CharField(max_length=120, null=True)
    favourite_channel = models.CharField(max_length=40, null=True)
    favourite_weekday = models.SmallIntegerField(null=True)
    favourite_hour = models.SmallIntegerField(null=True)
    last_score = models.SmallIntegerField(null=True)
    last_rating = models.SmallIntegerField(null=True)
    reviews = models.IntegerField()
    complaints = models.IntegerField()
    complaints_open = models.IntegerField()
    last_complaint_day = models.IntegerField(null=True)
    codes_shared = models.IntegerField()
    last_share_day = models.IntegerField(null=True)

    class Meta:
        db_table = "person_trait"


class OwnTraitRow(Row):
    """A trait a marketer defined from the property of an event."""

    name = models.CharField(max_length=40, unique=True)
    event = models.CharField(max_length=120)
    property = models.CharField(max_length=120, default="")
    aggregate = models.CharField(max_length=5)
    type = models.CharField(max_length=7)
    window_days = models.IntegerField(null=True)
    defined_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "own_trait"


class Segment(Row):
    """A rule over everybody, by which people are in or out; what they are told is another matter."""

    STATES = ("live", "archived")

    # Short and readable, for rules of other segments and for the API: "coffee-friends".
    key = models.CharField(max_length=60, unique=True)
    # {"es": …, "it": …, "en": …}; never blank in all three.
    names = models.JSONField(default=dict)
    # The rule in force (segments/rules.py), a copy of its version's.
    rule = models.JSONField(default=dict)
    version = models.IntegerField(default=1)
    state = models.CharField(max_length=8, default="live")
    # What the business does with them: {"es": …}. A segment without one shows in the segment map.
    strategy = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    # When the last look at everybody was over; null while one is under way.
    gathered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "segment"


class SegmentVersion(Row):
    """A rule as it was from one moment on; append-only."""

    segment_id = models.BigIntegerField()
    number = models.IntegerField()
    rule = models.JSONField(default=dict)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "segment_version"
        constraints = [models.UniqueConstraint(fields=["segment_id", "number"], name="segment_version_once")]


class Membership(Row):
    """That a person is, or was, in a segment: from ≤ t < until, with the events that began and ended it."""

    segment_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    # The event by which it came and the one by which it ended.
    event_id = models.BigIntegerField()
    end_event_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "membership"
        constraints = [
            models.UniqueConstraint(
                fields=["segment_id", "person_id"], condition=models.Q(until_at__isnull=True), name="membership_once"
            )
        ]
        indexes = [
            models.Index(fields=["person_id"], name="membership_person"),
            models.Index(fields=["segment_id", "from_at"], name="membership_from"),
            # Who left since when. Open rows are not in it, so entering costs nothing more.
            models.Index(
                fields=["segment_id", "until_at"], condition=models.Q(until_at__isnull=False), name="membership_until"
            ),
        ]


class Pin(Row):
    """That somebody is in or out by hand, whatever the rule says; the newest row is in force. Append-only."""

    segment_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    # in, out, or "" (the rule decides again).
    state = models.CharField(max_length=3)
    reason = models.CharField(max_length=200, default="")
    actor = models.CharField(max_length=60, default="")
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "pin"
        indexes = [models.Index(fields=["person_id", "segment_id"], name="pin_person")]


class Sync(Row):
    """That a segment is handed on regularly, to a file or a signed webhook: all its people, or who moved since."""

    KINDS = ("webhook", "file")
    CONTENTS = ("everybody", "moves")

    segment_id = models.BigIntegerField()
    kind = models.CharField(max_length=8)
    content = models.CharField(max_length=10)
    # An https address; for a file, empty: the file is named after the segment.
    target = models.CharField(max_length=500, default="")
    every_hours = models.IntegerField()
    created_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    # What was handed on last: moves up to this event, how many lines, and when; or why it could not be.
    position = models.BigIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    lines = models.IntegerField(default=0)
    failure = models.CharField(max_length=200, default="")

    class Meta:
        db_table = "segment_sync"
        indexes = [models.Index(fields=["segment_id"], name="segment_sync_segment")]
