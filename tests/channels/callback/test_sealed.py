from channels.callback.receipt import ExpectedWait, Receipt
from channels.callback.sealed import (
    FORM_AGE_MAX,
    form_of,
    form_token,
    interaction_of_link,
    link_token,
    receipt_of,
    sealed_receipt,
)

KEYS = {"k1": b"a secret of the site"}
NOW = 1_700_000_000_000
RECEIPT = Receipt("R-17", 3, ExpectedWait(60, 240))


def test_a_form_is_known_again_for_a_day() -> None:
    token = form_token(bytes(16), NOW, KEYS)
    assert form_of(token, NOW, KEYS) == form_of(token, NOW + FORM_AGE_MAX, KEYS) == "a" * 26
    assert form_of(token, NOW + FORM_AGE_MAX + 1, KEYS) is None


def test_each_form_is_another() -> None:
    tokens = [form_token(n.to_bytes(16, "big"), NOW, KEYS) for n in range(3)]
    assert len({form_of(token, NOW, KEYS) for token in tokens}) == 3


def test_a_receipt_comes_back_as_it_was() -> None:
    for receipt in (RECEIPT, Receipt("ż-1")):
        assert receipt_of(sealed_receipt(receipt, KEYS), KEYS) == receipt


def test_keys_can_be_rotated() -> None:
    rotated = {"k2": b"a newer secret", **KEYS}
    assert receipt_of(sealed_receipt(RECEIPT, KEYS), rotated) == RECEIPT
    assert receipt_of(sealed_receipt(RECEIPT, rotated), KEYS) is None


def test_a_link_opens_its_callback_and_nothing_else_does() -> None:
    token = link_token("i-abc", KEYS)
    assert interaction_of_link(token, KEYS) == "i-abc"
    assert interaction_of_link(link_token("i-abc", {"k1": b"another secret"}), KEYS) is None
    assert interaction_of_link(sealed_receipt(RECEIPT, KEYS), KEYS) is None
    assert receipt_of(token, KEYS) is None


def test_nothing_else_is_believed() -> None:
    form, receipt = form_token(bytes(16), NOW, KEYS), sealed_receipt(RECEIPT, KEYS)
    other = sealed_receipt(Receipt("R-18"), {"k1": b"another secret"})
    forged = ["", ".", "..", "k1", "k1..", "k1.!.x", "k1.a.b", receipt[:-1], receipt + "0", form, other, "k1.ł.\udc80"]
    assert [receipt_of(text, KEYS) for text in forged] == [None] * len(forged)
    assert [form_of(text, NOW, KEYS) for text in (*forged[:8], form[:-1], receipt, "k1.ł.\udc80")] == [None] * 11
