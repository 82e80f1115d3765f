"""A site as a page of the documentation configures it, with everybody at work."""

import msgspec

from config.loader import read_text
from config.policy import policy_of, profile_of
from queues.policy import ChannelPolicy
from router.commands import Connect, DefineAgent, SetPresence
from tests.builders import House
from tests.docs.pages import ROOT, blocks

_CHANNELS = {
    name: ChannelPolicy(name=name, medium=medium)
    for name, medium in {"web": "chat", "mail": "email", "form": "callback", "phone": "voice"}.items()
}


def house_of(page: str, number: int = 0) -> House:
    """Return the site of the `number`-th TOML block of docs/how-to/`page`; all its agents are available."""
    path = ROOT / "docs/how-to" / page
    found = read_text(blocks(path, "toml")[number].text, path, {})
    assert found.settings is not None, found.faults
    policy = policy_of(found.settings)
    house = House(msgspec.structs.replace(policy, channels={**policy.channels, **_CHANNELS}))
    for agent in found.settings.agents:
        house.run(DefineAgent(agent.id, profile_of(agent)))
        arrive(house, agent.id)
    return house


def arrive(house: House, *agents: str) -> None:
    """Let `agents` be connected and available."""
    for agent in agents:
        house.run(Connect(agent))
        house.run(SetPresence(agent, "available", by=agent))


def leave(house: House, *agents: str) -> None:
    """Let `agents` be offline."""
    for agent in agents:
        house.run(SetPresence(agent, "offline", by=agent))
