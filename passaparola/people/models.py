"""Who somebody is, by which names, and what they agreed to."""

from django.db import models
from django.db.models import F, Q

from passaparola.kernel.models import Row


class Person(Row):
    """A human being as far as we know one. Rows that merged keep their id and point at the root."""

    # The person this one was found to be; itself where not merged. Merging and unmerging move only this pointer.
    root_id = models.BigIntegerField(db_index=True)
    uid = models.CharField(max_length=26, unique=True)
    created_at = models.DateTimeField()
    name = models.CharField(max_length=200, default="")
    given_name = models.CharField(max_length=120, default="")
    birth_on = models.DateField(null=True)
    sex = models.CharField(max_length=1, default="")
    language = models.CharField(max_length=2, default="")
    time_zone = models.CharField(max_length=60, default="")
    # Own traits, as sent.
    profile = models.JSONField(default=dict)
    # May friends see her given name on the landing page?
    shows_name = models.BooleanField(default=False)
    forgotten_at = models.DateTimeField(null=True)
    # Lower-case letters without accents, for searching: name, e-mails, ids.
    search = models.TextField(default="")

    class Meta:
        db_table = "person"
        # Whoever was forgotten, to be left out of a count of everybody without reading a person.
        indexes = [models.Index(fields=["id"], condition=Q(forgotten_at__isnull=False), name="person_forgotten")]


class PersonWord(models.Model):
    """That somebody is looked for by a word: what `names.words` makes of `Person.search`, kept by the corridor.

    Migration 0006 makes the table anew, on SQLite without row ids and on PostgreSQL compared by bytes, so that the one
    index answers "begins with" as well.
    """

    pk = models.CompositePrimaryKey("word", "person_id")
    word = models.CharField(max_length=32)
    person_id = models.BigIntegerField()

    class Meta:
        db_table = "person_word"


class Word(models.Model):
    """Each word that anybody is looked for by, once; also written backwards, to find it by its end."""

    word = models.CharField(max_length=32, primary_key=True)
    backwards = models.CharField(max_length=32)

    class Meta:
        db_table = "word"


class Identity(Row):
    """One name under which a person is known: unique, belongs to exactly one person."""

    KINDS = ("user_id", "anonymous_id", "email", "phone", "card")

    kind = models.CharField(max_length=12)
    value = models.CharField(max_length=255)
    person_id = models.BigIntegerField(db_index=True)
    # Same-mailbox key of an e-mail (dots, plus tags); of a phone its digits backwards, to find it by its end. Never shown.
    likeness = models.CharField(max_length=255, default="", db_index=True)
    verified_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "identity"
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="identity_once")]


class Merge(Row):
    """That two persons are one, with the reason; undone by a later row, never deleted."""

    kept_id = models.BigIntegerField()
    merged_id = models.BigIntegerField()
    # Everybody who moved: ids of the persons whose root changed.
    moved = models.JSONField(default=list)
    reason = models.CharField(max_length=60)
    event_id = models.BigIntegerField()
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "merge"
        constraints = [models.CheckConstraint(condition=~Q(kept_id=F("merged_id")), name="merge_two")]


class Consent(Row):
    """Given, refused or withdrawn, per channel and purpose; append-only, the newest row is in force."""

    STATES = ("requested", "given", "refused", "withdrawn")

    person_id = models.BigIntegerField()
    channel = models.CharField(max_length=12)
    purpose = models.CharField(max_length=20)
    state = models.CharField(max_length=10)
    # Which words were shown, in which language; the text itself, so that it can be proven later.
    wording = models.CharField(max_length=500, default="")
    language = models.CharField(max_length=2, default="")
    source = models.CharField(max_length=60)
    evidence = models.JSONField(default=dict)
    event_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "consent"
        indexes = [models.Index(fields=["person_id", "channel", "purpose", "id"], name="consent_latest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=("requested", "given", "refused", "withdrawn")), name="consent_state"
            )
        ]


class Relationship(Row):
    """That one person knows another: directed, dated, with its source; ended by a date, never deleted."""

    KINDS = ("friend", "family", "household", "colleague", "knows")

    person_id = models.BigIntegerField(db_index=True)
    other_id = models.BigIntegerField(db_index=True)
    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=60)
    event_id = models.BigIntegerField()
    at = models.DateTimeField()
    # From here on it is over, by this event.
    until_at = models.DateTimeField(null=True)
    ended_by_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "relationship"
        constraints = [
            models.UniqueConstraint(
                fields=["person_id", "other_id", "kind"], condition=Q(until_at=None), name="relationship_once"
            ),
            models.CheckConstraint(condition=~Q(person_id=F("other_id")), name="relationship_two"),
        ]


class Group(Row):
    """A collective: people with places or interests in common, or a company; what it is offered and how one joins it."""

    KINDS = ("collective", "company", "household", "club")

    # What other systems call it (the groupId of the Segment call).
    key = models.CharField(max_length=80, unique=True)
    # In es, it and en; whoever reads in a language without a name gets another's.
    names = models.JSONField(default=dict)
    kind = models.CharField(max_length=12, default="collective")
    # What members type to join; empty: nobody joins by code.
    code = models.CharField(max_length=20, default="")
    # Its own offer and product, in words, by language.
    offers = models.JSONField(default=dict)
    products = models.JSONField(default=dict)
    # What its members have in common.
    places = models.JSONField(default=list)
    interests = models.JSONField(default=list)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "people_group"
        constraints = [models.UniqueConstraint(fields=["code"], condition=~Q(code=""), name="group_code_once")]


class GroupMember(Row):
    """That somebody belongs to a group, from when until when; in a company: that she acts for it."""

    ROLES = ("member", "contact", "owner")

    group_id = models.BigIntegerField(db_index=True)
    person_id = models.BigIntegerField(db_index=True)
    role = models.CharField(max_length=10, default="member")
    # code, list, console, api, call, suggestion
    source = models.CharField(max_length=20)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    # The events that opened and closed it.
    event_id = models.BigIntegerField()
    ended_by_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "group_member"
        constraints = [
            models.UniqueConstraint(fields=["group_id", "person_id"], condition=Q(until_at=None), name="group_member_once")
        ]


class GroupSuggestion(Row):
    """People who might make a group, and why; nobody is in it before somebody says so."""

    STATES = ("open", "accepted", "dismissed", "stale")

    # What it is about, e.g. "trait:city:Sevilla": the same is not suggested again once it was dismissed.
    key = models.CharField(max_length=120)
    # place, interest, shop, friends
    kind = models.CharField(max_length=10)
    reason = models.JSONField(default=dict)
    members = models.JSONField(default=list)
    state = models.CharField(max_length=10, default="open")
    group_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    changed_at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "group_suggestion"
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(state="open"), name="group_suggestion_once"),
            models.CheckConstraint(
                condition=Q(state__in=("open", "accepted", "dismissed", "stale")), name="group_suggestion_state"
            ),
        ]
