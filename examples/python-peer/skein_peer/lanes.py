"""What one side of a link sends and takes, without paths or time: docs/spec/links.md, "Lanes and pieces", "Windows"."""

from collections import deque

from . import limits
from .frames import Data
from .rejection import Rejected, malformed

LANES = ("control", "default", "bulk")
CONTROL, DEFAULT, BULK = range(3)
_WEIGHTS = (16, 4, 1)
_PIECE_BYTES = 16_000
_WINDOW_BYTES = 4 * 1_048_576
_KEPT_BYTES = 32 * 1_048_576
# What a record counts for beside its bytes.
_RECORD_BYTES = 128


class Outgoing:
    """Cuts messages into records, and keeps each until it is acknowledged."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.next = 0
        self.messages = 0
        self._kept: dict[int, Data] = {}
        self._kept_bytes = 0
        self._waiting: tuple[deque[bytes], ...] = (deque(), deque(), deque())
        # How far the first message of a lane was sent; how many bytes wait behind.
        self._offsets = [0, 0, 0]
        self._sent = [0, 0, 0]
        self._credit = (0, 0, 0)
        self.waiting_bytes = [0, 0, 0]
        self._turns = [0.0, 0.0, 0.0]

    def push(self, lane: int, payload: bytes) -> None:
        if not self._waiting[lane]:
            # A lane that had nothing to say isn't owed for that time.
            self._turns[lane] = max(self._turns[lane], min(self._turns))
        self._waiting[lane].append(payload)
        self.waiting_bytes[lane] += len(payload)
        self.messages += 1

    def grant(self, credit: tuple[int, int, int]) -> None:
        self._credit = tuple(map(max, self._credit, credit))

    def acknowledge(self, next_: int) -> None:
        if next_ > self.next:
            raise malformed("an acknowledgement of what was never sent")
        for sequence in range(self.acknowledged, next_):
            record = self._kept.pop(sequence)
            self._kept_bytes -= len(record.piece) + _RECORD_BYTES
            self.messages -= record.last
        self.acknowledged = max(self.acknowledged, next_)

    def record(self, sequence: int) -> Data | None:
        """The record of that number, cut only now if it is the next; nothing where it has to wait."""
        return self._kept.get(sequence) if sequence < self.next else self._cut()

    def _cut(self) -> Data | None:
        if self._kept_bytes >= _KEPT_BYTES:
            return None
        ready = [lane for lane in range(3) if self._waiting[lane] and self._credit[lane] > self._sent[lane]]
        if not ready:
            return None
        lane = min(ready, key=lambda one: self._turns[one])
        payload, offset = self._waiting[lane][0], self._offsets[lane]
        length = min(_PIECE_BYTES, len(payload) - offset, self._credit[lane] - self._sent[lane])
        record = Data(self.next, lane, offset + length == len(payload), payload[offset : offset + length])
        self._offsets[lane] = 0 if record.last else offset + length
        if record.last:
            self._waiting[lane].popleft()
        self._keep(record)
        return record

    def _keep(self, record: Data) -> None:
        length = len(record.piece)
        self._turns[record.lane] += (length + _RECORD_BYTES) / _WEIGHTS[record.lane]
        self._sent[record.lane] += length
        self.waiting_bytes[record.lane] -= length
        self._kept[record.sequence] = record
        self._kept_bytes += length + _RECORD_BYTES
        self.next += 1


class Incoming:
    """Puts records together to messages, each once and in order, and grants what there is room for."""

    def __init__(self) -> None:
        self.next = 0
        self._received = [0, 0, 0]
        self._unhandled = [0, 0, 0]
        self._told = [0, 0, 0]
        # Bytes, not pieces: these cost their reader what they have, however they were cut.
        self._making = (bytearray(), bytearray(), bytearray())

    def credit(self) -> tuple[int, int, int]:
        """What is to be told now. It never falls."""
        self._told = [max(self._told[lane], self._room(lane)) for lane in range(3)]
        return (self._told[0], self._told[1], self._told[2])

    def _room(self, lane: int) -> int:
        return self._received[lane] + _WINDOW_BYTES - self._unhandled[lane]

    def owes_credit(self) -> bool:
        """Whether a quarter of a window was freed since the other side was told."""
        return any(self._room(lane) - self._told[lane] >= _WINDOW_BYTES // 4 for lane in range(3))

    def take(self, record: Data) -> bytes | None:
        """A whole message, where the record ends one. Raises `Rejected` for a violation."""
        if record.lane > BULK:
            raise malformed("data of an unknown lane")
        if record.sequence > self.next:
            raise malformed("data above the next number")
        if not record.piece:
            raise malformed("an empty piece")
        if record.sequence < self.next:
            return None
        lane, making = record.lane, self._making[record.lane]
        if self._received[lane] + len(record.piece) > self._told[lane]:
            raise Rejected("over-limit", "more data than was granted")
        if len(making) + len(record.piece) > limits.MESSAGE_BYTES:
            raise Rejected("over-limit", "a message over the limit")
        self.next += 1
        self._received[lane] += len(record.piece)
        making += record.piece
        if not record.last:
            return None
        message = bytes(making)
        making.clear()
        self._unhandled[lane] += len(message)
        return message

    def handled(self, lane: int, length: int) -> None:
        self._unhandled[lane] -= length
