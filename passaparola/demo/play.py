"""The story from an empty folder to paid rewards, step by step, each step said with its time."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from passaparola.cli.speech import gettext as _
from passaparola.cli.speech import language
from passaparola.demo import installation
from passaparola.kernel.supervisor import CannotStart

DEFAULT_FOLDER = "data-demo"
ADVOCATES = 30
JOINERS = 7
_began = time.monotonic()


def run(*, once: bool, port: int, data: Path | None) -> int:
    """Play the demo in `data` (default: data-demo; with `once` and no folder a temporary one). Exit code.

    Raises CannotStart with a sentence when the sample, the port or the folder cannot be had.
    """
    with _folder(once, data) as folder:
        installation.prepare(folder, port)
        _open()
        played = bool(installation.remembered(folder).get("played"))
        user, password = installation.sign_in(folder)
        with installation.running(folder, port) as process:
            history = None if played else _history(folder)
            installation.wait_until_ready(process, folder, port)
            if history is not None:
                _story(folder, port, history)
                installation.remember(folder, played=True, weeks=history.weeks)
                _summary(folder)
            if once:
                return 0
            # From here on Ctrl-C is how it ends, not a mishap.
            with contextlib.suppress(KeyboardInterrupt):
                _say("")
                _say(_("Open: {address}").format(address=f"http://127.0.0.1:{port}/console/"))
                _say(_("Sign in: user {user}, password {password}").format(user=user, password=password))
                _say(_("Stop: Ctrl-C; ./run demo comes back to it as it is"))
                if played:
                    _summary(folder)
                return process.wait()
    return 0


@contextmanager
def _folder(once: bool, data: Path | None) -> Iterator[Path]:
    """A folder of the demo's own: what it did not finish it begins anew; what is not its own it does not touch."""
    if once and data is None:
        with tempfile.TemporaryDirectory(prefix="passaparola-demo-") as name:
            yield Path(name).resolve()
        return
    folder = (data or Path(DEFAULT_FOLDER)).resolve()
    known = installation.remembered(folder)
    if folder.exists() and any(folder.iterdir()) and not known:
        raise CannotStart(
            _("{folder} holds something that is not a demo: choose another folder with --data.").format(folder=folder)
        )
    if known and (once or not known.get("played")):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    installation.remember(folder, demo=True)
    yield folder


def _open() -> None:
    import django

    django.setup()
    from django.utils import translation

    from passaparola import prepare

    translation.activate(language())
    prepare.stores()


def _history(folder: Path) -> Any:
    from django.conf import settings

    from passaparola.demo import SAMPLE, shop

    if not SAMPLE.exists():
        raise CannotStart(_("The sample of real purchases is part of the source: run ./run demo in a checkout."))
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    return shop.history(SAMPLE, folder, datetime.now(UTC), zone)


def _story(folder: Path, port: int, history: Any) -> None:
    from passaparola.demo import marketer, shop
    from passaparola.demo.friends import Crowd
    from passaparola.kernel import keys

    now = datetime.now(UTC)
    base = f"http://127.0.0.1:{port}"
    value = {"weeks": history.weeks, "households": history.households, "baskets": history.baskets}
    shop.act("Setting Changed", name="demo", value=value)
    shop.act("Stages Changed", **history.ranges)
    words = _("real purchases: {baskets} baskets of {households} households, moved by {weeks} weeks")
    _say(words.format(baskets=f"{history.baskets:,}", households=history.households, weeks=history.weeks))
    shop.bring_in_all(history, folder)
    _settle("the purchases to be taken in")
    _say(_("stages: {counts}").format(counts=_stages()))

    marketer.make()
    program = _launch(folder, now)
    _key, text = keys.make(name="Demo shop", source=shop.SOURCE, scopes=[keys.SEND_EVENTS], now=now)
    crowd = Crowd(base, shop.Api(base, text), folder / "mail")
    advocates = _advocates(program)
    _first_wave(crowd, advocates)
    _second_wave(crowd, program)
    done = ", ".join(f"{_(what)} {count}" for what, count in crowd.did.items())
    _say(_("simulated: {done}").format(done=done))


def _launch(folder: Path, now: datetime) -> int:
    """Draft and publish; wait until everybody who is to be asked has her mail in the sink."""
    from passaparola.demo import shop

    terms = shop.terms(0, now)
    made = shop.act("Program Created", name=shop.PROGRAM, kind="direct", terms=terms, seed=shop.PROGRAM_SEED)
    program = int(made["program_id"])
    shop.act("Program Published", program=program)
    _settle("the asks to be sent")
    mails = len(list((folder / "mail").glob("*.eml")))
    _say(_("programme launched; {count} mails in {folder}").format(count=mails, folder=folder / "mail"))
    return program


def _advocates(program: int) -> list[tuple[str, str, str]]:
    """Those who were asked, seeded choice: token of her page, code, address."""
    import random

    from passaparola.demo.shop import SEED
    from passaparola.kernel import signing
    from passaparola.messages.models import Message
    from passaparola.people.models import Identity
    from passaparola.programs.models import Code

    asked = Message.objects.filter(program_id=program, template="ask", state="sent").values_list("person_id", flat=True)
    codes = list(Code.objects.filter(program_id=program, person_id__in=set(asked)).order_by("id"))
    chosen = random.Random(SEED).sample(codes, min(ADVOCATES, len(codes)))
    if len(chosen) < 3:
        words = _("Only {count} people were asked: see up.log, and the decisions in the console.")
        raise CannotStart(words.format(count=len(chosen)))
    found = []
    for code in chosen:
        address = Identity.objects.filter(person_id=code.person_id, kind="email").values_list("value", flat=True)[0]
        found.append((signing.sign("advocate", [code.person_id]), code.value, address))
    return found


def _first_wave(crowd: Any, advocates: list[tuple[str, str, str]]) -> None:
    """Version 1 pays at once: clicks, sign-ups, confirmations, orders; one order comes back; two are refused."""
    friends = []
    for place, (token, code, _address) in enumerate(advocates):
        crowd.advocate(token, code)
        if place % 3 == 0:
            crowd.preview(code)
        friends += [crowd.click(code) for _time in range(crowd.dice.choice((0, 1, 2, 3)))]
    signed = [friend for friend in friends if crowd.dice.random() < 0.65]
    for friend in signed:
        crowd.sign_up(friend, wants_offers=crowd.dice.random() < 0.5)
    _say(_("friends: {clicked} clicked, {signed} signed up").format(clicked=len(friends), signed=len(signed)))
    _own_goals(crowd, advocates)
    buyers = _confirm(crowd, signed)
    orders = []
    for place, friend in enumerate(buyers):
        total = "7.50" if place == 1 else f"{crowd.dice.uniform(22, 140):.2f}"
        orders.append((friend, crowd.buy(friend, total, with_code=place % 3 == 0)))
    _settle("the rewards to be paid")
    if orders:
        crowd.give_back(*orders[0])
    _settle("the refund to be booked")
    _say(_("{count} friends bought; one sent everything back").format(count=len(orders)))


def _own_goals(crowd: Any, advocates: list[tuple[str, str, str]]) -> None:
    """She recommends herself; and somebody who is a customer already comes through a friend's link."""
    own_code, own_address, other_address = advocates[0][1], advocates[0][2], advocates[1][2]
    for address in (own_address, other_address):
        crowd.sign_up(crowd.click(own_code), address=address)


def _joiners(program: int) -> list[str]:
    """Customers nobody asked who join by themselves: their codes carry the terms of today, version 2."""
    from passaparola.demo import shop
    from passaparola.segments.models import Traits

    people = Traits.objects.filter(stage="some").order_by("person_id").values_list("person_id", flat=True)[:JOINERS]
    return [str(shop.act("Code Issued", program=program, person=person)["code"]) for person in people]


def _second_wave(crowd: Any, program: int) -> None:
    """Version 2 waits for the return window: its rewards are set aside, and released for the order that comes back.

    Whoever has a code of version 1 keeps its terms; so version 2 is shown on customers who join now.
    """
    from passaparola.demo import shop

    shop.act("Program Edited", program=program, name=shop.PROGRAM, terms=shop.terms(shop.HOLD_DAYS, datetime.now(UTC)))
    shop.act("Program Published", program=program)
    friends = [crowd.click(code) for code in _joiners(program)]
    for friend in friends:
        crowd.sign_up(friend)
    buyers = _confirm(crowd, friends, share=1.0)
    orders = [(friend, crowd.buy(friend, f"{crowd.dice.uniform(25, 90):.2f}")) for friend in buyers]
    _settle("the second orders to be booked")
    if orders:
        crowd.give_back(*orders[-1])
    _settle("the second refund to be booked")
    words = _("version 2 with {days} days of return window: {count} bought, one sent it back")
    _say(words.format(days=shop.HOLD_DAYS, count=len(orders)))


def _confirm(crowd: Any, friends: list[Any], share: float = 0.85) -> list[Any]:
    """Most press the button in their mail; of those most will buy. The buyers."""
    _settle("the confirmation mails")
    letters = crowd.letters()
    willing = [friend for friend in friends if friend.address in letters and crowd.dice.random() < share]
    for friend in willing:
        crowd.confirm(friend, letters[friend.address])
    return [friend for friend in willing if crowd.dice.random() < max(share - 0.05, 0.8)]


def _settle(what: str) -> None:
    """Until inbox, due timers and due messages are empty."""
    installation.until(_is_settled, what)


def _is_settled() -> bool:
    from passaparola.doors.imports.inbox import Front
    from passaparola.kernel.models import Timer
    from passaparola.messages.models import Message

    now = datetime.now(UTC)
    return not (
        Front().backlog()
        or Timer.objects.filter(due_at__lte=now).exists()
        or Message.objects.filter(state__in=("claimed", "handing")).exists()
        or Message.objects.filter(state="planned", due_at__lte=now).exists()
    )


def _stages() -> str:
    from django.db.models import Count

    from passaparola.programs import wording
    from passaparola.segments.models import Traits

    found = dict(Traits.objects.values_list("stage").annotate(count=Count("pk")))
    return ", ".join(f"{found.get(stage, 0)} {wording.stage(language(), stage)}" for stage in ("few", "some", "many"))


def _summary(folder: Path) -> None:
    from passaparola.demo import summary

    _say("")
    for line in summary.lines(folder):
        _say(line)


def _say(line: str) -> None:
    print(f"{time.monotonic() - _began:5.1f} s  {line}" if line else "", flush=True)
