"""The friend's sign-up form."""

import re
from typing import Any

from disposable_email_domains import blocklist
from django import forms
from django.utils.translation import gettext, gettext_lazy
from email_validator import EmailNotValidError, validate_email

from passaparola.programs import wording

# An address, or what mail programs make one of: "evil.example". Not "M.Carmen".
_LINK = re.compile(r"[/@]|\w{2,}\.\w{2,}", re.IGNORECASE)


def is_disposable(address: str) -> bool:
    """Whether the address belongs to a throw-away mailbox service."""
    return address.rpartition("@")[2].lower() in blocklist


class SignUp(forms.Form):
    """E-mail, first name if she likes, and a box for each purpose: none ticked beforehand."""

    email = forms.CharField(
        max_length=254, error_messages={"required": gettext_lazy("Please give your e-mail address.")}
    )
    given_name = forms.CharField(max_length=80, required=False)
    offers = forms.BooleanField(required=False)
    referral = forms.BooleanField(required=False)
    # People do not see this field; programs that fill in everything do.
    website = forms.CharField(max_length=500, required=False)
    # Set once the warning about a throw-away address was shown.
    disposable_seen = forms.BooleanField(required=False)

    def clean_email(self) -> str:
        """The address in its normal form; whether it exists only the confirmation tells."""
        try:
            # The same addresses as people/names.py takes: example.test is what the demo and every test write to.
            found = validate_email(
                self.cleaned_data["email"].strip(), check_deliverability=False, test_environment=True
            )
            return found.normalized
        except EmailNotValidError as problem:
            raise forms.ValidationError(
                gettext("This does not look like an e-mail address. It needs something like name@example.com.")
            ) from problem

    def clean_given_name(self) -> str:
        """A name on one line, without the links that spammers put there."""
        name = " ".join(self.cleaned_data["given_name"].split())
        if _LINK.search(name):
            raise forms.ValidationError(gettext("Please give just a first name."))
        return name

    @property
    def is_robot(self) -> bool:
        """Whether the field that people do not see was filled in."""
        return bool(self.data.get("website"))

    def needs_warning(self) -> bool:
        """Whether the address is a throw-away one and she has not been told yet."""
        return is_disposable(self.cleaned_data["email"]) and not self.cleaned_data["disposable_seen"]

    def warn(self) -> None:
        """Say what a throw-away address means; sending again keeps it."""
        sentence = gettext(
            "This is a throw-away address. The confirmation and your offer go there: if it is lost, they are too. "
            "Give another one, or send again to keep it."
        )
        self.add_error("email", forms.ValidationError(sentence, code="disposable"))

    def consents(self, language: str, business: str, evidence: dict[str, Any]) -> list[dict[str, Any]]:
        """What was ticked, each with the words beside its box."""
        return [
            {
                "channel": "email",
                "purpose": purpose,
                "wording": wording.consent_wording(language, purpose, business=business),
                "language": language,
                "evidence": evidence,
            }
            for purpose in wording.PURPOSES
            if self.cleaned_data[purpose]
        ]
