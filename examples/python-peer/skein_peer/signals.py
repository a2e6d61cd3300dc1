"""Signals, which set up a direct path: docs/spec/signals.md."""

from dataclasses import dataclass

from . import fields, limits
from .message_pack import pack
from .rejection import Rejected, over_limit


@dataclass(frozen=True)
class Description:
    """An offer or an answer."""

    t: str
    g: int
    sdp: str
    n: int = 0


@dataclass(frozen=True)
class Candidates:
    g: int
    u: str
    # The candidate line without `a=`, and its media section.
    list: list[tuple[str, str]]


@dataclass(frozen=True)
class Bye:
    g: int
    reason: str


Signal = Description | Candidates | Bye


def write_signal(signal: Signal) -> bytes:
    if isinstance(signal, Description):
        number = {} if signal.n == 0 else {"n": signal.n}
        return pack({"t": signal.t, "g": signal.g, **number, "sdp": signal.sdp})
    if isinstance(signal, Candidates):
        listed = [{"c": candidate, "mid": mid} for candidate, mid in signal.list]
        return pack({"t": "candidates", "g": signal.g, "u": signal.u, "list": listed})
    return pack({"t": "bye", "g": signal.g, "reason": signal.reason})


def read_signal(body: bytes) -> Signal:
    if len(body) > limits.SIGNAL_BYTES:
        raise over_limit("a signal is larger than the limit")
    signal = fields.unpack_map(body)
    t = fields.required(signal, "t", fields.text(limits.SIGNAL_BYTES))
    if t not in ("offer", "answer", "candidates", "bye"):
        raise Rejected("unknown-type", "a signal of unknown type")
    g = fields.required(signal, "g", fields.count)
    if t == "bye":
        return Bye(g, fields.required(signal, "reason", fields.name))
    if t == "candidates":
        fragment = fields.required(signal, "u", fields.text(limits.FRAGMENT))
        return Candidates(g, fragment, fields.required(signal, "list", fields.list_of(_candidate, limits.CANDIDATES)))
    number = fields.optional(signal, "n", fields.count)
    return Description(t, g, fields.required(signal, "sdp", fields.text(limits.SDP)), number or 0)


def _candidate(value: object) -> tuple[str, str]:
    candidate = fields.a_map(value)
    return (
        fields.required(candidate, "c", fields.text(limits.CANDIDATE)),
        fields.required(candidate, "mid", fields.text(limits.MID)),
    )
