"""The fields of maps, by the types of docs/spec/README.md, "Notation". Keys that aren't asked for are passed over."""

from typing import Callable, TypeVar

from . import limits
from .message_pack import unpack
from .rejection import malformed

T = TypeVar("T")
Read = Callable[[object], T]


def unpack_map(data: bytes) -> dict[str, object]:
    return a_map(unpack(data))


def required(fields: dict[str, object], key: str, read: Read[T]) -> T:
    if key not in fields:
        raise malformed(f"`{key}` is missing")
    return _read(fields, key, read)


def optional(fields: dict[str, object], key: str, read: Read[T]) -> T | None:
    return _read(fields, key, read) if key in fields else None


def _read(fields: dict[str, object], key: str, read: Read[T]) -> T:
    try:
        return read(fields[key])
    except _Unfit as unfit:
        raise malformed(f"`{key}` doesn't fit: {unfit}") from None


class _Unfit(Exception):
    pass


def a_map(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise malformed("a map is due")
    return value


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Unfit("true or false is due")
    return value


def number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Unfit("a number is due")
    return value


def count(value: object) -> int:
    of = number(value)
    # A float without fraction is a whole number as well.
    if of != of or not 0 <= of <= limits.COUNT or int(of) != of:
        raise _Unfit("a whole number from 0 to 2^53 - 1 is due")
    return int(of)


def bytes_of(length: int | None = None) -> Read[bytes]:
    def read(value: object) -> bytes:
        if not isinstance(value, bytes) or length not in (None, len(value)):
            raise _Unfit(f"{'' if length is None else f'{length} '}bytes are due")
        return value

    return read


def characters(text: str) -> int:
    """As JavaScript counts them: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def text(most: int, least: int = 0) -> Read[str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or not least <= characters(value) <= most:
            raise _Unfit(f"a text of {least} to {most} characters is due")
        return value

    return read


name = text(limits.NAME, 1)


def list_of(read_one: Read[T], most: int) -> Read[list[T]]:
    def read(value: object) -> list[T]:
        if not isinstance(value, list) or len(value) > most:
            raise _Unfit(f"a list of {most} at the most is due")
        return [read_one(one) for one in value]

    return read


def protocols(value: object) -> dict[str, list[str]]:
    """App protocols: versions by name."""
    if not isinstance(value, dict) or len(value) > limits.PROTOCOLS:
        raise _Unfit("a map of protocols is due")
    versions = list_of(text(limits.VERSION, 1), limits.VERSIONS)
    return {name(key): versions(listed) for key, listed in value.items()}


def cut(of: str, most: int) -> str:
    """The front of a text that has no more characters than `most`."""
    return of.encode("utf-16-le", "surrogatepass")[: 2 * most].decode("utf-16-le", "ignore")
