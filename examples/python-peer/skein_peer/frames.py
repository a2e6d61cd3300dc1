"""Frames and their records: docs/spec/links.md, "Frames and records"."""

from dataclasses import dataclass

from . import fields, limits
from .message_pack import pack
from .rejection import malformed, over_limit
from .varint import Reader, write_varint


@dataclass(frozen=True)
class Hello:
    link: bytes
    of: bytes | None
    next: int
    credit: tuple[int, int, int]
    protocols: dict[str, list[str]]
    features: list[str]


@dataclass(frozen=True)
class Data:
    sequence: int
    lane: int
    last: bool
    piece: bytes


@dataclass(frozen=True)
class Acknowledgement:
    next: int
    credit: tuple[int, int, int]


@dataclass(frozen=True)
class Ping:
    token: int


@dataclass(frozen=True)
class Pong:
    token: int


@dataclass(frozen=True)
class Close:
    code: str
    reason: str


@dataclass(frozen=True)
class Lossy:
    sequence: int
    payload: bytes


Record = Hello | Data | Acknowledgement | Ping | Pong | Close | Lossy


def write_record(record: Record) -> bytes:
    type_, body = _body(record)
    return bytes([type_]) + write_varint(len(body)) + body


def _body(record: Record) -> tuple[int, bytes]:
    match record:
        case Hello():
            return 1, pack(_hello_map(record))
        case Data():
            flags = record.lane + (4 if record.last else 0)
            return 2, bytes([flags]) + write_varint(record.sequence) + record.piece
        case Acknowledgement():
            return 3, write_varint(record.next) + b"".join(map(write_varint, record.credit))
        case Ping():
            return 4, write_varint(record.token)
        case Pong():
            return 5, write_varint(record.token)
        case Close():
            return 6, pack({"code": record.code, "reason": fields.cut(record.reason, limits.CLOSE_REASON)})
        case Lossy():
            return 7, write_varint(record.sequence) + record.payload


def _hello_map(hello: Hello) -> dict[str, object]:
    return {
        "link": hello.link,
        **({} if hello.of is None else {"of": hello.of}),
        "next": hello.next,
        "credit": list(hello.credit),
        "protocols": hello.protocols,
        "features": hello.features,
    }


def read_frame(frame: bytes) -> list[Record]:
    """The records that are known. One that is wrong spoils them all."""
    if len(frame) > limits.FRAME_BYTES:
        raise over_limit("a frame is larger than the limit")
    reader = Reader(frame)
    records = []
    while reader.left > 0:
        type_ = reader.byte()
        body = Reader(reader.take(reader.varint()))
        read = _READERS.get(type_)
        if read is not None:
            records.append(read(body))
    return records


def _hello(body: Reader) -> Hello:
    hello = fields.unpack_map(body.rest())
    credit = fields.required(hello, "credit", fields.list_of(fields.count, 3))
    if len(credit) != 3:
        raise malformed("`credit` is of three lanes")
    return Hello(
        link=fields.required(hello, "link", fields.bytes_of(8)),
        of=fields.optional(hello, "of", fields.bytes_of(8)),
        next=fields.required(hello, "next", fields.count),
        credit=(credit[0], credit[1], credit[2]),
        protocols=fields.required(hello, "protocols", fields.protocols),
        features=fields.required(hello, "features", fields.list_of(fields.name, limits.FEATURES)),
    )


def _data(body: Reader) -> Data:
    flags = body.byte()
    if flags >= 8:
        raise malformed("data with a flag that isn't known")
    return Data(body.varint(), flags & 3, flags >= 4, body.rest())


def _acknowledgement(body: Reader) -> Acknowledgement:
    # What more stands behind them is passed over.
    return Acknowledgement(body.varint(), (body.varint(), body.varint(), body.varint()))


def _token(body: Reader) -> int:
    token = body.varint()
    body.end()
    return token


def _close(body: Reader) -> Close:
    close = fields.unpack_map(body.rest())
    reason = fields.text(limits.CLOSE_REASON)
    return Close(fields.required(close, "code", fields.name), fields.required(close, "reason", reason))


def _lossy(body: Reader) -> Lossy:
    sequence = body.varint()
    if body.left == 0:
        raise malformed("a lossy record without its message")
    return Lossy(sequence, body.rest())


_READERS = {
    1: _hello,
    2: _data,
    3: _acknowledgement,
    4: lambda body: Ping(_token(body)),
    5: lambda body: Pong(_token(body)),
    6: _close,
    7: _lossy,
}
