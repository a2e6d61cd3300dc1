"""Envelopes: what one peer seals for another. docs/spec/envelopes.md."""

from nacl import bindings
from nacl.exceptions import CryptoError

from . import limits
from .identity import hash32
from .rejection import Rejected, malformed, over_limit

SIGNAL = 1
FRAME = 2


def make_box() -> tuple[bytes, bytes]:
    """A key pair for one join: public, secret."""
    return bindings.crypto_box_keypair()


def room_key(secret: str | None) -> bytes:
    return bytes(32) if secret is None else hash32(b"skein/1 room\0" + secret.encode())


def direction_key(
    own_secret: bytes, their_box: bytes, roomkey: bytes, sender: bytes, receiver: bytes, room: str, label: str = "box"
) -> bytes:
    """The key of what `sender` seals for `receiver`. Raises `Rejected` for a box that no key can be agreed with."""
    try:
        shared = bindings.crypto_box_beforenm(their_box, own_secret)
    except CryptoError:
        raise malformed("a card's box is a point of small order") from None
    prefix = b"skein/1 " + label.encode() + b"\0"
    return hash32(prefix + shared + roomkey + sender + receiver + hash32(room.encode()))


class Sealer:
    """One count for all envelopes of a join, so that no counter is used twice under any key."""

    def __init__(self) -> None:
        self._counter = 0

    def seal(self, key: bytes, content: int, body: bytes) -> bytes:
        counter = self._counter
        self._counter += 1
        return seal(key, counter, content, body)


def seal(key: bytes, counter: int, content: int, body: bytes) -> bytes:
    head = counter.to_bytes(8, "big")
    return head + bindings.crypto_secretbox(bytes([content]) + body, bytes(16) + head, key)


class Opener:
    """Opens what comes under one key. It is kept for as long as anything would be opened with it."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._window = ReplayWindow()

    def open(self, envelope: bytes) -> tuple[int, bytes]:
        if len(envelope) < 25:
            raise malformed("an envelope is too short")
        head, sealed = envelope[:8], envelope[8:]
        counter = int.from_bytes(head, "big")
        if counter > limits.COUNT:
            raise over_limit("an envelope's counter is beyond 2^53 - 1")
        if not self._window.is_new(counter):
            raise Rejected("replayed", "an envelope was seen before, or is too old to tell")
        try:
            plain = bindings.crypto_secretbox_open(sealed, bytes(16) + head, self._key)
        except CryptoError:
            raise Rejected("forged", "an envelope doesn't open") from None
        # A forged one must not use up a counter.
        self._window.take(counter)
        if plain[0] not in (SIGNAL, FRAME):
            raise Rejected("unknown-type", "an envelope of unknown content")
        return plain[0], plain[1:]


class ReplayWindow:
    def __init__(self) -> None:
        self._highest = -1
        self._taken: set[int] = set()

    def is_new(self, counter: int) -> bool:
        return counter > self._highest - limits.REPLAY_WINDOW and counter not in self._taken

    def take(self, counter: int) -> None:
        self._taken.add(counter)
        if counter <= self._highest:
            return
        self._highest = counter
        # Now and then, so that a counter costs the same on average however they leap.
        if len(self._taken) > 2 * limits.REPLAY_WINDOW:
            oldest = self._highest - limits.REPLAY_WINDOW
            self._taken = {one for one in self._taken if one > oldest}
