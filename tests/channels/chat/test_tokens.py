from channels.chat.tokens import new_visitor, token_of, visitor_of

KEYS = {"k1": b"a secret of the site" * 2}
VISITOR = new_visitor(bytes(range(16)))


def test_a_token_stands_for_its_visitor() -> None:
    assert visitor_of(token_of(VISITOR, KEYS), KEYS) == VISITOR


def test_a_token_stays_good_while_its_key_is_kept() -> None:
    rotated = {"k2": b"a newer secret of the site", **KEYS}
    assert visitor_of(token_of(VISITOR, KEYS), rotated) == VISITOR
    assert token_of(VISITOR, rotated).startswith("k2.")
    assert visitor_of(token_of(VISITOR, rotated), KEYS) is None


def test_nobody_else_is_believed() -> None:
    token = token_of(VISITOR, KEYS)
    other = new_visitor(bytes(range(1, 17)))
    forged = ["", ".", "..", "k1", f"k1.{VISITOR}", f"k1.{VISITOR}.", token[:-1], token + "a", token.upper(), "k1..x"]
    forged += [token.replace(VISITOR, other), token_of(VISITOR, {"k1": b"another"}), f"k1.{VISITOR}.\udc80ł"]
    assert [visitor_of(text, KEYS) for text in forged] == [None] * len(forged)
