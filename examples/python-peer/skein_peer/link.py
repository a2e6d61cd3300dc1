"""A link: the conversation of two peers, which outlasts its paths. docs/spec/links.md."""

import secrets
from dataclasses import dataclass, field
from typing import Callable, Protocol

from . import frames, limits
from .frames import Acknowledgement, Close, Data, Hello, Lossy, Ping, Pong
from .lanes import Incoming, Outgoing
from .rejection import Rejected, malformed

_FRAME_BYTES = 60_000
_WORDS = 256
_ACKNOWLEDGE_SECONDS = 0.02
_ACKNOWLEDGE_BYTES = 262_144
_IDLE_SECONDS = 15.0
_BUSY_SECONDS = 2.0
_SUSPECT_SECONDS = 2.0
_GIVE_UP_SECONDS = 10.0
_PATHLESS_SECONDS = 80.0
# Between two looks at the clock there is half a second, unless the computer slept.
_SLEPT_SECONDS = 5.0


class Path(Protocol):
    """One way for frames to travel."""

    kind: str

    def send(self, frame: bytes) -> None: ...

    def send_lossy(self, frame: bytes) -> bool:
        """Whether there is a way of its own for frames that may be lost. It may drop them."""

    def has_room(self) -> bool:
        """Whether data may be sent now. `Link.pump` is called when it may again."""

    def close(self) -> None:
        """Ends it. Frames that were sent may still get through."""


class Events(Protocol):
    """What a link tells. `ended` may be told more than once: then another conversation begins."""

    def begun(self, hello: Hello) -> None: ...

    def delivered(self, lane: int, payload: bytes) -> None: ...

    def delivered_lossy(self, payload: bytes) -> None: ...

    def acknowledged(self) -> None: ...

    def ended(self, code: str, reason: str, unacknowledged: int) -> None: ...

    def path_changed(self, kind: str | None, reason: str) -> None: ...

    def rejected(self, code: str, reason: str) -> None: ...

    def left(self) -> None: ...


@dataclass
class _End:
    """A path, as the link sees it."""

    path: Path
    opened: float
    heard: float
    is_greeted: bool = False
    hellos_taken: int = 0
    hellos_said: int = 0
    cursor: int = 0
    words: list[bytes] = field(default_factory=list)
    owes: bool = False
    is_used_by_them: bool = False
    is_suspect: bool = False
    asked: int | None = None
    asked_at: float = 0.0
    repeated_at: float = 0.0
    round_trip: float | None = None


class Link:
    def __init__(
        self,
        events: Events,
        protocols: dict[str, list[str]],
        features: list[str],
        now: Callable[[], float],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._events = events
        self._protocols = protocols
        self._features = features
        self._now = now
        self._later = later
        self._ends: dict[str, _End] = {}
        self._tokens = 0
        self._pathless_since: float | None = None
        self._looked_at = now()
        self._kind: str | None = None
        self._begin()

    def _begin(self) -> None:
        self._own = secrets.token_bytes(8)
        self._theirs: bytes | None = None
        self.outgoing = Outgoing()
        self.incoming = Incoming()
        self._lossy_sent = 0
        self._lossy_next = 0
        self._unacknowledged_bytes = 0
        self._acknowledgement_is_due = False

    @property
    def is_begun(self) -> bool:
        return self._theirs is not None

    @property
    def kind(self) -> str | None:
        """The path that carries what we send."""
        return self._kind

    @property
    def round_trip(self) -> float | None:
        return self._ends[self._kind].round_trip if self._kind in self._ends else None

    def is_greeted(self, path: Path) -> bool:
        end = self._ends.get(path.kind)
        return end is not None and end.path is path and end.is_greeted

    # Paths

    def attach(self, path: Path) -> None:
        """A path is open. One of its kind that is still there makes way."""
        replaced = self._ends.pop(path.kind, None)
        if replaced is not None:
            replaced.path.close()
        end = self._ends[path.kind] = _End(path, self._now(), self._now())
        self._say_hello(end)
        if self._kind is None:
            self._ask(end)
        self.pump()

    def detach(self, path: Path, reason: str) -> None:
        """A path closed. The link goes on over another, or waits for one."""
        end = self._ends.get(path.kind)
        if end is None or end.path is not path:
            return
        del self._ends[path.kind]
        self._choose(reason)
        self.pump()

    def _choose(self, reason: str) -> None:
        if self._choose_path():
            self._events.path_changed(self._kind, reason)

    def _choose_path(self) -> bool:
        """Whether another path carries from now on."""
        greeted = [kind for kind in ("direct", "relay") if kind in self._ends and self._ends[kind].is_greeted]
        chosen = next((kind for kind in greeted if not self._ends[kind].is_suspect), greeted[0] if greeted else None)
        self._pathless_since = None if greeted else self._pathless_since or self._now()
        is_another, self._kind = chosen != self._kind, chosen
        return is_another

    def _carrying(self) -> list[_End]:
        """While a direct path is suspect, both carry: numbering drops the repeats."""
        suspect = "direct" in self._ends and self._ends["direct"].is_suspect
        kinds = ("direct", "relay") if suspect else (self._kind,)
        return [self._ends[kind] for kind in kinds if kind in self._ends and self._ends[kind].is_greeted]

    # Out

    def send(self, lane: int, payload: bytes) -> None:
        self.outgoing.push(lane, payload)
        self.pump()

    def send_lossy(self, payload: bytes) -> bool:
        """Whether it went: what can't go now is dropped."""
        end = self._ends.get(self._kind or "")
        if end is None or not end.path.has_room():
            return False
        frame = frames.write_record(Lossy(self._lossy_sent, payload))
        self._lossy_sent += 1
        if not end.path.send_lossy(frame):
            end.path.send(frame)
        return True

    def handled(self, lane: int, length: int) -> None:
        self.incoming.handled(lane, length)
        if self.incoming.owes_credit():
            self._acknowledge()

    def pump(self) -> None:
        """Sends what can be sent."""
        carrying = self._carrying()
        for end in list(self._ends.values()):
            while end.path.has_room():
                frame = self._frame(end, end in carrying)
                if not frame:
                    break
                end.path.send(frame)

    def _frame(self, end: _End, carries: bool) -> bytes:
        frame = bytearray(b"".join(end.words))
        end.words.clear()
        data = self._data(end, _FRAME_BYTES - len(frame)) if carries else b""
        if end.is_greeted and (end.owes or data):
            end.owes = False
            frame += frames.write_record(Acknowledgement(self.incoming.next, self.incoming.credit()))
        return bytes(frame + data)

    def _data(self, end: _End, room: int) -> bytes:
        data = bytearray()
        end.cursor = max(end.cursor, self.outgoing.acknowledged)
        while len(data) < room - 17_000:
            record = self.outgoing.record(end.cursor)
            if record is None:
                break
            data += frames.write_record(record)
            end.cursor += 1
        return bytes(data)

    def _acknowledge(self) -> None:
        """It goes over each path that carries: the one that another carried may be lost with it."""
        self._unacknowledged_bytes = 0
        self._acknowledgement_is_due = False
        for end in self._ends.values():
            end.owes = end.owes or end.is_used_by_them
        for end in self._carrying():
            end.owes = True
        self.pump()

    def _acknowledge_later(self, length: int) -> None:
        self._unacknowledged_bytes += length
        if self._unacknowledged_bytes >= _ACKNOWLEDGE_BYTES:
            self._acknowledge()
        elif not self._acknowledgement_is_due:
            self._acknowledgement_is_due = True
            self._later(_ACKNOWLEDGE_SECONDS, lambda: self._acknowledge() if self._acknowledgement_is_due else None)

    def _say_hello(self, end: _End) -> None:
        end.hellos_said += 1
        hello = Hello(
            self._own, self._theirs, self.incoming.next, self.incoming.credit(), self._protocols, self._features
        )
        end.path.send(frames.write_record(hello))

    # In

    def receive(self, path: Path, frame: bytes, is_lossy: bool = False) -> None:
        """`is_lossy`: it came over the path's channel for the lossy lane."""
        end = self._ends.get(path.kind)
        if end is None or end.path is not path:
            return
        end.heard = self._now()
        try:
            for record in frames.read_frame(frame):
                if is_lossy and not isinstance(record, Lossy):
                    raise malformed("a record other than lossy on channel 1")
                self._take(end, record)
                if self._ends.get(path.kind) is not end:
                    return
        except Rejected as rejected:
            self._events.rejected(rejected.code, rejected.reason)
            self.end("bad-message", rejected.reason)
        self.pump()

    def _take(self, end: _End, record: frames.Record) -> None:
        match record:
            case Hello():
                self._take_hello(end, record)
            case Data():
                self._take_data(end, record)
            case Acknowledgement():
                self._require_greeting(end)
                self._take_acknowledgement(end, record)
            case Ping():
                self._take_ping(end, record.token)
            case Pong():
                self._take_pong(end, record.token)
            case Lossy():
                self._take_lossy(end, record)
            case Close():
                self._take_close(record)

    def _take_hello(self, end: _End, hello: Hello) -> None:
        end.hellos_taken += 1
        if end.hellos_taken > limits.HELLOS:
            raise Rejected("over-limit", "a fifth hello on one path")
        if hello.of not in (None, self._own):
            # Meant for an earlier end; our own hello tells its sender so.
            return
        is_new = self._theirs != hello.link
        if is_new and self._theirs is not None:
            self._lose("link-lost", "the other side began anew")
            # A `hello` that has an `of` meant the link that is over: it begins nothing.
            self._theirs = hello.link if hello.of is None else None
            self._keep_only(end)
            self._say_hello(end)
            if hello.of is not None:
                return
        self._theirs = hello.link
        self._take_acknowledgement(end, Acknowledgement(hello.next, hello.credit))
        end.is_greeted = True
        end.cursor = hello.next
        is_another_path = self._choose_path()
        if is_new:
            self._events.begun(hello)
        if is_another_path:
            self._events.path_changed(self._kind, "a path is open")

    def _keep_only(self, end: _End) -> None:
        """The other paths were greeted for an end that is no more."""
        for other in [other for other in self._ends.values() if other is not end]:
            del self._ends[other.path.kind]
            other.path.close()

    def _require_greeting(self, end: _End) -> None:
        if not end.is_greeted:
            raise Rejected("malformed", "data or an acknowledgement before hello")

    def _take_data(self, end: _End, record: Data) -> None:
        self._require_greeting(end)
        end.is_used_by_them = True
        message = self.incoming.take(record)
        if message is not None:
            self._events.delivered(record.lane, message)
        self._acknowledge_later(len(record.piece))

    def _take_acknowledgement(self, end: _End, record: Acknowledgement) -> None:
        is_more = record.next > self.outgoing.acknowledged
        self.outgoing.acknowledge(record.next)
        self.outgoing.grant(record.credit)
        if is_more and len(self._ends) == 1:
            self._answered(end)
        self._events.acknowledged()

    def _take_lossy(self, end: _End, record: Lossy) -> None:
        # Before hello it has overtaken it; at or below the last, it comes late or twice.
        if end.is_greeted and record.sequence >= self._lossy_next:
            self._lossy_next = record.sequence + 1
            self._events.delivered_lossy(record.payload)

    def _take_close(self, close: Close) -> None:
        if close.code == "left":
            self._events.left()
            return
        self._end_paths("the other side closed the link")
        self._lose("link-lost", f"the other side closed the link: {close.code}")

    # Keeping alive

    def ask(self) -> None:
        """There is reason for doubt."""
        for end in self._carrying():
            self._ask(end)
        self.pump()

    def _ask(self, end: _End) -> None:
        if end.asked is not None:
            return
        self._tokens += 1
        end.asked = self._tokens
        end.asked_at = end.repeated_at = self._now()
        end.words.append(frames.write_record(Ping(end.asked)))

    def _take_ping(self, end: _End, token: int) -> None:
        if len(end.words) < _WORDS:
            end.words.append(frames.write_record(Pong(token)))
        direct = self._ends.get("direct")
        if direct is not None and end.path.kind == "relay" and self._kind == "direct":
            # The other side took the relay into use: what does it know of the direct path?
            self._ask(direct)
            self._suspect(direct)

    def _take_pong(self, end: _End, token: int) -> None:
        if token == end.asked:
            end.round_trip = self._now() - end.asked_at
            self._answered(end)

    def _answered(self, end: _End) -> None:
        end.asked = None
        if end.is_suspect:
            end.is_suspect = False
            self._choose("the direct path answers")

    def _suspect(self, end: _End) -> None:
        if not end.is_suspect:
            end.is_suspect = True
            self._choose("the direct path doesn't answer")

    def tick(self) -> None:
        """To be called about twice a second."""
        now = self._now()
        slept = now - self._looked_at if now - self._looked_at > _SLEPT_SECONDS else 0.0
        self._looked_at = now
        carrying = self._carrying()
        for end in list(self._ends.values()):
            end.asked_at += slept
            if end.asked is not None:
                self._wait_for_answer(end, now)
            elif end in carrying or not end.is_greeted:
                is_busy = end.cursor > self.outgoing.acknowledged
                if now - max(end.heard, end.opened) > (_BUSY_SECONDS if is_busy else _IDLE_SECONDS):
                    self._ask(end)
        if self._pathless_since is not None and not self._ends and now - self._pathless_since > _PATHLESS_SECONDS:
            self._pathless_since = None
            if self.is_begun:
                self._lose("link-lost", "there was no path for 80 seconds")
        self.pump()

    def _wait_for_answer(self, end: _End, now: float) -> None:
        waited = now - end.asked_at
        if waited > _GIVE_UP_SECONDS:
            end.path.close()
            self.detach(end.path, "a path doesn't answer")
            return
        if now - end.repeated_at > min(4.0, max(_SUSPECT_SECONDS, 4 * (end.round_trip or 0.0))):
            self._suspect(end)
            end.repeated_at = now
            if end.asked is not None and end.path.has_room():
                end.words.append(frames.write_record(Ping(end.asked)))

    # Its end

    def end(self, code: str, reason: str) -> None:
        """Says `close`, and ends the link; a new path begins another."""
        close = frames.write_record(Close(code, reason))
        for end in self._ends.values():
            end.path.send(b"".join(end.words) + close)
        self._end_paths(reason)
        self._lose("closed" if code == "left" else "link-lost", reason)

    def drop(self, reason: str) -> None:
        """Without a word: the other side is gone."""
        self._end_paths(reason)
        self._lose("link-lost", reason)

    def _end_paths(self, reason: str) -> None:
        ends = list(self._ends.values())
        self._ends.clear()
        for end in ends:
            end.path.close()
        self._choose(reason)

    def _lose(self, code: str, reason: str) -> None:
        was_begun, unacknowledged = self.is_begun, self.outgoing.messages
        self._begin()
        for end in self._ends.values():
            end.is_greeted = False
            end.cursor = 0
        self._choose(reason)
        if was_begun:
            self._events.ended(code, reason, unacknowledged)
