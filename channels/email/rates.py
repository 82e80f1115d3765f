"""How much somebody may do in a minute."""

import msgspec

_KEYS_MAX = 10_000


class _Bucket(msgspec.Struct):
    tokens: float
    at: float


class Rates:
    """A token bucket for each key: a full minute's worth at once, then so many a minute. It forgets who is idle."""

    def __init__(self, *, per_minute: int) -> None:
        """Allow `per_minute` to each key."""
        self._per_minute = per_minute
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key: str, now_s: float) -> bool:
        """Take one from `key` at `now_s` (monotonic seconds), and tell whether there was one."""
        bucket = self._buckets.pop(key, None) or _Bucket(float(self._per_minute), now_s)
        grown = bucket.tokens + (now_s - bucket.at) * self._per_minute / 60
        bucket.tokens, bucket.at = min(float(self._per_minute), grown), now_s
        has_one = bucket.tokens >= 1
        if has_one:
            bucket.tokens -= 1
        self._buckets[key] = bucket  # the last one used comes last: the first is the idlest
        if len(self._buckets) > _KEYS_MAX:
            del self._buckets[next(iter(self._buckets))]
        return has_one
