"""Agents as a row needs them: there, with something that rings."""

from typing import Any

from tests.acceptance.client import Api, eventually

_numbers = iter(range(10**9))


async def come(api: Api, name: str, lease: str = "10m") -> None:
    """Have an agent be available."""
    await api.post(f"/agents/{name}/presence", presence="available", lease=lease)


async def admit(api: Api) -> str:
    """Return the id of a new interaction."""
    made = await api.post("/interactions", external_id=f"desk-{next(_numbers)}", text="Where is my parcel?")
    return str(made["id"])


async def ringing(api: Api, name: str, seconds: float = 60, but: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return what rings at an agent, once something does that is none of `but`."""

    async def first() -> dict[str, Any] | None:
        items = (await api.get(f"/agents/{name}/offers?wait=1"))["items"]
        return next((each for each in items if each["id"] not in but), None)

    return await eventually(first, seconds=seconds)


async def accepted(api: Api, offer: str) -> int:
    """Return the status of an attempt to accept."""
    status, _ = await api.call("POST", f"/offers/{offer}/accept")
    return status


async def finished(api: Api, interaction: str) -> None:
    """Have an agent end what he has."""
    await api.call("POST", f"/interactions/{interaction}/end", {})
    await api.call("POST", f"/interactions/{interaction}/wrap-up", {})
