"""What our own doors do: acts of staff, of advocates and friends on our pages, of the sender and of the clock.

Only our doors make these; from outside an event of type "act" is refused.
"""

from passaparola.events.catalogue.segment_acts import SEGMENT_ACTS
from passaparola.events.catalogue.shape import Definition, Property, _

_PERSON = Property("person", "integer", _("Whose: the person's number."), True)
_PROGRAM = Property("program", "integer", _("Which programme."), True)
_MESSAGE = Property("message", "integer", _("Which message."), True)
_CODE = Property("code", "text", _("The advocate's code."), True)
_CHANNEL = Property(
    "channel", "text", _("Channel: email for consents; wa, tg, em, sm, fb, x, li, na, cp, qr for shares."), True
)
_WORDING = Property("wording", "text", _("The words shown, so that they can be proven later."))
_NAME = Property("name", "text", _("The programme's name."), True)
_TERMS = Property("terms", "object", _("What it promises: see the programme terms."), True)
_DETAIL = Property("detail", "text", _("What the mail server or provider said."))
_GROUP = Property("group", "integer", _("Which group."), True)
_GROUP_WORDS = (
    Property("names", "object", _("Its name in es, it, en."), True),
    Property("key", "text", _("What other systems call it; made from the name when absent.")),
    Property("kind", "text", _("collective, company, household or club.")),
    Property("code", "text", _("What members type to join; made when absent, none when empty.")),
    Property("offers", "object", _("Its own offer in es, it, en.")),
    Property("products", "object", _("Its own product in es, it, en.")),
    Property("places", "list", _("Places its members share.")),
    Property("interests", "list", _("Interests its members share.")),
)

ACTS: tuple[Definition, ...] = (
    Definition(
        "Person Merged",
        _("Somebody found that two persons are one. Both rows stay; one points at the other."),
        (
            Property("keep", "integer", _("The person that stays."), True),
            Property("other", "integer", _("The person that is the same."), True),
            Property("reason", "text", _("Why."), True),
        ),
        "act",
    ),
    Definition(
        "Person Unmerged",
        _("A merge was undone."),
        (Property("merge", "integer", _("Which merge."), True),),
        "act",
    ),
    Definition(
        "Consent Recorded",
        _("Consent was given, refused, withdrawn or requested, per channel and purpose."),
        (
            _PERSON,
            _CHANNEL,
            Property("purpose", "text", _("What for: referral, offers or service."), True),
            Property("state", "text", _("given, refused, withdrawn or requested."), True),
            _WORDING,
            Property("language", "text", _("Language of the words shown.")),
            Property("source", "text", _("Where it was said: page, till, phone, file.")),
            Property("evidence", "object", _("What proves it.")),
        ),
        "act",
    ),
    Definition(
        "Name Shown",
        _("The advocate allowed, or no longer allows, friends to see her given name."),
        (_PERSON, Property("shows", "boolean", _("Whether it may be seen."), True)),
        "act",
    ),
    Definition(
        "Language Chosen",
        _("The person chose a language on one of our pages."),
        (_PERSON, Property("language", "text", _("es, it or en."), True)),
        "act",
    ),
    Definition(
        "Person Forgotten",
        _("The person's data were blanked on request; figures and ledger stay."),
        (_PERSON,),
        "act",
    ),
    *SEGMENT_ACTS,
    Definition(
        "Stages Changed",
        _("The ranges of few, some and many returns, or the period they are counted in, were changed."),
        (
            Property("period_days", "integer", _("Length of the observation period, in days."), True),
            Property("few", "list", _("From and to, in visits."), True),
            Property("some", "list", _("From and to, in visits."), True),
            Property("many", "list", _("From, and null."), True),
            Property("margin", "integer", _("So many visits below its start a stage is still kept; 0: none.")),
            Property("stay_days", "integer", _("So many days a stage is kept at least; 0: none.")),
        ),
        "act",
    ),
    Definition(
        "Lead Rules Changed",
        _("What counts how much for a lead's score, and from where somebody is warm or hot, was changed."),
        (
            Property("half_life_days", "integer", _("After how many days half of a weight is left."), True),
            Property("tau", "integer", _("How many points fill engagement to 63 of 100."), True),
            Property("points_max", "integer", _("No sum goes beyond this.")),
            Property("warm", "integer", _("The score from which a lead is warm."), True),
            Property("hot", "integer", _("The score from which a lead is hot."), True),
            Property("signals", "list", _("event, weight, where, value, per_day: what counts, the first that fits."), True),
            Property("fit", "list", _("field, operator, value, weight: what in the profile speaks for or against."), True),
        ),
        "act",
    ),
    Definition(
        "Lead Recorded",
        _("Staff noted that somebody known is interested, from a fair, a call, a draw."),
        (
            _PERSON,
            Property("source", "text", _("form, co-registration, referral, event or draw.")),
            Property("partner", "text", _("Who handed a co-registration over.")),
            Property("form", "text", _("Which form, fair or draw.")),
            Property("consents", "list", _("What was ticked: channel, purpose, wording, language, evidence.")),
        ),
        "act",
    ),
    Definition(
        "Lead Taken",
        _("Somebody of sales takes a lead on."),
        (_PERSON, Property("by", "text", _("Who: user:1, or a name."), True)),
        "act",
    ),
    Definition("Lead Returned", _("A lead is nobody's again."), (_PERSON,), "act"),
    Definition(
        "Relationship Recorded",
        _("One person knows another: directed, dated, with its source. Both are people we know already."),
        (
            _PERSON,
            Property("other", "integer", _("Whom: the other's number."), True),
            Property("kind", "text", _("friend, family, household, colleague or knows."), True),
            Property("source", "text", _("How we know.")),
        ),
        "act",
    ),
    Definition(
        "Relationship Ended",
        _("It is over."),
        (
            _PERSON,
            Property("other", "integer", _("Whom: the other's number."), True),
            Property("kind", "text", _("friend, family, household, colleague or knows."), True),
        ),
        "act",
    ),
    Definition(
        "Group Created",
        _("A group was made: people with places or interests in common, or a company."),
        (*_GROUP_WORDS,),
        "act",
    ),
    Definition("Group Edited", _("A group was changed; what is absent stays."), (_GROUP, *_GROUP_WORDS), "act"),
    Definition("Group Closed", _("A group is no more; everybody leaves it."), (_GROUP,), "act"),
    Definition(
        "Group Joined",
        _("Somebody joined a group, or acts for a company."),
        (
            _PERSON,
            Property("group", "integer", _("Which group."), True, ("key", "code")),
            Property("key", "text", _("Which group, by its key.")),
            Property("code", "text", _("Which group, by its code.")),
            Property("role", "text", _("member, contact or owner.")),
            Property("source", "text", _("code, list, console, api, suggestion.")),
        ),
        "act",
    ),
    Definition("Group Left", _("Somebody left a group."), (_PERSON, _GROUP), "act"),
    Definition(
        "Groups Suggested",
        _("A search found people who might make a group; nobody is in one by that."),
        (Property("suggestions", "list", _("key, kind, reason, members; at most 60."), True),),
        "act",
    ),
    Definition(
        "Group Suggestion Accepted",
        _("Staff made a group of a suggestion and took its people in."),
        (Property("suggestion", "integer", _("Which suggestion."), True), *_GROUP_WORDS),
        "act",
    ),
    Definition(
        "Group Suggestion Dismissed",
        _("Staff said that it is no group; it is not suggested again."),
        (Property("suggestion", "integer", _("Which suggestion."), True),),
        "act",
    ),
    Definition(
        "Pyramid Changed",
        _("The period in which active customers bought, or the usual margin, was changed."),
        (
            Property("period_days", "integer", _("Length of the period, in days."), True),
            Property("margin_percent", "integer", _("Usual margin of orders that do not say theirs; null: unknown.")),
        ),
        "act",
    ),
    Definition(
        "Market Estimated",
        _("How many people there are besides, as the operator estimates them: figures, never contacts."),
        (
            Property("probable", "integer", _("People without a relationship who could be interested."), True),
            Property("rest", "integer", _("The rest of the world: neither need nor wish."), True),
            Property("source", "text", _("Where the estimate comes from."), True),
        ),
        "act",
    ),
    Definition(
        "Program Created",
        _("A programme was drafted."),
        (_NAME, Property("kind", "text", _("direct."), True), _TERMS),
        "act",
    ),
    Definition(
        "Program Edited",
        _("The draft of a programme was changed; what was published stays as promised."),
        (_PROGRAM, _NAME, _TERMS),
        "act",
    ),
    Definition(
        "Program Published",
        _("The draft became the next version, frozen, and the programme runs."),
        (_PROGRAM,),
        "act",
    ),
    Definition(
        "Program Paused",
        _("The programme asks nobody and takes no new referral for now."),
        (_PROGRAM,),
        "act",
    ),
    Definition(
        "Program Resumed",
        _("The programme runs again."),
        (_PROGRAM,),
        "act",
    ),
    Definition(
        "Program Ended",
        _("The programme is over; open referrals are still honoured."),
        (_PROGRAM,),
        "act",
    ),
    Definition(
        "Budget Set",
        _("How much the programme may promise in a unit was changed."),
        (
            _PROGRAM,
            Property("unit", "text", _("EUR or another currency, or PTS for points."), True),
            Property("limit", "integer", _("In minor units; no limit when absent.")),
        ),
        "act",
    ),
    Definition(
        "Code Issued",
        _("A person became an advocate of a programme and got a code."),
        (_PROGRAM, _PERSON),
        "act",
    ),
    Definition(
        "Code Shared",
        _("An advocate pressed a share button or copied the link."),
        (_CODE, _CHANNEL),
        "act",
    ),
    Definition(
        "Link Clicked",
        _("A human followed an advocate's link. Robots and link previews are not counted."),
        (
            _CODE,
            Property("token", "text", _("The click's opaque id."), True),
            Property("channel", "text", _("The share channel the link was made for.")),
        ),
        "act",
    ),
    Definition(
        "Friend Signed Up",
        _("A friend left an address on our landing page; a confirmation is sent first."),
        (
            _CODE,
            Property("click", "text", _("The click that led here.")),
            Property("consents", "list", _("What was ticked: channel, purpose, wording.")),
        ),
        "act",
    ),
    Definition(
        "Opt-in Confirmed",
        _("The friend confirmed the address by the link in the message."),
        (
            _PERSON,
            _CHANNEL,
            Property("purposes", "list", _("What was agreed to."), True),
            _WORDING,
        ),
        "act",
    ),
    Definition(
        "Advocate Claimed",
        _("Somebody says, after the purchase, who recommended: the last of the evidence."),
        (
            Property("order_source", "text", _("The source that reported the order."), True),
            Property("order_id", "id", _("The order's number."), True),
            _CODE,
        ),
        "act",
    ),
    Definition(
        "Message Handed Over",
        _("A message was given to the mail server, or could not be."),
        (
            _MESSAGE,
            Property("outcome", "text", _("sent, bounced, failed, refused or unknown."), True),
            _DETAIL,
            Property("provider_id", "text", _("The provider's own id.")),
            Property("attempt", "integer", _("Which try this was: 1, 2, 3 …")),
            Property("digest", "text", _("Keyed hash of an address that takes no mail.")),
        ),
        "act",
    ),
    Definition("Message Delivered", _("The provider says it arrived."), (_MESSAGE, _DETAIL), "act"),
    Definition("Message Bounced", _("The address does not take mail."), (_MESSAGE, _DETAIL), "act"),
    Definition("Message Complained", _("The person marked the message as unwanted."), (_MESSAGE, _DETAIL), "act"),
    Definition(
        "Template Changed",
        _("The text of a message was changed."),
        (
            Property("key", "text", _("Which text: ask, opt_in, reward_paid …"), True),
            Property("language", "text", _("es, it or en."), True),
            Property("subject", "text", _("The subject line."), True),
            Property("body", "text", _("The text, in Liquid."), True),
        ),
        "act",
    ),
    Definition(
        "Trait Defined",
        _("A trait of the business's own was made from the property of an event; it holds for all history at once."),
        (
            Property("name", "text", _("What rules call it: a to z, 0 to 9 and _."), True),
            Property("event", "text", _("The event it is read from."), True),
            Property("property", "text", _("The property of the event; a count needs none.")),
            Property("aggregate", "text", _("last, first, sum, count, max or min."), True),
            Property("type", "text", _("What first and last take: number, text or boolean.")),
            Property("window_days", "integer", _("Only the last so many local days.")),
        ),
        "act",
    ),
    Definition(
        "Trait Retired",
        _("A trait of the business's own is no longer offered."),
        (Property("name", "text", _("Which trait."), True),),
        "act",
    ),
    Definition(
        "Import Withdrawn",
        _("An import is taken back: slice by slice its events go, with all that followed from them alone."),
        (
            Property("import", "integer", _("The import's number."), True),
            Property("first", "integer", _("Its events come after this one,"), True),
            Property("last", "integer", _("and none of them after this one."), True),
        ),
        "act",
    ),
    Definition(
        "Message Resent",
        _("Staff decided to send again a message whose fate is unknown."),
        (_MESSAGE,),
        "act",
    ),
    Definition(
        "Timer Rang",
        _("Something fell due: a hold ended, a stage window slid, a message's time came."),
        (
            Property("kind", "text", _("What fell due."), True),
            Property("subject", "text", _("For whom or what: person:17."), True),
            Property("payload", "object", _("What was noted when the timer was set.")),
        ),
        "act",
    ),
)  # fmt: skip
