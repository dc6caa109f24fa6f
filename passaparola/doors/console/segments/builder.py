"""The builder: a rule made of fields and buttons, that works as a plain form and answers while one types."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_POST

from passaparola.doors import saying
from passaparola.doors.console import happenings, playbooks
from passaparola.doors.console.acting import do, say
from passaparola.doors.console.segments import counting, draft, library, nodes, translate, wording
from passaparola.doors.console.segments.controls import Desk
from passaparola.doors.console.segments.draft import Draft
from passaparola.doors.console.segments.vocabulary import Vocabulary
from passaparola.kernel.words import NAMES as LANGUAGE_NAMES
from passaparola.segments import rules
from passaparola.segments.models import Segment
from passaparola.segments.rules import Malformed

IMPORT_CHARACTERS_MAX = 200_000


@dataclass
class Sheet:
    """Everything the page holds: the rule as typed, the words around it, where the reader goes on, what is shown of faults."""

    segment: Segment | None
    draft: Draft
    texts: dict[str, str]
    focus: str | None = None
    # Faults are marked from the first try to save on, not while somebody is still typing.
    tried: bool = False
    imported: str = ""
    fault: str = ""


def create(request: HttpRequest) -> HttpResponse:
    """A new segment, from nothing, a template (?from=KEY) or the playbook of a stage (?stage=few)."""
    if request.method == "POST":
        return _posted(request, None)
    words = _words(None)
    example = library.find(request.GET.get("from", ""))
    sheet = Sheet(None, draft.group(), {})
    if example is not None:
        sheet.draft = translate.of_json(example.rule, words.kinds)
        sheet.texts = {f"names_{code}": text for code, text in example.names().items()}
    elif (start := playbooks.segment(request.GET.get("stage", ""))) is not None:
        sheet.draft, sheet.texts = translate.of_json(start[0], words.kinds), start[1]
    return _page(request, sheet, words)


def edit(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Another rule, name or strategy. Opening the page counts nobody: the number shown is the one kept."""
    segment = get_object_or_404(Segment, id=segment_id)
    if request.method == "POST":
        return _posted(request, segment)
    words = _words(segment)
    rule = segment.rule or {"rules": []}
    texts = {f"names_{k}": v for k, v in segment.names.items()} | {
        f"strategy_{k}": v for k, v in segment.strategy.items()
    }
    return _page(request, Sheet(segment, translate.of_json(rule, words.kinds), texts), words)


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """Count, people, sentence, JSON and SQL of the form as it stands; for htmx."""
    number = request.POST.get("segment", "")
    segment = Segment.objects.filter(id=int(number)).first() if number.isdecimal() else None
    words = _words(segment)
    made = draft.read(_typed(request))
    return render(request, "console/segments/preview.html", _preview(made, words, _spoken(request), count=True))


def _words(segment: Segment | None) -> Vocabulary:
    return Vocabulary((get_language() or "en")[:2], segment.id if segment else None)


def _typed(request: HttpRequest) -> dict[str, list[str]]:
    return {name: [str(v) for v in values] for name, values in request.POST.lists()}


def _spoken(request: HttpRequest) -> str:
    wish = request.POST.get("language", "")
    return wish if wish in LANGUAGE_NAMES else (get_language() or "en")[:2]


def _posted(request: HttpRequest, segment: Segment | None) -> HttpResponse:
    """A button was pressed: one of the rule's, "import", "count", or the one that saves."""
    words = _words(segment)
    sheet = Sheet(segment, draft.read(_typed(request)), {k: v for k, v in request.POST.items() if isinstance(v, str)})
    sheet.tried = request.POST.get("tried") == "1"
    order = request.POST.get("do", "show")
    if order == "save":
        return _save(request, sheet, words)
    if order == "import":
        _import(sheet, words)
    else:
        sheet.focus = draft.act(sheet.draft, order)
    return _page(request, sheet, words, count=order == "count")


def _import(sheet: Sheet, words: Vocabulary) -> None:
    sheet.imported = sheet.texts.get("imported", "")[:IMPORT_CHARACTERS_MAX]
    try:
        tree = rules.from_rqb(json.loads(sheet.imported))
    except (ValueError, RecursionError):
        sheet.fault = gettext("This is not readable as JSON.")
    except Malformed as problem:
        sheet.fault = gettext("The rule cannot be read at %(path)s: %(why)s.") % {
            "path": problem.values["path"], "why": gettext(str(problem.values["detail"])),
        }  # fmt: skip
    else:
        sheet.draft, sheet.imported = translate.of_json(rules.as_json(tree), words.kinds), ""


def _save(request: HttpRequest, sheet: Sheet, words: Vocabulary) -> HttpResponse:
    """Make the act, or show the form again with what is wrong beside each node."""
    sheet.tried = True
    number = sheet.segment.id if sheet.segment else None
    tree, problems = nodes.examine(sheet.draft, words.kinds, words.known(), number)
    names, strategy = (_texts(sheet, what) for what in ("names", "strategy"))
    if tree is None or problems or not any(names.values()):
        return _page(request, sheet, words, status=422)
    properties = {"names": names, "strategy": strategy, "rule": rules.as_json(tree)}
    if sheet.segment is None:
        done = do(request, "Segment Created", **properties)
    else:
        done = do(request, "Segment Edited", subject=f"segment:{number}", segment=number, **properties)
    if done is None:
        return _page(request, sheet, words, status=422)
    say(request, gettext("Saved. Everybody is being looked at; people appear as they are found."))
    return redirect("console:segment", done["segment_id"])


def _texts(sheet: Sheet, what: str) -> dict[str, str]:
    return {code: sheet.texts.get(f"{what}_{code}", "").strip() for code in LANGUAGE_NAMES}


def _page(
    request: HttpRequest, sheet: Sheet, words: Vocabulary, *, count: bool = False, status: int = 200
) -> HttpResponse:
    """The whole page, or for htmx only the rule."""
    desk = Desk(words)
    number = sheet.segment.id if sheet.segment else None
    found = nodes.examine(sheet.draft, words.kinds, words.known(), number)[1] if sheet.tried else {}
    problems = {path: [fault(message) for message in messages] for path, messages in found.items()}
    shown = nodes.view(desk, sheet.draft, problems, sheet.focus)
    names = _texts(sheet, "names")
    context: dict[str, Any] = {
        "segment": sheet.segment,
        "root": shown,
        "lists": desk.lists,
        "kinds": wording.KINDS,
        "together": wording.TOGETHER,
        "focus": sheet.focus,
        "tried": sheet.tried,
        "problems": _listed(shown, problems),
        "nameless": sheet.tried and not any(names.values()),
        "texts": _languages(names, _texts(sheet, "strategy")),
        "imported": sheet.imported,
        "fault": sheet.fault,
    }
    if request.headers.get("HX-Target") == "rule":
        answer = render(request, "console/segments/rule.html", context)
        answer["HX-Trigger-After-Settle"] = "rule-changed"
        return answer
    context |= _preview(sheet.draft, words, _spoken(request), count=count or status != 200)
    return render(request, "console/segments/builder.html", context, status=status)


def _languages(names: dict[str, str], strategy: dict[str, str]) -> list[dict[str, str]]:
    """Name and strategy by language, the reader's own first."""
    own = (get_language() or "en")[:2]
    codes = sorted(LANGUAGE_NAMES, key=lambda code: code != own)
    return [{"code": c, "language": LANGUAGE_NAMES[c], "name": names[c], "strategy": strategy[c]} for c in codes]


def _listed(shown: nodes.View, problems: dict[str, list[str]]) -> list[tuple[str, str, str]]:
    """What is wrong, as a list that leads to each place: (id, number, sentence)."""
    places = {view_path: (number, view_id) for view_path, number, view_id in nodes.places(shown)}
    found = []
    for path, messages in problems.items():
        number, at = places.get(path, ("", "rule"))
        found += [(at, number, message) for message in messages]
    return found


def fault(message: str) -> str:
    """A problem's sentence in the reader's language."""
    return gettext("Something is missing here, or cannot be read.") if message == nodes.INCOMPLETE else gettext(message)


def _preview(made: Draft, words: Vocabulary, language: str, *, count: bool) -> dict[str, Any]:
    """What stands beside the rule."""
    known = words.known()
    tree, problems = nodes.examine(made, words.kinds, known, words.segment_id)
    context: dict[str, Any] = {
        "language": language,
        "languages": LANGUAGE_NAMES,
        "empty": not made.rules,
        "open": len(problems),
    }
    if tree is None or problems or not made.rules:
        return {"side": context}
    context["sentence"] = saying.sentence(tree, language)
    context["contradictions"] = saying.contradictions(tree, (get_language() or "en")[:2])
    context["json"] = nodes.as_json_text(tree)
    now = timezone.now()
    context["sql"] = saying.sql(tree, now)
    if count:
        found = counting.count(tree, now)
        who = happenings.everybody(found.shown)
        context |= {"count": found, "people": [who[i] for i in found.shown if i in who]}
    return {"side": context}
