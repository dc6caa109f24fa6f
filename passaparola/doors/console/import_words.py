"""What the import pages call things: the fields of a row, the ways a file is written, the types of lines, the problems."""

from typing import Any

from django.utils.translation import gettext_lazy as _

KINDS = {"orders": _("Orders, or lines of orders"), "people": _("People"), "events": _("Events")}
STATES = {
    "looking": ("", _("Being read")),
    "ready": ("accent", _("Waiting for you")),
    "checking": ("", _("Being checked")),
    "running": ("accent", _("Under way")),
    "stopping": ("warn", _("Stopping")),
    "stopped": ("warn", _("Stopped")),
    "done": ("good", _("Imported")),
    "failed": ("bad", _("Failed")),
    "undoing": ("warn", _("Being taken back")),
    "undone": ("", _("Taken back")),
}
# What the trail says of an import, in its page's words.
HISTORY = {
    "File received": _("Received"),
    "Import begun": _("Begun"),
    "Import stop": _("Asked to stop"),
    "Import resume": _("Gone on with"),
    "Import withdrawn": _("Taken back"),
}
# Groups of fields as a marketer thinks of them; each kind of file has those of them that it knows.
GROUPS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (
        _("Who"),
        {
            "user_id": _("Customer number"),
            "email": _("E-mail"),
            "phone": _("Telephone"),
            "anonymous_id": _("Anonymous id"),
            "name": _("Full name"),
            "given_name": _("First name"),
            "birthday": _("Birthday"),
            "gender": _("Sex"),
            "language": _("Language"),
        },
    ),
    (
        _("What"),
        {
            "event": _("Name of the event"),
            "occurred_at": _("When"),
            "amount": _("Amount"),
            "currency": _("Currency"),
            "order_id": _("Order number"),
            "refund_of": _("Order that is given back"),
            "line_type": _("Type of line"),
            "coupon": _("Code used"),
            "channel": _("Channel of sale"),
            "party_size": _("How many came together"),
            "margin": _("Margin"),
            "message_id": _("Id of the event"),
            "properties": _("Properties as JSON"),
        },
    ),
    (
        _("Product"),
        {
            "product": _("Product number"),
            "product_name": _("Product name"),
            "category": _("Category"),
            "quantity": _("Quantity"),
            "price": _("Price of one"),
            "discount": _("Discount"),
            "product:": _("Something else about the product"),
        },
    ),
    (
        _("Consent"),
        {
            "consent.email.referral": _("May be invited to recommend, by e-mail"),
            "consent.email.offers": _("May get offers, by e-mail"),
        },
    ),
    (
        _("Own"),
        {
            "trait:": _("Own trait of the person"),
            "property:": _("Own property, text"),
            "number:": _("Own property, number"),
        },
    ),
)
# Column of a second file → what it fills.
LIST_FIELDS = {
    "product_name": _("Product name"),
    "category": _("Category"),
    "product:": _("Something else about the product"),
}
DELIMITERS = {
    ",": _("Comma"),
    ";": _("Semicolon"),
    "\t": _("Tab"),
    "|": _("Bar"),
    "blank": _("Blanks"),
    "fixed:": _("Fixed width"),
}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 (BOM)",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
    "cp1250": "Windows-1250",
    "iso8859-15": "Latin-9",
    "mac-roman": "Mac Roman",
    "cp850": "DOS 850",
}
DECIMALS = {".": _("Point: 1,234.50"), ",": _("Comma: 1.234,50")}
DATES = {
    "iso": "2026-01-31 18:05",
    "%d/%m/%Y": "31/01/2026",
    "%d/%m/%Y %H:%M": "31/01/2026 18:05",
    "%d/%m/%Y %H:%M:%S": "31/01/2026 18:05:09",
    "%m/%d/%Y": "01/31/2026",
    "%m/%d/%Y %H:%M": "01/31/2026 18:05",
    "%m/%d/%Y %H:%M:%S": "01/31/2026 18:05:09",
    "%d.%m.%Y": "31.01.2026",
    "%d.%m.%Y %H:%M": "31.01.2026 18:05",
    "%d-%m-%Y": "31-01-2026",
    "%m-%d-%Y": "01-31-2026",
    "%d/%m/%y": "31/01/26",
    "%m/%d/%y": "01/31/26",
    "%Y%m%d": "20260131",
    "%Y-%m-%d %H:%M:%S %z": "2026-01-31 18:05:09 +0100",
    "%b %d, %Y %I:%M %p": "Jan 31, 2026 6:05 PM",
    "%b %d, %Y %I:%M:%S %p": "Jan 31, 2026 6:05:09 PM",
    "epoch": _("Seconds since 1970"),
    "epoch_ms": _("Milliseconds since 1970"),
}
ZONES = (
    "Europe/Madrid", "Europe/Rome", "Atlantic/Canary", "Europe/London", "Europe/Lisbon", "Europe/Paris", "Europe/Berlin",
    "Europe/Athens", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Mexico_City",
    "America/Bogota", "America/Lima", "America/Santiago", "America/Argentina/Buenos_Aires", "America/Sao_Paulo",
    "Asia/Dubai", "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney", "UTC",
)  # fmt: skip
LINE_TYPES = {
    "": _("– choose –"),
    "sale": _("A sale"),
    "refund": _("A refund"),
    "cancellation": _("A cancellation of the order"),
    "fee": _("A fee: shipping, service"),
    "voucher": _("A voucher or discount"),
    "skip": _("Nothing: leave it out"),
}
NEGATIVE = {
    "refuse": _("are put aside with a reason"),
    "net": _("are netted with the other lines of their order"),
    "refund": _("are refunds"),
}
GUESTS = {
    "refuse": _("are put aside with a reason"),
    "person": _("count, each as somebody unknown"),
    "skip": _("are left out"),
}
# Refusals that tell users of the command line what to write into a mapping file say here what to choose.
PROBLEMS = {
    "unclear_dates": _("The dates can be read two ways: choose below whether day or month comes first."),
    "unknown_dates": _("The dates are written in a way we do not know: choose below how."),
    "unclear_decimals": _("It is not clear where the decimals begin: choose point or comma below."),
    "missing_columns": _("Choose which columns say: %(missing)s."),
    "no_header": _("The first row looks like values, not like names of columns: say below whether it is."),
    "only_header": _("The file holds names of columns and no row."),
}
EFFECTS = {
    "Order Completed": _("Bought"),
    "Order Refunded": _("Gave back"),
    "Order Cancelled": _("Cancelled"),
    "identify": _("Is known as"),
    "Consent Given": _("Agreed"),
    "Consent Refused": _("Refused"),
}


def field(name: str) -> str:
    """A field's word; its name for one without."""
    for _group, words in GROUPS:
        if name in words:
            return str(words[name])
    return name
