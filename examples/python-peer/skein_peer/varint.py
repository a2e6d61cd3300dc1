"""Unsigned LEB128, shortest form, up to 2^53 - 1: docs/spec/README.md, "Notation"."""

from . import limits
from .rejection import malformed


def write_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Reader:
    """Reads a byte string from its front."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def byte(self) -> int:
        if self.left == 0:
            raise malformed("the bytes end too early")
        self.at += 1
        return self.data[self.at - 1]

    def take(self, length: int) -> bytes:
        if length > self.left:
            raise malformed("the bytes end too early")
        self.at += length
        return self.data[self.at - length : self.at]

    def rest(self) -> bytes:
        return self.take(self.left)

    def varint(self) -> int:
        value = 0
        for shift in range(0, 56, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if byte == 0 and shift > 0:
                    raise malformed("a number isn't in its shortest form")
                if value > limits.COUNT:
                    break
                return value
        raise malformed("a number is beyond 2^53 - 1")

    def end(self) -> None:
        if self.left > 0:
            raise malformed("bytes follow the end")
