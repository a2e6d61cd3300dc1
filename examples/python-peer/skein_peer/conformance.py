"""What `skein conformance peer` talks to: docs/guide/conformance.md, "What a peer under test speaks"."""

import asyncio

from .peer import Peer
from .rejection import Failure
from .room import Room
from .streams import Stream

PROTOCOL = "skein.conformance"
HOLD = "skein.conformance/hold"


def answer_conformance(room: Room) -> None:
    releases: dict[Peer, asyncio.Event] = {}

    @room.on_message(f"{PROTOCOL}/echo")
    async def echo(body: object, sender: Peer) -> None:
        await sender.send(f"{PROTOCOL}/echoed", body)

    @room.on_message(f"{PROTOCOL}/echo-lossy")
    async def echo_lossy(body: object, sender: Peer) -> None:
        await sender.send_lossy(f"{PROTOCOL}/echoed-lossy", body)

    @room.on_request(f"{PROTOCOL}/ask")
    async def ask(body: object, sender: Peer) -> object:
        return body

    @room.on_request(f"{PROTOCOL}/add")
    async def add(body: object, sender: Peer) -> object:
        if not isinstance(body, dict) or not all(_is_number(body.get(key)) for key in "ab"):
            raise Failure("bad-body", "Two numbers are due, `a` and `b`.")
        return body["a"] + body["b"]

    @room.on_request(f"{PROTOCOL}/wait")
    async def wait(body: object, sender: Peer) -> object:
        try:
            return await asyncio.Event().wait()
        except asyncio.CancelledError:
            await sender.send(f"{PROTOCOL}/cancelled", body)
            raise

    @room.on_request(f"{PROTOCOL}/fail")
    async def fail(body: object, sender: Peer) -> object:
        raise RuntimeError(f"nobody outside is to read this: {body}")

    @room.on_stream(f"{PROTOCOL}/echo")
    async def echo_stream(stream: Stream, sender: Peer) -> None:
        while (part := await stream.read()) is not None:
            await stream.write(part)

    @room.on_message(HOLD)
    async def hold(body: object, sender: Peer) -> None:
        released = releases.setdefault(sender, asyncio.Event())
        try:
            await released.wait()
        finally:
            # Whether it was released, or the link ended.
            if releases.get(sender) is released:
                del releases[sender]

    @room.on_message(f"{PROTOCOL}/release")
    async def release(body: object, sender: Peer) -> None:
        released = releases.pop(sender, None)
        if released is not None:
            released.set()


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
