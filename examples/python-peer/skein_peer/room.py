"""A room: everyone else in it, and what an app does there."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import replace
from typing import Callable

from . import limits
from .conversation import App, Handler
from .direct import KIND
from .identity import Card, Identity, SignedCard, read_card
from .packets import Forward
from .peer import Peer
from .rejection import Failure, Rejected
from .sealing import Opener, Sealer, make_box, room_key
from .signaling import Signaling
from .streams import StreamHandler

_TICK_SECONDS = 0.5
_LAST_SECONDS = 2.0
_LOOK_SECONDS = 0.02
_OPENERS = 4_096
_SCHEMES = ("stun:", "stuns:", "turn:", "turns:")


class Room(App):
    """
    `listen` is told everything that happens: an event's name, the peer it is about, and a reason.

    `relay_policy` says when frames go through the server: `fallback`, `first`, `only` or `never`.
    """

    def __init__(
        self,
        server: str,
        name: str,
        *,
        protocols: dict[str, list[str]],
        identity: Identity,
        own_name: str | None = None,
        capabilities: list[str] | None = None,
        secret: str | None = None,
        token: str | None = None,
        relay_policy: str = "fallback",
        listen: Callable[..., None] = lambda *_: None,
    ) -> None:
        super().__init__(protocols)
        self.name = name
        self.identity = identity
        self.relay_policy = relay_policy
        self.room_key = room_key(secret)
        self.sealer = Sealer()
        box, self.box_secret = make_box()
        started = round(time.time() * 1_000)
        self.card_ = Card(identity.key, box, started, 0, own_name, KIND, capabilities or [], protocols)
        self.card_.sign(identity)
        self.peers: dict[bytes, Peer] = {}
        self.rejections: dict[str, int] = {}
        self.signaling = Signaling(server, name, identity, token, self)
        self.closed_with: asyncio.Future[Failure | None] = asyncio.get_running_loop().create_future()
        self._listen = listen
        self._ice: list[dict] = []
        self._openers: OrderedDict[tuple[bytes, bytes], Opener] = OrderedDict()
        self._has_joined = False
        self._ticking: asyncio.Task[None] | None = None

    # For the app

    async def join(self) -> None:
        """Raises `Failure` where the server can't be reached, or refuses."""
        await self.signaling.start()
        self._ticking = asyncio.ensure_future(self._tick())

    async def leave(self) -> None:
        peers = list(self.peers.values())
        await self._settle(peers)
        self.peers.clear()
        for peer in peers:
            peer.leave()
            self.tell("peer-left", peer, "the room was left")
        await self._end()
        for peer in peers:
            await peer.settled()

    async def _settle(self, peers: list[Peer]) -> None:
        """What was sent SHOULD go before the goodbye."""
        deadline = asyncio.get_running_loop().time() + _LAST_SECONDS
        while any(peer.owes for peer in peers) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)

    async def _end(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        await self.signaling.leave()
        if not self.closed_with.done():
            self.closed_with.set_result(None)

    def on_message(self, type_: str) -> Callable[[Handler], Handler]:
        return lambda handler: self.messages.setdefault(type_, handler)

    def on_request(self, type_: str) -> Callable[[Handler], Handler]:
        return lambda handler: self.requests.setdefault(type_, handler)

    def on_stream(self, name: str) -> Callable[[StreamHandler], StreamHandler]:
        return lambda handler: self.streams.setdefault(name, handler)

    def update(self, **changes: object) -> None:
        """Changes what others see of us: `name`, `caps`, `meta`."""
        card = replace(self.card_, n=self.card_.n + 1, **changes)
        signed = card.sign(self.identity)
        self.card_ = card
        self.signaling.say("announce", card=signed.as_map())

    def peer(self, id_: str) -> Peer:
        for peer in self.peers.values():
            if peer.id == id_:
                return peer
        raise Failure("no-such-peer", "No peer of that id is in the room.")

    # For peers

    def ice(self) -> list[dict]:
        return self._ice

    def tell(self, event: str, peer: Peer | None = None, reason: str | None = None) -> None:
        self._listen(event, peer, reason)

    def on_trouble(self, code: str, message: str) -> None:
        self._listen("trouble", None, message, code)

    def forget(self, peer: Peer, reason: str) -> None:
        if self.peers.get(peer.card.key) is peer:
            del self.peers[peer.card.key]
            peer.drop(reason)
            self.tell("peer-left", peer, reason)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            for peer in list(self.peers.values()):
                peer.tick()

    # What the server tells

    def card(self) -> SignedCard:
        return self.card_.sign(self.identity)

    def server_connected(self, peers: list[SignedCard], ice: list[dict]) -> None:
        self._take_ice(ice)
        if not self._has_joined:
            self._has_joined = True
            self.tell("joined")
        self.tell("server-connected")
        before = set(self.peers)
        for card in peers:
            before.discard(self._meet(card))
        for key in before:
            self._take_left(key, "lost")
        for peer in list(self.peers.values()):
            peer.server_connected()

    def server_lost(self, reason: str) -> None:
        self.tell("server-disconnected", None, reason)
        for peer in list(self.peers.values()):
            peer.server_lost()

    def server_said(self, message: dict) -> None:
        match message["t"]:
            case "peer-joined" | "peer-updated":
                self._meet(message["card"])
            case "peer-away" if message["id"] in self.peers:
                self.peers[message["id"]].doubt()
            case "peer-left":
                self._take_left(message["id"], message["reason"])
            case "undeliverable" if message["to"] in self.peers:
                self.peers[message["to"]].undeliverable(message["class"])
            case "ice":
                self._take_ice(message["ice"])
            case "error":
                self.on_trouble(message["code"], message["message"])

    def _meet(self, signed: SignedCard) -> bytes | None:
        """The key of whoever the card is of, where it can be believed."""
        try:
            card = read_card(signed)
            if card.key != self.identity.key:
                self._take_card(card)
                return card.key
        except Rejected as rejected:
            self.rejected(rejected.code, rejected.reason)
        return None

    def _take_card(self, card: Card) -> None:
        known = self.peers.get(card.key)
        if known is not None and known.card.box == card.box:
            known.is_listed = True
            if known.update(card):
                self.tell("peer-updated", known)
            return
        if known is not None:
            self.forget(known, "replaced")
        if len(self.peers) < limits.PEERS:
            self._add(card)

    def _add(self, card: Card) -> None:
        peer = Peer(self, card, self._openers.pop((card.key, card.box), None))
        self._openers[card.key, card.box] = peer.opener
        while len(self._openers) > _OPENERS:
            self._openers.popitem(last=False)
        self.peers[card.key] = peer
        self.tell("peer-joined", peer)
        peer.start()

    def _take_left(self, key: bytes, reason: str) -> None:
        peer = self.peers.get(key)
        if peer is None:
            return
        if reason == "lost" and peer.path is not None:
            # A link that answers is kept for as long as it does.
            peer.is_listed = False
            peer.doubt()
        else:
            self.forget(peer, reason)

    def forwarded(self, forward: Forward) -> None:
        peer = self.peers.get(forward.peer)
        if peer is None:
            return
        try:
            peer.take(forward)
        except Rejected as rejected:
            self.rejected(rejected.code, rejected.reason, forward.peer)

    def rejected(self, code: str, reason: str, key: bytes | None = None) -> None:
        self.rejections[code] = self.rejections.get(code, 0) + 1
        self._listen("rejected", self.peers.get(key) if key else None, reason, code)

    def closed(self, failure: Failure) -> None:
        for peer in list(self.peers.values()):
            self.forget(peer, "the server closed the room")
        if not self.closed_with.done():
            self.closed_with.set_result(failure)

    # ICE servers

    def _take_ice(self, servers: list[dict]) -> None:
        """Leaves out what an engine would refuse all for."""
        taken, addresses = [], 0
        for server in servers:
            fit = [url for url in server["urls"] if self._is_fit(url, server)]
            room = limits.ICE_ADDRESSES - addresses
            if len(fit) > room:
                self.rejected("over-limit", "more ICE addresses than are used")
            addresses += len(fit[:room])
            if fit[:room]:
                taken.append({**server, "urls": fit[:room]})
        self._ice = taken

    def _is_fit(self, url: str, server: dict) -> bool:
        has_credential = server["username"] is not None and server["credential"] is not None
        is_fit = url.startswith(_SCHEMES) and (has_credential or not url.startswith("turn"))
        if not is_fit:
            self.rejected("malformed", "an ICE address that can't be used")
        return is_fit
