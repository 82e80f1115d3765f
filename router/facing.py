"""What one interaction that waits faces: who may serve it, and how many these serve before it.

It looks at lines and pools, never at everything that waits.
"""

from collections.abc import Iterator

import msgspec

from queues.backlog import Line, signature_of
from queues.interaction import Interaction, OrderKey
from queues.lifecycle import InteractionState
from router.index import Index, Pool
from router.state import State
from vocabulary.instants import Instant


class Share(msgspec.Struct, gc=False):
    """How many of an interaction's agents serve another line too, and how many of these take it sooner or later."""

    agents: int = 0
    sooner: int = 0
    later: int = 0

    @property
    def alike(self) -> bool:
        """Whether all of them agree."""
        return (self.sooner in (0, self.agents)) and (self.later in (0, self.agents))


class Facing(msgspec.Struct, frozen=True, gc=False):
    """What an interaction faces: the pools that may serve it, how many are before it, whether one pool serves all."""

    pools: tuple[Pool, ...]
    ahead: int
    one_pool: bool


def facing(state: State, interaction: Interaction, now: Instant | None) -> Facing:
    """Return what `interaction`, which waits, faces."""
    index = state.index
    own = line_of(index, interaction)
    # A pool that everybody has left stays in the index until the next start; it must not count.
    pools = tuple(pool for pool in pools_of(index, own) if pool.agents)
    everyone = sum(len(pool.agents) for pool in pools)
    ahead, alike = own.ahead_of(interaction.key), True
    for line, share in _shares(index, pools, own):
        before = _before(line, share, interaction, now)
        ahead += before
        same = share.agents == everyone and index.cover[line.index].bit_count() == len(pools) and share.alike
        alike = alike and (same or not (before or share.sooner))
    aside = sum(1 for other in index.aside() if _is_before(other, interaction, pools))
    return Facing(pools, ahead + aside, alike and interaction.only_agent is None)


def line_of(index: Index, interaction: Interaction) -> Line:
    """Return the line where `interaction` waits, or would wait if it were not kept for somebody."""
    if interaction.line >= 0:
        return index.lines[interaction.line]
    return index.line(signature_of(interaction))


def pools_of(index: Index, line: Line) -> Iterator[Pool]:
    """Iterate over the pools that may serve `line`."""
    cover = index.cover[line.index]
    while cover:
        lowest = cover & -cover
        yield index.desks[lowest.bit_length() - 1].pool
        cover ^= lowest


def _shares(index: Index, pools: tuple[Pool, ...], own: Line) -> Iterator[tuple[Line, Share]]:
    """Iterate over the other lines in which something waits for agents of `pools`."""
    shares: dict[int, Share] = {}
    for pool in pools:
        agents, mine = len(pool.agents), pool.priority_of(own.signature) or 0
        for priority, parts in pool.plan:
            for _, lines, _ in parts:
                for line in lines:
                    if not len(index.lines[line]) or line == own.index:
                        continue
                    share = shares.setdefault(line, Share())
                    share.agents += agents
                    share.sooner += agents * (priority < mine)
                    share.later += agents * (priority > mine)
    return ((index.lines[line], share) for line, share in shares.items())


def _before(line: Line, share: Share, interaction: Interaction, now: Instant | None) -> int:
    """Return how many in `line` most of the shared agents would take before `interaction`."""
    if 2 * share.later > share.agents:
        return 0
    if 2 * share.sooner > share.agents:
        return len(line)
    return line.ahead_of(_bar(line, interaction, now))


def _bar(line: Line, interaction: Interaction, now: Instant | None) -> OrderKey:
    """Return the key that what goes before `interaction` stays below in `line`.

    Under wait over target that is the key of who would have the same ratio there now.
    """
    pace, own = line.signature.pace, interaction.pace
    if not pace or not own or now is None:
        return interaction.key
    waited = now - (interaction.due_at - own)
    return interaction.class_, now - waited * pace // own + pace, interaction.number


def _is_before(other: Interaction, interaction: Interaction, pools: tuple[Pool, ...]) -> bool:
    """Tell whether `other`, which waits in no line, is served before `interaction` by some of the same agents."""
    if other.state is not InteractionState.WAITING or other.key >= interaction.key:
        return False
    signature = signature_of(other)
    return any(pool.priority_of(signature) is not None for pool in pools)
