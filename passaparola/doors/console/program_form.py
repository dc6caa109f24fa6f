"""The form of a programme: the main choice large, the rest folded with its gist beside it."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from passaparola.doors import look
from passaparola.doors.console.forms import Plain
from passaparola.events import catalogue
from passaparola.kernel import money

_EVENTS_LEFT_OUT = (
    "Order Refunded",
    "Order Cancelled",
    "Complaint Opened",
    "Consent Given",
    "Consent Refused",
    "Consent Withdrawn",
)


def _units() -> list[tuple[str, Any]]:
    return [(money.POINTS, _("points")), (settings.CURRENCY, settings.CURRENCY)]


def _whole(label: Any, least: int, most: int, help_text: Any = "", *, required: bool = False) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, help_text=help_text, required=required)


def _sum(label: Any, help_text: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=0, max_value=10**7, decimal_places=2, required=False, help_text=help_text, localize=False
    )


class ProgramForm(Plain):
    """Everything a programme's terms hold. A draft may be incomplete; launching checks the whole."""

    says_optional = False

    name = forms.CharField(
        label=_("Name of the programme"), max_length=120, help_text=_("Seen by your team and by advocates.")
    )
    # What each side gets.
    advocate_amount = _sum(_("The advocate gets"), _("For each friend who buys. Empty: nothing."))
    advocate_unit = forms.ChoiceField(label=_("Unit of the advocate’s reward"), choices=_units)
    friend_amount = _sum(_("The friend gets"), _("With the first order. Empty: nothing."))
    friend_unit = forms.ChoiceField(label=_("Unit of the friend’s reward"), choices=_units)
    # Who is asked, and when.
    stages = forms.MultipleChoiceField(
        label=_("Who is asked"),
        choices=[(s, look.STAGES[s]) for s in ("many", "some", "few")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    tenure_days_min = _whole(
        _("Customer for at least"), 0, 3650, _("Those who know you well recommend better: 180 days is a good start.")
    )
    moment_kind = forms.ChoiceField(
        label=_("When they are asked"),
        choices=[("stage", _("As soon as they are among them")), ("event", _("After an event"))],
        widget=forms.RadioSelect,
        required=False,
    )
    moment_event = forms.ChoiceField(label=_("Which event"), required=False)
    moment_nth = _whole(_("Which time it happens"), 1, 10_000)
    # The goal.
    goal_kind = forms.ChoiceField(
        label=_("Goal"),
        choices=[
            ("acquisition", _("Win new customers")),
            ("loyalty", _("Keep customers coming")),
            ("base", _("Widen the base of contacts")),
        ],
    )
    goal_metric = forms.ChoiceField(
        label=_("Measured by"),
        choices=[
            ("new_customers", _("new customers")),
            ("referrals", _("recommendations")),
            ("shares", _("shares")),
            ("revenue_minor", _("revenue from friends")),
        ],
    )
    goal_target = _whole(_("Target"), 1, 10**9)
    goal_baseline = _whole(_("Starting from"), 0, 10**9)
    goal_deadline = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput({"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    country = forms.ChoiceField(
        label=_("Where your customers live"),
        choices=[("ES", _("Spain")), ("IT", _("Italy")), ("OTHER", _("Another country"))],
    )
    # What counts.
    order_min = _sum(_("Smallest order that counts"))
    window_days = _whole(_("Days between link and order"), 1, 3650)
    new_customer_days = _whole(_("New means: no order for"), 1, 3650, _("Empty: never bought before."))
    hold_days = _whole(_("Return window"), 0, 365, _("Rewards are set aside until it is over."))
    # How much, how often.
    rewards_per_year = _whole(_("Rewards for each advocate in a year, at most"), 1, 100_000)
    budget_money = _sum(_("Budget in money"), _("Empty: no limit. Never overspent."))
    budget_points = _whole(_("Budget in points"), 0, 10**12, _("Empty: no limit."))
    between_days_min = _whole(_("Days between two asks"), 1, 3650)
    per_year_max = _whole(_("Asks for each person in a year, at most"), 1, 366)
    delay_hours = _whole(_("Hours to wait after the moment"), 0, 2160)
    holdout_percent = _whole(
        _("Control group, never asked"),
        0,
        50,
        _("A group drawn by lot, so that you can see what asking brings. 10 % is a good start."),
    )
    # Words and landing.
    headline_es = forms.CharField(label=_("Headline in Spanish"), max_length=120, required=False)
    headline_it = forms.CharField(label=_("Headline in Italian"), max_length=120, required=False)
    headline_en = forms.CharField(
        label=_("Headline in English"),
        max_length=120,
        required=False,
        help_text=_("Empty headlines are made from the rules."),
    )
    message_es = forms.CharField(widget=forms.HiddenInput, max_length=500, required=False)
    message_it = forms.CharField(widget=forms.HiddenInput, max_length=500, required=False)
    message_en = forms.CharField(widget=forms.HiddenInput, max_length=500, required=False)
    destination = forms.URLField(
        label=_("Where links lead"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("Empty: our own landing page. Otherwise a page of your shop, on a host you allowed."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [d.name for d in catalogue.CUSTOMERS if d.type == "track" and d.name not in _EVENTS_LEFT_OUT]
        self.fields["moment_event"].choices = [(name, name) for name in known]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Points are whole."""
        data = super().clean() or {}
        for side in ("advocate", "friend"):
            amount = data.get(f"{side}_amount")
            if amount and data.get(f"{side}_unit") == money.POINTS and amount != int(amount):
                self.add_error(f"{side}_amount", _("Points are whole numbers."))
        return data
