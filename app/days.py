"""Days as people in a time zone count them: 23, 24 or 25 hours long."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from reports.live import Day
from vocabulary.instants import Instant


def days_in(zone: str) -> Day:
    """Return what gives the day in IANA `zone` in which an instant lies."""
    place = ZoneInfo(zone)

    def day(now: Instant) -> tuple[Instant, Instant]:
        today = datetime.fromtimestamp(now / 1000, place).date()
        return _midnight(today.isoformat(), place), _midnight((today + timedelta(days=1)).isoformat(), place)

    return day


def _midnight(date: str, place: ZoneInfo) -> Instant:
    return int(datetime.fromisoformat(date).replace(tzinfo=place).timestamp() * 1000)
