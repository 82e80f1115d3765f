"""Failures of the world around us. What a rule refuses is a value with a reason, never one of these."""


class TemporaryFailure(Exception):
    """It may work later: retry with back-off."""


class PermanentFailure(Exception):
    """It will never work as it is: tell somebody."""


class OwnFault(PermanentFailure):
    """A fault of ours kept it from being done; whoever asked did nothing wrong, and the log has the details."""


class Quarantined(PermanentFailure):
    """It failed whenever it was tried, and is kept with its bytes under `id` for a supervisor; it is not lost."""

    def __init__(self, id: str) -> None:
        super().__init__(f"it could not be processed and is kept as {id} for a supervisor; don't send it again")
        self.id = id


class Lagged(Exception):
    """The reader of a stream was too slow and has missed something: resync from the journal."""
