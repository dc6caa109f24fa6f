"""Accounts, transfers, rewards. The database refuses first (migration 0002 adds the triggers)."""

from django.db import models
from django.db.models import F, Q

from passaparola.kernel.models import Row


class Account(Row):
    """A pot of one unit: the business's, a programme's, or a person's (pending and own)."""

    # business, program, pending, own, outside
    kind = models.CharField(max_length=10)
    # Person or programme id; 0 for the business and the outside world.
    owner_id = models.BigIntegerField(default=0)
    # ISO 4217 code in minor units, or "PTS" for points.
    unit = models.CharField(max_length=3)
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "account"
        constraints = [models.UniqueConstraint(fields=["kind", "owner_id", "unit"], name="account_once")]


class Transfer(Row):
    """Value moving from one account to another; immutable. Undoing is another row that resolves this one."""

    KINDS = ("fund", "hold", "confirm", "release", "reverse", "spend", "expire")

    key = models.CharField(max_length=160, unique=True)
    kind = models.CharField(max_length=8)
    source_id = models.BigIntegerField(db_index=True)
    target_id = models.BigIntegerField(db_index=True)
    amount = models.BigIntegerField()
    unit = models.CharField(max_length=3)
    # The transfer this one settles or undoes: at most once.
    resolves_id = models.BigIntegerField(null=True, unique=True)
    reward_id = models.BigIntegerField(null=True, db_index=True)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "transfer"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_positive"),
            models.CheckConstraint(condition=~Q(source_id=F("target_id")), name="transfer_two_accounts"),
        ]


class Reward(Row):
    """What somebody earned, once per rule and cause; its state follows its transfers."""

    STATES = ("held", "confirmed", "released", "reversed")

    program_id = models.BigIntegerField()
    version = models.IntegerField()
    # Which rule of the version: "advocate" or "friend".
    rule = models.CharField(max_length=20)
    person_id = models.BigIntegerField(db_index=True)
    referral_id = models.BigIntegerField(db_index=True)
    # What earned it, e.g. "order:shop:1001".
    cause = models.CharField(max_length=200)
    amount = models.BigIntegerField()
    unit = models.CharField(max_length=3)
    state = models.CharField(max_length=10)
    # A key of programs/wording.py.
    reason = models.CharField(max_length=40, default="")
    held_at = models.DateTimeField()
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reward"
        constraints = [
            models.UniqueConstraint(fields=["program_id", "rule", "person_id", "cause"], name="reward_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="reward_positive"),
            models.CheckConstraint(
                condition=Q(state__in=("held", "confirmed", "released", "reversed")), name="reward_state"
            ),
        ]
