"""Two agents in Python: one adds numbers, the other asks it. The server is a child process as well."""

import json
import subprocess
import threading

from skein import Room, SkeinError

PROTOCOL = "acme.math@1.0.0"


def adder(server):
    """Adds for whoever asks, until it is alone again."""
    room = Room("sums", server, name="adder", protocols=[PROTOCOL])
    room.handle("acme.math/add", "request")
    for event in room:
        if event["event"] == "request":
            print(f"adder: asked for {event['body']}")
            room.respond(event, sum(event["body"]))
        elif event["event"] == "peer-left":
            break
    room.leave()


def asker(server):
    room = Room("sums", server, name="asker", protocols=[PROTOCOL])
    peer = next(event["peer"] for event in room if event["event"] == "peer-connected")
    print(f"asker: {peer['name']} is here")
    print("asker:", room.request(peer["id"], "acme.math/add", [1, 2, 39]))
    try:
        room.request(peer["id"], "acme.math/divide", [1, 0], timeout=5)
    except SkeinError as error:
        print("asker:", error.code)
    room.leave()


server = subprocess.Popen(["skein", "serve", "--port", "0", "--json"], stdout=subprocess.PIPE, encoding="utf-8")
try:
    address = json.loads(server.stdout.readline())["url"]
    adding = threading.Thread(target=adder, args=[address])
    adding.start()
    asker(address)
    adding.join()
finally:
    server.terminate()
    server.wait()
