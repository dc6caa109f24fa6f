"""What shops call the state of an order, in English, Spanish and Italian: which of them is a sale. Pure.

Only what has one reading stands here. "Closed" is paid in one system and given back in another, "partially paid" is either:
somebody says what those mean, and until then their rows are put aside.
"""

from collections.abc import Iterable

from passaparola.doors.imports.headings import bare

_MEANINGS = {
    "sale": (
        # What a till calls its rows.
        "sale", "payment", "venta", "pago", "vendita", "pagamento",
        "paid", "payment accepted", "complete", "completed", "processing", "processed", "fulfilled", "succeeded", "successful",
        "captured", "shipped", "partially shipped", "delivered", "awaiting fulfillment", "awaiting shipment", "awaiting pickup",
        # Some of it was given back; what it was sold for stays its amount.
        "partially refunded", "payment remitted", "remote payment accepted", "processing in progress",
        "pagado", "pago aceptado", "pago remoto aceptado", "completado", "procesando", "preparación en curso", "enviado",
        "entregado", "cobrado", "pagada", "cobrada",
        "pagato", "pagamento accettato", "pagamento remoto accettato", "completato", "in lavorazione",
        "preparazione in corso", "spedito", "consegnato", "incassato", "pagata", "saldata",
    ),
    "cancellation": (
        "cancelled", "canceled", "refunded", "voided", "void",
        "cancelado", "cancelada", "anulado", "anulada", "reembolsado", "reembolsada",
        "annullato", "annullata", "rimborsato", "rimborsata", "stornato", "stornata",
    ),
    "refund": ("refund", "return", "reembolso", "devolución", "rimborso", "reso", "storno"),
    # Nobody paid, or not yet: a later export has them as paid.
    "skip": (
        "pending", "pending payment", "awaiting payment", "unpaid", "on hold", "failed", "declined", "draft", "checkout draft",
        "incomplete", "expired", "authorized", "payment error", "awaiting check payment", "awaiting bank wire payment",
        "requires payment method",
        "pendiente", "pendiente de pago", "en espera", "fallido", "fallida", "borrador", "error en pago", "error en el pago",
        "en espera de pago por cheque", "en espera de pago por transferencia bancaria", "no pagado", "no pagada",
        "in attesa", "in attesa di pagamento", "in sospeso", "fallito", "fallita", "bozza", "errore di pagamento",
        "in attesa di pagamento con assegno", "in attesa di pagamento con bonifico", "non pagato", "non pagata",
    ),
}  # fmt: skip
_KNOWN = {bare(text): meaning for meaning, texts in _MEANINGS.items() for text in texts}


def meaning(text: str) -> str:
    """The type of line of one value; empty where it is not known."""
    return _KNOWN.get(bare(text).removeprefix("wc_"), "")


def types(values: Iterable[str]) -> dict[str, str]:
    """Value → type of line for those of the values that are known; the others are for somebody to explain."""
    written = dict.fromkeys(value.strip() for value in values if value.strip())
    return {text: known for text in written if (known := meaning(text))}
