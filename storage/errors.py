"""Why a store or a writer refuses what another writer has overtaken."""

from vocabulary.errors import TemporaryFailure


class OutOfOrder(Exception):
    """The journal has grown meanwhile: somebody else writes. Nothing was written; rebuild the state from it."""


class NotTheWriter(TemporaryFailure):
    """Another process writes now; nothing of this was carried out here, so it may be carried out there."""
