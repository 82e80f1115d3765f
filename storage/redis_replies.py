"""What comes back for a forwarded command: an answer, or a failure in words."""

from vocabulary.errors import PermanentFailure, TemporaryFailure

_OK, _TEMPORARY, _PERMANENT = b"+", b"?", b"!"


def answered(answer: bytes) -> bytes:
    """Return the reply that carries `answer`."""
    return _OK + answer


def failed(failure: TemporaryFailure | PermanentFailure) -> bytes:
    """Return the reply that says why there is no answer."""
    return (_TEMPORARY if isinstance(failure, TemporaryFailure) else _PERMANENT) + str(failure).encode()


def opened(reply: bytes) -> bytes:
    """Return the answer in `reply`.

    Raises:
        TemporaryFailure: the writer failed, and may not the next time.
        PermanentFailure: it will never carry this out.
    """
    kind, body = reply[:1], reply[1:]
    if kind == _TEMPORARY:
        raise TemporaryFailure(body.decode())
    if kind == _PERMANENT:
        raise PermanentFailure(body.decode())
    return body
