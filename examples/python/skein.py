"""A Skein room for Python programs: `skein join --json` as a child process. The standard library is enough."""

import itertools
import json
import queue
import subprocess
import threading


class SkeinError(Exception):
    """What an operation failed with. `code` is stable, the text is for people."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Room:
    """A member of a room. Iterate over it for its events; they end when the room is left."""

    def __init__(self, room, server, *, name=None, protocols=(), command=("skein",)):
        arguments = ["join", room, "--server", server, "--json"]
        if name is not None:
            arguments += ["--name", name]
        for protocol in protocols:
            arguments += ["--protocol", protocol]
        self._process = subprocess.Popen(
            [*command, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self._ids = itertools.count(1)
        self._answers = {}
        self._events = queue.SimpleQueue()
        self._lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def handle(self, type, kind="message"):
        """From now on, `message` or `request` events of that type come."""
        self._do(op="handle", type=type, kind=kind)

    def send(self, to, type, body):
        self._do(op="send", to=to, type=type, body=body)

    def broadcast(self, type, body):
        """Gives how many took it."""
        return self._do(op="broadcast", type=type, body=body)["peers"]

    def request(self, to, type, body, timeout=30.0):
        """Asks a peer, and waits for its answer."""
        return self._do(op="request", to=to, type=type, body=body, timeoutMs=int(timeout * 1000))["body"]

    def respond(self, event, body):
        """Answers a `request` event."""
        self._do(op="respond", request=event["request"], body=body)

    def leave(self):
        self._do(op="leave")
        self._process.wait()

    def __iter__(self):
        return iter(self._events.get, None)

    def _do(self, **operation):
        answer = queue.SimpleQueue()
        with self._lock:
            identifier = next(self._ids)
            self._answers[identifier] = answer
            self._process.stdin.write(json.dumps({**operation, "id": identifier}) + "\n")
            self._process.stdin.flush()
        event = answer.get()
        if event["event"] == "error":
            raise SkeinError(event["code"], event["message"])
        return event

    def _read(self):
        """Answers go to who asked, everything else is an event."""
        for line in self._process.stdout:
            event = json.loads(line)
            waiting = self._answers.pop(event.get("id"), None)
            (waiting or self._events).put(event)
        for waiting in self._answers.values():
            waiting.put({"event": "error", "code": "closed", "message": "The room is over."})
        self._events.put(None)
