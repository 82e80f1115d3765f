"""Why a store refuses a transaction that another writer has overtaken."""


class OutOfOrder(Exception):
    """The journal has grown meanwhile: somebody else writes. Nothing was written; rebuild the state from it."""
