"""Which column means what: the mapping file, and the names recognised without one. Pure."""

import re
import unicodedata
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from passaparola.doors.imports.recognise import FIXED
from passaparola.kernel.errors import Refusal

KINDS = ("orders", "people", "events")
WHO = ("user_id", "anonymous_id", "email", "phone")
# What a line of an order can be; anything but a sale is said by a column, or by a negative amount.
LINE_TYPES = ("sale", "refund", "cancellation", "fee", "voucher", "skip")
NEGATIVE = ("refuse", "net", "refund")
GUESTS = ("refuse", "person", "skip")
_PERSON = ("email", "phone", "name", "given_name", "birthday", "gender", "language")
FIELDS: dict[str, tuple[str, ...]] = {
    "orders": (
        "user_id", "anonymous_id", "order_id", "amount", "currency", "occurred_at", "coupon",
        "product", "product_name", "category", "quantity", "price", "discount", "line_type", "refund_of",
        "channel", "party_size", "margin", *_PERSON,
    ),
    "people": ("user_id", "anonymous_id", "occurred_at", *_PERSON),
    "events": ("event", "user_id", "anonymous_id", "occurred_at", "message_id", "properties"),
}  # fmt: skip
REQUIRED = {"orders": ("amount", "occurred_at"), "people": (), "events": ("event", "occurred_at")}
# Open families: property:x is text, number:x a number, product:x what else is known of a line's product, trait:x a
# trait, consent.CHANNEL.PURPOSE yes or no.
PREFIXES = {
    "orders": ("property:", "number:", "product:", "consent."),
    "people": ("trait:", "consent."),
    "events": ("property:", "number:"),
}
SYNONYMS = {
    "user_id": (
        "userid customer_id customerid customer client_id client household_id member_id"
        " cliente id_cliente cliente_id codice_cliente codigo_cliente numero_cliente"
    ),
    "anonymous_id": "anonymousid",
    "order_id": (
        "orderid order order_number order_no basket_id invoice invoice_id transaction_id"
        " pedido numero_pedido ordine numero_ordine id_ordine"
    ),
    "amount": (
        "total order_total revenue value price_total grand_total sales_value net_sales line_total"
        " importe importe_total importe_pedido total_pedido importo importo_totale importo_ordine totale totale_ordine"
    ),
    "currency": "moneda divisa valuta",
    "occurred_at": (
        "date timestamp time created_at order_date ordered_at purchased_at purchase_date transaction_date"
        " transaction_timestamp datetime paid_at fecha fecha_pedido fecha_compra data data_ordine data_acquisto"
    ),
    "email": "e-mail mail email_address correo correo_electronico posta_elettronica indirizzo_email indirizzo_e_mail",
    "phone": "telephone mobile telefono teléfono cellulare",
    "name": "full_name nombre nome nombre_completo nome_completo",
    "given_name": "first_name firstname",
    "birthday": "birth_date date_of_birth fecha_nacimiento data_nascita",
    "language": "locale lang idioma lingua",
    "gender": "sex sexo sesso",
    "product": "product_id sku producto prodotto lineitem_sku",
    "product_name": "product_title item_name nombre_producto nome_prodotto lineitem_name",
    "quantity": "qty units cantidad unidades quantita quantità pezzi lineitem_quantity",
    "price": "unit_price precio precio_unitario prezzo prezzo_unitario lineitem_price",
    "category": "product_category categoria categoría department",
    "discount": "line_discount descuento sconto lineitem_discount",
    "channel": "sales_channel canal canale",
    "party_size": "guests covers comensales coperti",
    "margin": "profit margen margine",
    "coupon": "coupon_code discount_code cupon cupón codigo_descuento codice_sconto",
    "line_type": "line_kind tipo_linea tipo_riga transaction_type tipo_movimiento tipo_movimento",
    "refund_of": "original_order original_order_id pedido_original ordine_originale",
    "event": "event_name evento",
    "message_id": "messageid",
}
_LITTLE_WORDS = frozenset(("de", "del", "di", "d", "della", "dello", "dell"))


class BadMapping(Refusal):
    """The mapping file {path} cannot be used: {detail}."""

    code = "bad_mapping"


class DuplicateColumns(Refusal):
    """The column {column} appears twice in the first line (places {places}): rename one, so that it is clear which is meant."""

    code = "duplicate_columns"


class MissingColumns(Refusal):
    """Which column holds {missing}? There are {found}. Say so with --mapping in a file: {{"columns": {{{example}}}}}."""

    code = "missing_columns"


class UnknownColumn(Refusal):
    """The mapping names the column {column}, but the file has only: {found}."""

    code = "unknown_column"


class UnknownField(Refusal):
    """The mapping fills {field}, which {kind} do not have. Known: {known}."""

    code = "unknown_field"


class WrongLookup(Refusal):
    """The list {file} cannot be joined: {detail}."""

    code = "wrong_lookup"


class Format(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How the file is written; what is left out is recognised."""

    delimiter: str | None = None
    header: bool = True
    encoding: str | None = None
    decimal: str | None = None
    # A strptime format, or "iso", "epoch", "epoch_ms".
    dates: str | None = None
    time_zone: str | None = None
    # Which sheet of a workbook; the first with anything in it where none is named.
    sheet: str | None = None


class Lookup(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A second file with more about something the rows name, such as the products: joined by `on` = the field `by`."""

    file: str
    on: str
    by: str = "product"
    columns: dict[str, str] = {}


class Mapping(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A mapping file. A column is named by its heading or, where there is none, by its place counted from 1."""

    kind: str | None = None
    format: Format = Format()
    columns: dict[str, str | int] = {}
    # Values that hold for every row, e.g. {"currency": "USD"}.
    constants: dict[str, str] = {}
    group_by: str | None = None
    source: str | None = None
    # Marks every row as simulated: it says so wherever it shows.
    simulated: bool = False
    # Only the columns named here are used; none is recognised by its heading.
    exact: bool = False
    # What the values of the column line_type mean: {"R": "refund", "ship": "fee"}; what is empty is a sale.
    types: dict[str, str] = {}
    # What a negative amount or quantity is. Left out: refused in a row of its own, netted among the lines of an order.
    negative: str | None = None
    # Rows that do not say whose they are: refused, each an anonymous person's, or left out.
    guests: str = "refuse"
    lookup: Lookup | None = None


@dataclass(frozen=True)
class Layout:
    """A mapping laid over one file: field → place in the row (from 0), and what was not used."""

    kind: str
    places: Dictionary[str, int]
    names: tuple[str, ...]
    unused: tuple[str, ...]


def read(text: bytes, *, path: object) -> Mapping:
    """The mapping in a JSON document. Raises BadMapping, saying where."""
    try:
        found = msgspec.json.decode(text, type=Mapping)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise BadMapping(path=path, detail=str(problem)) from problem
    if found.kind is not None and found.kind not in KINDS:
        raise BadMapping(path=path, detail=f"kind must be one of {', '.join(KINDS)}, not {found.kind}")
    if found.group_by not in (None, "order_id"):
        raise BadMapping(path=path, detail='group_by can only be "order_id"')
    if found.format.decimal not in (None, ".", ","):
        raise BadMapping(path=path, detail='format.decimal must be "." or ","')
    mark = found.format.delimiter or ""
    if mark.startswith(FIXED) and not re.fullmatch(r"\d{1,5}(,\d{1,5})*", mark.removeprefix(FIXED)):
        raise BadMapping(path=path, detail="format.delimiter must name the places to cut at: fixed:8,20")
    for name, given, known in (
        ("negative", found.negative, (None, *NEGATIVE)),
        ("guests", found.guests, GUESTS),
        *(("types", meaning, LINE_TYPES) for meaning in found.types.values()),
    ):
        if given not in known:
            raise BadMapping(path=path, detail=f"{name} must be one of {', '.join(filter(None, known))}, not {given}")
    return found


def lay(mapping: Mapping, names: Sequence[str], kind: str | None) -> Layout:
    """Find every field's place. Raises a Refusal naming the columns where something is missing, double or unknown."""
    heads = tuple(name.strip() for name in names)
    if not mapping.exact or any(isinstance(column, str) for column in mapping.columns.values()):
        _refuse_duplicates(heads)
    kind = kind or mapping.kind or _guess_kind(mapping, heads)
    places = {field: _place(column, heads) for field, column in mapping.columns.items()}
    for field in (*mapping.columns, *mapping.constants):
        _check_field(field, kind)
    taken = set(places.values())
    if mapping.format.header and not mapping.exact:
        for field in FIELDS[kind]:
            place = _synonym(field, heads)
            if field not in places and field not in mapping.constants and place is not None and place not in taken:
                places[field] = place
                taken.add(place)
    _check_required(kind, {*places, *mapping.constants}, heads, guests=mapping.guests != "refuse")
    return Layout(kind, places, heads, tuple(name for at, name in enumerate(heads) if at not in taken))


def _refuse_duplicates(heads: tuple[str, ...]) -> None:
    for name in heads:
        if name and heads.count(name) > 1:
            places = ", ".join(str(at + 1) for at, other in enumerate(heads) if other == name)
            raise DuplicateColumns(column=name, places=places)


def _guess_kind(mapping: Mapping, heads: tuple[str, ...]) -> str:
    def has(field: str) -> bool:
        return field in mapping.columns or _synonym(field, heads) is not None

    if has("event"):
        return "events"
    return "orders" if has("amount") and has("occurred_at") else "people"


def _synonym(field: str, heads: tuple[str, ...]) -> int | None:
    for at, name in enumerate(heads):
        if means(field, name):
            return at
    return None


def means(field: str, heading: str) -> bool:
    """Whether a heading is one of the usual names of a field."""
    written = heading.strip().lower().replace(" ", "_")
    return bool({written, _bare(heading)} & {field, *SYNONYMS.get(field, "").split()})


def _bare(heading: str) -> str:
    """Without accents and the little words between: "Número de pedido" is numero_pedido, "Data dell’ordine" data_ordine."""
    letters = unicodedata.normalize("NFKD", heading.lower())
    words = re.findall(r"[^\W_]+", "".join(letter for letter in letters if not unicodedata.combining(letter)))
    return "_".join(word for word in words if word not in _LITTLE_WORDS)


def _place(column: str | int, heads: tuple[str, ...]) -> int:
    if isinstance(column, int):
        if not 1 <= column <= len(heads):
            raise UnknownColumn(column=column, found=f"{len(heads)} columns")
        return column - 1
    if column not in heads:
        raise UnknownColumn(column=column, found=", ".join(heads))
    return heads.index(column)


def _check_field(field: str, kind: str) -> None:
    if field not in FIELDS[kind] and not field.startswith(PREFIXES[kind]) and field != "consent_wording":
        known = (*FIELDS[kind], *(f"{prefix}…" for prefix in PREFIXES[kind]))
        raise UnknownField(field=field, kind=kind, known=", ".join(known))


def _check_required(kind: str, given: set[str], heads: tuple[str, ...], *, guests: bool) -> None:
    missing = [field for field in REQUIRED[kind] if field not in given]
    if not (guests and kind == "orders") and not given.intersection(WHO if kind != "events" else WHO[:2]):
        missing.insert(0, "user_id")
    if missing:
        example = ", ".join(f'"{field}": "…"' for field in missing)
        raise MissingColumns(missing=", ".join(missing), found=", ".join(heads), example=example)
