"""An agent that adds numbers for whoever asks: `python3 adder.py ROOM SERVER`."""

import asyncio
import secrets
import sys

from skein_peer.identity import Identity
from skein_peer.peer import Peer
from skein_peer.rejection import Failure
from skein_peer.room import Room


async def main(name: str, server: str) -> None:
    room = Room(
        server,
        name,
        protocols={"acme.math": ["1.0.0"]},
        identity=Identity(secrets.token_bytes(32)),
        own_name="adder",
    )

    @room.on_request("acme.math/add")
    async def add(numbers: object, sender: Peer) -> object:
        if not isinstance(numbers, list) or not all(isinstance(one, (int, float)) for one in numbers):
            raise Failure("bad-body", "A list of numbers is due.")
        return sum(numbers)

    await room.join()
    try:
        await room.closed_with
    finally:
        await room.leave()


try:
    asyncio.run(main(*sys.argv[1:3]))
except KeyboardInterrupt:
    pass
