"""What comes back for a forwarded command: an answer, or a failure in words."""

from vocabulary.errors import OwnFault, PermanentFailure, TemporaryFailure

_OK = b"+"
_FAILURES: dict[bytes, type[Exception]] = {b"?": TemporaryFailure, b"*": OwnFault, b"!": PermanentFailure}
"""The first that a failure is says how it is told."""


def answered(answer: bytes) -> bytes:
    """Return the reply that carries `answer`."""
    return _OK + answer


def failed(failure: TemporaryFailure | PermanentFailure) -> bytes:
    """Return the reply that says why there is no answer."""
    return next(sign for sign, kind in _FAILURES.items() if isinstance(failure, kind)) + str(failure).encode()


def opened(reply: bytes) -> bytes:
    """Return the answer in `reply`.

    Raises:
        TemporaryFailure: the writer failed, and may not the next time.
        PermanentFailure: it will never carry this out; OwnFault: by a fault of ours.
    """
    kind, body = reply[:1], reply[1:]
    if kind in _FAILURES:
        raise _FAILURES[kind](body.decode())
    return body
