"""Why a row was not taken, as a sentence. The codes are stable: they stand in the file of rejected rows too."""

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

SENTENCES = {
    "amount_missing": _("the amount is empty"),
    "amount_not_a_number": _("the amount is not a number"),
    "amount_too_large": _("the amount is larger than any honest one"),
    "amount_in_another_currency": _("the amount is written in another currency than the row is said to be in"),
    "amount_negative": _("the amount is negative; send what was given back as Order Refunded"),
    "number_unreadable": _("a number column holds something else"),
    "currency_unknown": _("the currency is not a three-letter code"),
    "date_missing": _("the date is empty"),
    "date_unreadable": _("the date cannot be read"),
    "date_too_early": _("the date lies too far in the past"),
    "date_in_the_future": _("the date lies in the future"),
    "user_id_missing": _("it does not say whose it is"),
    "user_id_too_long": _("the customer's id is too long"),
    "user_id_damaged_by_spreadsheet": _("a spreadsheet turned the customer's id into a rounded number"),
    "anonymous_id_too_long": _("the anonymous id is too long"),
    "anonymous_id_damaged_by_spreadsheet": _("a spreadsheet turned the anonymous id into a rounded number"),
    "order_id_missing": _("the order id is empty"),
    "order_id_too_long": _("the order id is too long"),
    "order_id_damaged_by_spreadsheet": _("a spreadsheet turned the order id into a rounded number"),
    "order_of_two_customers": _("lines of one order belong to different customers"),
    "order_in_two_currencies": _("lines of one order are in different currencies"),
    "order_id_on_several_rows": _("another row with the same order id says something else; are they lines of one order?"),
    "refund_without_order": _("it does not say which order was given back"),
    "line_type_unknown": _("nobody said what this type of line means"),
    "another_line_of_the_order": _("another line of the same order was not taken"),
    "consent_unclear": _("the consent is neither yes nor no"),
    "event_missing": _("the event has no name"),
    "event_too_long": _("the event's name is too long"),
    "event_too_large": _("the event is larger than 32 KB"),
    "event_damaged_by_spreadsheet": _("a spreadsheet turned the event's name into a number"),
    "properties_not_json": _("the properties are not a JSON object"),
    "properties_not_an_object": _("properties must be an object"),
    "traits_not_an_object": _("traits must be an object"),
    "context_not_an_object": _("context must be an object"),
    "not_json": _("the line is not JSON"),
    "not_an_object": _("the line is not a JSON object"),
    "type_unknown": _("the type is none of identify, track, page, screen, group, alias"),
    "act_of_our_own": _(
        "it is something this or another installation did itself (type act: a setting, a code, a message, a reward); "
        "a file cannot do it again. To move a whole installation take a backup of it"
    ),
    "identifier_not_text": _("an id must be text"),
    "line_too_long": _("the line is longer than 1 MB"),
    "line_half_written": _("the last line is not complete"),
    "too_few_columns": _("the line has fewer columns than the first one"),
    "too_many_columns": _("the line has more columns than the first one"),
    "quotation_never_closed": _("a quotation mark opens and never closes"),
    "quotation_misplaced": _("a quotation mark stands where it cannot"),
    "not_in_the_encoding": _("the line holds bytes that are no text in the file's encoding"),
}


def sentence(code: str) -> str:
    """The reason in the reader's language; the code itself if it is none of ours."""
    return gettext(SENTENCES[code]) if code in SENTENCES else code
