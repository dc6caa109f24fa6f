"""Who an event is about: recognise, remember, agree, merge and unmerge, forget.

`desk` reads and names; `recognising`, `consents` and `merging` are what events do with it.
"""

from passaparola.events.intake import Happening
from passaparola.people.actions import consents, merging, recognising, relating
from passaparola.people.actions.desk import Desk, UnknownPerson

__all__ = ["People", "UnknownPerson"]


class People(Desk):
    """The room that knows people. `load` before the fold, `step` for each event."""

    def step(self, happening: Happening) -> None:
        """Find out whose event it is, and take what it says about them."""
        if happening.type == "act":
            self._act(happening)
        elif happening.type == "alias":
            happening.person_id = recognising.alias(self, happening)
        else:
            happening.person_id = recognising.recognise(self, happening)
            if happening.type == "identify":
                recognising.describe(self, happening)
            if happening.type == "track" and happening.name == "Lead Submitted":
                consents.ask_lead(self, happening)
            if happening.name in _CONSENT_EVENTS:
                consents.agree(self, happening, {**happening.props, "state": _CONSENT_EVENTS[happening.name]})

    def _act(self, happening: Happening) -> None:
        person = happening.props.get("person")
        if person is not None:
            happening.person_id = self.root(person)
        elif happening.name == "Friend Signed Up":
            recognising.sign_up(self, happening)
        elif happening.user_id or happening.anonymous_id:
            happening.person_id = recognising.recognise(self, happening)
        verb = _ACTS.get(happening.name)
        if verb:
            verb(self, happening)


_ACTS = {
    "Person Merged": merging.merge_act,
    "Person Unmerged": merging.unmerge_act,
    "Consent Recorded": consents.consent_act,
    "Relationship Recorded": relating.record,
    "Relationship Ended": relating.end,
    "Name Shown": recognising.show_name,
    "Language Chosen": recognising.choose_language,
    "Friend Signed Up": consents.request_opt_in,
    "Lead Recorded": consents.ask_lead,
    "Opt-in Confirmed": consents.confirm_opt_in,
    "Person Forgotten": merging.forget,
}
_CONSENT_EVENTS = {"Consent Given": "given", "Consent Refused": "refused", "Consent Withdrawn": "withdrawn"}
