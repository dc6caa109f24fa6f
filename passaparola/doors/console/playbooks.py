"""Playbooks: what to say to each stage, why, and where to do it; the page, its editor, and the card on a person's page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.forms import formset_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola.doors import look
from passaparola.doors.console import roles
from passaparola.doors.console.acting import do, say
from passaparola.doors.console.forms import Plain
from passaparola.doors.console.stages import today
from passaparola.kernel.words import NAMES as LANGUAGE_NAMES
from passaparola.kernel.words import speaking
from passaparola.measure import metrics
from passaparola.measure import playbooks as figures
from passaparola.measure.playbooks import Known
from passaparola.segments.keeping import playbooks_in_force
from passaparola.segments.playbooks import ADVICE_MAX, TEXT_LENGTH_MAX, Advice, Playbook

EMPTY_LINES = 1


@dataclass(frozen=True)
class Place:
    """A page that does what is advised: what it is called, who may open it, its address for a stage."""

    word: Any
    permission: str
    address: Callable[[str], str]


def _with(name: str, **query: str) -> Callable[[str], str]:
    """The address of a route; "{stage}" in the query stands for the stage."""
    def address(stage: str) -> str:
        said = urlencode({k: v.format(stage=stage) for k, v in query.items()})
        return reverse(f"console:{name}") + (f"?{said}" if said else "")

    return address


PLACES: dict[str, Place] = {
    "people": Place(_("Who they are"), "people.read", _with("people", stage="{stage}")),
    "segment": Place(_("Make a segment of them"), "segments.write", _with("segment-create", stage="{stage}")),
    "mend": Place(_("Make a segment of whom to mend first"), "segments.write", _with("segment-create", **{"from": "to-be-mended"})),
    "programs": Place(_("Programmes"), "programs.read", _with("programs")),
    "profiles": Place(_("What they buy"), "stages.read", _with("profiles", row="product", column="company", where="stage:{stage}")),
    "groups": Place(_("Groups"), "groups.read", _with("groups")),
    "leads": Place(_("Leads"), "leads.read", _with("leads")),
}  # fmt: skip
FACT_WORDS: dict[str, Any] = {
    "products": _("what she buys most"), "rhythm": _("how often she comes"), "next_stage": _("what is missing to the next stage"),
    "points": _("her points"), "code": _("whether she may be asked"), "friends": _("whom she brought"),
    "mood": _("what is to be mended"),
}  # fmt: skip


def playbooks(request: HttpRequest) -> HttpResponse:
    """The three playbooks side by side, with how many people each is about."""
    counts = metrics.stages()
    books = [
        {
            "stage": stage, "people": counts.get(stage, 0), "aim": _said(book.aim), "row": row,
            "lines": [_line(request, stage, one) for one in book.advice],
        }
        for stage, (book, row) in playbooks_in_force().items()
    ]  # fmt: skip
    return render(request, "console/playbooks.html", {"books": books})


def _said(texts: dict[str, str]) -> str:
    return look.in_language(texts, (get_language() or "en")[:2])


def _line(request: HttpRequest, stage: str, one: Advice) -> dict[str, Any]:
    """A piece of advice in the reader's language, with the page that does it if she may open it."""
    place = PLACES.get(one.page)
    open_to = place is not None and roles.may(request.user, place.permission)
    return {
        "say": _said(one.say), "why": _said(one.why),
        "word": place.word if place and open_to else "", "url": place.address(stage) if place and open_to else "",
    }  # fmt: skip


# --- on a person's page --------------------------------------------------------------------------


def card(request: HttpRequest, root: int, selves: list[int]) -> dict[str, Any] | None:
    """What the playbook of her stage means for one person; None where there is none."""
    if not roles.may(request.user, "stages.read"):
        return None
    found = figures.suggestion(root, selves, today())
    if found is None:
        return None
    stage = found.playbook.stage
    lines = [{**_line(request, stage, one), "fact": fact(one.fact, found.known)} for one in found.advice]
    return {"stage": stage, "aim": _said(found.playbook.aim), "lines": lines, "mend_first": found.mend_first}


def fact(name: str, known: Known) -> str:
    """What is known of her, in a sentence; "" where nothing is known."""
    said = _FACTS.get(name)
    return said(known) if said else ""


def _products(known: Known) -> str:
    names = [f"{product} ({look.number(times)}×)" for product, times in known.products]
    return gettext("Her own most bought products: %(products)s.") % {"products": ", ".join(names)} if names else ""


def _rhythm(known: Known) -> str:
    if known.since_days is None:
        return ""
    since = ngettext("Last here %(days)s day ago.", "Last here %(days)s days ago.", known.since_days) % {
        "days": look.number(known.since_days)
    }
    if known.interval_days is None:
        return since
    usual = ngettext("Usually comes every %(days)s day.", "Usually comes every %(days)s days.", known.interval_days) % {
        "days": look.number(known.interval_days)
    }
    return f"{usual} {since}"


def _next_stage(known: Known) -> str:
    if known.next_stage is None:
        return ""
    text = ngettext(
        "%(visits)s more visit within %(days)s days makes it “%(stage)s”.",
        "%(visits)s more visits within %(days)s days make it “%(stage)s”.",
        known.visits_missing,
    )
    stage = look.STAGES[known.next_stage]
    return text % {"visits": look.number(known.visits_missing), "days": look.number(known.period_days), "stage": stage}


def _points(known: Known) -> str:
    return gettext("Has %(points)s.") % {"points": look.money(known.points, "PTS")} if known.points else gettext("Has no points.")


def _code(known: Known) -> str:
    code = gettext("Has a code of her own.") if known.has_code else gettext("Has no code yet.")
    asked = gettext("Agreed to be asked.") if known.may_ask else gettext("Has not agreed to be written to about it: ask in person.")
    return f"{code} {asked}"


def _friends(known: Known) -> str:
    if not known.friends:
        return gettext("Has brought nobody who bought so far.")
    text = ngettext("Brought %(friends)s friend who bought.", "Brought %(friends)s friends who bought.", known.friends)
    return text % {"friends": look.number(known.friends)}


def _mood(known: Known) -> str:
    said = []
    if known.complaints_open:
        text = ngettext("%(n)s open complaint.", "%(n)s open complaints.", known.complaints_open)
        said.append(text % {"n": look.number(known.complaints_open)})
    if known.unhappy:
        said.append(gettext("The last score was low."))
    return " ".join(said) or gettext("Nothing to be mended is known.")


_FACTS: dict[str, Callable[[Known], str]] = {
    "products": _products, "rhythm": _rhythm, "next_stage": _next_stage, "points": _points, "code": _code,
    "friends": _friends, "mood": _mood,
}  # fmt: skip


def segment(stage: str) -> tuple[dict[str, Any], dict[str, str]] | None:
    """The rule and the texts of a segment of that stage, its strategy the playbook; None for another word."""
    found = playbooks_in_force().get(stage)
    if found is None:
        return None
    strategy, names = found[0].strategy(), {}
    for code in LANGUAGE_NAMES:
        with speaking(code):
            names[code] = gettext("Stage: %(stage)s") % {"stage": look.STAGES[stage]}
    texts = {f"names_{c}": text for c, text in names.items()} | {f"strategy_{c}": text for c, text in strategy.items()}
    return {"rules": [{"type": "stage", "value": [stage]}]}, texts


# --- the editor ----------------------------------------------------------------------------------


def _text(label: Any) -> forms.CharField:
    widget = forms.Textarea({"rows": 3, "class": "form-control"})
    return forms.CharField(label=label, max_length=TEXT_LENGTH_MAX, required=False, widget=widget)


class _Texts(Plain):
    """Fields for the same text in es, it and en, named like say_es; the reader's own language first."""

    says_optional = False
    texts: tuple[tuple[str, Any], ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {f"{n}_{c}": _text(label) for n, label in self.texts for c in codes()} | self.fields

    def of(self, name: str) -> dict[str, str]:
        """What was typed, by language."""
        return {code: self.cleaned_data.get(f"{name}_{code}", "").strip() for code in LANGUAGE_NAMES}

    @property
    def languages(self) -> list[dict[str, Any]]:
        """The fields of each language."""
        return [{"name": LANGUAGE_NAMES[c], "fields": [self[f"{n}_{c}"] for n, _label in self.texts]} for c in codes()]


class AimForm(_Texts):
    """What the stage is to lead to."""

    texts = (("aim", _("What it is to lead to")),)

    def clean(self) -> dict[str, Any]:
        """In one language at least."""
        data = super().clean() or {}
        if not any(data.get(f"aim_{code}") for code in LANGUAGE_NAMES):
            self.add_error(f"aim_{codes()[0]}", _("Say it in one language at least."))
        return data


class AdviceForm(_Texts):
    """One piece of advice; without anything to say it is left out."""

    texts = (("say", _("What to say")), ("why", _("Why")))
    page = forms.ChoiceField(
        label=_("Where it is done"), required=False, choices=lambda: [("", "–"), *((k, p.word) for k, p in PLACES.items())]
    )
    fact = forms.ChoiceField(
        label=_("Told beside it on a person’s page"), required=False, choices=lambda: [("", "–"), *FACT_WORDS.items()]
    )

    def advice(self) -> dict[str, Any] | None:
        """In the shape of the act."""
        if not any(self.of("say").values()):
            return None
        said = self.cleaned_data
        return {"say": self.of("say"), "why": self.of("why"), "page": said.get("page", ""), "fact": said.get("fact", "")}


_Lines = formset_factory(AdviceForm, extra=EMPTY_LINES, max_num=ADVICE_MAX, absolute_max=ADVICE_MAX + 10)


def codes() -> list[str]:
    """The languages, the reader's own first."""
    own = (get_language() or "en")[:2]
    return sorted(LANGUAGE_NAMES, key=lambda code: code != own)


def edit(request: HttpRequest, stage: str) -> HttpResponse:
    """Write the playbook of a stage anew."""
    found = playbooks_in_force().get(stage)
    if found is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    aim, lines = AimForm(data, initial=_flat("aim", found[0].aim)), _Lines(data, initial=_initial(found[0]), prefix="advice")
    empty = False
    if data is not None and aim.is_valid() & lines.is_valid():
        advice = [one for form in lines if (one := form.advice())]
        empty = not advice
        if advice and do(request, "Playbook Changed", stage=stage, aim=aim.of("aim"), advice=advice) is not None:
            say(request, gettext("The playbook is kept."))
            return redirect("console:playbooks")
    wrong = data is not None
    context = {"stage": stage, "aim": aim, "lines": lines, "row": found[1], "wrong": wrong, "empty": empty}
    return render(request, "console/playbook_form.html", context, status=422 if wrong else 200)


@require_POST
def restore(request: HttpRequest, stage: str) -> HttpResponse:
    """The shipped playbook again."""
    if do(request, "Playbook Restored", stage=stage) is not None:
        say(request, gettext("The shipped playbook is in use again."))
    return redirect("console:playbooks")


def _flat(name: str, texts: dict[str, str]) -> dict[str, str]:
    return {f"{name}_{code}": text for code, text in texts.items()}


def _initial(book: Playbook) -> list[dict[str, str]]:
    return [{**_flat("say", a.say), **_flat("why", a.why), "page": a.page, "fact": a.fact} for a in book.advice]
