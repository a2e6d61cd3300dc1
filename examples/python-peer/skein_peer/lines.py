"""A room on standard input and output, one JSON object a line: docs/guide/embedding.md."""

import asyncio
import json
import sys
from itertools import count
from typing import Callable

from . import fields
from .json_body import from_json, to_json
from .peer import Peer
from .rejection import Failure
from .room import Room

_LINE_BYTES = 1_048_576
_BUSY_OPERATIONS = 64
_LAST_SECONDS = 1.0


def write(event: str, **more: object) -> None:
    sys.stdout.write(json.dumps({"event": event, **more}, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def shown(peer: Peer) -> dict[str, object]:
    card = peer.card
    return {
        **named(peer),
        "engine": card.kind,
        "state": "connected" if peer.is_linked else "connecting",
        "path": peer.path,
        "rttMs": peer.round_trip_ms,
        "capabilities": card.caps,
        "protocols": card.protocols,
        "meta": to_json(card.meta),
    }


def named(peer: Peer) -> dict[str, object]:
    return {"id": peer.id, "name": peer.card.name}


def listen(event: str, peer: Peer | None, reason: str | None, code: str | None = None) -> None:
    """Writes what happens in a room."""
    match event:
        case "peer-joined" | "peer-connected" | "peer-updated":
            write(event, peer=shown(peer))
        case "path-changed":
            write(event, peer=named(peer), path=peer.path, reason=reason)
        case "peer-disconnected" | "peer-left":
            write(event, peer=named(peer), reason=reason)
        case "rejected":
            write(event, code=code, reason=reason, **({} if peer is None else {"from": peer.id}))
        case "trouble":
            write(event, code=code, message=reason)
        case _:
            write(event, **({} if reason is None else {"reason": reason}))


class Lines:
    def __init__(self, room: Room) -> None:
        self._room = room
        self._numbers = count(1)
        self._requests: dict[int, asyncio.Future[object]] = {}
        self._busy = asyncio.Semaphore(_BUSY_OPERATIONS)
        self._tasks: set[asyncio.Task[None]] = set()
        self.left_by: dict[str, object] = {}

    async def run(self) -> None:
        """Until `leave`, or the end of standard input."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_LINE_BYTES)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await self._line(reader):
            # When many operations wait, so does whoever writes them.
            await self._busy.acquire()
            operation = self._read(line)
            if operation.get("op") == "leave":
                self.left_by = _id_of(operation)
                break
            self._run(operation)
        if self._tasks:
            # What was asked before goes before.
            await asyncio.wait(self._tasks, timeout=_LAST_SECONDS)

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        while True:
            try:
                return await reader.readline()
            except ValueError:
                write("error", code="too-large", message=f"A line has {_LINE_BYTES} bytes at the most.")

    def _read(self, line: bytes) -> dict[str, object]:
        try:
            operation = json.loads(line)
            if isinstance(operation, dict):
                return operation
        except ValueError:
            pass
        return {}

    def _run(self, operation: dict[str, object]) -> None:
        task = asyncio.ensure_future(self._do(operation))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._busy.release()

    async def _do(self, operation: dict[str, object]) -> None:
        id_ = _id_of(operation)
        try:
            do = _OPERATIONS.get(str(operation.get("op")))
            if do is None:
                raise Failure("bad-argument", f"`op` is one of {', '.join(_OPERATIONS)}, leave.")
            event, more = await do(self, operation)
            write(event, **id_, **more)
        except Failure as failure:
            retry = {} if failure.retry_after_ms is None else {"retryAfterMs": failure.retry_after_ms}
            write("error", **id_, code=failure.code, message=failure.message, **retry)

    async def _send(self, operation: dict[str, object]) -> tuple[str, dict[str, object]]:
        peer = self._room.peer(_text(operation, "to"))
        await peer.send(_text(operation, "type"), from_json(operation.get("body")))
        return "sent", {}

    async def _broadcast(self, operation: dict[str, object]) -> tuple[str, dict[str, object]]:
        type_, body = _text(operation, "type"), from_json(operation.get("body"))
        linked = [peer for peer in self._room.peers.values() if peer.is_linked]
        sent = await asyncio.gather(*(peer.send(type_, body) for peer in linked), return_exceptions=True)
        return "broadcast", {"peers": sum(not isinstance(one, BaseException) for one in sent)}

    async def _request(self, operation: dict[str, object]) -> tuple[str, dict[str, object]]:
        peer = self._room.peer(_text(operation, "to"))
        timeout_ms = operation.get("timeoutMs", 30_000)
        if not isinstance(timeout_ms, (int, float)) or timeout_ms <= 0:
            raise Failure("bad-argument", "`timeoutMs` is a number above 0.")
        body = await peer.request(_text(operation, "type"), from_json(operation.get("body")), timeout_ms)
        return "response", {"from": peer.id, "body": to_json(body)}

    async def _handle(self, operation: dict[str, object]) -> tuple[str, dict[str, object]]:
        type_, kind = _text(operation, "type"), operation.get("kind", "message")
        if kind not in ("message", "request"):
            raise Failure("bad-argument", "`kind` is message or request.")
        handler = self._hear if kind == "message" else self._hear_request
        getattr(self._room, f"on_{kind}")(type_)(handler(type_))
        return "handling", {"type": type_}

    def _hear(self, type_: str) -> Callable:
        async def heard(body: object, sender: Peer) -> None:
            write("message", **{"type": type_, "from": sender.id, "body": to_json(body)})

        return heard

    def _hear_request(self, type_: str) -> Callable:
        async def heard(body: object, sender: Peer) -> object:
            number = next(self._numbers)
            answer = self._requests[number] = asyncio.get_running_loop().create_future()
            write("request", **{"request": number, "type": type_, "from": sender.id, "body": to_json(body)})
            try:
                return await answer
            except asyncio.CancelledError:
                write("cancelled", request=number)
                raise
            finally:
                self._requests.pop(number, None)

        return heard

    async def _respond(self, operation: dict[str, object]) -> tuple[str, dict[str, object]]:
        answer = self._requests.get(operation.get("request"))
        if answer is None or answer.done():
            raise Failure("bad-argument", "`request` is the number of a request that waits for an answer.")
        if "error" in operation:
            answer.set_exception(Failure("handler-failed", _text(operation, "error")))
        else:
            answer.set_result(from_json(operation.get("body")))
        return "responded", {}

    async def _peers(self, operation: dict[str, object]) -> tuple[str, dict[str, object]]:
        return "peers", {"peers": [shown(peer) for peer in self._room.peers.values()]}

    async def _update(self, operation: dict[str, object]) -> tuple[str, dict[str, object]]:
        named_ = {"name": "name", "capabilities": "caps", "meta": "meta"}
        changes = {ours: operation[theirs] for theirs, ours in named_.items() if theirs in operation}
        if "meta" in changes:
            changes["meta"] = from_json(changes["meta"])
        self._room.update(**changes)
        return "updated", {}


_OPERATIONS = {
    "send": Lines._send,
    "broadcast": Lines._broadcast,
    "request": Lines._request,
    "handle": Lines._handle,
    "respond": Lines._respond,
    "peers": Lines._peers,
    "update": Lines._update,
}


def _id_of(operation: dict[str, object]) -> dict[str, object]:
    return {"id": operation["id"]} if isinstance(operation.get("id"), (str, int, float)) else {}


def _text(operation: dict[str, object], key: str) -> str:
    value = operation.get(key)
    if not isinstance(value, str) or fields.characters(value) == 0:
        raise Failure("bad-argument", f"`{key}` is a text.")
    return value
