"""What belongs to the installation itself: keys, timers, jobs, settings, the audit trail."""

from django.db import models
from django.db.models import Q

from passaparola.kernel.fields import RowId


class Row(models.Model):
    """A row whose id the corridor gives out (highest + 1 under its lock), so that a replay gives the same ids."""

    id = RowId()

    class Meta:
        abstract = True


class Key(models.Model):
    """A key with which a program sends events or calls the API; only its SHA-256 is kept."""

    name = models.CharField(max_length=80)
    # Events are unique by (source, message id); two keys of one shop share a source during rotation.
    source = models.CharField(max_length=60)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    # Write keys only send events and may stand in a browser; secret keys carry API scopes.
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "key"


class Setting(models.Model):
    """A value the operator changed in the console (stage ranges, languages, look); absent means default."""

    name = models.CharField(max_length=80, primary_key=True)
    value = models.JSONField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "setting"


class Cursor(models.Model):
    """How far the corridor has read a source; moves in the transaction of the effects."""

    name = models.CharField(max_length=40, primary_key=True)
    position = models.BigIntegerField(default=0)

    class Meta:
        db_table = "cursor"


class Timer(Row):
    """Something that falls due for one subject; it rings as an event, once."""

    kind = models.CharField(max_length=40)
    # What it is about, e.g. "person:17"; one timer per kind and subject.
    subject = models.CharField(max_length=80)
    due_at = models.DateTimeField(db_index=True)
    payload = models.JSONField(default=dict)

    class Meta:
        db_table = "timer"
        constraints = [models.UniqueConstraint(fields=["kind", "subject"], name="timer_once")]


class Job(Row):
    """Work to be done outside the transaction that asked for it: claimed by lease, acknowledged, never doubled."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, unique=True)
    payload = models.JSONField(default=dict)
    # When it is next to be looked at: its time, the end of the lease of whoever has it, or the next try.
    due_at = models.DateTimeField()
    # How often it was claimed; with the id it names one claim, so that a sleeper cannot answer for its successor.
    attempts = models.IntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, default="")

    class Meta:
        db_table = "job"
        indexes = [models.Index(fields=["kind", "due_at"], condition=Q(done_at=None), name="job_open")]


class AuditEntry(models.Model):
    """Who did what at the console or API; append-only, each entry carries the hash of the one before."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    act = models.CharField(max_length=80)
    subject = models.CharField(max_length=120)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        db_table = "audit_entry"


class Picture(models.Model):
    """What a look at everybody came to, kept for pages of a large house; made outside the corridor (measure/pictures.py)."""

    # The kind and its arguments, and which part of a long one: "stages/365", "standing/active/365#7".
    name = models.CharField(max_length=160, primary_key=True)
    # JSON text; empty: never made so far.
    value = models.TextField(default="")
    # As of when it is, and how long it took to make.
    at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0)
    # When somebody last asked for a newer one; null: nobody waits.
    asked_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        db_table = "picture"


class FileImport(models.Model):
    """A file that was brought in: what it is, how it is read, how far it has come and what came of it."""

    # The file's name as it was, for people; where it lies follows from the id.
    label = models.CharField(max_length=200)
    size_bytes = models.BigIntegerField(default=0)
    # looking, ready, checking, running, stopping, stopped, done, failed, undoing, undone
    state = models.CharField(max_length=12)
    source = models.CharField(max_length=60, default="shop")
    # How it is read (doors/imports/mapping.py), and what is known of the text: bytes, lines, sha256, encoding.
    mapping = models.JSONField(default=dict)
    survey = models.JSONField(default=dict)
    live_from = models.DateField(null=True)
    # By its columns a file of the same shape is known again.
    heading = models.CharField(max_length=64, default="", db_index=True)
    # What a dry run came to, and under which mapping; then what the import itself did.
    checked = models.JSONField(default=dict)
    summary = models.JSONField(default=dict)
    done_bytes = models.BigIntegerField(default=0)
    # The code and the sentence of what stopped it, and how often it was begun.
    failure = models.JSONField(default=dict)
    attempts = models.IntegerField(default=0)
    actor = models.CharField(max_length=150, default="")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # The log held these events when it began and when it ended: what it brought lies between.
    first_event = models.BigIntegerField(null=True)
    last_event = models.BigIntegerField(null=True)
    fresh_events = models.BigIntegerField(null=True)

    class Meta:
        db_table = "file_import"
