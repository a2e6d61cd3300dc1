"""What becomes of bytes that can't be taken: docs/spec/errors.md."""


class Rejected(Exception):
    """Bytes of others that were turned away. The reason holds nothing that their sender wrote."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


CODES = frozenset(
    """aborted bad-argument bad-body bad-message closed expired handler-failed link-lost no-engine no-handler
    no-such-peer not-authorised protocol-mismatch rate-limited replaced room-full server-unreachable timeout too-large
    unsupported-version""".split()
)


class Failure(Exception):
    """What a peer tells its app or another peer, under a code of docs/spec/errors.md."""

    def __init__(self, code: str, message: str, retry_after_ms: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms


def malformed(reason: str) -> Rejected:
    return Rejected("malformed", reason)


def over_limit(reason: str) -> Rejected:
    return Rejected("over-limit", reason)
