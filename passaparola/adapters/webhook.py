"""Telling another system something by HTTPS: signed, to public addresses only, with a deadline.

An address is looked up once and that very address is connected to, so that a name cannot point inside the house on the
second look (docs/howto/sync-segments.md). Redirects are not followed.
"""

import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from passaparola.kernel.errors import Refusal

TIMEOUT_SECONDS = 10.0
ANSWER_BYTES_MAX = 64 * 1024
SIGNATURE_HEADER = "Passaparola-Signature"
# From the beginning to the end of one call, however slowly the other side answers.
CALL_SECONDS_MAX = 30.0
# All of the newer internet that is given out; what lies outside is local or wraps an older address.
_INTERNET = ipaddress.ip_network("2000::/3")
# These wrap an older address too, are made for machines next door, or are a cloud's own (Azure's 168.63.129.16).
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in ("2001::/23", "2002::/16", "192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")
)


class BadAddress(Refusal):
    """A webhook's address begins with https:// and names a host, nobody's password and no odd port: {address}"""

    code, status = "bad_webhook_address", 422


class InsideAddress(Refusal):
    """The address leads into a private network, which webhooks may not reach: {host}"""

    code, status = "webhook_inside", 422


@dataclass(frozen=True, slots=True)
class Answered:
    """What the other side said: status 0 where nothing came back, with the reason in `problem`."""

    status: int
    problem: str = ""

    @property
    def good(self) -> bool:
        """Whether it was taken."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address. `ip`: what the host's name stood for when it was looked up."""

    scheme: str
    host: str
    port: int
    path: str
    ip: str


def check(url: str, *, allowed_hosts: tuple[str, ...] = ()) -> tuple[str, str, int, str]:
    """Scheme, host, port and path of an address, without looking anything up. Raises BadAddress.

    allowed_hosts: hosts inside the house that the operator named; to them plain http is fine too.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise BadAddress(address=url[:100]) from None
    inside = host in allowed_hosts
    schemes = ("https", "http") if inside else ("https",)
    odd = any(ord(sign) <= 32 or ord(sign) > 126 or sign == "\\" for sign in url)
    if parts.scheme not in schemes or not host or "@" in parts.netloc or odd or parts.fragment:
        raise BadAddress(address=url[:100])
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path


def resolve(url: str, *, allowed_hosts: tuple[str, ...] = ()) -> Address:
    """The address with what its name stands for now. Raises BadAddress, InsideAddress; OSError if it stands for nothing."""
    scheme, host, port, path = check(url, allowed_hosts=allowed_hosts)
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if host not in allowed_hosts and not all(_is_public(ip) for ip in found):
        raise InsideAddress(host=host)
    return Address(scheme, host, port, path, found[0])


def _is_public(ip: str) -> bool:
    """Not ours, not the machine's, not the cloud's own: only what anybody on the internet may reach."""
    address = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if isinstance(address, ipaddress.IPv6Address) and address not in _INTERNET:
        # Also whatever only wraps an older address: a gateway would unwrap one of the house.
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _NOT_PUBLIC)


def sign(secret: bytes, at_seconds: int, body: bytes) -> str:
    """The signature header: t=SECONDS,v1=HMAC-SHA256 of "SECONDS.body" in hex."""
    mark = hmac.new(secret, b"%d." % at_seconds + body, hashlib.sha256).hexdigest()
    return f"t={at_seconds},v1={mark}"


def post(address: Address, body: bytes, headers: dict[str, str]) -> Answered:
    """Send one body and say what came of it; never raises for what the network does.

    It takes CALL_SECONDS_MAX at most: an answer that trickles would hold up every other webhook.
    """
    connection = _Pinned(address)
    deadline = threading.Timer(CALL_SECONDS_MAX, connection.cut)
    deadline.daemon = True
    deadline.start()
    try:
        connection.request("POST", address.path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        answer.read(ANSWER_BYTES_MAX)
        if connection.is_cut:
            return Answered(0, "TimeoutError")
        return Answered(answer.status, "" if 200 <= answer.status < 300 else f"answered {answer.status}")
    except (OSError, http.client.HTTPException) as problem:
        return Answered(0, "TimeoutError" if connection.is_cut else type(problem).__name__)
    finally:
        deadline.cancel()
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was looked up, with the certificate of the name that was asked for."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.host, address.port, timeout=TIMEOUT_SECONDS)
        self._address, self.is_cut = address, False
        self._open: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the very address that was checked."""
        self._open = self.sock = socket.create_connection((self._address.ip, self._address.port), TIMEOUT_SECONDS)
        if self._address.scheme == "https":
            context = ssl.create_default_context()
            self._open = self.sock = context.wrap_socket(self.sock, server_hostname=self._address.host)

    def cut(self) -> None:
        """Time is up: whoever waits for the other side hears so at once. From another thread."""
        self.is_cut = True
        if self._open is not None:
            with contextlib.suppress(OSError):
                self._open.shutdown(socket.SHUT_RDWR)
