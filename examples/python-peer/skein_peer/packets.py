"""Packets and control messages between client and server: docs/spec/server.md."""

from dataclasses import dataclass

from . import fields, limits
from .identity import SignedCard
from .message_pack import pack
from .rejection import Rejected, malformed, over_limit

CONTROL = 1
SIGNAL_CLASS = 2
RELAY_CLASS = 3


@dataclass(frozen=True)
class Forward:
    kind: int
    peer: bytes
    envelope: bytes


@dataclass(frozen=True)
class Control:
    body: bytes


def control(t: str, **more: object) -> bytes:
    return bytes([CONTROL]) + pack({"t": t, **more})


def forward(kind: int, peer: bytes, envelope: bytes) -> bytes:
    return bytes([kind]) + peer + envelope


def read_packet(packet: bytes) -> Forward | Control:
    if len(packet) > limits.PACKET_BYTES:
        raise over_limit("a packet is larger than the limit")
    if len(packet) == 0:
        raise malformed("a packet is empty")
    kind = packet[0]
    if kind == CONTROL:
        return Control(packet[1:])
    if kind not in (SIGNAL_CLASS, RELAY_CLASS):
        raise Rejected("unknown-type", "a packet of unknown kind")
    if len(packet) < 34:
        raise malformed("a forward has no envelope")
    return Forward(kind, packet[1:33], packet[33:])


def read_control(body: bytes) -> dict[str, object]:
    """What a server says: its fields as they are in the page's table, the type as `t`."""
    message = fields.unpack_map(body)
    t = fields.required(message, "t", fields.text(limits.PACKET_BYTES))
    if t not in _FROM_SERVER:
        raise Rejected("unknown-type", "a control message of unknown type")
    return {"t": t, **_FROM_SERVER[t](message)}


def _challenge(message: dict[str, object]) -> dict[str, object]:
    limits_ = fields.required(message, "limits", fields.a_map)
    return {
        "nonce": fields.required(message, "nonce", fields.bytes_of(32)),
        "server": fields.required(message, "server", fields.name),
        "versions": fields.required(message, "versions", fields.list_of(fields.count, limits.WIRE_VERSIONS)),
        "limits": {key: fields.required(limits_, key, fields.count) for key in ("packetBytes", "graceMs")},
    }


def _ice_server(value: object) -> dict[str, object]:
    server = fields.a_map(value)
    text = fields.text(limits.ICE_TEXT)
    return {
        "urls": fields.required(server, "urls", fields.list_of(text, limits.ICE_URLS)),
        "username": fields.optional(server, "username", text),
        "credential": fields.optional(server, "credential", text),
    }


def _ice(message: dict[str, object]) -> dict[str, object]:
    return {"ice": fields.required(message, "ice", fields.list_of(_ice_server, limits.ICE_SERVERS))}


def _peers(message: dict[str, object]) -> dict[str, object]:
    return {"peers": fields.required(message, "peers", fields.list_of(SignedCard.read, limits.PEERS))}


def _joined(message: dict[str, object]) -> dict[str, object]:
    return {"room": fields.required(message, "room", fields.name), **_peers(message), **_ice(message)}


def _card(message: dict[str, object]) -> dict[str, object]:
    return {"card": fields.required(message, "card", SignedCard.read)}


def _id(message: dict[str, object]) -> dict[str, object]:
    return {"id": fields.required(message, "id", fields.bytes_of(32))}


def _left(message: dict[str, object]) -> dict[str, object]:
    return {**_id(message), "reason": fields.required(message, "reason", fields.name)}


def _undeliverable(message: dict[str, object]) -> dict[str, object]:
    class_ = fields.optional(message, "class", fields.name)
    if class_ not in (None, "signal", "relay"):
        raise malformed("`class` is none of the two")
    return {
        "to": fields.required(message, "to", fields.bytes_of(32)),
        "reason": fields.required(message, "reason", fields.name),
        "class": class_,
    }


def _after(message: dict[str, object]) -> dict[str, object]:
    return {"after": fields.required(message, "after", fields.count)}


def _error(message: dict[str, object]) -> dict[str, object]:
    return {
        "code": fields.required(message, "code", fields.name),
        "message": fields.required(message, "message", fields.text(limits.ERROR_MESSAGE)),
        "fatal": fields.required(message, "fatal", fields.boolean),
        "retryAfter": fields.optional(message, "retryAfter", fields.count),
    }


_FROM_SERVER = {
    "challenge": _challenge,
    "peers": _peers,
    "joined": _joined,
    "ice": _ice,
    "peer-joined": _card,
    "peer-updated": _card,
    "peer-away": _id,
    "peer-left": _left,
    "undeliverable": _undeliverable,
    "expiring": _after,
    "draining": _after,
    "pong": lambda _: {},
    "error": _error,
}
