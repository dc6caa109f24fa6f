"""What a marketer would make on the first day: a few segments over the real customers, most with a strategy."""

from typing import Any

WEEKS_4 = {"kind": "within", "n": 28, "unit": "days"}
WEEKENDS = {"rules": [{"field": "weekday", "operator": "in", "value": [6, 7]}]}

SEGMENTS: tuple[dict[str, Any], ...] = (
    {
        "key": "every-week",
        "names": {"es": "Cada semana", "it": "Ogni settimana", "en": "Every week"},
        "strategy": {
            "es": "Escuchar, agradecer y pedir que recomienden.",
            "it": "Ascoltare, ringraziare e chiedere di raccomandarci.",
            "en": "Listen, thank, and ask them to recommend.",
        },
        "rule": {"rules": [
            {"type": "event", "event": "Order Completed", "window": WEEKS_4, "measure": "days", "operator": ">=", "value": 4}
        ]},
    },
    {
        "key": "slipping-away",
        "names": {"es": "Se nos escapan", "it": "Ci stanno lasciando", "en": "Slipping away"},
        "strategy": {
            "es": "Volver a llamar su atención con lo que más compran.",
            "it": "Richiamarli con ciò che comprano di più.",
            "en": "Win them back with what they buy most.",
        },
        "rule": {"rules": [
            {"type": "trait", "trait": "purchases", "operator": ">=", "value": 5},
            {"type": "trait", "trait": "overdue_percent", "operator": ">=", "value": 300},
            {"type": "trait", "trait": "days_since_purchase", "operator": ">=", "value": 21},
        ]},
    },
    {
        "key": "weekend-baskets",
        "names": {"es": "Compra de fin de semana", "it": "Spesa del fine settimana", "en": "Weekend baskets"},
        "rule": {"rules": [
            {"type": "event", "event": "Order Completed", "where": WEEKENDS, "window": WEEKS_4, "operator": ">=", "value": 2}
        ]},
    },
    {
        "key": "asked-and-silent",
        "names": {"es": "Preguntados y callados", "it": "Invitati e silenziosi", "en": "Asked and silent"},
        "strategy": {
            "es": "No insistir; preguntar en la próxima visita.",
            "it": "Non insistere; chiedere alla prossima visita.",
            "en": "Do not press; ask at the next visit.",
        },
        "rule": {"rules": [
            {"type": "stage", "value": ["many"]},
            {"type": "consent", "channel": "email", "purpose": "referral"},
            {"type": "referral", "what": "invited", "operator": "=", "value": 0},
        ]},
    },
    {
        "key": "brought-a-friend",
        "names": {"es": "Han traído a alguien", "it": "Hanno portato qualcuno", "en": "Brought a friend"},
        "rule": {"rules": [{"type": "referral", "what": "converted", "operator": ">=", "value": 1}]},
    },
)  # fmt: skip


def make() -> None:
    """Make them, as the console would."""
    from passaparola.demo import shop

    for segment in SEGMENTS:
        shop.act("Segment Created", **segment)
