"""What a customer gets for his request."""

import msgspec

from vocabulary.instants import Instant


class ExpectedWait(msgspec.Struct, frozen=True):
    """The range in which the wait will end, in whole seconds."""

    low_s: int
    high_s: int


class Receipt(msgspec.Struct, frozen=True):
    """The request is durable. `position` and `expected_wait` are as they were then, None if nobody can tell.

    At `cancel_url` the customer chooses another time, or cancels. `starts_at` and `ends_at`: the window that he booked,
    told in `time_zone`.
    """

    reference: str
    position: int | None = None
    expected_wait: ExpectedWait | None = None
    cancel_url: str | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    time_zone: str | None = None


class RequestRefused(Exception):
    """The request is refused for good. `code`: slot.gone (the window is taken), form.refused (we do not call him)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
