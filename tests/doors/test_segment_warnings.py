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


@pytest.mark.parametrize("language", ["es", "it", "en"])
def test_the_api_warns_when_a_rule_is_sent_and_refuses_a_pattern_in_words(language: str) -> None:
    api_calls.forget_what_is_remembered()
    api = Api(api_calls.secret("segments:read", "segments:write"), language)
    made = api.post("/segments", {"names": {"en": "Nobody"}, "rule": RULE}, **{"Idempotency-Key": "one"})
    number = made.data["result"]["segment_id"]
    assert made.status_code == 200 and WORDS[language] in made.data["contradictions"][0]["message"]
    assert made.data["contradictions"] == api.get(f"/segments/{number}").data["contradictions"]
    named = api.call("PATCH", f"/segments/{number}", {"names": {"en": "None"}})
    assert named.data["contradictions"] == made.data["contradictions"], "another name leaves the rule as it is"
    fine = {"rule": {"rules": RULE["rules"][:1]}}
    assert api.call("PATCH", f"/segments/{number}", fine).data["contradictions"] == []
    pattern = {"rules": [{"type": "trait", "trait": "language", "operator": "matches", "value": "(a+)+$"}]}
    wanted = {"es": "no se leen expresiones", "it": "espressioni regolari non si leggono", "en": "begins with or ends with"}
    for method, path in (("POST", "/segments"), ("PATCH", f"/segments/{number}")):
        refused = api.call(method, path, {"names": {"en": "X"}, "rule": pattern})
        assert refused.status_code == 422 and wanted[language] in refused.data["message"]
        assert "rules[0]" in refused.data["message"]
