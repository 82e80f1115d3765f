"""What is written down of a person beside what he is known by: date of birth and postcode, as they are compared."""

import re


def plain_postcode(text: str) -> str:
    """Return a postcode as it is kept and compared: in capitals, letters and digits only.

    >>> plain_postcode("sw1a 1aa"), plain_postcode("00-950")
    ('SW1A1AA', '00950')
    """
    return re.sub(r"[\W_]+", "", text).upper()
