"""The usual names of columns, those of the common shops' own exports among them, in English, Spanish and Italian. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

# The first of a field's names that a file has is taken: a total with taxes before one without, ordered before paid.
SYNONYMS = {
    "user_id": (
        "userid customer_id customerid client_id household_id member_id id_cliente cliente_id codice_cliente"
        " codigo_cliente numero_cliente customer client cliente"
    ),
    "anonymous_id": "anonymousid",
    "order_id": (
        "orderid order_number order_no numero_pedido numero_ordine id_ordine id_pedido order pedido ordine basket_id"
        " invoice invoice_id transaction_id id_transaccion id_transazione pedido_n ordine_n"
        " reference referencia riferimento invoice_number numero_factura numero_fattura numero num id"
    ),
    "amount": (
        "total order_total revenue value price_total grand_total sales_value net_sales line_total"
        " importe importe_total importe_pedido total_pedido importo importo_totale importo_ordine totale totale_ordine"
        " order_total_inc_tax order_total_amount grand_total_base grand_total_purchased order_total_ex_tax"
        " ventas_netas vendite_nette n_revenue total_factura totale_fattura"
    ),
    "currency": "moneda divisa valuta order_currency order_currency_code currency_code",
    "occurred_at": (
        "date timestamp time created_at order_date ordered_at purchased_at purchase_date transaction_date"
        " transaction_timestamp datetime paid_at fecha fecha_pedido fecha_compra data data_ordine data_acquisto"
        " created_utc created_date_utc"
    ),
    "email": (
        "e-mail mail email_address correo correo_electronico posta_elettronica indirizzo_email indirizzo_e_mail e_mail"
        " direccion_correo_electronico direccion_email customer_email email_customer billing_email email_billing"
    ),
    "phone": (
        "telephone mobile telefono teléfono cellulare phone_number customer_phone billing_phone phone_billing numero_telefono"
    ),
    "name": "full_name nombre nome nombre_completo nome_completo customer_name nombre_cliente nome_cliente billing_name",
    "given_name": "first_name firstname billing_first_name first_name_billing",
    "birthday": "birth_date date_of_birth fecha_nacimiento data_nascita",
    "language": "locale lang idioma lingua",
    "gender": "sex sexo sesso",
    "product": "product_id sku producto prodotto lineitem_sku product_sku",
    "product_name": "product_title item_name nombre_producto nome_prodotto lineitem_name item",
    "quantity": "qty units cantidad unidades quantita quantità pezzi lineitem_quantity",
    "price": "unit_price precio precio_unitario prezzo prezzo_unitario lineitem_price",
    "category": "product_category categoria categoría department",
    "discount": "line_discount descuento sconto lineitem_discount",
    "channel": "sales_channel canal canale",
    "party_size": "guests covers comensales coperti",
    "margin": "profit margen margine",
    "coupon": "coupon_code discount_code cupon cupón codigo_descuento codice_sconto",
    "line_type": (
        "line_kind tipo_linea tipo_riga transaction_type tipo_movimiento tipo_movimento event_type"
        " financial_status order_status payment_status status estado_pedido estado_pago estado"
        " stato_ordine stato_pagamento stato"
    ),
    "refund_of": "original_order original_order_id pedido_original ordine_originale",
    "event": "event_name evento",
    "message_id": "messageid",
}
# A heading that means something else beside certain others: (field, the heading, one of those beside it).
_BESIDE = (
    ("order_id", ("name",), ("financial_status", "lineitem_name")),
    (
        "given_name",
        ("name", "nombre", "nome"),
        ("apellido", "apellidos", "cognome", "last_name", "lastname", "surname"),
    ),
)
# Under these some systems write an id, others a name.
_ID_OR_NAME = frozenset(("customer", "client", "cliente"))
_LITTLE_WORDS = frozenset(("de", "del", "di", "d", "della", "dello", "dell"))


def bare(heading: str) -> str:
    """Without accents and the little words between: "Número de pedido" is numero_pedido, "Data dell’ordine" data_ordine."""
    letters = unicodedata.normalize("NFKD", heading.lower())
    words = re.findall(r"[^\W_]+", "".join(letter for letter in letters if not unicodedata.combining(letter)))
    return "_".join(word for word in words if word not in _LITTLE_WORDS)


def means(field: str, heading: str) -> bool:
    """Whether a heading is one of the usual names of a field."""
    return _rank(field, heading) is not None


def recognised(
    fields: Sequence[str], heads: Sequence[str], rows: Sequence[Sequence[str]] = (), *, taken: Iterable[int] = ()
) -> dict[str, int]:
    """Field → place from 0, by the usual names; each column once. `rows` tell a column of ids from one of names."""
    used, found = set(taken), dict[str, int]()
    plain = [bare(name) for name in heads]
    for field, ours, others in _BESIDE:
        place = next((at for at, name in enumerate(plain) if name in ours and at not in used), None)
        if field in fields and place is not None and set(others).intersection(plain) and field not in found:
            found[field] = place
            used.add(place)
    names = [at for at, name in enumerate(plain) if name in _ID_OR_NAME and _are_names(rows, at)]
    for field in fields:
        ranked = [
            (rank, at)
            for at, head in enumerate(heads)
            if at not in used and not (field == "user_id" and at in names) and (rank := _rank(field, head)) is not None
        ]
        if field not in found and ranked:
            found[field] = min(ranked)[1]
            used.add(found[field])
        elif field == "name" and names and names[0] not in used:
            found[field] = names[0]
            used.add(names[0])
    return found


def says_utc(heading: str) -> bool:
    """Whether a heading says itself that its times are UTC: "Created (UTC)"."""
    return bare(heading).endswith("_utc")


def _rank(field: str, heading: str) -> int | None:
    """The place of a heading among a field's usual names; None if it is none of them."""
    written = {heading.strip().lower().replace(" ", "_"), bare(heading)}
    return next((at for at, name in enumerate((field, *SYNONYMS.get(field, "").split())) if name in written), None)


def _are_names(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether hardly any value has a figure in it: whoever is called alike is not the same person."""
    values = [row[place].strip() for row in rows if len(row) > place and row[place].strip()]
    lettered = sum(not any(mark.isdigit() for mark in value) for value in values)
    return bool(values) and lettered >= 0.8 * len(values)
