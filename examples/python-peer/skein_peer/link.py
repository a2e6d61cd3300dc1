"""A link: the conversation of two peers, which outlasts its paths. docs/spec/links.md."""

import secrets
from typing import Callable, Protocol

from . import frames, limits
from .frames import Acknowledgement, Close, Data, Hello, Lossy, Ping, Pong
from .lanes import Incoming, Outgoing
from .path_end import Path, PathEnd
from .rejection import Rejected, malformed

_FRAME_BYTES = 60_000
_ACKNOWLEDGE_SECONDS = 0.02
_ACKNOWLEDGE_BYTES = 262_144
_PATHLESS_SECONDS = 80.0
# Between two looks at the clock there is half a second, unless the computer slept.
_SLEPT_SECONDS = 5.0


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
        self._ends: dict[str, PathEnd] = {}
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
        end = self._ends[path.kind] = PathEnd(path, self._now())
        self._say_hello(end)
        if self._kind is None:
            end.ask(self._now())
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

    def _carrying(self) -> list[PathEnd]:
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

    def _frame(self, end: PathEnd, carries: bool) -> bytes:
        frame = bytearray(end.take_words())
        data = self._data(end, _FRAME_BYTES - len(frame)) if carries else b""
        if end.is_greeted and (end.owes or data):
            end.owes = False
            frame += frames.write_record(Acknowledgement(self.incoming.next, self.incoming.credit()))
        return bytes(frame + data)

    def _data(self, end: PathEnd, room: int) -> bytes:
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

    def _say_hello(self, end: PathEnd) -> None:
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

    def _take(self, end: PathEnd, record: frames.Record) -> None:
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

    def _take_hello(self, end: PathEnd, hello: Hello) -> None:
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

    def _keep_only(self, end: PathEnd) -> None:
        """The other paths were greeted for an end that is no more."""
        for other in [other for other in self._ends.values() if other is not end]:
            del self._ends[other.path.kind]
            other.path.close()

    def _require_greeting(self, end: PathEnd) -> None:
        if not end.is_greeted:
            raise Rejected("malformed", "data or an acknowledgement before hello")

    def _take_data(self, end: PathEnd, record: Data) -> None:
        self._require_greeting(end)
        end.is_used_by_them = True
        message = self.incoming.take(record)
        if message is not None:
            self._events.delivered(record.lane, message)
        self._acknowledge_later(len(record.piece))

    def _take_acknowledgement(self, end: PathEnd, record: Acknowledgement) -> None:
        is_more = record.next > self.outgoing.acknowledged
        self.outgoing.acknowledge(record.next)
        self.outgoing.grant(record.credit)
        if is_more and len(self._ends) == 1:
            end.take_progress()
            self._trust(end)
        self._events.acknowledged()

    def _take_lossy(self, end: PathEnd, record: Lossy) -> None:
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
            end.ask(self._now())
        self.pump()

    def _take_ping(self, end: PathEnd, token: int) -> None:
        end.answer(token)
        direct = self._ends.get("direct")
        if direct is not None and end.path.kind == "relay" and self._kind == "direct":
            # The other side took the relay into use: what does it know of the direct path?
            direct.ask(self._now())
            self._suspect(direct)

    def _take_pong(self, end: PathEnd, token: int) -> None:
        if end.take_pong(token, self._now()):
            self._trust(end)

    def _trust(self, end: PathEnd) -> None:
        if end.is_suspect:
            end.is_suspect = False
            self._choose("the path answers")

    def _suspect(self, end: PathEnd) -> None:
        if not end.is_suspect:
            end.is_suspect = True
            self._choose("a path doesn't answer")

    def tick(self) -> None:
        """To be called about twice a second."""
        now = self._now()
        slept = now - self._looked_at if now - self._looked_at > _SLEPT_SECONDS else 0.0
        self._looked_at = now
        carrying = self._carrying()
        for end in list(self._ends.values()):
            # A path at rest isn't asked: a relay costs someone.
            verdict = end.look(
                now, slept, end in carrying or not end.is_greeted, end.cursor > self.outgoing.acknowledged
            )
            if verdict == "suspect":
                self._suspect(end)
            elif verdict == "lost":
                end.path.close()
                self.detach(end.path, "a path doesn't answer")
        self._end_pathless(now)
        self.pump()

    def _end_pathless(self, now: float) -> None:
        since = self._pathless_since
        # A path that greets holds the end off.
        if since is not None and not self._ends and now - since > _PATHLESS_SECONDS:
            self._pathless_since = None
            if self.is_begun:
                self._lose("link-lost", "there was no path for 80 seconds")

    # Its end

    def end(self, code: str, reason: str) -> None:
        """Says `close`, and ends the link; a new path begins another."""
        close = frames.write_record(Close(code, reason))
        for end in self._ends.values():
            end.path.send(end.take_words() + close)
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
