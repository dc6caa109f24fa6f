"""The rules of leads: what counts how much, what speaks for somebody, from where on she is warm or hot; with the effect."""

from typing import Any

from django import forms
from django.forms import formset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from passaparola.doors.console.acting import do, say
from passaparola.doors.console.forms import Plain
from passaparola.measure import leads as figures
from passaparola.segments import leads
from passaparola.segments.lead_actions import rules_in_force
from passaparola.segments.leads import Condition, Rules, Signal

EMPTY_LINES = 3
OPERATORS = {
    "is": _("is"),
    "is_not": _("is not"),
    "among": _("is one of (a, b, c)"),
    "contains": _("contains"),
    "at_least": _("is at least"),
    "at_most": _("is at most"),
    "known": _("is known"),
}


class CutsForm(Plain):
    """The few numbers."""

    half_life_days = forms.IntegerField(label=_("Half-life"), min_value=1, max_value=730)
    tau = forms.IntegerField(
        label=_("Scale of engagement"), min_value=1, max_value=1000,
        help_text=_("So many points make an engagement of 63 of 100."),
    )  # fmt: skip
    points_max = forms.IntegerField(label=_("Most points"), min_value=1, max_value=10_000, help_text=_("No sum goes beyond."))
    warm = forms.IntegerField(label=_("Warm from"), min_value=1, max_value=99)
    hot = forms.IntegerField(label=_("Hot from"), min_value=2, max_value=100)

    def clean(self) -> dict[str, Any]:
        """Hot lies above warm."""
        data = super().clean() or {}
        if data.get("warm") and data.get("hot") and data["hot"] <= data["warm"]:
            self.add_error("hot", _("Hot must start above warm."))
        return data


class SignalForm(Plain):
    """One line of what counts; a line without an event is left out."""

    event = forms.CharField(label=_("Event"), max_length=120, required=False)
    where = forms.CharField(label=_("where"), max_length=80, required=False)
    value = forms.CharField(label=_("is"), max_length=200, required=False)
    weight = forms.IntegerField(label=_("Points"), min_value=-100, max_value=100, required=False)
    per_day = forms.IntegerField(label=_("At most a day"), min_value=1, max_value=100, required=False)

    def line(self) -> Signal | None:
        """The signal meant."""
        said = self.cleaned_data
        if not said.get("event"):
            return None
        return Signal(said["event"], said.get("weight") or 0, said["where"], said["value"], said.get("per_day") or 3)


class ConditionForm(Plain):
    """One line of who suits; a line without a field is left out."""

    field = forms.CharField(label=_("In the profile"), max_length=80, required=False, widget=forms.TextInput({"list": "fields"}))
    operator = forms.ChoiceField(label=_("Comparison"), choices=list(OPERATORS.items()), required=False)
    value = forms.CharField(label=_("Value"), max_length=200, required=False)
    weight = forms.IntegerField(label=_("Weight"), min_value=-100, max_value=100, required=False)

    def line(self) -> Condition | None:
        """The condition meant."""
        said = self.cleaned_data
        if not said.get("field"):
            return None
        return Condition(said["field"], said["operator"] or "is", said["value"], said.get("weight") or 0)


_Signals = formset_factory(SignalForm, extra=EMPTY_LINES, max_num=leads.LINES_MAX, absolute_max=leads.LINES_MAX + 10)
_Conditions = formset_factory(ConditionForm, extra=EMPTY_LINES, max_num=leads.LINES_MAX, absolute_max=leads.LINES_MAX + 10)


class RulesForms:
    """The three parts of the page, bound to what was sent or showing what is in force."""

    def __init__(self, data: Any, rules: Rules) -> None:
        plain = rules.as_json()
        self.cuts = CutsForm(data, initial=plain)
        self.signals = _Signals(data, prefix="signals", initial=plain["signals"], form_kwargs=_QUIET)
        self.conditions = _Conditions(data, prefix="fit", initial=plain["fit"], form_kwargs=_QUIET)

    @property
    def is_valid(self) -> bool:
        """Whether all three parts can be used."""
        return self.cuts.is_valid() & self.signals.is_valid() & self.conditions.is_valid()

    def rules(self) -> Rules:
        """The rules meant. Only after `is_valid`."""
        signals = tuple(line for form in self.signals if (line := form.line()))
        conditions = tuple(one for form in self.conditions if (one := form.line()))
        return Rules(**self.cuts.cleaned_data, signals=signals, fit=conditions)


_QUIET = {"label_suffix": ""}


def look(request: HttpRequest) -> HttpResponse:
    """The rules in force, to be changed; sent by POST they are only tried out."""
    rules = rules_in_force()
    forms_ = RulesForms(request.POST if request.method == "POST" else None, rules)
    return _page(request, forms_, rules)


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Use these rules from now on, for the past too."""
    rules = rules_in_force()
    forms_ = RulesForms(request.POST, rules)
    if not forms_.is_valid:
        return _page(request, forms_, rules)
    if do(request, "Lead Rules Changed", **forms_.rules().as_json()) is not None:
        say(request, gettext("The rules are changed. Every lead is counted again; each change says why."))
    return redirect("console:leads-rules")


def _page(request: HttpRequest, forms_: RulesForms, now: Rules) -> HttpResponse:
    bound = forms_.cuts.is_bound
    wanted = forms_.rules() if bound and forms_.is_valid else now
    found = figures.simulate(wanted, timezone.now())
    context = {
        "forms": forms_,
        "changed": wanted != now,
        "simulation": found,
        "lines": [(name, found.before[name], found.after[name], found.after[name] - found.before[name]) for name in found.before],
        "fields": figures.fields_seen(),
        "wrong": bound and not forms_.is_valid,
    }
    part = request.headers.get("HX-Target") == "effect"
    template = "console/leads_effect.html" if part else "console/leads_rules.html"
    return render(request, template, context, status=422 if context["wrong"] and not part else 200)
