"""Which version of an app protocol two peers use: docs/spec/links.md, "App protocols"."""

import re
from functools import cmp_to_key


def settle(ours: list[str], theirs: list[str]) -> str | None:
    """The highest version that both list."""
    common = set(ours) & set(theirs)
    return max(common, key=cmp_to_key(compare)) if common else None


def compare(a: str, b: str) -> int:
    parts_a, parts_b = _parts(a), _parts(b)
    longest = max(len(parts_a), len(parts_b))
    ranks_a, ranks_b = (parts + [0] * (longest - len(parts)) for parts in (parts_a, parts_b))
    rank_a, rank_b = (ranks_a, len(a), a), (ranks_b, len(b), b)
    return (rank_a > rank_b) - (rank_a < rank_b)


def _parts(version: str) -> list[int]:
    """What isn't a number is below all that are."""
    return [int(part) if re.fullmatch("[0-9]+", part) else -1 for part in version.split(".")]
