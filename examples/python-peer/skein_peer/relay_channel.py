"""Numbered channels through the server, without any input or output: docs/spec/relay.md."""

from dataclasses import dataclass
from typing import Literal

from . import limits
from .rejection import over_limit
from .varint import Reader, write_varint


@dataclass(frozen=True)
class Packet:
    channel: int
    index: int
    received: int
    frame: bytes


def write_packet(packet: Packet) -> bytes:
    return write_varint(packet.channel) + write_varint(packet.index) + write_varint(packet.received) + packet.frame


def read_packet(body: bytes) -> Packet:
    """One that is too large is dropped as a whole; its channel and link go on."""
    reader = Reader(body)
    packet = Packet(reader.varint(), reader.varint(), reader.varint(), reader.rest())
    if len(packet.frame) > limits.FRAME_BYTES:
        raise over_limit("a relayed frame is larger than the limit")
    return packet


News = Literal["frame", "newer", "older", "broken"]


class Channels:
    """One side of a pair's channels, of which one at the most is open."""

    def __init__(self) -> None:
        self.highest = 0
        self.is_open = False
        self._begin()

    def _begin(self) -> None:
        self._frames_sent = self._frames_received = 0
        self._bytes_sent = self._bytes_received = self._told = 0
        self._acknowledged = 0

    def open(self, theirs: int = 0) -> None:
        """The next channel; where the other side opened a higher one, that."""
        self.highest = theirs if theirs > self.highest else self.highest + 1
        self.is_open = True
        self._begin()

    def close(self) -> None:
        self.is_open = False

    def send(self, frame: bytes) -> Packet:
        packet = Packet(self.highest, self._frames_sent, self._bytes_received, frame)
        self._told = self._bytes_received
        if frame:
            self._frames_sent += 1
            self._bytes_sent += len(frame)
        return packet

    def receive(self, packet: Packet) -> News:
        """What a packet means. After `newer` the caller opens that channel, and hands the packet in again."""
        if packet.channel > self.highest:
            return "newer"
        if packet.channel < self.highest or not self.is_open:
            return "older"
        if packet.index != self._frames_received or packet.received > self._bytes_sent:
            self.close()
            return "broken"
        self._acknowledged = max(self._acknowledged, packet.received)
        if packet.frame:
            self._frames_received += 1
            self._bytes_received += len(packet.frame)
        return "frame"

    @property
    def under_way(self) -> int:
        return self._bytes_sent - self._acknowledged

    @property
    def untold(self) -> int:
        """How much came since the other side was told last."""
        return self._bytes_received - self._told
