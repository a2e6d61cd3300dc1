"""One other peer of a room: its keys, its link, the paths of that link."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from .conversation import Conversation
from .direct import Direct
from .frames import Hello
from .identity import Card
from .lanes import DEFAULT
from .link import Link
from .packets import RELAY_CLASS, SIGNAL_CLASS, Forward
from .rejection import Failure, Rejected, malformed
from .relay import Relay
from .sealing import FRAME, SIGNAL, Opener, direction_key

from .signals import Signal, read_signal, write_signal
from .streams import Stream

if TYPE_CHECKING:
    from .room import Room

_LINK_SECONDS = 30.0
_FALLBACK_SECONDS = 10.0
_FEATURES = ["streams", "lossy"]


class Peer:
    """Raises `Rejected` where no key can be agreed with its card's box."""

    def __init__(self, room: "Room", card: Card, opener: Opener | None) -> None:
        self._room = room
        self.card = card
        self.is_listed = True
        own = room.identity
        agree = (room.box_secret, card.box, room.room_key)
        self._key = direction_key(*agree, own.key, card.key, room.name)
        # The window belongs to the key, and outlasts a peer that left and came back with it.
        self.opener = opener or Opener(direction_key(*agree, card.key, own.key, room.name))
        loop = asyncio.get_running_loop()
        self._link = Link(self, room.protocols, _FEATURES, loop.time, loop.call_later)
        self._conversation: Conversation | None = None
        self._linked = asyncio.Event()
        reject = lambda code, reason: room.rejected(code, reason, card.key)  # noqa: E731
        self._direct = Direct(
            self._link, own.id, card.id, card.kind, self._send_signal, room.ice, reject, self._direct_failed
        )
        self._relay = Relay(self._link, self._send_frame, lambda: room.signaling.is_connected)
        self._fallback = loop.call_later(_FALLBACK_SECONDS, self._direct_failed)

    @property
    def id(self) -> str:
        return self.card.id

    @property
    def path(self) -> str | None:
        return self._link.kind

    @property
    def is_linked(self) -> bool:
        return self._conversation is not None

    @property
    def owes(self) -> bool:
        """Whether something was sent that the other side isn't known to have."""
        return self.path is not None and self._link.outgoing.messages > 0

    @property
    def round_trip_ms(self) -> float | None:
        return None if self._link.round_trip is None else self._link.round_trip * 1_000

    # For the app

    async def send(self, type_: str, body: object, lane: int = DEFAULT) -> None:
        """Waits for a link, and for room in its lane; done once the message is accepted."""
        await (await self._linked_conversation()).send(type_, body, lane)

    async def send_lossy(self, type_: str, body: object) -> bool:
        return self._conversation is not None and await self._conversation.send_lossy(type_, body)

    async def request(self, type_: str, body: object, timeout_ms: float = 30_000, lane: int = DEFAULT) -> object:
        return await (await self._linked_conversation()).request(type_, body, timeout_ms, lane)

    async def stream(self, name: str, lane: int = DEFAULT) -> Stream:
        return await (await self._linked_conversation()).stream(name, lane)

    async def _linked_conversation(self) -> Conversation:
        try:
            await asyncio.wait_for(self._linked.wait(), _LINK_SECONDS)
        except asyncio.TimeoutError:
            raise Failure("timeout", f"There was no link to the peer within {_LINK_SECONDS:g} s.") from None
        if self._conversation is None:
            raise Failure("link-lost", "The link ended.")
        return self._conversation

    # For the room

    def start(self) -> None:
        if self._room.relay_policy != "only":
            self._direct.start()
        if self._room.relay_policy in ("first", "only"):
            self._relay.want()

    def update(self, card: Card) -> bool:
        """Whether the card is newer than ours."""
        if card.n <= self.card.n:
            return False
        self.card = replace(card)
        return True

    def take(self, forward: Forward) -> None:
        """Raises `Rejected`."""
        content, body = self.opener.open(forward.envelope)
        if (content, forward.kind) not in ((SIGNAL, SIGNAL_CLASS), (FRAME, RELAY_CLASS)):
            raise malformed("an envelope whose content isn't due in this class of forward")
        if content == FRAME:
            self._take_frame(body)
        elif self._room.relay_policy != "only":
            self._direct.receive(read_signal(body))

    def _take_frame(self, body: bytes) -> None:
        if self._room.relay_policy == "never":
            raise Rejected("unknown-type", "a relayed frame, where nothing is relayed")
        self._relay.receive(body)

    def undeliverable(self, class_: str | None) -> None:
        if class_ != "relay":
            self._direct.undeliverable()
        if class_ != "signal":
            self._relay.undeliverable()

    def doubt(self) -> None:
        self._link.ask()

    def server_lost(self) -> None:
        self._relay.lose("the server is lost, and the relay path with it")
        self._link.ask()

    def server_connected(self) -> None:
        self._relay.connected()

    def tick(self) -> None:
        self._link.tick()

    def leave(self) -> None:
        """We leave the room."""
        self._link.end("left", "left the room")
        self._stop(goodbye=True)

    def drop(self, reason: str) -> None:
        """It is gone."""
        self._link.drop(reason)
        self._stop(goodbye=False)

    def _stop(self, goodbye: bool) -> None:
        self._fallback.cancel()
        self._relay.end()
        self._direct.end(goodbye)
        # Whoever waits for a link hears that none comes.
        self._linked.set()

    async def settled(self) -> None:
        await self._direct.settled()

    # Out

    def _send_signal(self, signal: Signal) -> None:
        envelope = self._room.sealer.seal(self._key, SIGNAL, write_signal(signal))
        self._room.signaling.send_signal(SIGNAL_CLASS, self.card.key, envelope)

    def _send_frame(self, body: bytes) -> None:
        envelope = self._room.sealer.seal(self._key, FRAME, body)
        self._room.signaling.send_frame(RELAY_CLASS, self.card.key, envelope)

    def _direct_failed(self) -> None:
        if self._room.relay_policy == "fallback" and self._link.kind != "direct":
            self._relay.want()

    # What the link tells

    def begun(self, hello: Hello) -> None:
        self._conversation = Conversation(self._link, self._room, self, hello)
        self._linked.set()
        self._room.tell("peer-connected", self)

    def delivered(self, lane: int, payload: bytes) -> None:
        if self._conversation is not None:
            self._conversation.receive(lane, payload)

    def delivered_lossy(self, payload: bytes) -> None:
        if self._conversation is not None:
            self._conversation.receive_lossy(payload)

    def acknowledged(self) -> None:
        if self._conversation is not None:
            self._conversation.acknowledged()

    def ended(self, code: str, reason: str, unacknowledged: int) -> None:
        conversation, self._conversation = self._conversation, None
        self._linked.clear()
        if conversation is not None:
            conversation.end(unacknowledged)
        if code == "link-lost" and unacknowledged > 0:
            self._room.on_trouble(code, f"{unacknowledged} messages were never acknowledged.")
        self._room.tell("peer-disconnected", self, reason)

    def path_changed(self, kind: str | None, reason: str) -> None:
        self._room.tell("path-changed", self, reason)
        if kind is None and not self.is_listed:
            self._room.forget(self, "its links are gone")

    def rejected(self, code: str, reason: str) -> None:
        self._room.rejected(code, reason, self.card.key)

    def left(self) -> None:
        self._room.forget(self, "left")
