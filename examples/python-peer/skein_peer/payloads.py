"""Payloads, the words of the conversation between two apps: docs/spec/links.md, "Payloads"."""

from dataclasses import dataclass

from . import fields, limits
from .message_pack import pack
from .rejection import Rejected, malformed
from .varint import Reader, write_varint


@dataclass(frozen=True)
class Bind:
    number: int
    name: str


@dataclass(frozen=True)
class Message:
    type: int
    body: bytes


@dataclass(frozen=True)
class Request:
    type: int
    request: int
    body: bytes


@dataclass(frozen=True)
class Response:
    request: int
    body: bytes


@dataclass(frozen=True)
class FailureOf:
    request: int
    code: str
    message: str


@dataclass(frozen=True)
class Cancel:
    request: int


@dataclass(frozen=True)
class StreamOpen:
    stream: int
    credit: int
    name: str


@dataclass(frozen=True)
class StreamData:
    stream: int
    body: bytes


@dataclass(frozen=True)
class StreamCredit:
    stream: int
    credit: int


@dataclass(frozen=True)
class StreamEnd:
    stream: int


@dataclass(frozen=True)
class StreamReset:
    stream: int
    code: str
    message: str


@dataclass(frozen=True)
class StreamStop:
    stream: int
    code: str
    message: str


StreamWord = StreamOpen | StreamData | StreamCredit | StreamEnd | StreamReset | StreamStop
Payload = Bind | Message | Request | Response | FailureOf | Cancel | StreamWord


def write_payload(payload: Payload) -> bytes:
    kind = _KINDS[type(payload)]
    return bytes([kind]) + _rest(payload)


def _rest(payload: Payload) -> bytes:
    match payload:
        case Bind(number, name):
            return write_varint(number) + name.encode()
        case Message(type_, body):
            return write_varint(type_) + body
        case Request(type_, request, body):
            return write_varint(type_) + write_varint(request) + body
        case Response(number, body) | StreamData(number, body):
            return write_varint(number) + body
        case FailureOf(number, code, message) | StreamReset(number, code, message) | StreamStop(number, code, message):
            return write_varint(number) + pack({"code": code, "message": fields.cut(message, limits.FAILURE_MESSAGE)})
        case Cancel(number) | StreamEnd(number):
            return write_varint(number)
        case StreamOpen(stream, credit, name):
            return write_varint(stream) + write_varint(credit) + name.encode()
        case StreamCredit(stream, credit):
            return write_varint(stream) + write_varint(credit)


def read_payload(payload: bytes) -> Payload:
    reader = Reader(payload)
    kind = reader.byte()
    if kind not in _READERS:
        raise Rejected("unknown-type", "a payload of unknown kind")
    return _READERS[kind](reader)


def _name(reader: Reader) -> str:
    try:
        name = reader.rest().decode()
    except UnicodeDecodeError:
        raise malformed("a name isn't UTF-8") from None
    if not 1 <= fields.characters(name) <= limits.TYPE:
        raise malformed("a name is empty or too long")
    return name


def _failing(make: type[FailureOf] | type[StreamReset] | type[StreamStop]):
    def read(reader: Reader) -> Payload:
        number = reader.varint()
        failure = fields.unpack_map(reader.rest())
        message = fields.text(limits.FAILURE_MESSAGE)
        return make(number, fields.required(failure, "code", fields.name), fields.required(failure, "message", message))

    return read


_KINDS = {
    Bind: 1,
    Message: 2,
    Request: 3,
    Response: 4,
    FailureOf: 5,
    Cancel: 6,
    StreamOpen: 7,
    StreamData: 8,
    StreamCredit: 9,
    StreamEnd: 10,
    StreamReset: 11,
    StreamStop: 12,
}
_READERS = {
    1: lambda reader: Bind(reader.varint(), _name(reader)),
    2: lambda reader: Message(reader.varint(), reader.rest()),
    3: lambda reader: Request(reader.varint(), reader.varint(), reader.rest()),
    4: lambda reader: Response(reader.varint(), reader.rest()),
    5: _failing(FailureOf),
    # What more stands behind the numbers of 6, 9 and 10 is passed over.
    6: lambda reader: Cancel(reader.varint()),
    7: lambda reader: StreamOpen(reader.varint(), reader.varint(), _name(reader)),
    8: lambda reader: StreamData(reader.varint(), reader.rest()),
    9: lambda reader: StreamCredit(reader.varint(), reader.varint()),
    10: lambda reader: StreamEnd(reader.varint()),
    11: _failing(StreamReset),
    12: _failing(StreamStop),
}
