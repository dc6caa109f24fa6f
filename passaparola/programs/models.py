"""Programmes, who takes part, who brought whom, and every decision with its reasons."""

from django.db import models
from django.db.models import F, Q

from passaparola.kernel.models import Row


class Program(Row):
    """A standing referral programme. What it promises stands in its versions."""

    STATES = ("draft", "active", "paused", "ended")

    uid = models.CharField(max_length=26, unique=True)
    kind = models.CharField(max_length=12, default="direct")
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=8, default="draft")
    # Random, recorded when the programme was made: codes and holdout follow from it, so a replay needs no dice.
    seed = models.CharField(max_length=64)
    version = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    launched_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "program"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=("draft", "active", "paused", "ended")), name="program_state")
        ]


class ProgramVersion(Row):
    """What a programme promised from a given moment: frozen."""

    program_id = models.BigIntegerField()
    number = models.IntegerField()
    # The definition in the shape of programs/terms.py, and its goal.
    terms = models.JSONField()
    published_at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "program_version"
        constraints = [models.UniqueConstraint(fields=["program_id", "number"], name="program_version_once")]


class Assignment(Row):
    """Which arm of the never-asked holdout a person is in; drawn by seeded hash, recorded before the first ask."""

    program_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    arm = models.CharField(max_length=10)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "assignment"
        constraints = [
            models.UniqueConstraint(fields=["program_id", "person_id"], name="assignment_once"),
            models.CheckConstraint(condition=Q(arm__in=("asked", "holdout")), name="assignment_arm"),
        ]


class Code(Row):
    """An advocate's own code in a programme; from it her link, QR and share texts are made."""

    value = models.CharField(max_length=40, unique=True)
    program_id = models.BigIntegerField()
    version = models.IntegerField()
    person_id = models.BigIntegerField()
    # Where a click leads: empty means our own landing page.
    destination = models.CharField(max_length=500, default="")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "code"
        constraints = [models.UniqueConstraint(fields=["program_id", "person_id"], name="code_once")]
        indexes = [models.Index(fields=["person_id"], name="code_person")]


class Share(Row):
    """That an advocate pressed a share button or copied her link."""

    code_id = models.BigIntegerField(db_index=True)
    channel = models.CharField(max_length=12)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "share"


class Click(Row):
    """A human's visit through a link: opaque token in the URL and in the signed cookie."""

    token = models.CharField(max_length=32, unique=True)
    code_id = models.BigIntegerField(db_index=True)
    channel = models.CharField(max_length=12, default="")
    at = models.DateTimeField()
    # Who it turned out to be, once known.
    person_id = models.BigIntegerField(null=True, db_index=True)
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "click"


class Referral(Row):
    """That an advocate brought a friend, within one programme version; its state with the reason."""

    STATES = ("registered", "qualified", "converted", "rewarded", "refused", "expired", "reversed")
    ACTIVE = ("registered", "qualified", "converted", "rewarded")

    program_id = models.BigIntegerField()
    version = models.IntegerField()
    advocate_id = models.BigIntegerField(db_index=True)
    friend_id = models.BigIntegerField(db_index=True)
    code_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10)
    # A key of programs/wording.py, readable by advocate and friend in their language.
    reason = models.CharField(max_length=40, default="")
    # How we know: method (code, click, name, …), ids and window arithmetic.
    evidence = models.JSONField(default=dict)
    # What the conversion promised: [{"rule", "person_id", "amount", "unit"}]; what a refund gives back to the budget.
    promised = models.JSONField(default=list)
    # Row of the order that converted it.
    order_id = models.BigIntegerField(null=True, db_index=True)
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "referral"
        constraints = [
            models.UniqueConstraint(
                fields=["program_id", "friend_id"],
                condition=Q(state__in=("registered", "qualified", "converted", "rewarded")),
                name="referral_one_active",
            ),
            models.CheckConstraint(
                condition=~Q(advocate_id=F("friend_id")) | Q(state__in=("refused", "reversed", "expired")),
                name="referral_two_people",
            ),
        ]


class Decision(Row):
    """What was decided about somebody, with reasons; never changed."""

    # ask, attribute, reward, merge, send
    kind = models.CharField(max_length=12)
    person_id = models.BigIntegerField()
    program_id = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=20)
    # Reason codes with their numbers, e.g. [{"code": "tenure", "days": 12, "needed": 180}]
    reasons = models.JSONField(default=list)
    subject = models.CharField(max_length=80, default="")
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "decision"
        indexes = [
            models.Index(fields=["person_id", "at"], name="decision_person"),
            # Refusals alone, the newest found at once; what was not refused costs nothing here.
            models.Index(fields=["kind", "id"], condition=models.Q(outcome="refused"), name="decision_refused"),
        ]


class Budget(Row):
    """How much a programme may promise; `promised` counts held and confirmed rewards."""

    program_id = models.BigIntegerField()
    unit = models.CharField(max_length=3)
    limit_amount = models.BigIntegerField(null=True)
    promised = models.BigIntegerField(default=0)

    class Meta:
        db_table = "budget"
        constraints = [
            models.UniqueConstraint(fields=["program_id", "unit"], name="budget_once"),
            models.CheckConstraint(condition=Q(promised__gte=0), name="budget_not_negative"),
            models.CheckConstraint(
                condition=Q(limit_amount=None) | Q(promised__lte=F("limit_amount")), name="budget_kept"
            ),
        ]
