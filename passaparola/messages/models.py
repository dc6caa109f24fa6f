"""What is said to people, and what became of it."""

from django.db import models
from django.db.models import Q

from passaparola.kernel.models import Row


class Template(models.Model):
    """A message text the operator changed; one row per key and language. Absent means the shipped text."""

    key = models.CharField(max_length=40)
    language = models.CharField(max_length=2)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "template"
        constraints = [models.UniqueConstraint(fields=["key", "language"], name="template_once")]


class Message(Row):
    """One message to one person for one cause."""

    STATES = (
        "planned", "claimed", "handing", "sent", "delivered", "bounced", "complained", "unknown", "refused", "failed",
    )  # fmt: skip

    # Unique by its cause, e.g. "ask:3:17:1" (programme, person, occurrence).
    key = models.CharField(max_length=160, unique=True)
    person_id = models.BigIntegerField(db_index=True)
    channel = models.CharField(max_length=12, default="email")
    purpose = models.CharField(max_length=20)
    template = models.CharField(max_length=40)
    program_id = models.BigIntegerField(null=True)
    # What the template may say, besides the person: numbers, codes and ids, no personal data.
    context = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default="planned")
    # Why it was refused or failed: a key of messages/wording.
    reason = models.CharField(max_length=60, default="")
    planned_at = models.DateTimeField()
    # When it is next to be looked at: its time, then the end of a lease, or the next try. The dispatcher moves it, so
    # a replay does not reproduce it (nor `attempts`, nor the states claimed and handing).
    due_at = models.DateTimeField()
    # How often it was claimed; with the id it names one claim, so that a sleeper cannot answer for its successor.
    attempts = models.IntegerField(default=0)
    # Past this moment it is no longer worth sending.
    deadline_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "message"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=(
                        "planned", "claimed", "handing", "sent", "delivered", "bounced", "complained",
                        "unknown", "refused", "failed",
                    )
                ),
                name="message_state",
            )
        ]  # fmt: skip
        # Service messages are claimed before asks, whatever the queue's length.
        indexes = [
            models.Index(fields=["state", "purpose", "due_at"], name="message_claim"),
            # What a withdrawn event had made us plan.
            models.Index(
                fields=["event_id"], condition=Q(state__in=("planned", "claimed", "handing")), name="message_waiting"
            ),
        ]


class Delivery(Row):
    """What a provider told us about a message, as normalised and raw; append-only."""

    message_id = models.BigIntegerField(db_index=True)
    outcome = models.CharField(max_length=14)
    detail = models.CharField(max_length=300, default="")
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "delivery"


class Suppression(Row):
    """An address never to be written to again; kept as a keyed hash so that erasure and re-import cannot revive it."""

    channel = models.CharField(max_length=12)
    digest = models.CharField(max_length=64)
    reason = models.CharField(max_length=20)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "suppression"
        constraints = [models.UniqueConstraint(fields=["channel", "digest"], name="suppression_once")]
