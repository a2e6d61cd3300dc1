"""One RTCPeerConnection of aiortc, with the data channel that a direct path runs on."""

import asyncio
from typing import Awaitable, Callable

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from . import limits

_HIGH_BYTES = 262_144
_LOW_BYTES = 65_536
_LOSSY_HIGH_BYTES = 65_536
_LINGER_SECONDS = 0.5


class Connection:
    """One generation. It is the link's path as well, from the moment that its channel is open."""

    kind = "direct"

    def __init__(self, generation: int, ice: list[dict], events: "ConnectionEvents") -> None:
        self.generation = generation
        self.has_offered = False
        self.has_description = False
        # The ICE user fragment of the description that is in force.
        self.fragment: str | None = None
        self.is_open = False
        self._is_closed = False
        self._given = 0
        self._events = events
        self._engine = RTCPeerConnection(RTCConfiguration([RTCIceServer(**server) for server in ice]))
        self._channel = self._engine.createDataChannel("skein", protocol="skein.1", negotiated=True, id=0)
        self._lossy = self._engine.createDataChannel(
            "skein-lossy", protocol="skein.1", negotiated=True, id=1, maxRetransmits=3
        )
        self._channel.bufferedAmountLowThreshold = _LOW_BYTES
        self._channel.on("open", self._opened)
        self._channel.on("message", lambda message: self._received(message, False))
        self._lossy.on("message", lambda message: self._received(message, True))
        self._channel.on("bufferedamountlow", lambda: self._events.drained(self))
        self._channel.on("close", self._lost)
        self._engine.on("connectionstatechange", self._changed)

    # Descriptions and candidates

    async def offer(self, send: Callable[[str], None]) -> None:
        self.has_offered = True
        await self._describe(await self._engine.createOffer(), send)

    async def answer(self, sdp: str, send: Callable[[str], None]) -> None:
        await self._take("offer", sdp)
        await self._describe(await self._engine.createAnswer(), send)

    async def take_answer(self, sdp: str) -> None:
        await self._take("answer", sdp)

    async def _take(self, type_: str, sdp: str) -> None:
        # The engine would take the end of the candidates for the end of those that are trickled, too.
        lines = [line for line in sdp.splitlines(keepends=True) if not line.startswith("a=end-of-candidates")]
        await self._engine.setRemoteDescription(RTCSessionDescription("".join(lines), type_))
        self.has_description = True

    async def _describe(self, description: RTCSessionDescription, send: Callable[[str], None]) -> None:
        """The description goes at once. The engine gathers when it is set, and says so only when it is done."""
        if self._is_closed:
            return
        send(description.sdp)
        await self._engine.setLocalDescription(description)
        if not self._is_closed:
            self._events.gathered(self, self._engine.localDescription.sdp)

    async def add_candidate(self, line: str, mid: str) -> None:
        """One that the engine can't use costs nothing but itself."""
        self._given += 1
        if self._given > limits.GIVEN_CANDIDATES or not line.startswith("candidate:") or self._is_closed:
            return
        try:
            candidate = candidate_from_sdp(line.removeprefix("candidate:"))
            candidate.sdpMid = mid
            await self._engine.addIceCandidate(candidate)
        except Exception:  # The engine says by all sorts of exceptions that it doesn't like one.
            return

    # As a path

    def send(self, frame: bytes) -> None:
        if self._channel.readyState == "open" and frame:
            self._channel.send(frame)

    def send_lossy(self, frame: bytes) -> bool:
        if self._lossy.readyState != "open":
            return False
        if self._lossy.bufferedAmount <= _LOSSY_HIGH_BYTES:
            self._lossy.send(frame)
        return True

    def has_room(self) -> bool:
        return self._channel.readyState == "open" and self._channel.bufferedAmount < _HIGH_BYTES

    def close(self) -> None:
        """What was sent gets a moment to arrive."""
        self._end(_LINGER_SECONDS if self.is_open else 0.0)

    def _end(self, linger_seconds: float) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._events.spawn(self._stop(linger_seconds))
        self._events.connection_closed(self)

    async def _stop(self, linger_seconds: float) -> None:
        await asyncio.sleep(linger_seconds)
        await self._engine.close()

    # What the engine tells

    def _opened(self) -> None:
        if not self._is_closed:
            self.is_open = True
            self._events.opened(self)

    def _received(self, message: bytes | str, is_lossy: bool) -> None:
        if self._is_closed:
            return
        if isinstance(message, str):
            self._events.rejected("malformed", "a text message on a data channel")
        else:
            self._events.received(self, message, is_lossy)

    def _changed(self) -> None:
        if self._engine.connectionState in ("failed", "closed"):
            self._lost()

    def _lost(self) -> None:
        self._end(0.0)


class ConnectionEvents:
    """What a connection tells; `Direct` hears it."""

    def gathered(self, connection: Connection, sdp: str) -> None: ...

    def opened(self, connection: Connection) -> None: ...

    def received(self, connection: Connection, frame: bytes, is_lossy: bool) -> None: ...

    def drained(self, connection: Connection) -> None: ...

    def connection_closed(self, connection: Connection) -> None: ...

    def rejected(self, code: str, reason: str) -> None: ...

    def spawn(self, work: Awaitable[None]) -> None: ...
