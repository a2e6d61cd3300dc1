"""Two ends of a link, over paths that break: without any clock, network or process."""

import random
import unittest

from skein_peer import frames
from skein_peer.frames import Close, Data, Hello, write_record
from skein_peer.link import Link


class Side:
    """One end, and all that it tells."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, bytes]] = []
        self.told: list[str] = []
        self.later: list = []
        self.now = 0.0
        self.link = Link(self, {}, [], lambda: self.now, lambda _, then: self.later.append(then))

    def begun(self, hello: Hello) -> None:
        self.told.append("begun")

    def delivered(self, lane: int, payload: bytes) -> None:
        self.heard.append((lane, payload))
        self.link.handled(lane, len(payload))

    def delivered_lossy(self, payload: bytes) -> None:
        self.heard.append((3, payload))

    def acknowledged(self) -> None:
        pass

    def ended(self, code: str, reason: str, unacknowledged: int) -> None:
        self.told.append(f"ended {code} {unacknowledged}")

    def path_changed(self, kind: str | None, reason: str) -> None:
        pass

    def rejected(self, code: str, reason: str) -> None:
        self.told.append(f"rejected {code}")

    def left(self) -> None:
        self.told.append("left")

    def pass_time(self) -> None:
        later, self.later = self.later, []
        for then in later:
            then()


class Wire:
    """A path whose frames wait until they are carried, or are lost with it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.frames: list[bytes] = []
        self.is_closed = False

    def send(self, frame: bytes) -> None:
        self.frames.append(frame)

    def send_lossy(self, frame: bytes) -> bool:
        return False

    def has_room(self) -> bool:
        return len(self.frames) < 20 and not self.is_closed

    def close(self) -> None:
        self.is_closed = True


class Pair:
    def __init__(self) -> None:
        self.sides = (Side(), Side())
        self.wires: tuple[Wire, Wire] = (Wire("none"), Wire("none"))

    def open(self, kind: str = "direct") -> None:
        self.wires = (Wire(kind), Wire(kind))
        for side, wire in zip(self.sides, self.wires):
            side.link.attach(wire)

    def carry(self, frames_most: int = 1_000_000) -> None:
        """Until nothing moves, or so many frames have been carried."""
        moved = True
        while moved and frames_most > 0:
            moved = False
            for sender, receiver in ((0, 1), (1, 0)):
                while self.wires[sender].frames and frames_most > 0:
                    frames_most -= 1
                    moved = True
                    frame = self.wires[sender].frames.pop(0)
                    self.sides[sender].link.pump()
                    self.sides[receiver].link.receive(self.wires[receiver], frame)
            for side in self.sides:
                side.pass_time()

    def cut(self) -> None:
        for side, wire in zip(self.sides, self.wires):
            side.link.detach(wire, "cut")


class Links(unittest.TestCase):
    def test_each_message_comes_once_and_in_order_whatever_paths_do(self) -> None:
        for seed in range(30):
            chance = random.Random(seed)
            pair = Pair()
            pair.open()
            pair.carry()
            a, b = pair.sides
            sent = []
            for number in range(chance.randint(1, 120)):
                lane = chance.randrange(3)
                payload = number.to_bytes(2, "big") * chance.choice((1, 20, 9_000, 40_000))
                sent.append((lane, payload))
                a.link.send(lane, payload)
                if chance.random() < 0.2:
                    pair.carry(chance.randint(0, 12))
                    pair.cut()
                    pair.open(chance.choice(("direct", "relay")))
            pair.carry()
            with self.subTest(seed=seed):
                for lane in range(3):
                    wanted = [payload for one, payload in sent if one == lane]
                    self.assertEqual([payload for one, payload in b.heard if one == lane], wanted)
                self.assertEqual(a.link.outgoing.messages, 0)
                self.assertEqual(a.told + b.told, ["begun", "begun"])

    def test_who_forgot_begins_anew_and_the_other_counts_what_it_lost(self) -> None:
        pair = Pair()
        pair.open()
        pair.carry()
        pair.sides[0].link.send(1, b"never acknowledged")
        pair.cut()
        pair.sides = (pair.sides[0], Side())
        pair.open()
        pair.carry()
        self.assertEqual(pair.sides[0].told, ["begun", "ended link-lost 1", "begun"])
        pair.sides[0].link.send(1, b"heard")
        pair.carry()
        self.assertEqual(pair.sides[1].heard, [(1, b"heard")])

    def test_a_record_that_comes_again_is_dropped(self) -> None:
        pair = Pair()
        pair.open()
        pair.carry()
        victim, wire = pair.sides[1], pair.wires[1]
        for sequence in (0, 0, 1, 1, 0):
            victim.link.receive(wire, write_record(Data(sequence, 1, True, bytes([sequence]))))
        self.assertEqual(victim.heard, [(1, b"\0"), (1, b"\1")])
        self.assertEqual(victim.told, ["begun"])

    def test_a_violation_ends_the_link_with_a_word(self) -> None:
        pieces = {
            "a number above the next": write_record(Data(7, 0, True, b"\0")),
            "an empty piece": write_record(Data(0, 0, True, b"")),
            "an unknown lane": write_record(Data(0, 3, True, b"\0")),
            "a piece of a record": b"\x02\x09",
            "an acknowledgement of what was never sent": write_record(frames.Acknowledgement(1, (0, 0, 0))),
            "more than was granted": write_record(Data(0, 0, False, bytes(60_000))),
        }
        for why, frame in pieces.items():
            pair = Pair()
            pair.open()
            pair.carry()
            victim, wire = pair.sides[1], pair.wires[1]
            if why == "more than was granted":
                # Full, so that no more is granted.
                wire.frames = [b""] * 20
                for sequence in range(80):
                    victim.link.receive(wire, write_record(Data(sequence, 0, False, bytes(60_000))))
            else:
                victim.link.receive(wire, frame)
            with self.subTest(why):
                self.assertIn("ended link-lost 0", victim.told)
                self.assertTrue(wire.is_closed)
                self.assertIsInstance(frames.read_frame(wire.frames[-1])[-1], Close)

    def test_a_link_without_a_path_ends_in_its_time(self) -> None:
        pair = Pair()
        pair.open()
        pair.carry()
        side = pair.sides[0]
        side.link.send(0, b"lost")
        pair.cut()
        for second in range(79):
            side.now = float(second)
            side.link.tick()
        self.assertEqual(side.told, ["begun"])
        for second in range(79, 83):
            side.now = float(second)
            side.link.tick()
        self.assertEqual(side.told, ["begun", "ended link-lost 1"])

    def test_a_path_that_leaves_a_ping_unanswered_is_given_up(self) -> None:
        pair = Pair()
        pair.open()
        pair.carry()
        side, wire = pair.sides[0], pair.wires[0]
        side.link.ask()
        for half in range(24):
            side.now = half / 2
            side.link.tick()
        self.assertTrue(wire.is_closed)
        self.assertEqual(side.told, ["begun"])
