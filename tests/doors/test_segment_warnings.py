"""A rule that contradicts itself: builder and API name both conditions, in the reader's language; a pattern is refused in words."""

import json
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from passaparola.doors.console import roles
from tests.doors import api_calls
from tests.doors.api_calls import Api
from tests.world import World

RULE = {"rules": [{"type": "stage", "value": ["few"]}, {"type": "stage", "value": ["many"]}]}
WORDS = {"es": "no pueden cumplirse a la vez", "it": "non possono valere insieme", "en": "cannot hold at once"}


@pytest.mark.parametrize("language", ["es", "it", "en"])
def test_builder_and_api_name_both_conditions(language: str) -> None:
    user = User.objects.create_user("dora", password="not needed here")
    roles.give(user, "marketer")
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    number = World().act("Segment Created", names={"en": "Nobody"}, rule=RULE)["segment_id"]
    page = unescape(client.get(f"/console/segments/{number}/edit").content.decode())
    assert WORDS[language] in page
    api_calls.forget_what_is_remembered()
    (said,) = Api(api_calls.secret(), language).get(f"/segments/{number}").data["contradictions"]
    assert (said["path"], said["other_path"]) == ("rules[0]", "rules[1]")
    assert WORDS[language] in said["message"] and said["message"] in page
    fine = World().act("Segment Created", names={"en": "Some"}, rule={"rules": RULE["rules"][:1]})["segment_id"]
    assert WORDS[language] not in unescape(client.get(f"/console/segments/{fine}/edit").content.decode())
    sentence = Api(api_calls.secret(), language).get(f"/segments/{fine}").data["sentence"]
    assert sentence.startswith({"es": "Personas que", "it": "Persone che", "en": "People who"}[language])
    assert sentence in unescape(client.get(f"/console/segments/{fine}").content.decode())
    pattern = json.dumps({"rules": [{"field": "trait.language", "operator": "matches", "value": "(a+)+$"}]})
    refused = client.post("/console/segments/new", {"do": "import", "imported": pattern}).content.decode()
    wanted = {"es": "no se leen expresiones", "it": "espressioni regolari non si leggono", "en": "begins with or ends with"}
    assert wanted[language] in refused
