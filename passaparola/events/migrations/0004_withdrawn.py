"""Events that were taken back: which import brought an event, where withdrawn ones lie, and what may go with them."""

from django.db import migrations, models

from passaparola.kernel import guards
from passaparola.kernel.fields import RowId

FIXED = (
    "id", "batch", "source", "message_id", "fingerprint", "body_hash", "type", "name", "person_id", "occurred_at",
    "received_at", "day", "hour", "history", "caused_by", "import_id", "properties", "result",
)  # fmt: skip
PERSONAL = ("user_id", "anonymous_id", "group_id", "previous_id", "traits", "context")
_GIVES_BACK = {"Order Refunded": "refund", "Order Cancelled": "cancel"}


def lift_guard(apps, editor):
    """The event's own update guard, so that the new column can be filled."""
    on = "" if editor.connection.vendor == "sqlite" else " ON event"
    editor.execute(f"DROP TRIGGER IF EXISTS event_update_guard{on}")


def put_guards(apps, editor):
    """Nothing of an event changes but its personal columns, which erasure blanks; withdrawn or not."""
    for table in ("event", "withdrawn_event"):
        fixed = FIXED if table == "event" else (*FIXED, "withdrawn_by")
        sqlite = editor.connection.vendor == "sqlite"
        differs = "IS NOT" if sqlite else "IS DISTINCT FROM"
        conditions = [f"NEW.{column} {differs} OLD.{column}" for column in fixed]
        conditions += [f"(NEW.{column} IS NOT NULL AND NEW.{column} {differs} OLD.{column})" for column in PERSONAL]
        when = " OR ".join(conditions)
        if sqlite:
            body = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: only erasure may blank its personal columns'); END"
        else:
            body = "EXECUTE FUNCTION passaparola_event_update()"
        each = "" if sqlite else "FOR EACH ROW"
        editor.execute(
            f"CREATE TRIGGER {table}_update_guard BEFORE UPDATE ON {table} {each} WHEN ({when}) {body};", params=None
        )


def name_imports(apps, editor):
    """The events that imports brought so far, told by the number in their context and the range they lie in."""
    for row in apps.get_model("kernel", "FileImport").objects.using(editor.connection.alias).exclude(first_event=None):
        events = apps.get_model("events", "Event").objects.using(editor.connection.alias)
        events = events.filter(id__gt=row.first_event, source=row.source)
        if row.last_event is not None:
            events = events.filter(id__lte=row.last_event)
        said = models.Q(context__contains=f'"import":{row.pk},') | models.Q(context__contains=f'"import":{row.pk}}}')
        events.filter(said).update(import_id=row.pk)


def note_reports(apps, editor):
    """What else was said about orders so far: repeated reports, refunds, cancellations."""
    from passaparola.events.reading import decode_object

    alias = editor.connection.alias
    order_model, report_model, event_model = (apps.get_model("events", n) for n in ("Order", "OrderReport", "Event"))
    names = ["Order Completed", *_GIVES_BACK]
    events = event_model.objects.using(alias).filter(type="track", name__in=names).exclude(person_id=None).order_by("id")
    made = 0
    fields = ("id", "source", "name", "properties", "result")
    for id_, source, name, properties, result in events.values_list(*fields).iterator(chunk_size=2000):
        if name == "Order Completed" and "repeated_order" not in result:
            continue
        said = decode_object(properties)
        line = said.get("line", "")
        key = {"source": source, "order_id": str(said.get("order_id")), "line": str(line) if line is not None else ""}
        order = order_model.objects.using(alias).filter(**key).values_list("id", flat=True).first()
        if order is not None:
            made += 1
            kind = _GIVES_BACK.get(name, "repeat")
            report_model.objects.using(alias).create(id=made, order_key=order, event_id=id_, kind=kind)


def nothing(apps, editor):
    """The way back drops the table and the column."""


OWN = "EXISTS (SELECT 1 FROM withdrawn_event w WHERE w.id = OLD.id AND w.fingerprint = OLD.fingerprint)"
EVENT_COLUMNS = [
    ('id', RowId(primary_key=True, serialize=False)),
    ('batch', models.BigIntegerField()),
    ('source', models.CharField(max_length=60)),
    ('message_id', models.CharField(max_length=100)),
    ('fingerprint', models.BinaryField(max_length=16)),
    ('body_hash', models.BinaryField(max_length=8)),
    ('type', models.CharField(max_length=10)),
    ('name', models.CharField(max_length=120)),
    ('person_id', models.BigIntegerField(null=True)),
    ('occurred_at', models.DateTimeField()),
    ('received_at', models.DateTimeField()),
    ('day', models.IntegerField()),
    ('hour', models.SmallIntegerField()),
    ('history', models.BooleanField(default=False)),
    ('caused_by', models.BigIntegerField(null=True)),
    ('import_id', models.BigIntegerField(null=True)),
    ('properties', models.TextField(default='{}')),
    ('result', models.TextField(default='{}')),
    ('user_id', models.CharField(max_length=255, null=True)),
    ('anonymous_id', models.CharField(max_length=255, null=True)),
    ('group_id', models.CharField(max_length=255, null=True)),
    ('previous_id', models.CharField(max_length=255, null=True)),
    ('traits', models.TextField(null=True)),
    ('context', models.TextField(null=True)),
    ('withdrawn_by', models.BigIntegerField()),
]


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0003_order_line'),
        ('kernel', '0003_file_import'),
    ]

    operations = [
        migrations.RunPython(lift_guard, nothing, hints={"home": "default"}),
        migrations.AddField(model_name='event', name='import_id', field=models.BigIntegerField(null=True)),
        migrations.CreateModel(
            name='WithdrawnEvent',
            fields=EVENT_COLUMNS,
            options={
                'db_table': 'withdrawn_event',
                'indexes': [
                    models.Index(fields=['person_id'], name='withdrawn_person'),
                    models.Index(fields=['withdrawn_by'], name='withdrawn_by'),
                ],
            },
        ),
        migrations.CreateModel(
            name='OrderReport',
            fields=[
                ('id', RowId(primary_key=True, serialize=False)),
                ('order_key', models.BigIntegerField(db_index=True)),
                ('event_id', models.BigIntegerField(unique=True)),
                ('kind', models.CharField(max_length=6)),
            ],
            options={'db_table': 'order_report'},
        ),
        migrations.RunPython(name_imports, nothing, hints={"home": "default"}),
        migrations.RunPython(note_reports, nothing, hints={"home": "default"}),
        migrations.RunPython(put_guards, lift_guard, hints={"home": "default"}),
        guards.append_only("withdrawn_event", updates=True),
        guards.withdrawable("event", OWN),
        guards.withdrawable("purchase_order", guards.OF_WITHDRAWN_EVENT),
        guards.withdrawable("order_line", guards.OF_WITHDRAWN_EVENT),
    ]
