"""Typed messages and requests on one link, from its beginning to its end: docs/spec/links.md, "Payloads"."""

import asyncio
from typing import Awaitable, Callable

from . import limits
from .frames import Hello
from .lanes import CONTROL, DEFAULT
from .link import Link
from .message_pack import pack, unpack
from .payloads import (
    Bind,
    Cancel,
    FailureOf,
    Message,
    Payload,
    Request,
    Response,
    StreamCredit,
    StreamData,
    StreamEnd,
    StreamOpen,
    StreamReset,
    StreamStop,
    read_payload,
    write_payload,
)
from .rejection import CODES, Failure, Rejected, malformed
from .settlement import settle
from .streams import Stream, StreamHandler, Streams

Handler = Callable[[object, object], Awaitable[object]]

_WAITING_BYTES = 1_048_576
_ANSWERS_BYTES = 32 * 1_048_576
_LOSSY_BYTES = 16_000
_LOSSY_HANDLERS = 64


class App:
    """What an app takes, and hears of what goes wrong."""

    def __init__(self, protocols: dict[str, list[str]]) -> None:
        self.protocols = protocols
        self.messages: dict[str, Handler] = {}
        self.requests: dict[str, Handler] = {}
        self.streams: dict[str, StreamHandler] = {}

    def on_trouble(self, code: str, message: str) -> None:
        """Something went wrong that no call reports."""


class Conversation:
    def __init__(self, link: Link, app: App, sender: object, hello: Hello) -> None:
        self._link = link
        self._app = app
        self._sender = sender
        self._their_protocols = hello.protocols
        self.takes_lossy = "lossy" in hello.features
        self._takes_streams = "streams" in hello.features
        self._streams = Streams(self._push_whole, self._run, app.streams, sender)
        self._our_numbers: dict[tuple[int, str], int] = {}
        self._their_names: dict[int, str] = {}
        self._asked: dict[int, asyncio.Future[object]] = {}
        self._requests = 0
        # Requests of theirs that aren't answered yet, with the tasks that see to it.
        self._open: dict[int, asyncio.Task[None]] = {}
        # Of these, those whose handler hasn't ended.
        self._running: set[int] = set()
        self._refusals = 0
        self._answers_bytes = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._lossy_handlers = 0
        self._turns = [asyncio.Lock(), asyncio.Lock(), asyncio.Lock()]
        self._room = asyncio.Event()
        self._is_over = False

    # Out

    async def send(self, type_: str, body: object, lane: int = DEFAULT) -> None:
        """Done once the message is accepted for sending."""
        self._require_common(type_)
        packed = pack(body)
        await self._push(lane, lambda: write_payload(Message(self._bind(lane, type_), packed)))

    async def send_lossy(self, type_: str, body: object) -> bool:
        """Whether it went: what can't go now is dropped. Goes in lane `default` to who takes no lossy messages."""
        if not self.takes_lossy:
            await self.send(type_, body)
            return True
        self._require_common(type_)
        if self._is_over:
            return False
        payload = write_payload(Message(self._bind(CONTROL, type_), pack(body)))
        if len(payload) > _LOSSY_BYTES:
            raise Failure("too-large", f"A lossy message has {_LOSSY_BYTES} bytes at the most.")
        return self._link.send_lossy(payload)

    async def stream(self, name: str, lane: int = DEFAULT) -> Stream:
        if not self._takes_streams:
            raise Failure("protocol-mismatch", "The peer takes no streams: send it messages in their place.")
        return await self._streams.open(lane, name)

    async def request(self, type_: str, body: object, timeout_ms: float, lane: int = DEFAULT) -> object:
        self._require_common(type_)
        if len(self._asked) >= limits.OPEN_REQUESTS:
            raise Failure("rate-limited", "Too many requests to this peer are open: wait until some are answered.")
        packed = pack(body)
        number = self._requests
        self._requests += 1
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        # It stays open until its answer came, also where nobody waits for that any more.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        is_sent = False
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                await self._push(lane, lambda: write_payload(Request(self._bind(lane, type_), number, packed)))
                is_sent = True
                return await asyncio.shield(answer)
        except BaseException as error:
            self._give_up(lane, number, is_sent)
            if isinstance(error, TimeoutError):
                raise Failure("timeout", f"No answer to {type_} came within {timeout_ms:g} ms.") from None
            raise

    def _give_up(self, lane: int, number: int, is_sent: bool) -> None:
        if not is_sent:
            self._asked.pop(number, None)
        elif number in self._asked and not self._is_over:
            self._link.send(lane, write_payload(Cancel(number)))

    def _require_common(self, type_: str) -> None:
        protocol = type_.rpartition("/")[0]
        ours = self._app.protocols.get(protocol, [])
        theirs = self._their_protocols.get(protocol, [])
        if settle(ours, theirs) is None:
            has = f"We speak {', '.join(ours) or 'none'}, the peer {', '.join(theirs) or 'none'}."
            raise Failure("protocol-mismatch", f"No version of {protocol or type_} is common. {has}")

    def _bind(self, lane: int, type_: str) -> int:
        number = self._our_numbers.get((lane, type_))
        if number is None:
            number = len(self._our_numbers)
            if number >= limits.BINDINGS:
                raise Failure("too-large", f"More than {limits.BINDINGS} types on one link.")
            self._our_numbers[lane, type_] = number
            self._link.send(lane, write_payload(Bind(number, type_)))
        return number

    async def _push(self, lane: int, make: Callable[[], bytes]) -> None:
        # Whoever came first goes first.
        async with self._turns[lane]:
            while not self._is_over and self._link.outgoing.waiting_bytes[lane] > _WAITING_BYTES:
                self._room.clear()
                await self._room.wait()
            if self._is_over:
                raise Failure("link-lost", "The link ended.")
            payload = make()
            if len(payload) > limits.MESSAGE_BYTES:
                raise Failure("too-large", f"A message has {limits.MESSAGE_BYTES} bytes at the most.")
            self._link.send(lane, payload)

    async def _push_whole(self, lane: int, payload: bytes) -> None:
        await self._push(lane, lambda: payload)

    def acknowledged(self) -> None:
        self._room.set()

    # In

    def receive(self, lane: int, bytes_: bytes) -> None:
        """Raises `Rejected` for a violation. Whatever way it goes, the message is handled in the end."""
        length = len(bytes_)
        payload = self._read(bytes_)
        match payload:
            case Message():
                self._start(self._handle_message(payload.body, self._name(payload.type)), lane, length)
                return
            case Request():
                if self._take_request(lane, length, payload):
                    return
            case Bind():
                self._take_bind(payload)
            case Cancel():
                self._cancel(payload.request)
            case Response():
                self._take_answer(payload.request, payload.body)
            case FailureOf():
                self._take_failure(payload)
            case StreamOpen() | StreamData() | StreamCredit() | StreamEnd() | StreamReset() | StreamStop():
                self._streams.take(lane, payload)
        self._handled(lane, length)

    def receive_lossy(self, bytes_: bytes) -> None:
        payload = self._read(bytes_)
        if payload is None:
            return
        if not isinstance(payload, Message) or len(bytes_) > _LOSSY_BYTES:
            raise malformed("a lossy payload other than a message, or over the limit")
        name = self._their_names.get(payload.type)
        # One whose type isn't bound has overtaken the `bind`.
        if name is not None and self._lossy_handlers < _LOSSY_HANDLERS:
            self._lossy_handlers += 1
            task = self._run(self._handle_message(payload.body, name))
            task.add_done_callback(lambda _: self._end_lossy())

    def _end_lossy(self) -> None:
        self._lossy_handlers -= 1

    def _read(self, bytes_: bytes) -> Payload | None:
        try:
            return read_payload(bytes_)
        except Rejected as rejected:
            if rejected.code != "unknown-type":
                raise
            self._app.on_trouble(rejected.code, rejected.reason)
            return None

    def _name(self, number: int) -> str:
        if number not in self._their_names:
            raise malformed("a type that wasn't bound")
        return self._their_names[number]

    def _take_bind(self, bind: Bind) -> None:
        if bind.number in self._their_names:
            raise malformed("a type number that is bound already")
        if len(self._their_names) >= limits.BINDINGS:
            raise Rejected("over-limit", "more types than a side may bind")
        self._their_names[bind.number] = bind.name

    async def _handle_message(self, packed: bytes, name: str) -> None:
        handler = self._app.messages.get(name)
        if handler is None:
            self._app.on_trouble("no-handler", "A message came that nobody handles.")
            return
        try:
            await handler(unpack(packed), self._sender)
        except Rejected as rejected:
            self._app.on_trouble("bad-body", f"A message was dropped: {rejected.reason}.")
        except Failure as failure:
            self._app.on_trouble(failure.code, failure.message)
        except Exception as error:  # The app's own.
            self._app.on_trouble("handler-failed", f"A handler of messages failed: {error!r}")

    # Requests of theirs

    def _take_request(self, lane: int, length: int, request: Request) -> bool:
        """Whether the bytes count until a handler has ended."""
        name = self._name(request.type)
        if request.request in self._open:
            raise malformed("a request number that is still open")
        if len(self._open) >= limits.OPEN_REQUESTS or self._answers_bytes >= _ANSWERS_BYTES:
            self._refuse(lane, request.request)
            return False
        self._open[request.request] = self._run(self._answer(lane, length, request, name))
        return True

    def _refuse(self, lane: int, number: int) -> None:
        self._refusals += 1
        if self._refusals > limits.REFUSALS:
            raise Rejected("over-limit", "requests without end, whose answers aren't taken")
        self._run(self._say_refused(lane, number))

    async def _say_refused(self, lane: int, number: int) -> None:
        failure = FailureOf(number, "rate-limited", "Too many requests are open.")
        await self._push(lane, lambda: write_payload(failure))
        self._refusals -= 1

    async def _answer(self, lane: int, length: int, request: Request, name: str) -> None:
        self._running.add(request.request)
        answer = write_payload(await self._ask_handler(request, name))
        self._running.discard(request.request)
        self._handled(lane, length)
        if self._answers_bytes + len(answer) > _ANSWERS_BYTES:
            answer = write_payload(FailureOf(request.request, "rate-limited", "Too many answers wait to be taken."))
        self._answers_bytes += len(answer)
        try:
            await self._push(lane, lambda: answer)
        finally:
            self._answers_bytes -= len(answer)
            self._open.pop(request.request, None)

    async def _ask_handler(self, request: Request, name: str) -> Response | FailureOf:
        number = request.request
        handler = self._app.requests.get(name)
        if handler is None:
            return FailureOf(number, "no-handler", "Nobody handles this request.")
        try:
            self._require_common(name)
            packed = pack(await handler(unpack(request.body), self._sender))
            if len(packed) > limits.MESSAGE_BYTES - 16:
                return FailureOf(number, "too-large", "The answer doesn't fit into one message.")
            return Response(number, packed)
        except Rejected as rejected:
            return FailureOf(number, "bad-body", f"The body can't be read: {rejected.reason}.")
        except Failure as failure:
            code = failure.code if failure.code in CODES else "handler-failed"
            return FailureOf(number, code, failure.message)
        except asyncio.CancelledError:
            return FailureOf(number, "aborted", "The request was cancelled.")
        except Exception as error:  # What a handler didn't foresee is told to its own app alone.
            self._app.on_trouble("handler-failed", f"A handler of requests failed: {error!r}")
            return FailureOf(number, "handler-failed", "The handler failed.")

    def _cancel(self, number: int) -> None:
        # Behind its task's first step, which it may not have made yet.
        asyncio.get_running_loop().call_soon(self._cancel_running, number)

    def _cancel_running(self, number: int) -> None:
        if number in self._running:
            self._open[number].cancel()

    # Answers to ours

    def _take_answer(self, number: int, packed: bytes) -> None:
        asked = self._asked.pop(number, None)
        if asked is None or asked.done():
            return
        try:
            asked.set_result(unpack(packed))
        except Rejected as rejected:
            asked.set_exception(Failure("bad-body", f"The answer can't be read: {rejected.reason}."))

    def _take_failure(self, failure: FailureOf) -> None:
        asked = self._asked.pop(failure.request, None)
        if asked is not None and not asked.done():
            code = failure.code if failure.code in CODES else "handler-failed"
            asked.set_exception(Failure(code, failure.message))

    # Tasks

    def _start(self, work: Awaitable[None], lane: int, length: int) -> None:
        task = self._run(work)
        task.add_done_callback(lambda _: self._handled(lane, length))

    def _handled(self, lane: int, length: int) -> None:
        if not self._is_over:
            self._link.handled(lane, length)

    def _run(self, work: Awaitable[None]) -> "asyncio.Task[None]":
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def end(self, unacknowledged: int) -> None:
        """The link is over, and with it all that was asked on it."""
        self._is_over = True
        self._room.set()
        for task in list(self._tasks):
            task.cancel()
        lost = f"The link ended; {unacknowledged} messages were never acknowledged."
        self._streams.lose(Failure("link-lost", lost))
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(Failure("link-lost", lost))
        self._asked.clear()
