"""A path as a link sees it: how far it has come, and whether it still answers. docs/spec/links.md, "Keeping alive"."""

from typing import Literal, Protocol

from . import frames
from .frames import Ping, Pong

_WORDS = 256
_IDLE_SECONDS = 15.0
_BUSY_SECONDS = 2.0
_SUSPECT_SECONDS = 2.0
_SUSPECT_SECONDS_MOST = 4.0
_GIVE_UP_SECONDS = 10.0


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


class PathEnd:
    def __init__(self, path: Path, now: float) -> None:
        self.path = path
        self.is_greeted = False
        self.hellos_taken = 0
        # The number of the record that goes next over this path.
        self.cursor = 0
        # Whether an acknowledgement is to go.
        self.owes = False
        self.is_used_by_them = False
        self.is_suspect = False
        self.round_trip: float | None = None
        self.heard = now
        self._words: list[bytes] = []
        self._tokens = 0
        # The token that no answer came to yet.
        self._asked: int | None = None
        self._asked_at = self._repeated_at = now

    def take_words(self) -> bytes:
        """Pings and pongs that wait to go."""
        words = b"".join(self._words)
        self._words.clear()
        return words

    def ask(self, now: float) -> None:
        if self._asked is None:
            self._tokens += 1
            self._asked = self._tokens
            self._asked_at = self._repeated_at = now
            self._words.append(frames.write_record(Ping(self._asked)))

    def answer(self, token: int) -> None:
        """Where too many words wait for a channel that is full, a pong may be left out."""
        if len(self._words) < _WORDS:
            self._words.append(frames.write_record(Pong(token)))

    def take_pong(self, token: int, now: float) -> bool:
        """Whether it answers what was asked."""
        if token != self._asked:
            return False
        self.round_trip = now - self._asked_at
        self._asked = None
        return True

    def take_progress(self) -> None:
        """Something came that only an answering path can have brought."""
        self._asked = None

    def look(self, now: float, slept: float, carries: bool, is_busy: bool) -> Literal["well", "suspect", "lost"]:
        """Asks where it is time to, and says what to think of the path."""
        self._asked_at += slept
        if self._asked is not None:
            return self._look_for_answer(now)
        if carries and now - self.heard > (_BUSY_SECONDS if is_busy else _IDLE_SECONDS):
            self.ask(now)
        return "well"

    def _look_for_answer(self, now: float) -> Literal["well", "suspect", "lost"]:
        if now - self._asked_at > _GIVE_UP_SECONDS:
            return "lost"
        patience = min(_SUSPECT_SECONDS_MOST, max(_SUSPECT_SECONDS, 4 * (self.round_trip or 0.0)))
        if now - self._repeated_at <= patience:
            return "well"
        self._repeated_at = now
        if self.path.has_room():
            self._words.append(frames.write_record(Ping(self._asked or 0)))
        return "suspect"
