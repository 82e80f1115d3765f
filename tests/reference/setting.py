"""Where random commands come from: who works in a house, and what it is like."""

from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from router.policy import Policy
from router.state import State
from tests.reference.chance import Chance
from tests.reference.houses import staff_of

CROWD = 14
"""So many interactions at once are enough; then work is done before more comes in."""


class Setting:
    """A house whose commands `chance` chooses. `steady`: costs and capacities of agents never change.

    `rush`: its queues have no wrap-up, so that handling times are soon known. `serves`: it has some of the services.
    """

    def __init__(self, chance: Chance, policy: Policy, *, steady: bool = False) -> None:
        self.chance = chance
        self.policy = policy
        self.steady = steady
        self.queues = tuple(policy.queues)
        self.staff = staff_of(policy)
        self.rush = all(queue.wrap_up == "none" for queue in policy.queues.values())
        self.serves = bool(policy.hours or policy.sla) or any(
            each.overflow or each.sla for each in policy.queues.values()
        )
        self._number = 0

    def new_id(self) -> str:
        """Return an id that nothing has."""
        self._number += 1
        return f"i-{self._number}"

    def one(self, state: State, *states: InteractionState) -> Interaction | None:
        """Return one of the interactions that are in `states`, seldom any other."""
        able = [each for each in state.interactions.values() if each.state in states]
        if not able or self.chance.once_in(12):
            able = list(state.interactions.values())
        return self.chance.of(able) if able else None
