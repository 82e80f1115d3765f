"""What a customer gets for his request."""

import msgspec


class ExpectedWait(msgspec.Struct, frozen=True):
    """The range in which the wait will end, in whole seconds."""

    low_s: int
    high_s: int


class Receipt(msgspec.Struct, frozen=True):
    """The request is durable. `position` and `expected_wait` are as they were then, None if nobody can tell.

    At `cancel_url` the customer chooses another time, or cancels.
    """

    reference: str
    position: int | None = None
    expected_wait: ExpectedWait | None = None
    cancel_url: str | None = None
