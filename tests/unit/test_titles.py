"""Everything the console lists has a title in the reader's language: events of the catalogue, acts of the audit trail."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

import passaparola
from passaparola import corridor
from passaparola.doors import look
from passaparola.doors.console import sayings, titles
from passaparola.events import catalogue
from passaparola.events.models import Event
from passaparola.people.models import Person
from passaparola.programs import wording
from passaparola.programs.wording import decisions

PACKAGE = Path(passaparola.__file__).parent
# The functions that hand the name of an act on which they were given.
HANDED_ON = {"note", "do", "act"}


def recorded() -> set[str]:
    """What doors and commands write into the audit trail, read from the code: the names in note(…) and audit.record(…)."""
    found: set[str] = set()
    for path in [*(PACKAGE / "doors").rglob("*.py"), *(PACKAGE / "cli").rglob("*.py")]:
        tree = ast.parse(path.read_text())
        found |= {name for function in _functions(tree) for name in _names_in(function, tree)}
    return found


def _functions(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        handed_on = isinstance(node, ast.FunctionDef) and node.name in HANDED_ON
        if isinstance(node, ast.FunctionDef) and not handed_on:
            yield node


def _names_in(function: ast.AST, tree: ast.Module) -> Iterator[str]:
    for call in ast.walk(function):
        if not isinstance(call, ast.Call):
            continue
        called = ast.unparse(call.func)
        if called in ("note", "audit.record") and len(call.args) > 1:
            yield from _texts(call.args[1], tree)


def _texts(given: ast.expr, tree: ast.Module) -> Iterator[str]:
    """The text itself, or those of the constant of the module it is taken from."""
    if isinstance(given, ast.Constant):
        yield given.value
        return
    name = given.value if isinstance(given, ast.Subscript) else given
    assert isinstance(name, ast.Name), f"what the audit trail keeps must be readable from the code: {ast.unparse(given)}"
    (value,) = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name.id
    ]
    read = ast.literal_eval(value)
    yield from read.values() if isinstance(read, dict) else [read]


def test_every_event_of_the_catalogue_has_a_title_and_an_icon() -> None:
    assert not set(catalogue.KNOWN) - set(titles.EVENTS), "no title for these events"
    assert not set(catalogue.CALLS) - set(titles.TYPES)
    sprite = (PACKAGE / "static" / look.SPRITE).read_text()
    assert not {icon for icon, _, _ in (*titles.EVENTS.values(), *titles.TYPES.values()) if f'id="{icon}"' not in sprite}


def test_everything_the_audit_trail_keeps_has_a_title() -> None:
    found = recorded()
    assert {"Signed in", "Sign-in failed", "Import stop", "Persons kept apart"} <= found, "the code is read wrongly"
    assert not {act for act in found if act not in titles.AUDITED and act not in titles.EVENTS}, "no title for these"
    assert not set(titles.AUDITED) - found, "titles of what nobody records"


@pytest.mark.parametrize("language", ["es", "it"])
def test_titles_are_told_in_the_readers_language(language: str) -> None:
    with translation.override(language):
        said = {name: str(title) for name, (_, _, title) in (*titles.EVENTS.items(), *titles.TYPES.items())}
        assert sayings.event(Event(type="act", name="Timer Rang", properties="{}"))[2] == said["Timer Rang"]
        audited = {act: titles.audited(act) for act in titles.AUDITED}
    with translation.override("en"):
        same = [name for name, title in said.items() if title == str((titles.EVENTS | titles.TYPES)[name][2])]
        same += [act for act, title in audited.items() if title == titles.audited(act)]
    assert not same, "left in English"


def test_an_unknown_event_goes_by_its_own_name() -> None:
    assert sayings.event(Event(type="track", name="Spa Booked", properties="{}"))[2] == "Spa Booked"
    assert titles.audited("Of a later version") == "Of a later version"
    assert look.titled("Spa Booked") == "Spa Booked" and look.titled("page") == "Viewed a page"


@pytest.mark.parametrize("language", ["es", "it"])
def test_why_somebody_was_looked_at_is_told_in_words(language: str) -> None:
    """What asks.py hands to `consider` is a code; staff read a sentence of their own language."""
    source = (PACKAGE / "programs" / "actions" / "asks.py").read_text()
    codes = {
        call.args[-1].value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "consider" and isinstance(call.args[-1], ast.Constant)
    }
    assert codes == set(decisions.CAUSES)
    for code in codes:
        sentence = wording.decision_reason(language, {"code": "because", "what": code})
        assert decisions.CAUSES[code] not in sentence


def test_a_made_up_name_says_so_once() -> None:
    """Beside the badge the name leaves it out; a name that only looks so keeps its words, and so does one without a badge."""
    marked = Person(name="Alma of household 7 (simulated)", profile={"simulated": True})
    assert look.called_beside(marked) == "Alma of household 7" and look.called(marked).endswith(look.SIMULATED)
    assert look.called_beside(Person(name="Elena (simulated)", profile={})) == "Elena (simulated)"
    for source in ("shop", "friends"):
        text = (PACKAGE / "demo" / f"{source}.py").read_text()
        assert f'{look.SIMULATED}"' in text, "the demo ends the names it makes up otherwise"


def parked_codes() -> set[str]:
    """Why an item is put aside, read from the code; what the corridor refuses goes by the code of its refusal."""
    found = {corridor.Reused.code, corridor.Broken.code}
    places = {"Unfit": 0, "Rejected": 2}
    for path in PACKAGE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and (place := places.get(ast.unparse(call.func))) is not None:
                code = call.args[place]
                if isinstance(code, ast.Constant):
                    found.add(code.value)
    return found


def test_every_reason_for_which_an_event_is_parked_has_a_title() -> None:
    codes = parked_codes()
    assert {"no_identity", "other_currency", "unreadable", "message_id_reused"} <= codes, "the code is read wrongly"
    assert not codes - set(sayings.PARKED_REASONS), "no title for these"
    assert not set(sayings.PARKED_REASONS) - codes, "titles of what nothing is parked for"
