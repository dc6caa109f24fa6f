"""What comes with a public key: claims, never facts that move money, consents or identities. Pure."""

from typing import Any

import msgspec

from passaparola.events.reading import Item, Unfit, decode_object, encode, object_text

# Facts that move money or permissions are believed from a server only: anybody can read a public key off a page.
SERVER_ONLY = frozenset(
    {
        "Order Completed", "Order Refunded", "Order Cancelled", "Visit Recorded", "Offer Accepted", "Policy Premium Issued",
        "Claim Settled", "Lead Submitted", "Consent Given", "Consent Refused", "Consent Withdrawn",
    }
)  # fmt: skip
_IDENTIFYING = ("email", "phone", "consents")


def weaken(type_: str, item: Item) -> None:
    """What a browser says: kept under its anonymous id; who it says it is stays a claim until a server confirms it.

    The server confirms by an identify (or any event) with both userId and anonymousId.
    """
    if type_ == "alias" or item.event in SERVER_ONLY:
        raise Unfit("needs_secret_key", "send this from your server, with a secret key (sk_…)")
    claimed: dict[str, Any] = {"groupId": True} if type_ == "group" else {}
    if item.user_id not in (None, ""):
        if item.anonymous_id in (None, ""):
            raise Unfit(
                "needs_secret_key",
                "with a public key anonymousId is needed; a userId alone is believed from a server only",
            )
        claimed["userId"], item.user_id = item.user_id, None
    traits = decode_object(text) if (text := object_text(item.traits, "traits")) else {}
    claimed |= {key: traits.pop(key) for key in _IDENTIFYING if key in traits}
    if claimed:
        traits["claimed"] = claimed
        item.traits = msgspec.Raw(encode(traits))
    # One official SDK repeats the traits in the context.
    context = decode_object(text) if (text := object_text(item.context, "context")) else {}
    if isinstance(context.get("traits"), dict):
        context["traits"] = {k: v for k, v in context["traits"].items() if k not in _IDENTIFYING}
        item.context = msgspec.Raw(encode(context))
