"""The vectors of packages/protocol/vectors, one test a file."""

import dataclasses
import unittest
from functools import cmp_to_key

from nacl import bindings

from skein_peer import frames, identity, packets, payloads, relay_channel, sealing, settlement, signals
from skein_peer.message_pack import pack, unpack
from skein_peer.varint import Reader, write_varint
from tests.vectors import code_of, load

hex_ = bytes.fromhex


class Vectors(unittest.TestCase):
    def rejects(self, name: str, read) -> None:
        for vector in load(name)["rejected"]:
            with self.subTest(vector["why"]):
                self.assertEqual(code_of(read, vector), vector["code"])

    def accepted(self, name: str):
        for vector in load(name)["accepted"]:
            with self.subTest(vector.get("why", str(vector)[:80])):
                yield vector

    def test_varints(self) -> None:
        for vector in self.accepted("varint"):
            self.assertEqual(write_varint(vector["value"]), hex_(vector["bytes"]))
            self.assertEqual(_varint(vector), vector["value"])
        self.rejects("varint", _varint)

    def test_message_pack(self) -> None:
        for vector in self.accepted("message-pack"):
            self.assertEqual(unpack(hex_(vector["bytes"])), vector["value"])
            self.assertEqual(unpack(pack(vector["value"])), vector["value"])
        self.rejects("message-pack", lambda vector: unpack(hex_(vector["bytes"])))

    def test_identities(self) -> None:
        for vector in self.accepted("identity"):
            own = identity.Identity(hex_(vector["seed"]))
            self.assertEqual((own.key.hex(), own.id, own.save()), (vector["publicKey"], vector["id"], vector["saved"]))
            self.assertEqual(identity.Identity.load(own.save()).id, own.id)
            for signed in vector["signatures"]:
                signature = own.sign(signed["purpose"], hex_(vector["message"]))
                self.assertEqual(signature.hex(), signed["signature"])
                self.assertTrue(identity.verifies(signed["purpose"], own.key, hex_(vector["message"]), signature))
        for vector in load("identity")["rejected"]:
            key, message, signature = (hex_(vector[part]) for part in ("publicKey", "message", "signature"))
            self.assertFalse(identity.verifies(vector["purpose"], key, message, signature), vector["why"])

    def test_peer_ids(self) -> None:
        for vector in self.accepted("peer-id"):
            self.assertEqual(identity.to_text(hex_(vector["key"])), vector["id"])
            self.assertEqual(identity.from_text(vector["id"]), hex_(vector["key"]))
        self.rejects("peer-id", lambda vector: identity.from_text(vector["id"]))
        ascending = load("peer-id")["ascending"]
        self.assertEqual(sorted(ascending), ascending)

    def test_cards(self) -> None:
        for vector in self.accepted("card"):
            own = identity.Identity(hex_(vector["seed"]))
            self.assertEqual(own.sign("card", hex_(vector["b"])).hex(), vector["s"])
            read = identity.read_card(identity.SignedCard(hex_(vector["b"]), hex_(vector["s"])))
            shown = {"id" if key == "key" else key: value for key, value in dataclasses.asdict(read).items()}
            present = {key: value for key, value in shown.items() if value is not None}
            self.assertEqual({**present, "id": read.id}, vector["card"])
            self.assertEqual(identity.read_card(read.sign(own)), read)
        self.rejects("card", lambda v: identity.read_card(identity.SignedCard(hex_(v["b"]), hex_(v["s"]))))

    def test_join_proofs(self) -> None:
        for vector in load("join-proof")["accepted"]:
            self.assertTrue(_proves(vector))
        for vector in load("join-proof")["rejected"]:
            self.assertFalse(_proves(vector), vector["why"])

    def test_direction_keys(self) -> None:
        for vector in self.accepted("direction-keys"):
            key = sealing.room_key(vector["secret"])
            self.assertEqual(key.hex(), vector["roomKey"])
            for side, other in (("a", "b"), ("b", "a")):
                own, their = vector[side], vector[other]
                agree = (hex_(own["boxSecret"]), hex_(their["boxPublic"]), key)
                self.assertEqual(bindings.crypto_scalarmult_base(agree[0]).hex(), own["boxPublic"])
                label = "box" if vector["via"] == "server" else "channel"
                ids = [identity.from_text(vector[one]["id"]) for one in ("a", "b")]
                a_to_b = sealing.direction_key(*agree, *ids, vector["room"], label)
                b_to_a = sealing.direction_key(*agree, *reversed(ids), vector["room"], label)
                self.assertEqual((a_to_b.hex(), b_to_a.hex()), (vector["aToB"], vector["bToA"]))

    def test_envelopes(self) -> None:
        for vector in self.accepted("envelope"):
            content = {"signal": sealing.SIGNAL, "frame": sealing.FRAME}.get(vector["content"], vector["content"])
            key, body, envelope = (hex_(vector[part]) for part in ("key", "body", "envelope"))
            self.assertEqual(sealing.seal(key, vector["counter"], content, body), envelope)
            self.assertEqual(sealing.Opener(key).open(envelope), (content, body))
        self.rejects("envelope", lambda v: sealing.Opener(hex_(v["key"])).open(hex_(v["envelope"])))

    def test_an_envelope_opens_once_and_a_forged_one_uses_up_nothing(self) -> None:
        opener = sealing.Opener(bytes(32))
        envelope = sealing.seal(bytes(32), 5, sealing.FRAME, b"frame")
        self.assertEqual(code_of(opener.open, envelope[:-1] + bytes([envelope[-1] ^ 1])), "forged")
        self.assertEqual(opener.open(envelope), (sealing.FRAME, b"frame"))
        self.assertEqual(code_of(opener.open, envelope), "replayed")

    def test_the_replay_window(self) -> None:
        for vector in self.accepted("replay"):
            window = sealing.ReplayWindow()
            taken = []
            for counter in vector["counters"]:
                taken.append(window.is_new(counter))
                if taken[-1]:
                    window.take(counter)
            self.assertEqual(taken, vector["taken"])

    def test_packets(self) -> None:
        for vector in self.accepted("packet"):
            read = packets.read_packet(hex_(vector["packet"]))
            if vector["kind"] == "control":
                self.assertEqual(read, packets.Control(hex_(vector["body"])))
                continue
            kind = {"signal": packets.SIGNAL_CLASS, "relay": packets.RELAY_CLASS}[vector["class"]]
            parts = (kind, identity.from_text(vector["peer"]), hex_(vector["envelope"]))
            self.assertEqual(read, packets.Forward(*parts))
            self.assertEqual(packets.forward(*parts), hex_(vector["packet"]))
        self.rejects("packet", lambda vector: packets.read_packet(hex_(vector["packet"])))

    def test_control_messages(self) -> None:
        for vector in self.accepted("control"):
            message = {**vector["message"]}
            if vector["from"] == "client":
                self.assertEqual(unpack(packets.control(**message)[1:]), message)
            else:
                self.assertEqual(_shown(packets.read_control(hex_(vector["body"]))), message)
        for vector in load("control")["rejected"]:
            if vector["from"] == "server":
                self.assertEqual(code_of(packets.read_control, hex_(vector["body"])), vector["code"], vector["why"])

    def test_signals(self) -> None:
        for vector in self.accepted("signal"):
            read = signals.read_signal(hex_(vector["body"]))
            self.assertEqual(unpack(signals.write_signal(read)), vector["signal"])
        self.rejects("signal", lambda vector: signals.read_signal(hex_(vector["body"])))

    def test_relay_packets(self) -> None:
        for vector in self.accepted("relay"):
            packet = relay_channel.Packet(**vector["packet"])
            self.assertEqual(relay_channel.write_packet(packet), hex_(vector["body"]))
            self.assertEqual(relay_channel.read_packet(hex_(vector["body"])), packet)
        self.rejects("relay", lambda vector: relay_channel.read_packet(hex_(vector["body"])))

    def test_relay_channels(self) -> None:
        for vector in self.accepted("relay-channel"):
            side = relay_channel.Channels()
            for step in vector["steps"]:
                if step["do"] == "open":
                    side.open(step.get("theirs", 0))
                elif step["do"] == "send":
                    packet = relay_channel.Packet(**step["packet"])
                    self.assertEqual(side.send(packet.frame), packet)
                else:
                    packet = relay_channel.Packet(**step["packet"])
                    self.assertEqual(side.receive(packet), step["news"])

    def test_frames(self) -> None:
        for vector in self.accepted("frame"):
            records = frames.read_frame(hex_(vector["frame"]))
            self.assertEqual([_shown_record(record) for record in records], vector["records"])
            written = b"".join(frames.write_record(record) for record in records)
            self.assertEqual(frames.read_frame(written), records)
        self.rejects("frame", lambda vector: frames.read_frame(hex_(vector["frame"])))

    def test_payloads(self) -> None:
        for vector in self.accepted("payload"):
            read = payloads.read_payload(hex_(vector["bytes"]))
            self.assertEqual(list(dataclasses.asdict(read).values()), list(vector["payload"].values())[1:])
            self.assertEqual(payloads.write_payload(read)[:2], hex_(vector["bytes"])[:2])
            self.assertEqual(payloads.read_payload(payloads.write_payload(read)), read)
        self.rejects("payload", lambda vector: payloads.read_payload(hex_(vector["bytes"])))

    def test_settlements(self) -> None:
        for vector in self.accepted("settlement"):
            self.assertEqual(settlement.settle(vector["ours"], vector["theirs"]), vector["version"])
            self.assertEqual(settlement.settle(vector["theirs"], vector["ours"]), vector["version"])
        ascending = load("settlement")["ascending"]
        self.assertEqual(sorted(reversed(ascending), key=cmp_to_key(settlement.compare)), ascending)


def _varint(vector: dict) -> int:
    reader = Reader(hex_(vector["bytes"]))
    value = reader.varint()
    reader.end()
    return value


def _proves(vector: dict) -> bool:
    nonce, card, proof = (hex_(vector[part]) for part in ("nonce", "card", "proof"))
    message = identity.proof_message(nonce, vector["room"], card)
    return identity.verifies("join", identity.from_text(vector["id"]), message, proof)


def _shown(value: object) -> object:
    """As a vector shows it: what is missing left out."""
    if isinstance(value, identity.SignedCard):
        return value.as_map()
    if isinstance(value, dict):
        return {key: _shown(one) for key, one in value.items() if one is not None}
    return [_shown(one) for one in value] if isinstance(value, list) else value


def _shown_record(record: frames.Record) -> dict:
    type_ = type(record).__name__.lower()
    shown = _shown({key: list(v) if isinstance(v, tuple) else v for key, v in dataclasses.asdict(record).items()})
    if type_ in ("hello", "acknowledgement", "close"):
        return {"type": type_, type_: shown}
    if type_ == "data":
        return {"type": type_, "payload": shown.pop("piece"), **shown}
    return {"type": type_, **shown}


if __name__ == "__main__":
    unittest.main()
