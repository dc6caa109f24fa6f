"""What people do, as verbs after "people who": done, not done, and since when. Pure."""

from django.utils.translation import gettext


def _(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown."""
    return text


# Event → (did, did not, since)
DOINGS: dict[str, tuple[str, str, str]] = {
    "Order Completed": (_("bought"), _("did not buy"), _("since the last purchase")),
    "Product Bought": (_("bought a product"), _("did not buy a product"), _("since the last product they bought")),
    "Order Refunded": (_("were given money back"), _("were not given money back"), _("since the last refund")),
    "Order Cancelled": (_("cancelled a purchase"), _("did not cancel a purchase"), _("since the last cancelled purchase")),
    "Visit Recorded": (_("came"), _("did not come"), _("since the last visit")),
    "Signed Up": (_("signed up"), _("did not sign up"), _("since the last sign-up")),
    "Friend Signed Up": (_("had a friend sign up"), _("had no friend sign up"), _("since the last sign-up of a friend")),
    "Page Viewed": (_("viewed a page"), _("did not view a page"), _("since the last page view")),
    "Screen Viewed": (_("viewed a screen of the app"), _("did not view a screen of the app"), _("since the last screen view")),
    "Link Clicked": (_("clicked a link"), _("did not click a link"), _("since the last click on a link")),
    "Code Shared": (_("shared their code"), _("did not share their code"), _("since they last shared their code")),
    "Code Issued": (_("were given a code"), _("were not given a code"), _("since they were last given a code")),
    "Score Given": (_("gave a score"), _("did not give a score"), _("since the last score")),
    "Review Given": (_("wrote a review"), _("did not write a review"), _("since the last review")),
    "Complaint Opened": (_("complained"), _("did not complain"), _("since the last complaint")),
    "Complaint Closed": (_("had a complaint mended"), _("had no complaint mended"), _("since the last mended complaint")),
    "Segment Entered": (_("entered a segment"), _("did not enter a segment"), _("since they last entered a segment")),
    "Segment Left": (_("left a segment"), _("did not leave a segment"), _("since they last left a segment")),
}


def did(event: str) -> str:
    """ "bought", or did “Some Event” for one of the sender's own."""
    return gettext(DOINGS[event][0]) if event in DOINGS else gettext("did “%(event)s”") % {"event": event}


def did_not(event: str) -> str:
    """ "did not buy"."""
    return gettext(DOINGS[event][1]) if event in DOINGS else gettext("did not do “%(event)s”") % {"event": event}


def since(event: str) -> str:
    """ "since the last purchase"."""
    return gettext(DOINGS[event][2]) if event in DOINGS else gettext("since the last “%(event)s”") % {"event": event}
