"""Simulated friends: they click real links, sign up on the real page, confirm from the real mail, and buy."""

import email
import email.policy
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop as _

from passaparola.demo.browser import PREVIEW_AGENT, Browser, expect
from passaparola.demo.shop import SEED, Api

_NAMES = (
    "Ada", "Bruno", "Carla", "Dario", "Elena", "Fabio", "Gema", "Hugo", "Irene", "Jon", "Katia", "Leo", "Marta",
    "Nico", "Olga", "Pablo", "Rita", "Sara", "Tomás", "Vera",
)  # fmt: skip
_CONFIRM = re.compile(r"https?://[^\s\"'<>]+/c/[A-Za-z0-9_-]+")
# What they did, as it is told.
DEEDS = (_("shares"), _("previews"), _("clicks"), _("sign-ups"), _("confirmations"), _("orders"), _("refunds"))
_CHANNELS = ("wa", "tg", "em", "cp", "qr")


@dataclass
class Friend:
    """Somebody who does not exist, and how far they come."""

    number: int
    code: str
    name: str
    channel: str
    browser: Browser
    pages: list[Any] = field(default_factory=list)

    @property
    def address(self) -> str:
        """example.test can never be delivered to."""
        return f"friend-{self.number:03}@example.test"

    @property
    def user_id(self) -> str:
        """How the shop knows them once they buy."""
        return f"simulated-friend-{self.number:03}"


class Crowd:
    """All simulated people of one story; the same ones every time (seeded)."""

    def __init__(self, base: str, api: Api, mail: Path) -> None:
        self.base, self.api, self.mail = base, api, mail
        self.dice = random.Random(SEED)
        self.count = 0
        self.did: Counter[str] = Counter()

    def advocate(self, token: str, code: str) -> None:
        """She opens her page, may show her name, and shares in one or two ways."""
        browser = Browser(self.base)
        page = expect(browser.get(f"/a/{token}"), 200)
        if self.dice.random() < 0.4:
            expect(browser.submit(page, "/name", shows="yes"), 303)
        for channel in self.dice.sample(("wa", "tg", "em"), self.dice.choice((1, 1, 2))):
            expect(browser.get(f"/a/{token}/share/{channel}?code={code}"), 303)
            self.did["shares"] += 1

    def preview(self, code: str) -> None:
        """A messenger looks at the link before anybody clicks it: not to be counted."""
        Browser(self.base, agent=PREVIEW_AGENT).get(f"/r/{code}/wa")
        self.did["previews"] += 1

    def click(self, code: str) -> Friend:
        """Somebody new opens the link and lands on the page."""
        self.count += 1
        channel = self.dice.choice(_CHANNELS)
        friend = Friend(
            self.count,
            code,
            self.dice.choice(_NAMES),
            channel,
            Browser(self.base, language=self.dice.choice(("en", "es", "it"))),
        )
        answer = expect(friend.browser.get(f"/r/{code}/{channel}"), 302)
        friend.pages.append(expect(friend.browser.get(answer.leads_to), 200))
        self.did["clicks"] += 1
        return friend

    def sign_up(self, friend: Friend, *, address: str = "", wants_offers: bool = False) -> None:
        """They fill in the form."""
        fields = {"email": address or friend.address, "given_name": f"{friend.name} (simulated)"}
        if wants_offers:
            fields["offers"] = "on"
        expect(friend.browser.submit(friend.pages[-1], **fields), 303)
        self.did["sign-ups"] += 1

    def letters(self) -> dict[str, str]:
        """Address → confirmation link, from the mails in the sink."""
        found = {}
        for path in sorted(self.mail.glob("*.eml")):
            letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = letter.get_body(("plain", "html"))
            link = _CONFIRM.search(body.get_content()) if body else None
            if link:
                found[str(letter["To"].addresses[0].addr_spec)] = link.group(0)
        return found

    def confirm(self, friend: Friend, link: str) -> None:
        """They press the button behind the link in their mail."""
        page = expect(friend.browser.get(link), 200)
        expect(friend.browser.submit(page), 200)
        self.did["confirmations"] += 1

    def buy(self, friend: Friend, total: str, *, with_code: bool = False) -> str:
        """They buy; the shop's program reports who they are and what it was. The order's id."""
        order_id = f"S-{friend.number:04}"
        traits = {"email": friend.address, "name": f"{friend.name} (simulated)", "simulated": True}
        properties = {"order_id": order_id, "total": float(total), "currency": "USD", "simulated": True}
        if with_code:
            properties["coupon"] = friend.code
        self.api.send(
            {"type": "identify", "userId": friend.user_id, "traits": traits},
            {"type": "track", "event": "Order Completed", "userId": friend.user_id, "properties": properties},
        )
        self.did["orders"] += 1
        return order_id

    def give_back(self, friend: Friend, order_id: str) -> None:
        """They return everything."""
        properties = {"order_id": order_id, "simulated": True}
        self.api.send({"type": "track", "event": "Order Refunded", "userId": friend.user_id, "properties": properties})
        self.did["refunds"] += 1
