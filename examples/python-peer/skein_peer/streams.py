"""Bytes without an end in sight, each way with a window and an end of its own: docs/spec/links.md, "Streams"."""

import asyncio
from collections import deque
from typing import Awaitable, Callable

from . import limits
from .payloads import (
    StreamCredit,
    StreamData,
    StreamEnd,
    StreamOpen,
    StreamReset,
    StreamStop,
    StreamWord,
    write_payload,
)
from .rejection import CODES, Failure, Rejected, malformed

StreamHandler = Callable[["Stream", object], Awaitable[None]]

_WINDOW_BYTES = 524_288
# So that a link needn't cut it.
_PIECE_BYTES = 15_900


class Stream:
    """One end: `read` what the other side writes, `write` what it reads."""

    def __init__(self, streams: "Streams", lane: int, wire_number: int, is_ours: bool) -> None:
        self._streams = streams
        self._lane = lane
        self._number = wire_number
        # Whether the other side may write: it takes a stream of ours with a first credit.
        self._is_taken = not is_ours
        self._arrived: deque[bytes] = deque()
        self._received = self._read = 0
        self._told = _WINDOW_BYTES
        self._sent = self._credit = 0
        self._their_end: Failure | None | str = "open"
        self._our_end: Failure | None | str = "open"
        self._are_last_words_out = False
        self._news = asyncio.Event()

    @property
    def is_over(self) -> bool:
        return self._their_end != "open" and self._are_last_words_out

    async def read(self) -> bytes | None:
        """What came, in parts; nothing at the end. Raises `Failure` where something is missing."""
        while not self._arrived:
            if self._their_end != "open":
                if self._their_end is not None:
                    raise self._their_end
                return None
            await self._wait()
        part = self._arrived.popleft()
        self._read += len(part)
        if self._their_end == "open" and self._read + _WINDOW_BYTES - self._told >= _WINDOW_BYTES // 4:
            self._told = self._read + _WINDOW_BYTES
            await self._say(StreamCredit(self._number, self._told))
        return part

    async def write(self, data: bytes) -> None:
        """Waits for whoever reads. Raises `Failure` where nobody does any more."""
        at = 0
        while at < len(data):
            while self._our_end == "open" and self._credit <= self._sent:
                await self._wait()
            if self._our_end != "open":
                raise self._our_end or Failure("closed", "The stream's writing side was ended.")
            length = min(_PIECE_BYTES, len(data) - at, self._credit - self._sent)
            self._sent += length
            await self._say(StreamData(self._number, data[at : at + length]))
            at += length

    async def end(self) -> None:
        """All bytes are there."""
        if self._our_end == "open":
            self._our_end = None
            await self._say_last(StreamEnd(self._number))

    async def reset(self, failure: Failure) -> None:
        """No more comes, and something is missing."""
        if self._our_end == "open":
            self._our_end = failure
            await self._say_last(StreamReset(self._number, failure.code, failure.message))

    async def stop(self, failure: Failure) -> None:
        """We read no more: the other side answers with a reset."""
        self._arrived.clear()
        if self._their_end == "open":
            await self._say(StreamStop(self._number, failure.code, failure.message))

    async def refuse(self, failure: Failure) -> None:
        await self.stop(failure)
        await self.reset(failure)

    async def accept(self) -> None:
        await self._say(StreamCredit(self._number, self._told))

    async def _say(self, word: StreamWord) -> None:
        await self._streams.push(self._lane, write_payload(word))

    async def _say_last(self, word: StreamWord) -> None:
        self._wake()
        await self._say(word)
        # Only now: what waits to be said counts against how many streams there may be.
        self._are_last_words_out = True
        self._streams.settle()

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _wake(self) -> None:
        self._news.set()

    # What the other side says. Raises `Rejected` for a violation.

    def take(self, word: StreamWord) -> None:
        match word:
            case StreamCredit():
                self._is_taken = True
                self._credit = max(self._credit, word.credit)
            case StreamData():
                self._take_data(word.body)
            case StreamEnd():
                self._take_end(None)
            case StreamReset():
                self._arrived.clear()
                self._take_end(_failure_of(word))
            case StreamStop():
                self._streams.spawn(self.reset(_failure_of(word)))
        self._wake()

    def _take_data(self, body: bytes) -> None:
        if self._their_end != "open" or not self._is_taken:
            raise malformed("bytes of a stream that isn't open")
        self._received += len(body)
        if self._received > self._told:
            raise Rejected("over-limit", "more of a stream than was granted")
        if body:
            self._arrived.append(body)

    def _take_end(self, end: Failure | None) -> None:
        if self._their_end != "open":
            raise malformed("a second end of a stream")
        self._their_end = end
        self._streams.settle()

    def lose(self, failure: Failure) -> None:
        if self._their_end == "open":
            self._their_end = failure
        if self._our_end == "open":
            self._our_end = failure
        self._wake()


class Streams:
    """All streams of a conversation: those that we opened, and those of the other side, lane by lane."""

    def __init__(
        self,
        push: Callable[[int, bytes], Awaitable[None]],
        spawn: Callable[[Awaitable[None]], object],
        handlers: dict[str, StreamHandler],
        sender: object,
    ) -> None:
        self.push = push
        self.spawn = spawn
        self._handlers = handlers
        self._sender = sender
        self._open: dict[tuple[bool, int, int], Stream] = {}
        self._opened = {(is_ours, lane): 0 for is_ours in (True, False) for lane in range(3)}

    async def open(self, lane: int, name: str) -> Stream:
        if self._count(True) >= limits.OPEN_STREAMS:
            raise Failure("rate-limited", "Too many streams to this peer are open: wait until some are over.")
        number = self._opened[True, lane]
        self._opened[True, lane] += 1
        stream = self._open[True, lane, number] = Stream(self, lane, 2 * number, True)
        await self.push(lane, write_payload(StreamOpen(2 * number, _WINDOW_BYTES, name)))
        return stream

    def take(self, lane: int, word: StreamWord) -> None:
        """Raises `Rejected` for a violation."""
        # The number is odd where who writes didn't open it.
        number, is_ours = word.stream // 2, word.stream % 2 == 1
        if isinstance(word, StreamOpen):
            self._take_open(lane, number, is_ours, word)
            return
        stream = self._open.get((is_ours, lane, number))
        if stream is not None:
            stream.take(word)
        elif number >= self._opened[is_ours, lane] or not isinstance(word, (StreamCredit, StreamStop)):
            raise malformed("a word about a stream that isn't open")

    def _take_open(self, lane: int, number: int, is_ours: bool, word: StreamOpen) -> None:
        if is_ours or number != self._opened[False, lane]:
            raise malformed("a stream that is opened out of turn")
        if self._count(False) >= limits.OPEN_STREAMS:
            raise Rejected("over-limit", "a stream too many")
        self._opened[False, lane] += 1
        stream = self._open[False, lane, number] = Stream(self, lane, word.stream + 1, False)
        stream.take(StreamCredit(word.stream, word.credit))
        self.spawn(self._handle(stream, word.name))

    async def _handle(self, stream: Stream, name: str) -> None:
        handler = self._handlers.get(name)
        if handler is None:
            await stream.refuse(Failure("no-handler", "Nobody takes streams of this name."))
            return
        try:
            await stream.accept()
            await handler(stream, self._sender)
            await stream.end()
        except Failure as failure:
            await stream.refuse(failure)
        except Exception:  # What a handler didn't foresee isn't for others.
            await stream.refuse(Failure("handler-failed", "The handler failed."))

    def settle(self) -> None:
        """Forgets those that are over."""
        self._open = {key: stream for key, stream in self._open.items() if not stream.is_over}

    def _count(self, is_ours: bool) -> int:
        return sum(key[0] == is_ours for key in self._open)

    def lose(self, failure: Failure) -> None:
        for stream in self._open.values():
            stream.lose(failure)


def _failure_of(word: StreamReset | StreamStop) -> Failure:
    return Failure(word.code if word.code in CODES else "aborted", word.message)
