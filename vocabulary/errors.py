"""Failures of the world around us. What a rule refuses is a value with a reason, never one of these."""


class TemporaryFailure(Exception):
    """It may work later: retry with back-off."""


class PermanentFailure(Exception):
    """It will never work as it is: tell somebody."""


class Lagged(Exception):
    """The reader of a stream was too slow and has missed something: resync from the journal."""
