"""Bodies as JSON, with words for what JSON has none for: docs/guide/embedding.md, "Protocols and bodies"."""

import base64
import binascii
import math

from .rejection import Failure

_WORDS = {"$bytes", "$bigint", "$number", "$map"}
_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def to_json(value: object) -> object:
    match value:
        case bytes():
            return {"$bytes": base64.b64encode(value).decode()}
        case float() if not math.isfinite(value):
            return {"$number": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
        case bool():
            return value
        case int() if abs(value) > 2**53 - 1:
            return {"$bigint": str(value)}
        case list():
            return [to_json(one) for one in value]
        case dict():
            shown = {key: to_json(one) for key, one in value.items()}
            return {"$map": shown} if len(shown) == 1 and _WORDS & set(shown) else shown
    return value


def from_json(shown: object) -> object:
    if isinstance(shown, list):
        return [from_json(one) for one in shown]
    if not isinstance(shown, dict):
        return shown
    if len(shown) == 1:
        (word, value), *_ = shown.items()
        if word in _WORDS:
            return _word(word, value)
    return {key: from_json(one) for key, one in shown.items()}


def _word(word: str, value: object) -> object:
    try:
        if word == "$bytes":
            return base64.b64decode(value, validate=True)
        if word == "$bigint":
            return int(value)
        if word == "$number":
            return _NUMBERS[value]
        return {key: from_json(one) for key, one in value.items()}
    except (TypeError, ValueError, KeyError, AttributeError, binascii.Error) as error:
        raise Failure("bad-argument", f"`{word}` doesn't fit.") from error
