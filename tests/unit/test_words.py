"""Every sentence is there in three languages; days, numbers and typed text are written as the reader writes them."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog

from passaparola.kernel import catalogue, words


def test_every_sentence_is_translated() -> None:
    """Missing, blank, fuzzy, mismatched or stale: `python -m passaparola.kernel.catalogue check` says the same."""
    assert catalogue.check() == []


def test_extraction_finds_calls_templates_and_refusals(tmp_path: Path) -> None:
    (tmp_path / "templates" / "portal").mkdir(parents=True)
    (tmp_path / "templates/portal/a.html").write_text(
        '<p>\n      {% translate "Hello" %}\n  {% blocktranslate trimmed count n=n %}\n one {{ n }}\n'
        "{% plural %}\n many {{ n }}\n{% endblocktranslate %}</p>"
    )
    (tmp_path / "room.py").write_text(
        "class TooMany(Refusal):\n    '''There are {count} too many.\n\n    Why.'''\n"
        "class WayTooMany(TooMany):\n    '''Far too many.'''\n"
        "class Other:\n    '''Not said.'''\n"
        "print(gettext('Saved'), ngettext('%(n)s day', '%(n)s days', 2), _('x'))\n"
    )
    found = catalogue.sentences(tmp_path)
    assert set(found) == {
        "Hello", "one %(n)s", "There are {count} too many.", "Far too many.", "Saved", "%(n)s day", "x",
    }  # fmt: skip
    assert found["%(n)s day"].plural == "%(n)s days"
    assert found["one %(n)s"].plural == "many %(n)s"
    assert catalogue.home("templates/portal/a.html") == "portal" and catalogue.home("room.py") == "rooms"


@pytest.mark.parametrize(
    ("identity", "string", "flags", "expected"),
    [
        ("Hi {name}", "Hola {name}", (), []),
        ("Hi {name}", "Hola", (), ["placeholders differ: 'Hi {name}' → 'Hola'"]),
        ("Hi", "Hola {name}", (), ["placeholders differ: 'Hi' → 'Hola {name}'"]),
        ("Hi", "", (), ["blank: 'Hi'"]),
        ("Hi", "Hola", ("fuzzy",), ["fuzzy: 'Hi'"]),
        (("%(n)s day", "%(n)s days"), ("un día", "%(n)s días"), (), []),
        (("%(n)s day", "%(n)s days"), ("un día", ""), (), ["blank: '%(n)s day'"]),
        (("%(n)s day", "%(n)s days"), ("un día", "días"), (), ["placeholders differ: '%(n)s day' → 'días'"]),
    ],
)
def test_doubtful_translations_are_named(
    identity: object, string: object, flags: tuple[str, ...], expected: list[str]
) -> None:
    catalog = Catalog(locale="es")
    catalog.add(identity, string, flags=flags)
    assert list(catalogue._catalogue_problems(catalog, set())) == expected


def test_a_stale_mo_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "LOCALE", tmp_path)
    monkeypatch.setattr(catalogue, "PACKAGE", tmp_path)
    path = catalogue.po_path("portal", "es")
    path.parent.mkdir(parents=True)
    path.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Hi"\nmsgstr "Hola"\n')
    assert catalogue.stale("portal", "es")
    assert catalogue.compile_all() == [path.with_suffix(".mo")]
    assert not catalogue.stale("portal", "es")
    path.write_text(path.read_text().replace("Hola", "Buenas"))
    assert catalogue.stale("portal", "es")


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("es", "es"),
        ("es-MX", "es"),
        ("IT_it", "it"),
        ("en-US", "en"),
        ("fr", None),
        ("", None),
        (None, None),
        ("esx", None),
    ],
)
def test_supported(wish: str | None, language: str | None) -> None:
    assert words.supported(wish) == language


def test_the_first_wish_that_we_speak_wins() -> None:
    assert words.pick(None, "fr", "it-IT", "es") == "it"
    assert words.pick("fr", default="es") == "es"
    assert words.pick("fr", default="de") == "en"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("it-IT,it;q=0.9,en;q=0.8", "it"),
        ("fr, en;q=0.3, es;q=0.7", "es"),
        ("de", None),
        ("", None),
        ("es;q=0, it;q=0.1", "it"),
        ("es;q=nonsense,it", "it"),
        ("," * 10_000, None),
    ],
)
def test_accepted(header: str, language: str | None) -> None:
    assert words.accepted(header) == language


def test_typed_text_is_never_blank_while_one_language_has_it() -> None:
    assert words.typed({"es": "hola", "it": ""}, "it") == "hola"
    assert words.typed({"es": "hola", "en": "hello"}, "it") == "hello"
    assert words.typed({"es": " ", "en": ""}, "it", "fallback") == "fallback"
    assert words.typed("plain", "it") == "plain"
    assert words.typed(None, "it") == ""


def test_days_numbers_and_lists_as_the_reader_writes_them() -> None:
    late = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)
    madrid = ZoneInfo("Europe/Madrid")
    assert [words.day(late, one, madrid) for one in words.LANGUAGES] == [
        "4 de noviembre de 2026", "4 novembre 2026", "4 November 2026",
    ]  # fmt: skip
    assert words.short_day(date(2026, 11, 3), "en", today=date(2026, 1, 1)) == "3 Nov"
    assert words.short_day(date(2025, 11, 3), "it", today=date(2026, 1, 1)) == "3 nov 2025"
    assert [words.number(12345, one) for one in words.LANGUAGES] == ["12.345", "12.345", "12,345"]
    assert words.listing(["a", "b", "c"], "es") == "a, b y c"
    assert [words.percent(10, one).replace("\xa0", " ") for one in words.LANGUAGES] == ["10 %", "10%", "10%"]
