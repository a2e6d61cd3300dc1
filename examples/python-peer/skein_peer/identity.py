"""Identities, signatures, cards and the proof of a join: docs/spec/identity.md."""

import base64
import hashlib
import re
from dataclasses import dataclass, field

from nacl import bindings
from nacl.exceptions import CryptoError

from . import fields, limits
from .message_pack import pack
from .rejection import Failure, Rejected, malformed, over_limit

_PREFIX = "skein-identity-1:"


def hash32(data: bytes) -> bytes:
    return hashlib.sha512(data).digest()[:32]


def to_text(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """Reads 43 characters of canonical base64url."""
    if re.fullmatch(r"[A-Za-z0-9_-]{43}", text) is None:
        raise malformed("an id has 43 characters of base64url")
    key = base64.urlsafe_b64decode(text + "=")
    if to_text(key) != text:
        raise malformed("an id isn't canonical")
    return key


class Identity:
    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self.key, self._secret = bindings.crypto_sign_seed_keypair(seed)
        self.id = to_text(self.key)

    @staticmethod
    def load(saved: str) -> "Identity":
        line = saved.strip()
        try:
            if line.startswith(_PREFIX):
                return Identity(from_text(line[len(_PREFIX) :]))
        except Rejected:
            pass
        raise Failure("bad-argument", f"A saved identity is one line that begins with `{_PREFIX}`.")

    def save(self) -> str:
        return _PREFIX + to_text(self._seed)

    def sign(self, purpose: str, message: bytes) -> bytes:
        return bindings.crypto_sign(_signed(purpose, message), self._secret)[:64]


def verifies(purpose: str, key: bytes, message: bytes, signature: bytes) -> bool:
    """libsodium rejects what the page wants rejected: points of small order, and what isn't canonical."""
    try:
        bindings.crypto_sign_open(signature + _signed(purpose, message), key)
        return True
    except (CryptoError, ValueError):
        return False


def _signed(purpose: str, message: bytes) -> bytes:
    return b"skein/1 " + purpose.encode() + b"\0" + message


def join_proof(identity: Identity, nonce: bytes, room: str, card: bytes) -> bytes:
    return identity.sign("join", proof_message(nonce, room, card))


def proof_message(nonce: bytes, room: str, card: bytes) -> bytes:
    return nonce + hash32(room.encode()) + hash32(card)


@dataclass(frozen=True)
class SignedCard:
    """A card as it travels: its bytes, and their signature."""

    b: bytes
    s: bytes

    @staticmethod
    def read(value: object) -> "SignedCard":
        card = fields.a_map(value)
        of_any_length = fields.bytes_of()
        return SignedCard(fields.required(card, "b", of_any_length), fields.required(card, "s", fields.bytes_of(64)))

    def as_map(self) -> dict[str, bytes]:
        return {"b": self.b, "s": self.s}


@dataclass(frozen=True)
class Card:
    key: bytes
    box: bytes
    started: float
    n: int
    name: str | None = None
    kind: str | None = None
    caps: list[str] = field(default_factory=list)
    protocols: dict[str, list[str]] = field(default_factory=dict)
    meta: object = None

    @property
    def id(self) -> str:
        return to_text(self.key)

    def sign(self, identity: Identity) -> SignedCard:
        if self.meta is not None and len(pack(self.meta)) > limits.META_BYTES:
            raise Failure("too-large", f"`meta` has {limits.META_BYTES} bytes at the most, encoded.")
        optional = {"name": self.name, "kind": self.kind, "meta": self.meta}
        b = pack(
            {
                "v": 1,
                "id": self.key,
                "box": self.box,
                "started": self.started,
                "caps": self.caps,
                "protocols": self.protocols,
                "n": self.n,
                **{key: value for key, value in optional.items() if value is not None},
            }
        )
        if len(b) > limits.CARD_BYTES:
            raise Failure("too-large", f"A card has {limits.CARD_BYTES} bytes at the most, encoded.")
        return SignedCard(b, identity.sign("card", b))


def read_card(signed: SignedCard) -> Card:
    """Checks in the order of the page."""
    if len(signed.b) > limits.CARD_BYTES:
        raise over_limit("a card is larger than the limit")
    read = fields.unpack_map(signed.b)
    if fields.required(read, "v", fields.number) != 1:
        raise Rejected("unsupported-version", "a card of another version")
    card = Card(
        key=fields.required(read, "id", fields.bytes_of(32)),
        box=fields.required(read, "box", fields.bytes_of(32)),
        started=fields.required(read, "started", fields.number),
        n=fields.required(read, "n", fields.count),
        name=fields.optional(read, "name", fields.name),
        kind=fields.optional(read, "kind", fields.name),
        caps=fields.required(read, "caps", fields.list_of(fields.name, limits.CAPABILITIES)),
        protocols=fields.required(read, "protocols", fields.protocols),
        meta=read.get("meta"),
    )
    if not verifies("card", card.key, signed.b, signed.s):
        raise Rejected("forged", "a card's signature doesn't verify")
    return card
