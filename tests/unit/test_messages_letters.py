"""A letter filled into what was composed for somebody else reads, letter for letter, as if it had been composed for her."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from passaparola.messages import compose, kinds, texts, values
from passaparola.messages.guard import Facts
from passaparola.messages.letters import Letters
from passaparola.messages.values import House
from tests.messages import NOW, TERMS, reward_context

HOUSE = House("Casa Lola & Hijos", "https://lola.example", "EUR", "es", "Europe/Madrid")
NAMES = st.sampled_from(["", "Alma", "Anna  Maria", "<b>&", " Bruno", "Łucja", "{{ code }}", "\ue000code\ue002"])


@st.composite
def messages(draw: st.DrawFn) -> tuple[dict[str, Any], Facts]:
    template = draw(st.sampled_from([kind.key for kind in kinds.KINDS]))
    context: dict[str, Any] = {"code": "ALMA-7K", "version": 1}
    if template.startswith("reward"):
        due = (datetime(2026, 12, 1, 22, 30, tzinfo=UTC) + timedelta(hours=draw(st.integers(0, 3)))).isoformat()
        rule, amount = draw(st.sampled_from(["advocate", "friend"])), draw(st.sampled_from([500, 990]))
        context = {**reward_context(rule, amount, draw(st.sampled_from(["EUR", "PTS"]))), "due_at": due}
    message = {
        "id": draw(st.integers(1, 10**6)), "template": template, "context": context, "event_id": 7, "planned_at": NOW,
        "purpose": "service",
    }  # fmt: skip
    version = draw(st.sampled_from([None, (1, 1), (1, 2)]))
    terms = {None: {}, (1, 1): TERMS, (1, 2): {**TERMS, "friend": None, "hold_days": 7}}[version]
    facts = Facts(
        root_id=draw(st.integers(1, 10**6)), address="alma@example.test", language=draw(st.sampled_from(["es", "it", "en", ""])),
        given_name=draw(NAMES), program_name=draw(st.sampled_from(["Amigos", "Amici"])), version=version, terms=terms,
        code=draw(st.sampled_from(["", "ALMA-7K", "B-1"])),
    )  # fmt: skip
    return message, facts


OPERATORS = [
    {},
    {("ask", "es"): ("Oye {{ person.given_name }}", "<p>{{ code | upcase }} {{ program }}</p>")},
    {("reward_held", "it"): ("{{ due_on }}", '<p><a href="{{ advocate_link | link }}">{{ reward }}</a></p>')},
]


@settings(max_examples=150, deadline=None)
@given(st.lists(messages(), min_size=4, max_size=12), st.sampled_from(OPERATORS))
def test_filled_is_as_composed(some: list[tuple[dict[str, Any], Facts]], edited: dict[Any, Any]) -> None:
    writer = Letters(HOUSE)
    writer.use(edited)
    for message, known in some:
        made = writer.letter(message, known, NOW)
        text = texts.in_force(message["template"], values.language_of(known, HOUSE), edited)
        whole = compose.compose(text, values.values(message, known, HOUSE))
        assert (made.subject, made.html, made.text) == (whole.subject, whole.html, whole.text)
        assert made.unsubscribe_url == values.unsubscribe_link(HOUSE.base_url, message["id"])


def test_what_the_operator_changes_counts_at_once() -> None:
    writer, known = Letters(HOUSE), Facts(root_id=1, address="alma@example.test", language="es", code="ALMA-7K")
    message = {"id": 1, "template": "ask", "context": {}, "event_id": 7, "planned_at": NOW, "purpose": "referral"}
    before = writer.letter(message, known, NOW)
    writer.use({("ask", "es"): ("Oye", "<p>{{ code }}</p>")})
    assert writer.letter(message, known, NOW).subject == "Oye" != before.subject
    writer.use({})
    assert writer.letter(message, known, NOW) == before
