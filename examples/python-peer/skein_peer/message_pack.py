"""Plain MessagePack: docs/spec/README.md, "MessagePack". Its shape is walked before anything is built of it."""

import msgpack

from . import limits
from .rejection import Failure, malformed, over_limit
from .varint import Reader

_LENGTH_BYTES = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
_FIXED_BYTES = {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}


def pack(value: object) -> bytes:
    """Raises `bad-body` where a value has no place in plain MessagePack."""
    try:
        return msgpack.packb(value, use_bin_type=True)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Failure("bad-body", "the value can't be written as MessagePack") from error


def unpack(data: bytes) -> object:
    """Raises `Rejected` where the bytes aren't one plain value."""
    _walk(Reader(data))
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=False)
    except (ValueError, msgpack.UnpackException) as error:
        raise malformed("a text isn't UTF-8") from error


def _walk(reader: Reader) -> None:
    """Without recursion: how deep and how many is the sender's choice."""
    values = 0
    # For each open array or map: how many values are still due, and whether it is a map.
    open_: list[list[int]] = [[1, 0]]
    while open_:
        due, is_map = open_[-1]
        if due == 0:
            open_.pop()
            continue
        open_[-1][0] -= 1
        values += 1
        if values > limits.VALUES:
            raise over_limit("a MessagePack document holds too many values")
        is_key = is_map == 1 and due % 2 == 0
        children = _head(reader, is_key)
        if children is None:
            continue
        if children[0] > reader.left:
            raise malformed("a length claims more than there is")
        if len(open_) > limits.DEPTH:
            raise over_limit("a MessagePack value is nested too deep")
        open_.append(children)
    reader.end()


def _head(reader: Reader, is_key: bool) -> list[int] | None:
    """Reads one value, or the head of an array or map: then says what is due within."""
    head = reader.byte()
    is_text = 0xA0 <= head <= 0xBF or 0xD9 <= head <= 0xDB
    if is_key and not is_text:
        raise malformed("a map's key is no text")
    if head <= 0x7F or head >= 0xE0 or head in (0xC0, 0xC2, 0xC3):
        return None
    if head in _FIXED_BYTES:
        reader.take(_FIXED_BYTES[head])
        return None
    if 0x80 <= head <= 0x8F:
        return [(head & 0x0F) * 2, 1]
    if 0x90 <= head <= 0x9F:
        return [head & 0x0F, 0]
    if head not in _LENGTH_BYTES and not is_text:
        raise malformed("an extension, or the byte that isn't used")
    length = head & 0x1F if head <= 0xBF else int.from_bytes(reader.take(_LENGTH_BYTES[head]), "big")
    if head in (0xDC, 0xDD):
        return [length, 0]
    if head in (0xDE, 0xDF):
        return [length * 2, 1]
    if reader.take(length) == b"__proto__" and is_key:
        raise malformed("the key __proto__")
    return None
