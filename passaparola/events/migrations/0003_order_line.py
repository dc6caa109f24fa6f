"""Lines of orders, and what an order says about itself; those in the log already are read again from there."""

from django.db import migrations, models

from passaparola.kernel import guards
from passaparola.kernel.fields import RowId

ORDERS_AT_ONCE = 500


def read_again(apps, editor):
    """The lines and columns of the orders taken before there were any."""
    from passaparola.events import basket
    from passaparola.events.reading import decode_object

    order_model, line_model, event_model = (apps.get_model("events", name) for name in ("Order", "OrderLine", "Event"))
    orders = order_model.objects.using(editor.connection.alias).filter(completed=True).order_by("id")
    last = made = 0
    while some := list(orders.filter(id__gt=last)[:ORDERS_AT_ONCE]):
        events = event_model.objects.using(editor.connection.alias).in_bulk([order.event_id for order in some])
        lines = []
        for order in some:
            event = events[order.event_id]
            bought = basket.read(decode_object(event.properties), order.amount_minor, order.unit)
            order.company, order.channel = bought.company, bought.channel
            order.margin_minor, order.offer_minor = bought.margin_minor, bought.offer_minor
            for number, line in enumerate(bought.lines, start=1):
                made += 1
                lines.append(
                    line_model(
                        id=made, order_key=order.id, line=number, event_id=event.id, person_id=order.person_id,
                        occurred_at=event.occurred_at, day=event.day, hour=event.hour, **line._asdict(),
                    )
                )  # fmt: skip
        columns = ["company", "channel", "margin_minor", "offer_minor"]
        order_model.objects.using(editor.connection.alias).bulk_update(some, columns, batch_size=100)
        line_model.objects.using(editor.connection.alias).bulk_create(lines, batch_size=500)
        last = some[-1].id


def nothing(apps, editor):
    """The way back drops the table and the columns."""


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0002_guards'),
    ]

    operations = [
        migrations.AddField(
            model_name='order',
            name='channel',
            field=models.CharField(max_length=40, null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='company',
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='margin_minor',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='offer_minor',
            field=models.BigIntegerField(null=True),
        ),
        migrations.CreateModel(
            name='OrderLine',
            fields=[
                ('id', RowId(primary_key=True, serialize=False)),
                ('order_key', models.BigIntegerField()),
                ('line', models.SmallIntegerField()),
                ('event_id', models.BigIntegerField()),
                ('person_id', models.BigIntegerField(null=True)),
                ('occurred_at', models.DateTimeField()),
                ('day', models.IntegerField()),
                ('hour', models.SmallIntegerField()),
                ('product', models.CharField(max_length=120, null=True)),
                ('category', models.CharField(max_length=120, null=True)),
                ('quantity_milli', models.BigIntegerField()),
                ('amount_minor', models.BigIntegerField(null=True)),
                ('offer_minor', models.BigIntegerField(null=True)),
            ],
            options={
                'db_table': 'order_line',
                'indexes': [models.Index(fields=['person_id', 'occurred_at'], name='order_line_person')],
                'constraints': [models.UniqueConstraint(fields=('order_key', 'line'), name='order_line_once')],
            },
        ),
        migrations.RunPython(read_again, nothing, hints={"home": "default"}),
        guards.append_only("order_line"),
    ]
