"""Reads the vectors of packages/protocol/vectors."""

import json
from pathlib import Path

from skein_peer.rejection import Rejected

FOLDER = Path(__file__).parents[3] / "packages" / "protocol" / "vectors"


def load(name: str) -> dict[str, list]:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"), object_hook=_value)


def _value(shown: dict) -> object:
    if set(shown) == {"$bytes"}:
        return bytes.fromhex(shown["$bytes"])
    if set(shown) == {"$int"}:
        return int(shown["$int"])
    return shown


def code_of(read, *args) -> str:
    """The code under which it is rejected; what it gives where it isn't."""
    try:
        return f"taken: {read(*args)!r}"
    except Rejected as rejected:
        return rejected.code
