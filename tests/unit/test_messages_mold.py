"""Filling gaps gives, letter for letter, what rendering gives; where it might not, it is not done."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from passaparola.messages import compose, kinds, mold, preview, texts
from passaparola.messages.texts import Text
from passaparola.messages.values import House

HOUSE = House("Casa Lola & Hijos", "https://lola.example", "EUR", "es", "Europe/Madrid")
ADDRESSES = st.sampled_from(
    [
        "",
        "https://x.test/a?b=1&c='2'",
        "http://x.test/<i>",
        "javascript:alert(1)",
        "mailto:a@b.test",
        " https://x.test",
        "#",
    ]
)
WORDS = st.text(max_size=20) | st.sampled_from(
    ["Alma", "<b>&amp;</b>", "{{ code }}", "a  b", " a", "a\n", "\ue000code\ue002", "\x1e"]
)
# What operators write: simple, and less simple than it looks.
OTHERS = (
    "<p>{{ code | upcase }}</p>", "<p>{{ code | default: 'x' }}</p>", "{% assign c = code %}<p>{{ c }}</p>",
    "{% capture c %}{{ code }}{% endcapture %}<p>{{ c | size }}</p>", "{% if code == 'A' %}<p>a</p>{% endif %}",
    "{% unless code %}<p>none</p>{% endunless %}<p>{{ code }}</p>", "{% if code and person.given_name %}<p>x</p>{% endif %}",
    "{% case code %}{% when 'A' %}<p>x</p>{% endcase %}", "<p>{{- code -}}</p> <p>  {{ person.given_name }}  </p>",
    '<p><a href="{{ share_link | link }}">{{ share_link }}</a></p>',
    '<p><a href="{{ share_link | link }}">https://{{ code }}</a></p>',
    '<p><a href="{{ code | link }}">x</a></p>', "{% for s in steps %}<p>{{ s.title }} {{ code }}</p>{% endfor %}",
    "{% raw %}{{ code }}{% endraw %}", "<p>{{ person['given_name'] }}{{ person }}</p>",
    "<p>{{ code }}{{ code }}</p><p>{{ business }}</p>",
)  # fmt: skip


def values(language: str, **own: Any) -> dict[str, Any]:
    given_name = own.pop("given_name", "Alma")
    made = {**preview._example(HOUSE, language), "person": {"given_name": given_name}, **own}
    return {**made, "steps": [{"title": "Uno"}, {"title": "Dos"}]}


EVERY = [texts.shipped(kind.key, language) for kind in kinds.KINDS for language in texts.LANGUAGES]
EDITED = [
    Text("ask", "es", "Hola {{ person.given_name }} {{ code }}", body, "", "Porque sí.", is_edited=True)
    for body in OTHERS
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(EVERY + EDITED), WORDS, WORDS, ADDRESSES, ADDRESSES, WORDS, st.sampled_from(["", "10 €"]))
@example(EVERY[0], "Alma", "ALMA-7K", "https://x.test", "https://x.test", "Casa", "10 €")
def test_both_ways_are_the_same(
    text: Text, name: str, code: str, share: str, unsubscribe: str, business: str, reward: str
) -> None:  # fmt: skip
    given_values = values(
        text.language, given_name=name, code=code, share_link=share, unsubscribe_link=unsubscribe, business=business or "x",
        friend_reward=reward,
    )  # fmt: skip
    assert mold.composed(text, given_values) == compose.compose(text, given_values)
    # Once more, now that there is a mold, for somebody else.
    other = {**given_values, "person": {"given_name": "Bruno" if name else ""}, "code": "B-1" if code else ""}
    assert mold.composed(text, other) == compose.compose(text, other)


@pytest.mark.parametrize("text", EVERY, ids=lambda text: f"{text.key}-{text.language}")
def test_shipped_texts_are_simple_enough(text: Text) -> None:
    assert mold._is_simple(text)


@pytest.mark.parametrize("body", [OTHERS[n] for n in (0, 1, 2, 3, 4, 6, 7, 11, 13, 14)])
def test_what_works_on_personal_values_is_rendered(body: str) -> None:
    assert not mold._is_simple(Text("ask", "es", "x", body, "", "x", is_edited=True))
