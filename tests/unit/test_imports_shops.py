"""The exports of the systems that shops have, as they come: nothing to fill in, and no order that nobody paid is a sale.

Headings of Shopify, Square, Stripe, Magento and Mailchimp in English were looked up; the others, and above all the Spanish
and Italian ones, are as these systems are known to write them. Everybody and everything in the rows is made up.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from passaparola.doors.imports import mapping, prepare, preview, suggest
from passaparola.doors.imports.mapping import Mapping
from passaparola.doors.imports.source import survey

BUSINESS = prepare.Business("EUR", "Europe/Madrid", 1990, datetime(2026, 11, 21, tzinfo=UTC))


@dataclass
class File:
    """A file and what it says: field → heading, and of every row or order what became of it, with amount or reason."""

    text: str
    columns: dict[str, str]
    became: list[tuple[str, str]]
    first_at: str = ""
    kind: str = "orders"
    unit: str = "EUR"


SHOPIFY = File(
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,"
    "Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,"
    "Lineitem sku,Billing Name,Billing Phone,Cancelled at,Payment Method,Refunded Amount,Id,Phone\n"
    "#1001,alma@example.test,paid,2026-01-05 15:04:09 +0100,fulfilled,,no,EUR,20.00,5.00,0.00,25.00,SPRING,0.00,Post,"
    "2026-01-05 15:04:05 +0100,2,Soap,7.50,S-1,Alma Ruiz,,,card,0.00,5001,\n"
    "#1001,alma@example.test,,,,,,,,,,,,,,2026-01-05 15:04:05 +0100,1,Brush,5.00,B-1,,,,,,,\n"
    "#1002,bruno@example.test,refunded,2026-01-06 10:00:00 +0100,unfulfilled,,no,EUR,12.00,0.00,0.00,12.00,,0.00,Post,"
    "2026-01-06 10:00:00 +0100,1,Soap,7.50,S-1,Bruno Neri,,,card,12.00,5002,\n"
    "#1002,bruno@example.test,,,,,,,,,,,,,,2026-01-06 10:00:00 +0100,1,Brush,4.50,B-1,,,,,,,\n"
    "#1003,chiara@example.test,pending,,unfulfilled,,no,EUR,9.00,0.00,0.00,9.00,,0.00,Post,"
    "2026-01-07 10:00:00 +0100,1,Soap,4.50,S-1,Chiara Rossi,,,bank,0.00,5003,\n"
    "#1003,chiara@example.test,,,,,,,,,,,,,,2026-01-07 10:00:00 +0100,1,Brush,4.50,B-1,,,,,,,\n",
    {
        "order_id": "Name", "email": "Email", "amount": "Total", "currency": "Currency", "occurred_at": "Created at",
        "coupon": "Discount Code", "product": "Lineitem sku", "product_name": "Lineitem name",
        "quantity": "Lineitem quantity", "price": "Lineitem price", "line_type": "Financial Status", "phone": "Phone",
        "name": "Billing Name",
    },
    [("Order Completed", "25.00"), ("Order Cancelled", "")],
    "2026-01-05T14:04:05Z",
)  # fmt: skip
SHOPIFY_CUSTOMERS = File(
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address City,Phone,Accepts SMS Marketing,"
    "Total Spent,Total Orders,Note,Tax Exempt,Tags\n"
    "'7001,Alma,Ruiz,alma@example.test,yes,Sevilla,'+34600111222,no,25.00,1,,no,\n",
    {"user_id": "Customer ID", "email": "Email", "phone": "Phone", "given_name": "First Name"},
    [("identify", "")],
    kind="people",
)
WOOCOMMERCE_PLUGIN = File(
    "order_id,order_number,order_date,paid_date,status,shipping_total,order_total,order_currency,payment_method,"
    "customer_id,customer_email,billing_first_name,billing_last_name,billing_phone,coupon\n"
    "11,11,2026-01-05 15:04:05,2026-01-05 15:04:09,completed,0,25.00,EUR,card,7,alma@example.test,Alma,Ruiz,600111222,\n"
    "12,12,2026-01-06 15:04:05,,cancelled,0,9.00,EUR,card,8,bruno@example.test,Bruno,Neri,,\n"
    "13,13,2026-01-06 15:04:05,,on-hold,0,9.00,EUR,bank,9,chiara@example.test,Chiara,Rossi,,\n"
    "14,14,2026-01-07 15:04:05,2026-01-07 15:04:05,wc-processing,0,11.50,EUR,card,0,dora@example.test,Dora,Gil,,\n",
    {
        "user_id": "customer_id", "order_id": "order_id", "amount": "order_total", "currency": "order_currency",
        "occurred_at": "order_date", "coupon": "coupon", "line_type": "status", "email": "customer_email",
        "phone": "billing_phone", "given_name": "billing_first_name",
    },
    [("Order Completed", "25.00"), ("Order Cancelled", ""), ("Order Completed", "11.50")],
    "2026-01-05T14:04:05Z",
)  # fmt: skip
WOOCOMMERCE_ORDERS_BY_NAME = File(
    "Order Number,Order Status,Order Date,First Name (Billing),Last Name (Billing),Email (Billing),Phone (Billing),"
    "Order Total Amount\n"
    "11,Processing,2026-01-05 15:04,Alma,Ruiz,alma@example.test,600111222,25.00\n"
    "12,Failed,2026-01-06 15:04,Bruno,Neri,bruno@example.test,,9.00\n",
    {
        "order_id": "Order Number", "line_type": "Order Status", "occurred_at": "Order Date",
        "given_name": "First Name (Billing)", "email": "Email (Billing)", "phone": "Phone (Billing)",
        "amount": "Order Total Amount",
    },
    [("Order Completed", "25.00")],
)  # fmt: skip
WOOCOMMERCE_CUSTOMERS = File(
    'Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region,City,Region,Postal code\n'
    'Alma Ruiz,alma,2026-01-05,2025-01-05,alma@example.test,1,25.00,25.00,ES,Sevilla,SE,41001\n',
    {"name": "Name", "email": "Email"},
    [("identify", "")],
    kind="people",
)
SQUARE = File(
    "Date,Time,Time Zone,Gross Sales,Discounts,Service Charges,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds,"
    "Total Collected,Source,Transaction ID,Payment ID,Event Type,Location,Customer ID,Customer Name\n"
    "2026-01-05,15:04:05,Madrid,€30.00,-€3.00,€0.00,€27.00,€0.00,€2.16,€2.00,€0.00,€31.16,Point of Sale,T1,P1,Payment,Main,C1,"
    "Alma Ruiz\n"
    "2026-01-06,15:04:05,Madrid,-€5.00,€0.00,€0.00,-€5.00,€0.00,€0.00,€0.00,€0.00,-€5.00,Point of Sale,T2,P2,Refund,Main,C1,"
    "Alma Ruiz\n",
    {
        "user_id": "Customer ID", "order_id": "Transaction ID", "amount": "Net Sales", "occurred_at": "Date",
        "line_type": "Event Type", "name": "Customer Name",
    },
    [("Order Completed", "27.00"), ("Order Refunded", "5.00")],
)  # fmt: skip
SQUARE_DOLLARS = File(
    "Date,Net Sales,Transaction ID,Event Type,Customer ID\n"
    '2026-01-05,"$1,027.00",T1,Payment,C1\n2026-01-06,$3.50,T2,Payment,C1\n',
    {
        "occurred_at": "Date", "amount": "Net Sales", "order_id": "Transaction ID", "line_type": "Event Type",
        "user_id": "Customer ID",
    },
    [("Order Completed", "1027.00"), ("Order Completed", "3.50")],
    unit="USD",
)  # fmt: skip
MAGENTO = File(
    "ID,Purchase Point,Purchase Date,Bill-to Name,Ship-to Name,Grand Total (Base),Grand Total (Purchased),Status,"
    "Customer Email,Customer Name,Payment Method,Total Refunded\n"
    '000000011,Main,"Jan 5, 2026 3:04:05 PM",Alma Ruiz,Alma Ruiz,€25.00,€25.00,Complete,alma@example.test,Alma Ruiz,card,\n'
    '000000012,Main,"Jan 6, 2026 3:04:05 PM",Bruno Neri,Bruno Neri,€9.00,€9.00,Canceled,bruno@example.test,Bruno Neri,card,\n'
    '000000013,Main,"Jan 7, 2026 3:04:05 PM",Dora Gil,Dora Gil,€9.00,€9.00,Closed,dora@example.test,Dora Gil,card,€9.00\n',
    {
        "order_id": "ID", "occurred_at": "Purchase Date", "amount": "Grand Total (Base)", "line_type": "Status",
        "email": "Customer Email", "name": "Customer Name",
    },
    [("Order Completed", "25.00"), ("Order Cancelled", ""), ("line_type_unknown", "")],
    "2026-01-05T14:04:05Z",
)  # fmt: skip
BIGCOMMERCE = File(
    "Order ID,Customer ID,Customer Name,Customer Email,Customer Phone,Order Date,Order Time,Order Status,Subtotal (inc tax),"
    "Order Total (inc tax),Order Total (ex tax),Order Currency Code,Payment Method\n"
    "101,7,Alma Ruiz,alma@example.test,600111222,05/01/2026,15:04,Awaiting Fulfillment,25.00,25.00,20.66,EUR,card\n"
    "102,8,Bruno Neri,bruno@example.test,,16/01/2026,15:04,Incomplete,9.00,9.00,7.44,EUR,card\n",
    {
        "user_id": "Customer ID", "order_id": "Order ID", "name": "Customer Name", "email": "Customer Email",
        "phone": "Customer Phone", "occurred_at": "Order Date", "line_type": "Order Status",
        "amount": "Order Total (inc tax)", "currency": "Order Currency Code",
    },
    [("Order Completed", "25.00")],
)  # fmt: skip
STRIPE = File(
    "id,Description,Created (UTC),Amount,Amount Refunded,Currency,Fee,Status,Customer ID,Customer Email,Captured\n"
    'ch_1,,2026-01-05 15:04,"1.025,50","0,00",eur,"0,60",Paid,cus_1,alma@example.test,true\n'
    'ch_2,,2026-01-06 15:04,"9,00","9,00",eur,"0,40",Refunded,cus_2,bruno@example.test,true\n'
    'ch_3,,2026-01-07 15:04,"9,00","0,00",eur,"0,00",Failed,cus_3,chiara@example.test,false\n',
    {
        "order_id": "id", "occurred_at": "Created (UTC)", "amount": "Amount", "currency": "Currency", "line_type": "Status",
        "user_id": "Customer ID", "email": "Customer Email",
    },
    [("Order Completed", "1025.50"), ("Order Cancelled", "")],
    "2026-01-05T15:04:00Z",
)  # fmt: skip
PRESTASHOP_ES = File(
    "ID;Referencia;Nuevo cliente;Entrega;ID cliente;Cliente;Total;Pago;Estado;Fecha\n"
    "1;XKBKNABJK;1;España;7;A. Ruiz;25,00 €;Tarjeta;Pago aceptado;05/01/2026 15:04:05\n"
    "2;OHSATSERP;0;España;8;B. Neri;1.009,50 €;Transferencia;En espera de pago por transferencia bancaria;16/01/2026 15:04:05\n"
    "3;UOYEVOLIF;0;España;9;C. Rossi;9,00 €;Tarjeta;Cancelado;17/01/2026 15:04:05\n",
    {
        "order_id": "Referencia", "user_id": "ID cliente", "name": "Cliente", "amount": "Total", "line_type": "Estado",
        "occurred_at": "Fecha",
    },
    [("Order Completed", "25.00"), ("Order Cancelled", "")],
    "2026-01-05T14:04:05Z",
)  # fmt: skip
PRESTASHOP_IT = File(
    "ID;Riferimento;Nuovo cliente;Consegna;ID cliente;Cliente;Totale;Pagamento;Stato;Data\n"
    "1;XKBKNABJK;1;Italia;7;A. Ruiz;25,00\u00a0€;Carta;Preparazione in corso;05/01/2026 15:04:05\n"
    "2;OHSATSERP;0;Italia;8;B. Neri;9,50\u00a0€;Bonifico;In attesa di pagamento con bonifico;16/01/2026 15:04:05\n"
    "3;UOYEVOLIF;0;Italia;9;C. Rossi;9,00\u00a0€;Carta;Rimborsato;17/01/2026 15:04:05\n",
    {
        "order_id": "Riferimento", "user_id": "ID cliente", "name": "Cliente", "amount": "Totale", "line_type": "Stato",
        "occurred_at": "Data",
    },
    [("Order Completed", "25.00"), ("Order Cancelled", "")],
)  # fmt: skip
INVOICES_ES = File(
    "Fecha;Num;Código cliente;Cliente;Email;Subtotal;IVA;Total;Estado\n"
    "05/01/2026;F260001;C-1;Ruiz e Hijas;alma@example.test;20,66;4,34;€ 25,00;Cobrado\n"
    "16/01/2026;F260002;C-2;Neri;bruno@example.test;7,44;1,56;€ 9,00;Pendiente\n",
    {
        "occurred_at": "Fecha", "order_id": "Num", "user_id": "Código cliente", "name": "Cliente", "email": "Email",
        "amount": "Total", "line_type": "Estado",
    },
    [("Order Completed", "25.00")],
)  # fmt: skip
MAILCHIMP = File(
    "Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,TAGS\n"
    "alma@example.test,Alma,Ruiz,,600111222,05/01,4,2026-01-05 15:04:05,\n",
    {"email": "Email Address", "given_name": "First Name", "phone": "Phone Number", "birthday": "Birthday"},
    [("identify", "")],
    kind="people",
)
MAILCHIMP_ES = File(
    "Dirección de correo electrónico,Nombre,Apellidos,Número de teléfono,MEMBER_RATING\n"
    "alma@example.test,Alma,Ruiz,600111222,4\n",
    {"email": "Dirección de correo electrónico", "given_name": "Nombre", "phone": "Número de teléfono"},
    [("identify", "")],
    kind="people",
)
MAILCHIMP_IT = File(
    "Indirizzo email,Nome,Cognome,Numero di telefono,MEMBER_RATING\nalma@example.test,Alma,Ruiz,600111222,4\n",
    {"email": "Indirizzo email", "given_name": "Nome", "phone": "Numero di telefono"},
    [("identify", "")],
    kind="people",
)
KLAVIYO = File(
    "Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,City,Date Added,Email Marketing Consent\n"
    "alma@example.test,01ABC,Alma,Ruiz,,,+34600111222,Sevilla,2026-01-05 15:04:05,SUBSCRIBED\n",
    {"email": "Email", "given_name": "First Name", "phone": "Phone Number"},
    [("identify", "")],
    kind="people",
)
FILES = {name.lower(): found for name, found in list(globals().items()) if isinstance(found, File)}


def became(path: Path, plan: prepare.Plan, *, grouped: bool) -> list[tuple[str, str]]:
    found = []
    for shown in preview.events(path, plan, grouped=grouped):
        if shown.reason:
            found.append((shown.reason, ""))
        for fact in shown.facts:
            total = fact.item.get("properties", {}).get("total")
            found.append((fact.item.get("event", fact.item["type"]), "" if total is None else f"{total:.2f}"))
    return found


@pytest.mark.parametrize("name", FILES)
def test_an_export_of_a_common_system_needs_nothing(name: str, tmp_path: Path) -> None:
    file, path = FILES[name], tmp_path / "export.csv"
    path.write_text(file.text, encoding="utf-8")
    seen = survey(path)
    looked = suggest.suggest(path, seen, BUSINESS)
    wanted = looked.mapping
    assert wanted.kind == file.kind
    assert {field: looked.names[place - 1] for field, place in wanted.columns.items()} == file.columns
    assert looked.doubts == []
    plan = prepare.plan(path, seen, wanted, None, BUSINESS)
    assert became(path, plan, grouped=bool(wanted.group_by)) == file.became
    if file.kind == "orders":
        facts = [fact for shown in preview.events(path, plan, grouped=bool(wanted.group_by)) for fact in shown.facts]
        assert facts[0].unit == file.unit
        assert file.first_at in ("", facts[0].item["timestamp"])
    if file.unit == "EUR":
        # At the command line, where nobody looks: the same.
        plain = Mapping(group_by=wanted.group_by)
        assert became(path, prepare.plan(path, seen, plain, None, BUSINESS), grouped=bool(wanted.group_by)) == file.became


def test_guests_numbered_0_are_not_one_person(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(WOOCOMMERCE_PLUGIN.text + "15,15,2026-01-08 15:04:05,,completed,0,3.00,EUR,card,0,eva@example.test,Eva,Sol,,\n")
    plan = prepare.plan(path, survey(path), Mapping(), None, BUSINESS)
    items = [fact.item for one in preview.events(path, plan, grouped=False) for fact in one.facts]
    who = [item.get("userId") or item["anonymousId"] for item in items]
    assert who[:2] == ["7", "8"]
    assert len(set(who)) == 4 and "0" not in who


def test_a_customer_s_name_is_no_id(tmp_path: Path) -> None:
    """Whoever is called alike is not the same person: who it was is then asked for."""
    path = tmp_path / "export.csv"
    rows = "2026-01-05,11,25.00,completed,Alma Ruiz\n2026-01-06,12,9.00,failed,A. Gil\n"
    path.write_text(f"Date,Order #,Net Sales,Status,Customer\n{rows}")
    looked = suggest.suggest(path, survey(path), BUSINESS)
    assert {field: looked.names[place - 1] for field, place in looked.mapping.columns.items()} == {
        "occurred_at": "Date", "order_id": "Order #", "amount": "Net Sales", "line_type": "Status", "name": "Customer",
    }  # fmt: skip
    with pytest.raises(mapping.MissingColumns, match="user_id"):
        prepare.plan(path, survey(path), looked.mapping, None, BUSINESS)


def test_an_apostrophe_before_a_number_is_the_export_s_own(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(SHOPIFY_CUSTOMERS.text)
    plan = prepare.plan(path, survey(path), Mapping(), None, BUSINESS)
    (item,) = (fact.item for one in preview.events(path, plan, grouped=False) for fact in one.facts)
    assert (item["userId"], item["traits"]["phone"]) == ("7001", "+34600111222")


def test_amounts_of_another_currency_are_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("order_id,customer_id,date,total\n1,7,2026-01-05,€ 25.00\n2,7,2026-01-05,$ 25.00\n")
    plan = prepare.plan(path, survey(path), Mapping(), None, BUSINESS)
    assert became(path, plan, grouped=False) == [("Order Completed", "25.00"), ("amount_in_another_currency", "")]
