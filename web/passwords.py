"""Passwords: argon2id hashes, checked in threads of their own."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's second choice for argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """Return the argon2id hash to store; takes some 20 ms of CPU."""
    return _HASHER.hash(password)


class Passwords:
    """Checks passwords off the event loop; two at a time bound memory to 38 MiB."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")

    async def matches(self, stored: str | None, password: str) -> bool:
        """Tell whether `password` belongs to the hash `stored`.

        Without a hash (nobody has that login) it takes as long and answers no, so that time tells nothing.
        """
        loop = asyncio.get_running_loop()
        right = await loop.run_in_executor(self._threads, _verify, stored, password)
        return right and stored is not None

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@cache
def _of_nobody() -> str:
    return hash_password(secrets.token_urlsafe())


def _verify(stored: str | None, password: str) -> bool:
    # Made at the first check, whoever it is for: its time must not tell who exists.
    nobody = _of_nobody()
    try:
        return _HASHER.verify(stored or nobody, password)
    except (VerificationError, InvalidHashError):
        return False
