"""What waits, sorted, by requirement signature: a decision looks at signatures, not at everything that waits."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from heapq import merge

from queues.interaction import Interaction, OrderKey
from vocabulary.ids import InteractionId, QueueName
from vocabulary.skills import Requirement

Signature = tuple[QueueName, str, tuple[Requirement, ...]]
"""Queue, medium and the requirements in force, without their expiry: all that decides who may serve an interaction, but
for its own bars."""

Place = tuple[OrderKey, InteractionId]


def signature_of(interaction: Interaction) -> Signature:
    """Return the signature under which `interaction` waits."""
    needs = {_lasting(need) for need in interaction.in_force}
    return (interaction.queue, interaction.medium, tuple(sorted(needs)))


def _lasting(need: Requirement) -> Requirement:
    return need if need.expires_after is None else Requirement(need.skill, need.level)


class Backlog:
    """The waiting interactions of all queues in the order of their keys. Forks like a `Table`."""

    __slots__ = ("_below", "_places", "_removed")

    def __init__(self, below: "Backlog | None" = None) -> None:
        self._places: dict[Signature, list[Place]] = {}
        self._below = below
        self._removed: set[Place] = set()

    def fork(self) -> "Backlog":
        """Return a backlog that reads like this one and keeps its changes to itself."""
        return Backlog(self)

    def add(self, interaction: Interaction) -> None:
        """Let `interaction` wait at the place of its key."""
        insort(self._places.setdefault(signature_of(interaction), []), (interaction.key, interaction.id))

    def remove(self, interaction: Interaction) -> None:
        """Take `interaction` out; it must wait under the key and signature that it has now."""
        signature, place = signature_of(interaction), (interaction.key, interaction.id)
        own = self._places.get(signature, [])
        at = bisect_left(own, place)
        if at < len(own) and own[at] == place:
            del own[at]
            if not own:
                del self._places[signature]
        else:
            assert self._below is not None, f"{interaction.id} does not wait"
            self._removed.add(place)

    def signatures(self) -> Iterator[Signature]:
        """Iterate over the signatures under which something may wait, each once."""
        yield from self._places
        if self._below is not None:
            yield from (signature for signature in self._below.signatures() if signature not in self._places)

    def waiting(self, signature: Signature) -> Iterator[Place]:
        """Iterate over what waits under `signature`, first come first."""
        own = iter(self._places.get(signature, ()))
        if self._below is None:
            return own
        return merge(own, (place for place in self._below.waiting(signature) if place not in self._removed))

    def ahead_of(self, signature: Signature, key: OrderKey) -> int:
        """Return how many wait under `signature` with a lower key than `key`."""
        count = bisect_left(self._places.get(signature, []), (key, ""))
        if self._below is not None:
            count += self._below.ahead_of(signature, key)
            count -= sum(1 for place in self._below.waiting(signature) if place in self._removed and place[0] < key)
        return count

    def __len__(self) -> int:
        below = len(self._below) if self._below is not None else 0
        return below + sum(map(len, self._places.values())) - len(self._removed)
