"""Brings an empty installation up to date and puts keys, a programme and codes in; prints the keys as JSON."""

import json
from datetime import UTC, datetime

import django

django.setup()

from django.core.management import call_command  # noqa: E402  (needs Django set up)
from django.db import connections  # noqa: E402

from passaparola.kernel import keys  # noqa: E402
from passaparola.programs.models import Code, Program, ProgramVersion  # noqa: E402

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

for alias in connections:
    call_command("migrate", database=alias, verbosity=0)
texts = {"headline": {"en": "Ten euros off your first order", "es": "", "it": ""}}
for number, state in ((1, "active"), (2, "ended"), (3, "paused")):
    Program.objects.create(
        id=number, uid=f"p{number}", name=f"P{number}", state=state, seed="x", version=1, created_at=NOW
    )
    ProgramVersion.objects.create(
        id=number, program_id=number, number=1, terms={"texts": texts}, published_at=NOW, event_id=1
    )
SHOP = "https://shop.example/hello%20you?a=1&b=%C3%A9#top"
for number, (value, program, destination, retired_at) in enumerate(
    (
        ("A1MA7K00", 1, "", None),
        ("B0B00000", 1, SHOP, None),
        ("EV1100000", 1, "https://evil.example/", None),
        ("RET1RED0", 1, "", NOW),
        ("ENDED000", 2, "", None),
        ("PAVSED00", 3, SHOP, None),
        ("SVB00000", 1, "https://www.partner.example/x", None),
    ),
    start=1,
):
    Code.objects.create(
        id=number, value=value, program_id=program, version=1, person_id=number, destination=destination,
        created_at=NOW, retired_at=retired_at,
    )  # fmt: skip
made = {}
for name, public, scopes, expires_at, revoked in (
    ("public", True, (), None, False),
    ("secret", False, (), None, False),
    ("reader", False, (keys.READ,), None, False),
    ("expired", True, (), NOW, False),
    ("revoked", True, (), None, True),
):
    key, made[name] = keys.make(
        name=name, source="web", now=NOW, public=public, scopes=scopes, expires_at=expires_at
    )
    if revoked:
        keys.revoke(key_id=key.id, now=NOW)
print(json.dumps(made))
