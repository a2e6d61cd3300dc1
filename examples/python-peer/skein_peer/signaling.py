"""The conversation with a server: joining, presence, forwards, coming back. docs/spec/server.md."""

import asyncio
import random
from typing import Protocol

import websockets

from . import limits
from .identity import Identity, SignedCard, join_proof
from .packets import Control, Forward, control, forward, read_control, read_packet
from .rejection import Failure, Rejected, malformed

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 15.0
_JOIN_SECONDS = 15.0


class SignalingEvents(Protocol):
    def card(self) -> SignedCard:
        """Our newest."""

    def server_connected(self, peers: list[SignedCard], ice: list[dict]) -> None: ...

    def server_lost(self, reason: str) -> None: ...

    def server_said(self, message: dict) -> None: ...

    def forwarded(self, forward: Forward) -> None: ...

    def rejected(self, code: str, reason: str, key: bytes | None = None) -> None: ...

    def closed(self, failure: Failure) -> None:
        """The end: it isn't to be tried again."""


class Signaling:
    def __init__(self, url: str, room: str, identity: Identity, token: str | None, events: SignalingEvents) -> None:
        self._url = url
        self._room = room
        self._identity = identity
        self._token = token
        self._events = events
        self._queue: asyncio.Queue[bytes] | None = None
        self._socket: websockets.WebSocketClientProtocol | None = None
        self._quiet_until = 0.0
        self._packet_bytes = limits.PACKET_BYTES
        self._task: asyncio.Task[None] | None = None

    @property
    def is_connected(self) -> bool:
        return self._queue is not None

    async def start(self) -> None:
        """Returns when we are in the room for the first time."""
        first = asyncio.get_running_loop().create_future()
        self._task = asyncio.ensure_future(self._stay(first))
        self._task.add_done_callback(self._stayed)
        await first

    def _stayed(self, task: "asyncio.Task[None]") -> None:
        """A fault of this program's is to be seen, not to leave it deaf."""
        if not task.cancelled() and task.exception() is not None:
            self._events.closed(Failure("closed", f"The peer failed: {task.exception()!r}"))

    async def leave(self) -> None:
        if self._socket is not None and self.is_connected:
            self._queue = None
            try:
                await self._socket.send(control("leave"))
                await self._socket.close(1000)
            except websockets.WebSocketException:
                pass
        if self._task is not None:
            self._task.cancel()

    def say(self, t: str, **more: object) -> None:
        self._send_when_allowed(control(t, **more))

    def send_signal(self, kind: int, key: bytes, envelope: bytes) -> None:
        self._send_when_allowed(forward(kind, key, envelope))

    def send_frame(self, kind: int, key: bytes, envelope: bytes) -> None:
        """The server makes relayed frames wait: they needn't mind `retryAfter`."""
        if self._queue is not None:
            self._queue.put_nowait(forward(kind, key, envelope))

    def _send_when_allowed(self, packet: bytes) -> None:
        if self._queue is None or len(packet) > self._packet_bytes:
            return
        loop, queue = asyncio.get_running_loop(), self._queue
        if loop.time() >= self._quiet_until:
            queue.put_nowait(packet)
        else:
            loop.call_at(self._quiet_until, queue.put_nowait, packet)

    # Coming back

    async def _stay(self, first: "asyncio.Future[None]") -> None:
        attempt = 0
        while True:
            try:
                await self._visit(first)
                attempt = 0
                wait = 0.0
            except Failure as failure:
                if not first.done():
                    first.set_exception(failure)
                    return
                if failure.code != "server-unreachable" and failure.retry_after_ms is None:
                    self._events.closed(failure)
                    return
                attempt += 1
                wait = (failure.retry_after_ms or 0) / 1_000
            # Exponential, with full jitter.
            wait += random.random() * min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**attempt)
            await asyncio.sleep(wait)

    async def _visit(self, first: "asyncio.Future[None]") -> None:
        """One connection, to its end. Raises `Failure` where it ends before we are in the room, or for good."""
        try:
            socket = await websockets.connect(
                self._url, subprotocols=["skein.1"], compression=None, max_size=limits.PACKET_BYTES, max_queue=64
            )
        except (OSError, asyncio.TimeoutError, websockets.WebSocketException, ValueError) as error:
            raise Failure("server-unreachable", f"No server answers at {self._url}.") from error
        self._socket = socket
        try:
            peers, ice = await asyncio.wait_for(self._join(socket), _JOIN_SECONDS)
        except (websockets.ConnectionClosed, asyncio.TimeoutError) as error:
            await socket.close()
            raise Failure("server-unreachable", "The server ended the connection before we were in.") from error
        self._queue = asyncio.Queue()
        writer = asyncio.ensure_future(self._write(socket, self._queue))
        try:
            self._events.server_connected(peers, ice)
            if not first.done():
                first.set_result(None)
            await self._read(socket)
        except websockets.ConnectionClosed:
            pass
        finally:
            writer.cancel()
            was_ours = self._queue is not None
            self._queue = None
            if was_ours:
                self._events.server_lost("the connection to the server is lost")
            asyncio.ensure_future(socket.close())

    async def _join(self, socket: websockets.WebSocketClientProtocol) -> tuple[list[SignedCard], list[dict]]:
        peers: list[SignedCard] = []
        is_challenged = False
        while True:
            message = self._control(await socket.recv())
            match (message or {}).get("t"):
                case "challenge" if not is_challenged:
                    is_challenged = True
                    if 1 not in message["versions"]:
                        raise Failure("unsupported-version", "The server doesn't speak version 1 of the wire.")
                    self._packet_bytes = min(limits.PACKET_BYTES, message["limits"]["packetBytes"])
                    await socket.send(self._answer(message["nonce"]))
                case "peers":
                    peers = (peers + message["peers"])[: limits.PEERS]
                case "joined":
                    return (peers + message["peers"])[: limits.PEERS], message["ice"]
                case "error":
                    raise Failure(message["code"], message["message"], message["retryAfter"])

    def _answer(self, nonce: bytes) -> bytes:
        card = self._events.card()
        proof = join_proof(self._identity, nonce, self._room, card.b)
        token = {} if self._token is None else {"token": self._token}
        return control("join", room=self._room, card=card.as_map(), proof=proof, **token)

    async def _write(self, socket: websockets.WebSocketClientProtocol, queue: "asyncio.Queue[bytes]") -> None:
        try:
            while True:
                await socket.send(await queue.get())
        except websockets.ConnectionClosed:
            pass

    # In

    async def _read(self, socket: websockets.WebSocketClientProtocol) -> None:
        async for message in socket:
            try:
                packet = self._packet(message)
                if isinstance(packet, Forward):
                    self._events.forwarded(packet)
                elif self._hear(read_control(packet.body)):
                    return
            except Rejected as rejected:
                self._events.rejected(rejected.code, rejected.reason)

    def _hear(self, message: dict) -> bool:
        """Whether this connection is to end."""
        match message["t"]:
            case "error":
                if message["fatal"]:
                    raise Failure(message["code"], message["message"], message["retryAfter"])
                self._quiet(message["retryAfter"])
            case "expiring" if self._token is not None:
                self.say("token", token=self._token)
            case "draining":
                # Any code but 1001, and no `leave`: the place is kept for when we come back.
                loop = asyncio.get_running_loop()
                loop.call_later(message["after"] / 1_000, lambda: asyncio.ensure_future(self._socket.close(1000)))
            case "challenge" | "joined" | "peers":
                raise malformed("a second word of greeting")
        self._events.server_said(message)
        return False

    def _quiet(self, retry_after_ms: int | None) -> None:
        if retry_after_ms is not None:
            self._quiet_until = asyncio.get_running_loop().time() + retry_after_ms / 1_000

    def _packet(self, message: bytes | str) -> Control | Forward:
        if isinstance(message, str):
            raise malformed("a text message")
        return read_packet(message)

    def _control(self, message: bytes | str) -> dict | None:
        try:
            packet = self._packet(message)
            return read_control(packet.body) if isinstance(packet, Control) else None
        except Rejected as rejected:
            self._events.rejected(rejected.code, rejected.reason)
            return None
