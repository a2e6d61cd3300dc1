"""The relay path: frames through the server, sealed. docs/spec/relay.md."""

import asyncio
import random
from typing import Callable

from .link import Link
from .relay_channel import Channels, Packet, read_packet, write_packet

_UNDER_WAY_BYTES = 524_288 - 65_536
_TELL_BYTES = 131_072
_FIRST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 10.0


class Relay:
    """The relay path of one peer, over one channel after the other."""

    def __init__(self, link: Link, send: Callable[[bytes], None], is_connected: Callable[[], bool]) -> None:
        self._link = link
        self._send = send
        self._is_connected = is_connected
        self._channels = Channels()
        self._path: _RelayPath | None = None
        self._is_wanted = False
        self._failures = 0
        self._retry: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        return self._path is not None

    def want(self) -> None:
        """Keeps a channel open from now on."""
        self._is_wanted = True
        if self._path is None and self._retry is None:
            self._open()

    def end(self) -> None:
        self._is_wanted = False
        self.lose("the relay path isn't needed any more")

    def receive(self, body: bytes) -> None:
        packet = read_packet(body)
        news = self._channels.receive(packet)
        if news == "newer":
            self._drop("the other side opened another channel")
            self._open(packet.channel)
            news = self._channels.receive(packet)
        if news == "older" and self._path is None:
            self._is_wanted = True
            self._open()
        elif news == "broken":
            self._is_wanted = True
            self.lose("frames were lost on their way")
        elif news == "frame":
            self._take(packet)

    def _take(self, packet: Packet) -> None:
        path = self._path
        if path is None:
            return
        if packet.frame:
            self._failures = 0
            self._link.receive(path, packet.frame)
        if self._path is not path:
            return
        if self._channels.untold >= _TELL_BYTES:
            self._pass_on(b"")
        self._link.pump()

    def undeliverable(self) -> None:
        if self._path is not None and self._channels.under_way > 0:
            self.lose("the server couldn't deliver a frame")

    def lose(self, reason: str) -> None:
        """The channel is over; another is opened in a while, where one is wanted and the server is there."""
        self._drop(reason)
        if self._is_wanted and self._is_connected() and self._retry is None:
            wait = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**self._failures) * random.random()
            self._failures += 1
            self._retry = asyncio.get_running_loop().call_later(wait, self._open)

    def connected(self) -> None:
        """The server is there again."""
        if self._is_wanted and self._path is None and self._retry is None:
            self._open()

    def _drop(self, reason: str) -> None:
        path, self._path = self._path, None
        self._channels.close()
        if path is not None:
            self._link.detach(path, reason)

    def _open(self, theirs: int = 0) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if self._path is not None or not self._is_connected():
            return
        self._channels.open(theirs)
        self._path = _RelayPath(self)
        self._link.attach(self._path)

    def send_on(self, path: "_RelayPath", frame: bytes) -> None:
        if path is self._path:
            self._pass_on(frame)

    def _pass_on(self, frame: bytes) -> None:
        self._send(write_packet(self._channels.send(frame)))

    def has_room_on(self, path: "_RelayPath") -> bool:
        return path is self._path and self._channels.under_way <= _UNDER_WAY_BYTES

    def close(self, path: "_RelayPath") -> None:
        """The link gave it up."""
        if path is self._path:
            self.lose("the relay path was given up")


class _RelayPath:
    kind = "relay"

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def send(self, frame: bytes) -> None:
        self._relay.send_on(self, frame)

    def send_lossy(self, frame: bytes) -> bool:
        return False

    def has_room(self) -> bool:
        return self._relay.has_room_on(self)

    def close(self) -> None:
        self._relay.close(self)
