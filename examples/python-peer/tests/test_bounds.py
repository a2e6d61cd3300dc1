"""What another peer can make this one hold and do."""

import asyncio
import unittest
from typing import Callable, Iterator

from skein_peer import limits
from skein_peer.conversation import App, Conversation
from skein_peer.frames import Data, Hello, Ping, write_record
from skein_peer.message_pack import pack
from skein_peer.payloads import Bind, Message, Payload, Request, StreamEnd, StreamOpen, write_payload
from skein_peer.rejection import Rejected
from tests.test_link import Pair, Side, Wire

_HELLO = Hello(bytes(8), None, 0, (0, 0, 0), {"acme.math": ["1"]}, ["streams"])


async def _page(body: object, sender: object) -> object:
    return "x" * 1_000


def _requests() -> Iterator[Payload]:
    yield Bind(0, "acme.math/page")
    for number in range(20_000):
        yield Request(0, number, pack(None))


def _binds() -> Iterator[Payload]:
    for number in range(20_000):
        yield Bind(number, f"acme.math/{number}")


def _streams() -> Iterator[Payload]:
    for number in range(20_000):
        yield StreamOpen(2 * number, 0, "nobody's")
        yield StreamEnd(2 * number)


class Bounds(unittest.TestCase):
    def said_until_rejected(self, payloads: Iterator[Payload]) -> int:
        """How much is borne of a peer that takes no answers."""

        async def converse() -> int:
            app = App({"acme.math": ["1"]})
            app.requests["acme.math/page"] = _page
            conversation = Conversation(Pair().sides[0].link, app, None, _HELLO)
            try:
                for said, payload in enumerate(payloads):
                    conversation.receive(1, write_payload(payload))
                    # So that handlers run.
                    for _ in range(3):
                        await asyncio.sleep(0)
            except Rejected:
                return said
            finally:
                conversation.end(0)
            return -1

        return asyncio.run(converse())

    def test_who_asks_and_takes_no_answers_loses_the_link(self) -> None:
        said = self.said_until_rejected(_requests())
        self.assertGreater(said, limits.OPEN_REQUESTS)
        # A queue of 1 MiB, and the answers and refusals that wait for room in it.
        self.assertLess(said, 1_100 + limits.OPEN_REQUESTS + limits.REFUSALS)

    def test_type_numbers_are_bounded(self) -> None:
        self.assertEqual(self.said_until_rejected(_binds()), limits.BINDINGS)

    def test_streams_whose_last_words_nobody_takes_are_bounded(self) -> None:
        said = self.said_until_rejected(_streams())
        self.assertGreater(said, limits.OPEN_STREAMS)
        self.assertLess(said, 20_000)

    def test_lossy_messages_are_dropped_where_their_handlers_take_long(self) -> None:
        async def converse() -> int:
            begun = 0

            async def never(body: object, sender: object) -> None:
                nonlocal begun
                begun += 1
                await asyncio.Event().wait()

            app = App({"acme.math": ["1"]})
            app.messages["acme.math/page"] = never
            conversation = Conversation(Pair().sides[0].link, app, None, _HELLO)
            conversation.receive(0, write_payload(Bind(0, "acme.math/page")))
            for _ in range(1_000):
                conversation.receive_lossy(write_payload(Message(0, pack(None))))
                await asyncio.sleep(0)
            conversation.end(0)
            return begun

        self.assertLess(asyncio.run(converse()), 100)

    def test_pongs_that_a_full_channel_holds_up_are_bounded(self) -> None:
        pair = Pair()
        pair.open()
        pair.carry()
        wire = pair.wires[0]
        wire.frames = [b""] * 20
        for token in range(10_000):
            pair.sides[0].link.receive(wire, write_record(Ping(token)))
        wire.frames.clear()
        pair.sides[0].link.pump()
        self.assertLess(sum(map(len, wire.frames)), 4_096)

    def test_a_message_without_an_end_is_bounded_by_its_bytes(self) -> None:
        pair = Pair()
        pair.open()
        pair.carry()
        victim, wire = pair.sides[1], pair.wires[1]
        piece = bytes(60_000)
        send = lambda sequence: victim.link.receive(wire, write_record(Data(sequence, 2, False, piece)))  # noqa: E731
        taken = self._count(send, victim, wire)
        self.assertLessEqual(taken * 60_000, limits.MESSAGE_BYTES)

    def _count(self, send: Callable[[int], None], victim: Side, wire: Wire) -> int:
        for sequence in range(1_000):
            send(sequence)
            # Acknowledgements go, so that more is granted.
            victim.pass_time()
            wire.frames.clear()
            victim.link.pump()
            if "ended link-lost 0" in victim.told:
                return sequence
        return 1_000


if __name__ == "__main__":
    unittest.main()
