"""What is known about each person from what they did, and their loyalty stage."""

from django.db import models

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

    person_id = models.BigIntegerField(primary_key=True)
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
        indexes = [models.Index(fields=["person_id", "at"], name="stage_change_person")]
