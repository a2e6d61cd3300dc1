"""Bytes that nobody wrote: each decoder gives a value, or rejects."""

import asyncio
import random
import unittest
from typing import Callable

from skein_peer import frames, identity, packets, payloads, relay_channel, sealing, signals
from skein_peer.conversation import App, Conversation
from skein_peer.message_pack import unpack
from skein_peer.rejection import Rejected
from tests.test_link import Pair
from tests.vectors import load

_CODES = {"malformed", "over-limit", "forged", "replayed", "unknown-type", "unsupported-version"}
_EACH = 1_500


async def _echo(body: object, sender: object) -> object:
    return body


def _read_card(data: bytes) -> object:
    return identity.read_card(identity.SignedCard(data, bytes(64)))


_TARGETS: list[tuple[str, str, Callable[[bytes], object]]] = [
    ("message-pack", "bytes", unpack),
    ("packet", "packet", packets.read_packet),
    ("control", "body", packets.read_control),
    ("signal", "body", signals.read_signal),
    ("relay", "body", relay_channel.read_packet),
    ("frame", "frame", frames.read_frame),
    ("payload", "bytes", payloads.read_payload),
    ("card", "b", _read_card),
    ("envelope", "envelope", lambda data: sealing.Opener(bytes(32)).open(data)),
]


class Hostile(unittest.TestCase):
    def test_bytes_of_no_sense_are_read_or_rejected(self) -> None:
        for name, field, read in _TARGETS:
            vectors = load(name)
            examples = [bytes.fromhex(vector[field]) for vector in vectors["accepted"] + vectors["rejected"]]
            chance = random.Random(name)
            for _ in range(_EACH):
                data = _mutated(chance, examples)
                with self.subTest(name, data=data.hex()[:200]):
                    try:
                        read(data)
                    except Rejected as rejected:
                        self.assertIn(rejected.code, _CODES)

    def test_a_conversation_survives_payloads_of_no_sense(self) -> None:
        asyncio.run(self._converse())

    async def _converse(self) -> None:
        vectors = load("payload")
        examples = [bytes.fromhex(vector["bytes"]) for vector in vectors["accepted"] + vectors["rejected"]]
        chance = random.Random(1)
        app = App({"acme.chat": ["1.0.0"]})
        app.requests["acme.chat/fetch"] = app.messages["acme.chat/say"] = _echo
        hello = frames.Hello(bytes(8), None, 0, (0, 0, 0), {}, [])
        for _ in range(100):
            pair = Pair()
            pair.open()
            pair.carry()
            conversation = Conversation(pair.sides[0].link, app, None, hello)
            for _ in range(20):
                data = _mutated(chance, examples)
                try:
                    if chance.random() < 0.8:
                        conversation.receive(chance.randrange(3), data)
                    else:
                        conversation.receive_lossy(data)
                except Rejected as rejected:
                    self.assertIn(rejected.code, _CODES)
                await asyncio.sleep(0)
            conversation.end(0)

    def test_lengths_that_claim_much_cost_nothing(self) -> None:
        for head in ("dd", "df", "db", "c6"):
            with self.assertRaises(Rejected):
                unpack(bytes.fromhex(f"{head}ffffffff00"))

    def test_depth_and_number_are_bounded(self) -> None:
        for data in (b"\x91" * 100_000 + b"\xc0", b"\xdd\x00\x10\x00\x01" + b"\xc0" * 1_048_577):
            with self.assertRaises(Rejected) as caught:
                unpack(data)
            self.assertEqual(caught.exception.code, "over-limit")


def _mutated(chance: random.Random, examples: list[bytes]) -> bytes:
    data = bytearray(chance.choice(examples)[:2_000])
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(data))
        match chance.randrange(5):
            case 0:
                data[at:at] = chance.randbytes(chance.randint(1, 8))
            case 1:
                del data[at : at + chance.randint(1, 8)]
            case 2:
                other = chance.choice(examples)
                data[at:] = other[chance.randint(0, len(other)) :][:2_000]
            case 3 if at < len(data):
                data[at] = chance.choice((0x00, 0x7F, 0x80, 0xC1, 0xD4, 0xDD, 0xDF, 0xFF))
            case _ if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
    return bytes(data)
