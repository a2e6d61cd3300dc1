"""The direct path: who offers, generations, glare, candidates. docs/spec/signals.md."""

import asyncio
import random
from typing import Awaitable, Callable

from . import limits
from .connection import Connection, ConnectionEvents
from .link import Link
from .signals import Bye, Candidates, Description, Signal

KIND = "aiortc"

_WAIT_FOR_OFFER_SECONDS = 2.0
_ATTEMPT_SECONDS = 15.0
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0


class Direct(ConnectionEvents):
    """
    All attempts at a direct path to one join of one peer.

    aiortc can't restart ICE: a restart is passed over, and the path given up in its time.
    """

    def __init__(
        self,
        link: Link,
        own_id: str,
        their_id: str,
        their_kind: str | None,
        send: Callable[[Signal], None],
        ice: Callable[[], list[dict]],
        reject: Callable[[str, str], None],
        failed: Callable[[], None],
    ) -> None:
        self._link = link
        self._is_polite = own_id < their_id
        # A browser offers to what is none; otherwise the greater id does.
        self._is_preferred = their_kind != "browser" and own_id > their_id
        self._send = send
        self._ice = ice
        self._failed = failed
        self.rejected = reject
        self._highest = 0
        self._connection: Connection | None = None
        self._held: list[Candidates] = []
        self._attempts = 0
        self._is_over = False
        self._is_undelivered = False
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._offer_in(0.0 if self._is_preferred else _WAIT_FOR_OFFER_SECONDS)

    def end(self, goodbye: bool) -> None:
        self._is_over = True
        self._clear_timer()
        connection, self._connection = self._connection, None
        if connection is not None:
            if goodbye:
                self._send(Bye(connection.generation, "left"))
            connection.close()

    def undeliverable(self) -> None:
        self._is_undelivered = True

    # Signals

    def receive(self, signal: Signal) -> None:
        if self._is_over or signal.g < self._highest:
            return
        match signal:
            case Description(t="offer"):
                self._take_offer(signal)
            case Description():
                self._take_answer(signal)
            case Candidates():
                self._take_candidates(signal)
            case Bye():
                self._take_bye(signal)

    def _take_offer(self, offer: Description) -> None:
        if offer.g > self._highest:
            self._answer(offer)
            return
        connection = self._connection
        # Of a generation that was given up; or a restart, which this engine can't do.
        if connection is None or offer.n != 0:
            return
        # Ours and theirs have crossed: the polite side takes theirs, with a fresh connection of the same generation.
        has_crossed = connection.has_offered and not connection.has_description
        if has_crossed and (self._is_polite or self._is_undelivered):
            self._answer(offer)

    def _answer(self, offer: Description) -> None:
        connection = self._replace(offer.g)
        self._run(self._give_answer(connection, offer))

    async def _give_answer(self, connection: Connection, offer: Description) -> None:
        await connection.answer(offer.sdp, lambda sdp: self._send(Description("answer", offer.g, sdp, offer.n)))
        await self._give_candidates(connection, offer.sdp)

    def _take_answer(self, answer: Description) -> None:
        connection = self._connection
        if connection is None or connection.generation != answer.g or answer.n != 0:
            return
        if connection.has_offered and not connection.has_description:
            connection.has_description = True
            self._run(self._use_answer(connection, answer))

    async def _use_answer(self, connection: Connection, answer: Description) -> None:
        await connection.take_answer(answer.sdp)
        await self._give_candidates(connection, answer.sdp)

    def _take_bye(self, bye: Bye) -> None:
        connection = self._connection
        if connection is not None and connection.generation <= bye.g:
            connection.close()

    # Candidates

    def _take_candidates(self, candidates: Candidates) -> None:
        connection = self._connection
        if connection is not None and connection.generation == candidates.g and connection.fragment == candidates.u:
            self._run(self._give(connection, candidates))
        elif sum(len(held.list) for held in self._held) + len(candidates.list) <= limits.HELD_CANDIDATES:
            self._held.append(candidates)

    async def _give_candidates(self, connection: Connection, sdp: str) -> None:
        """Those that came before their description."""
        connection.fragment = fragment_of(sdp)
        held, self._held = self._held, []
        for candidates in held:
            if candidates.g == connection.generation and candidates.u == connection.fragment:
                await self._give(connection, candidates)
            elif candidates.g >= self._highest:
                self._held.append(candidates)

    async def _give(self, connection: Connection, candidates: Candidates) -> None:
        for line, mid in candidates.list:
            await connection.add_candidate(line, mid)

    def gathered(self, connection: Connection, sdp: str) -> None:
        if connection is not self._connection:
            return
        fragment = fragment_of(sdp)
        lines = [line.removeprefix("a=") for line in sdp.splitlines() if line.startswith("a=candidate:")]
        mid = next((line.removeprefix("a=mid:") for line in sdp.splitlines() if line.startswith("a=mid:")), "0")
        listed = [(line, mid) for line in lines[: limits.CANDIDATES]]
        if listed:
            self._send(Candidates(connection.generation, fragment, listed))
        self._send(Candidates(connection.generation, fragment, []))

    # Attempts

    def _offer_in(self, seconds: float) -> None:
        self._set_timer(seconds, self._offer)

    def _offer(self) -> None:
        if self._is_over or self._connection is not None:
            return
        connection = self._replace(self._highest + 1)
        self._run(connection.offer(lambda sdp: self._send(Description("offer", connection.generation, sdp))))

    def _replace(self, generation: int) -> Connection:
        previous, self._connection = self._connection, None
        if previous is not None:
            previous.close()
        self._highest = generation
        self._is_undelivered = False
        self._connection = Connection(generation, self._ice(), self)
        self._set_timer(_ATTEMPT_SECONDS, self._give_up)
        return self._connection

    def _give_up(self) -> None:
        """No greeting within the time of an attempt."""
        connection = self._connection
        if connection is None or self._link.is_greeted(connection):
            return
        self._send(Bye(connection.generation, "timeout"))
        connection.close()

    def opened(self, connection: Connection) -> None:
        if connection is self._connection:
            self._link.attach(connection)

    def received(self, connection: Connection, frame: bytes, is_lossy: bool) -> None:
        self._link.receive(connection, frame, is_lossy)
        if self._link.is_greeted(connection):
            self._attempts = 0

    def drained(self, connection: Connection) -> None:
        self._link.pump()

    def connection_closed(self, connection: Connection) -> None:
        self._link.detach(connection, "the direct path is lost")
        if connection is not self._connection:
            return
        self._connection = None
        self._failed()
        wait = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**self._attempts)
        self._attempts += 1
        preference = 0.0 if self._is_preferred else _WAIT_FOR_OFFER_SECONDS
        self._offer_in(preference + wait * random.random())

    # Timers and tasks

    def _set_timer(self, seconds: float, then: Callable[[], None]) -> None:
        self._clear_timer()
        if not self._is_over:
            self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _clear_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _run(self, work: Awaitable[None]) -> None:
        self.spawn(self._guarded(work, self._connection))

    async def _guarded(self, work: Awaitable[None], connection: Connection | None) -> None:
        try:
            await work
        except Exception:  # The engine says by all sorts of exceptions that it can't use a description.
            self.rejected("malformed", "a description that the engine can't use")
            if connection is not None:
                connection.close()

    def spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Until all connections are closed."""
        while self._tasks:
            await asyncio.wait(self._tasks)


def fragment_of(sdp: str) -> str:
    """The ICE user fragment of a description."""
    return next((line[len("a=ice-ufrag:") :] for line in sdp.splitlines() if line.startswith("a=ice-ufrag:")), "")
