"""One page with every component in use, so that the look has one source."""

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from passaparola.doors import look as looks
from passaparola.doors import pictures
from passaparola.doors.console.forms import Plain


class Example(Plain):
    """A form with each kind of field, one of them wrong."""

    name = forms.CharField(label="Name", help_text="A sentence of help, where it is needed.")
    amount = forms.IntegerField(label="Amount", required=False)
    stage = forms.ChoiceField(label="Stage", choices=[("few", "Few"), ("many", "Many")])
    agreed = forms.BooleanField(label="A yes or no", required=False)


def look(request: HttpRequest) -> HttpResponse:
    """Every component with made-up figures."""
    form = Example({"name": "", "stage": "many"})
    form.is_valid()
    shades = ["line", "soft", "soft", "accent", "accent", "accent", "friend", "friend"]
    marks = [(1.0, _("Few")), (3.0, _("Some")), (6.0, _("Many"))]
    counts = [(str(i), count) for i, count in enumerate((12, 80, 64, 41, 30, 22, 12, 7))]
    return render(
        request,
        "console/look.html",
        {
            "form": form,
            "now": timezone.now(),
            "earlier": timezone.now() - timedelta(hours=3),
            "values": [2, 4, 3, 6, 8, 7, 9, 14, 11, 12, 18, 17],
            "states": looks.STATES,
            "stages": list(looks.STAGES),
            "funnel": [(1, 0.72), (0.72, 0.5), (0.5, 0.31), (0.31, 0.18), (0.18, 0.12), (0.12, 0.12)],
            "histogram": mark_safe(
                pictures.fitting(lambda width: pictures.histogram(counts, marks, "People by visits", shades, width))
            ),
            "colours": ("ink", "soft", "accent", "friend", "good", "warn", "bad", "line"),
        },
    )
