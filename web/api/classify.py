"""What a text would be taken for: labels, heads, language, and the words that decided."""

from web.answers import ClassifyView, WordView
from web.call import Call
from web.endpoint import Endpoints
from web.payloads import TextToClassify
from web.site import Understood

endpoints = Endpoints("understanding")


@endpoints.post("/classify", "understanding.ask", "What a text is about, and the words that decided", repeats=False)
async def classify(call: Call, body: TextToClassify) -> ClassifyView:
    """Answer as a message with this text would be classified. Nothing is admitted, and nothing kept."""
    said = await call.site.understood(body.subject, body.text, channel=body.channel, customer=body.customer)
    return classify_view(said)


def classify_view(said: Understood) -> ClassifyView:
    """Return `said` as the API answers it."""
    return ClassifyView(
        labels=list(said.labels),
        heads=said.heads,
        language=said.language,
        confidence=said.labels[0][1],
        out_of_scope=said.out_of_scope,
        method=said.method,
        reason=said.reason,
        best=said.best,
        second=said.second,
        words=[WordView(word=word, points=points) for word, points in said.words],
        exact=said.exact,
    )
