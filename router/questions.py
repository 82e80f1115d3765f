"""The question who a customer is: it goes with the first automatic reply while he waits, and costs him no place.

It is an automatic reply with all limits of these. He is asked once more if nobody is found by his answer, never a third
time, and never once an agent has him. Who he is found to be stands in the records; the core only knows what came of it.
"""

from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from router import events as e
from router.commands import Admit, AnswerResult
from router.draft import Draft
from router.replies import may_reply, reply, tell
from vocabulary.media import CHAT, EMAIL

S = InteractionState

ASK, ASK_AGAIN = "question", "question_again"
"""Names of the automatic replies that are nothing but the question."""
TRIES_MAX = 2
IDENTIFIED = "identified"
"""What a customer is told by chat whose answer has shown who he is."""
_NOT_WITH_ANYBODY = frozenset({S.WAITING, S.OFFERED, S.SCHEDULED})


def question_for(draft: Draft, command: Admit) -> str | None:
    """Return what to ask the customer of what has just come in; None: nothing."""
    interaction = draft.state.interactions[command.id]
    asks = command.unidentified and command.message is not None and command.medium in (CHAT, EMAIL)
    if not asks or interaction.state not in _NOT_WITH_ANYBODY or interaction.auto_replied:
        return None
    return draft.queue(interaction.queue).ask


def ask(draft: Draft, command: Admit) -> None:
    """Ask where no other automatic reply takes the question along."""
    question = question_for(draft, command)
    if question is None:
        return
    interaction = draft.state.interactions[command.id]
    if may_reply(draft, interaction, ASK):
        reply(draft, interaction, ASK, question=question)


def heard(draft: Draft, interaction: Interaction, answer: AnswerResult | None) -> None:
    """Take what came of the customer's answer: ask once more, or let it be."""
    asked = interaction.asked_who
    if asked is None or asked.result or answer is None:
        return
    again = answer == "not_found" and asked.tries < TRIES_MAX and interaction.state in _NOT_WITH_ANYBODY
    if again and may_reply(draft, interaction, ASK_AGAIN):
        reply(draft, interaction, ASK_AGAIN, question=asked.question)
        return
    draft.emit(e.QuestionAnswered(at=draft.now, interaction=interaction.id, question=asked.question, result=answer))
    if answer == "found" and interaction.medium == CHAT and interaction.state in _NOT_WITH_ANYBODY:
        tell(draft, interaction, IDENTIFIED)
