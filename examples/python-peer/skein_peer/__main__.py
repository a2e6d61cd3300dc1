"""`python3 -m skein_peer join ROOM`: a room on standard input and output."""

import argparse
import asyncio
import logging
import secrets
import signal
import sys
from pathlib import Path

from .conformance import HOLD, PROTOCOL, answer_conformance
from .identity import Identity
from .lines import Lines, listen, write
from .peer import Peer
from .rejection import Failure
from .room import Room

_EXAMPLES = """examples:
  python3 -m skein_peer join lab --server ws://127.0.0.1:7700/skein --protocol acme.chat@1.0.0
  python3 -m skein_peer join lab --server ws://127.0.0.1:7700/skein --conformance
"""


def main() -> int:
    options = _arguments()
    # aiortc tells by warnings what becomes of a connection that we close.
    logging.basicConfig(level=logging.CRITICAL)
    try:
        return asyncio.run(_join(options))
    except Failure as failure:
        write("error", code=failure.code, message=failure.message)
        print(failure.message, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror}.", file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 -m skein_peer", epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    join = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "join",
        help="join a room, and speak lines of JSON as `skein join --json` does",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    join.add_argument("room")
    join.add_argument("--server", default="ws://127.0.0.1:7700/skein", metavar="URL")
    join.add_argument("--name", help="what others see of us")
    join.add_argument("--protocol", action="append", default=[], metavar="NAME@VERSION[,VERSION]", type=_protocol)
    join.add_argument("--relay", choices=["fallback", "first", "only", "never"], default="fallback")
    join.add_argument("--identity", type=Path, metavar="FILE", help="keep who we are; made where it isn't there")
    join.add_argument("--secret-file", type=Path, metavar="FILE", help="the room's secret")
    join.add_argument("--token-file", type=Path, metavar="FILE", help="a token for the server")
    join.add_argument("--conformance", action="store_true", help="answer what `skein conformance peer` asks")
    return parser.parse_args()


def _protocol(text: str) -> tuple[str, list[str]]:
    name, _, versions = text.partition("@")
    if not name or not versions:
        raise argparse.ArgumentTypeError(f"{text} isn't NAME@VERSION")
    return name, versions.split(",")


async def _join(options: argparse.Namespace) -> int:
    protocols = dict(options.protocol)

    def told(event: str, peer: Peer | None = None, reason: str | None = None, code: str | None = None) -> None:
        if event == "joined":
            write(event, room=room.name, peer=room.identity.id, name=options.name)
        else:
            listen(event, peer, reason, code)

    room = Room(
        options.server,
        options.room,
        protocols={**protocols, **({PROTOCOL: ["1.0.0"]} if options.conformance else {})},
        identity=_identity(options.identity),
        own_name=options.name,
        capabilities=[HOLD] if options.conformance else [],
        secret=_line_of(options.secret_file),
        token=_line_of(options.token_file),
        relay_policy=options.relay,
        listen=told,
    )
    if options.conformance:
        answer_conformance(room)
    await room.join()
    return await _stay(room)


async def _stay(room: Room) -> int:
    lines = Lines(room)
    reading = asyncio.ensure_future(lines.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, reading.cancel)
    await asyncio.wait([reading, room.closed_with], return_when=asyncio.FIRST_COMPLETED)
    failure = room.closed_with.result() if room.closed_with.done() else None
    if reading.done() and not reading.cancelled() and isinstance(reading.exception(), Failure):
        failure = reading.exception()
    reading.cancel()
    await room.leave()
    if failure is not None:
        raise failure
    write("left", **lines.left_by)
    return 0


def _identity(file: Path | None) -> Identity:
    if file is None:
        return Identity(secrets.token_bytes(32))
    if not file.exists():
        made = Identity(secrets.token_bytes(32))
        file.touch(mode=0o600)
        file.write_text(made.save() + "\n", "utf-8")
    return Identity.load(file.read_text("utf-8"))


def _line_of(file: Path | None) -> str | None:
    return None if file is None else file.read_text("utf-8").strip()


sys.exit(main())
