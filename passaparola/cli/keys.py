"""`passaparola keys`: keys with which programs send events and call the API."""

import argparse
from datetime import UTC, datetime, timedelta

from passaparola.cli import DONE, open_stores
from passaparola.cli.speech import gettext as _
from passaparola.kernel.errors import Refusal


class ScopedPublic(Refusal):
    """A public key only ever sends events: leave out either --public or --scope."""

    code, status = "scoped_public", 422


def summary() -> str:
    """For --help."""
    return _("make, list and revoke keys for sending events and for the API")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    verbs = parser.add_subparsers(dest="verb", metavar=_("VERB"), required=True)
    create = verbs.add_parser("create", help=_("make a key; its text is shown this once"))
    create.add_argument("--data", dest="data_here", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    create.add_argument("--name", default="", help=_("what it is for"))
    create.add_argument(
        "--source",
        default="shop",
        help=_("whose events it sends; keys of one shop share a source (default: %(default)s)"),
    )
    create.add_argument(
        "--scope", "--scopes", action="append", default=[], metavar="SCOPE",
        help=_("it may do only this; repeat for several, “read” and “write” stand for all of a kind (default: everything)"),
    )  # fmt: skip
    create.add_argument(
        "--public",
        action="store_true",
        help=_("make a key that may stand in a browser: it sends page views and the like, never orders or consents"),
    )
    create.add_argument("--days", type=int, metavar="N", help=_("it ends after so many days"))
    listing = verbs.add_parser("list", help=_("show the keys there are"))
    listing.add_argument("--data", dest="data_here", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    revoke = verbs.add_parser("revoke", help=_("make a key useless, within seconds"))
    revoke.add_argument("--data", dest="data_here", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    revoke.add_argument("id", type=int, help=_("its number in the list"))


def run(arguments: argparse.Namespace) -> int:
    """One of the verbs."""
    open_stores(make=True)
    now = datetime.now(UTC)
    return {"create": _create, "list": _list, "revoke": _revoke}[arguments.verb](arguments, now)


def _create(arguments: argparse.Namespace, now: datetime) -> int:
    from passaparola.cli import terminal
    from passaparola.kernel import keys

    if arguments.public and arguments.scope:
        raise ScopedPublic
    key, text = keys.make(
        name=arguments.name or arguments.source,
        source=arguments.source,
        now=now,
        public=arguments.public,
        scopes=arguments.scope,
        expires_at=now + timedelta(days=arguments.days) if arguments.days else None,
    )
    # The text alone on stdout, so that KEY=$(passaparola keys create) works.
    terminal.say(text)
    terminal.note(
        _("Key {id} for source “{source}”; it may: {scopes}. It is shown this once.").format(
            id=key.pk, source=key.source, scopes=", ".join(key.scopes)
        )
    )
    return DONE


def _list(_arguments: argparse.Namespace, now: datetime) -> int:
    from passaparola.cli import terminal
    from passaparola.kernel.models import Key

    rows = [
        (key.pk, key.name, key.source, f"{key.prefix}…", ", ".join(key.scopes), key.created_at.date(), _state(key, now))
        for key in Key.objects.order_by("id")
    ]
    terminal.table((_("number"), _("name"), _("source"), _("begins"), _("may"), _("made"), _("state")), rows)
    return DONE


def _state(key, now: datetime) -> str:  # type: ignore[no-untyped-def]
    if key.revoked_at:
        return _("revoked")
    return _("ended") if key.expires_at and key.expires_at <= now else _("good")


def _revoke(arguments: argparse.Namespace, now: datetime) -> int:
    from passaparola.cli import terminal
    from passaparola.kernel import keys

    keys.revoke(key_id=arguments.id, now=now)
    terminal.say(_("Key {id} is revoked.").format(id=arguments.id))
    return DONE
