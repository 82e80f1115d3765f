"""Traits and numbers of a person as they are written down and compared."""

import re


def plain_code(text: str) -> str:
    """Return a postcode or a number of the house as it is kept and compared: in capitals, letters and digits only.

    >>> plain_code("sw1a 1aa"), plain_code("00-950"), plain_code("k-123 456")
    ('SW1A1AA', '00950', 'K123456')
    """
    return re.sub(r"[\W_]+", "", text).upper()
