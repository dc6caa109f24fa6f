"""Lines of orders in the store: once for an order, whoever reports it, and again after its refund came first."""

from passaparola.events.models import Order, OrderLine
from tests.people import ALMA
from tests.world import World

COFFEE = {"product_id": "c1", "category": "coffee", "price": 2.5, "quantity": 2}
CAKE = {"sku": "k1", "price": 4, "discount": 1}


def test_lines_are_kept_once() -> None:
    world = World()
    world.send(ALMA.identify(), ALMA.buys("1", 8, products=[COFFEE, CAKE], party_size=3, channel="shop", margin=2.2))
    world.send(ALMA.buys("1", 8, products=[COFFEE, CAKE], till=2))
    found = OrderLine.objects.order_by("line").values_list("line", "product", "category", "quantity_milli", "amount_minor")
    assert list(found) == [(1, "c1", "coffee", 2000, 500), (2, "k1", None, 1000, 300)]
    order = Order.objects.get()
    assert (order.company, order.channel, order.margin_minor, order.offer_minor) == (3, "shop", 220, 300)
    assert world.disagreements() == []


def test_an_order_after_its_refund_has_its_lines() -> None:
    world = World()
    world.send(ALMA.identify(), ALMA.returns("1", total=3))
    assert not OrderLine.objects.exists()
    world.send(ALMA.buys("1", 8, products=[COFFEE], accompanied=True))
    assert (Order.objects.get().company, OrderLine.objects.get().order_key) == (2, Order.objects.get().id)
    assert world.disagreements() == []


def test_orders_from_before_there_were_lines_are_read_again() -> None:
    from importlib import import_module

    from django.apps import apps
    from django.db import connection

    from tests import guards

    world = World()
    world.send(ALMA.identify(), ALMA.buys("1", 8, products=[COFFEE, CAKE], party_size=3, channel="shop"))
    before = list(OrderLine.objects.order_by("id").values())
    with guards.lifted():
        OrderLine.objects.all().delete()
        Order.objects.update(company=None, channel=None, offer_minor=None)
        import_module("passaparola.events.migrations.0003_order_line").read_again(apps, connection.schema_editor())
    assert list(OrderLine.objects.order_by("id").values()) == before
    assert world.disagreements() == []
