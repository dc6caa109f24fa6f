"""What customers do and programs report: the names of the Segment specification where it has one."""

from passaparola.events.catalogue.shape import Definition, Property, _

_ORDER = Property("order_id", "id", _("The order's number; an order counts once, whoever reports it how often."), True)
_LINE = Property("line", "id", _("A part of an order that is reported in parts."))
_CURRENCY = Property("currency", "currency", _("Currency of the amount; the installation's currency when absent."))
_CLICK = Property("click_id", "text", _("The click that led here, from the address (pp) or the cookie (pp_click)."))
_CODE = Property("code", "text", _("The advocate's code, as the friend typed it."))
_PARTY = Property("party_size", "integer", _("How many people came together; 1 is alone."), False, ("company",))
_COMPANY = Property("company", "integer", _("How many people came together; read where there is no party_size."))
_ACCOMPANIED = Property("accompanied", "boolean", _("Whether anybody came along, where the number is not known."))
_CHANNEL = Property("channel", "text", _("The channel agreed to: email."), True)
_PURPOSE = Property("purpose", "text", _("What for: referral, offers or service."), True)
_WORDING = Property("wording", "text", _("The words the person was shown."))
_SUBJECT = Property("subject", "text", _("What it is about, in a word or two."))

CUSTOMERS: tuple[Definition, ...] = (
    Definition(
        "Order Completed",
        _("A purchase was made and paid. It counts as a visit, can make a referral qualify, and earns rewards."),
        (
            _ORDER,
            Property("total", "money", _("What was paid; revenue or value are read too."), True, ("revenue", "value")),
            Property("revenue", "money", _("Read where there is no total.")),
            Property("value", "money", _("Read where there is neither total nor revenue.")),
            _CURRENCY,
            Property("coupon", "text", _("The code used at the checkout; code is read too.")),
            _CODE,
            _CLICK,
            _LINE,
            Property("products", "list", _("What was bought: product_id, name, category, price, quantity.")),
            _PARTY,
            _COMPANY,
            _ACCOMPANIED,
            Property("channel", "text", _("Where it was bought: web, shop, phone.")),
            Property("discount", "money", _("What was taken off the whole order: then all of it counts as bought on offer.")),
            Property("margin", "money", _("What was earned with it.")),
        ),
    ),
    Definition(
        "Order Refunded",
        _("Money of a purchase was given back, all of it or a part. Rewards not yet paid are released, paid ones reversed."),
        (
            _ORDER,
            Property("total", "money", _("What was given back; the whole order when absent. amount is read too.")),
            Property("amount", "money", _("Read where there is no total.")),
            Property("currency", "currency", _("The currency of its order, which it is when absent.")),
            _LINE,
        ),
    ),
    Definition(
        "Order Cancelled",
        _("A purchase was called off: as if the whole of it were given back."),
        (_ORDER, _LINE),
    ),
    Definition(
        "Visit Recorded",
        _("The person came: to the shop, the club, the table. One visit a local day is counted."),
        (
            Property("place", "text", _("Where.")),
            Property("companions", "integer", _("How many people came along.")),
            _PARTY,
            _COMPANY,
            _ACCOMPANIED,
        ),
    ),
    Definition(
        "Signed Up",
        _("The person opened an account or left an address on your own site. Opens a referral when a code or a click came along."),
        (_CODE, _CLICK, Property("method", "text", _("How: form, app, till."))),
    ),
    Definition(
        "Lead Submitted",
        _("Somebody who has not bought showed interest. Who it is says an identify; addresses have no place in here."),
        (
            Property("source", "text", _("form, co-registration, referral, event or draw; form when absent.")),
            Property("partner", "text", _("Who handed a co-registration over.")),
            Property("form", "text", _("Which form, fair or draw.")),
            Property("consents", "list", _("What was ticked: channel, purpose, wording. Requested until the person confirms it.")),
        ),
    ),
    Definition(
        "Coupon Entered",
        _("A code was typed in at a checkout or named at a till, before any purchase."),
        (
            Property("coupon", "text", _("The code; code is read too."), True, ("code",)),
            _CODE,
            Property("order_id", "id", _("The basket or order it was typed into.")),
        ),
    ),
    Definition(
        "Offer Accepted",
        _("A quotation or an offer was accepted: a good moment to ask."),
        (Property("offer_id", "id", _("Which offer.")), Property("value", "money", _("Its worth.")), _CURRENCY),
    ),
    Definition(
        "Policy Premium Issued",
        _("A premium receipt of an insurance policy was issued. The second one shows that the customer stayed."),
        (
            Property("policy_id", "id", _("Which policy."), True),
            Property("premium", "money", _("The premium.")),
            _CURRENCY,
            Property("number", "integer", _("Which receipt of this policy: 1, 2, 3 …")),
        ),
    ),
    Definition(
        "Claim Settled",
        _("A claim was settled; whether the customer was satisfied decides whether it is a moment to ask."),
        (
            Property("claim_id", "id", _("Which claim."), True),
            Property("satisfied", "boolean", _("Whether the customer was satisfied.")),
            Property("amount", "money", _("What was paid out.")),
            _CURRENCY,
        ),
    ),
    Definition(
        "Review Given",
        _("The person rated a purchase or the business."),
        (
            Property("rating", "number", _("Stars, 1 to 5."), True),
            Property("text", "text", _("What was written.")),
            Property("product_id", "id", _("What was rated.")),
        ),
    ),
    Definition(
        "Score Given",
        _("The person answered how likely a recommendation is. 0 to 6 holds asks back until it is mended."),
        (
            Property("score", "integer", _("0 to 10."), True),
            Property("comment", "text", _("Why.")),
        ),
    ),
    Definition(
        "Complaint Opened",
        _("The person complained. Nobody is asked for a recommendation while a complaint is open."),
        (Property("complaint_id", "id", _("Which complaint.")), _SUBJECT),
    ),
    Definition(
        "Complaint Closed",
        _("A complaint was mended."),
        (
            Property("complaint_id", "id", _("Which complaint.")),
            Property("satisfied", "boolean", _("Whether the person was satisfied.")),
        ),
    ),
    Definition(
        "Consent Given",
        _("The person agreed to be written to on a channel for a purpose."),
        (_CHANNEL, _PURPOSE, _WORDING),
    ),
    Definition(
        "Consent Refused",
        _("The person was asked and said no."),
        (_CHANNEL, _PURPOSE, _WORDING),
    ),
    Definition(
        "Consent Withdrawn",
        _("The person had agreed and no longer does."),
        (_CHANNEL, _PURPOSE),
    ),
)  # fmt: skip

CALLS_WITHOUT_NAME: tuple[Definition, ...] = (
    Definition(
        "identify",
        _("Who somebody is: ties the ids to one person and keeps the traits."),
        (
            Property("email", "text", _("The person's own address.")),
            Property("phone", "text", _("The person's own number, international form best.")),
            Property("name", "text", _("Whole name.")),
            Property("firstName", "text", _("Given name; first_name is read too.")),
            Property("birthday", "day", _("Birth date. People under 14 are not written to.")),
            Property("gender", "text", _("f, m or x.")),
            Property("language", "text", _("es, it or en; locale is read too.")),
            Property("timezone", "text", _("Time zone: Europe/Rome.")),
            Property("consents", "list", _("What was agreed to: channel, purpose, state, wording.")),
        ),
        "identify",
    ),
    Definition(
        "alias",
        _("Two ids are one person: previousId and userId."),
        (),
        "alias",
    ),
    Definition(
        "group",
        _("The person belongs to the group whose key is groupId. An unknown key, or a public key's word, is only kept."),
        (Property("role", "text", _("member, contact or owner; in a company, what she acts as.")),),
        "group",
    ),
    Definition(
        "page",
        _("The person looked at a page; kept. A click_id ties the visitor to the click."),
        (Property("url", "text", _("The address.")), _CLICK),
        "page",
    ),
    Definition(
        "screen",
        _("The person looked at a screen of an app; kept."),
        (),
        "screen",
    ),
)  # fmt: skip
