import json
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from config.faults import KeyPath
from config.lines import locate

KEYS = st.one_of(
    st.from_regex(r"[a-z_-]{1,5}", fullmatch=True), st.sampled_from(["", "a b", "x.y", "#", "[", "é", '"'])
)
SCALARS = st.one_of(
    st.sampled_from(["1", "-2.5", "true", "2024-05-01T10:00:00Z", "07:32:00", "1e3", "'[no] # = {'", '""', "''"]),
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map(
        lambda text: json.dumps(text, ensure_ascii=False)
    ),
    st.sampled_from(['"""a\nb = 1\n[c]\n"""', "'''\n# x\n'''", '"""say \\"\\"\\" so"""', '"""""quoted"""""']),
)
Entries = list[tuple[KeyPath, int]]


class _Writer:
    """Writes TOML and remembers the line on which each key begins."""

    def __init__(self) -> None:
        self.text = ""
        self.lines: Entries = []

    def write(self, text: str) -> None:
        self.text += text

    def mark(self, path: KeyPath) -> None:
        self.lines.append((path, self.text.count("\n") + 1))

    def value(self, draw: st.DrawFn, path: KeyPath, depth: int = 0) -> None:
        match draw(st.integers(0, 3)) if depth < 3 else 0:
            case 1:
                self.write("[")
                for place in range(draw(st.integers(0, 3))):
                    self.write(draw(st.sampled_from(["", "\n", " # note ]\n  "])))
                    self.mark((*path, place))
                    self.value(draw, (*path, place), depth + 1)
                    self.write(draw(st.sampled_from([",", " ,\n", ", # {\n"])))
                self.write("]")
            case 2:
                self.write("{")
                for number, key in enumerate(draw(st.lists(KEYS, unique=True, max_size=3))):
                    self.write(", " if number else " ")
                    self.mark((*path, key))
                    self.write(f"{_quoted(key)} = ")
                    self.value(draw, (*path, key), depth + 1)
                self.write(" }")
            case _:
                self.write(draw(SCALARS))

    def pairs(self, draw: st.DrawFn, path: KeyPath) -> None:
        for key in draw(st.lists(KEYS, unique=True, max_size=4)):
            self.write(draw(st.sampled_from(["", "\n", "# k = 1\n", "  "])))
            dotted = draw(st.lists(KEYS, max_size=2))
            self.mark((*path, key, *dotted))
            self.write(" . ".join(map(_quoted, [key, *dotted])) + " = ")
            self.value(draw, (*path, key, *dotted))
            self.write(draw(st.sampled_from(["\n", " # end\n"])))


def _quoted(key: str) -> str:
    return key if key and key.strip("abcdefghijklmnopqrstuvwxyz_-") == "" else json.dumps(key, ensure_ascii=False)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, Entries]:
    writer = _Writer()
    writer.pairs(draw, ())
    for number, name in enumerate(draw(st.lists(KEYS, unique=True, max_size=4))):
        # "T0", "T1" ...: no table has the name of a key above.
        table = (f"T{number}", name)
        for place in range(draw(st.integers(1, 3))) if draw(st.booleans()) else [None]:
            path: KeyPath = table if place is None else (*table, place)
            open_, close = ("[", "]") if place is None else ("[[", "]]")
            writer.write(draw(st.sampled_from(["", "\n", "\t# [x]\n"])))
            writer.mark(path)
            writer.write(f"{open_}{_quoted(table[0])}.{_quoted(name)}{close}\n")
            writer.pairs(draw, path)
    return writer.text, writer.lines


@given(documents())
def test_every_key_of_a_generated_file_is_on_its_line(document: tuple[str, Entries]) -> None:
    text, lines = document
    tomllib.loads(text)
    assert list(locate(text)) == lines


def test_a_table_below_a_list_of_tables_belongs_to_its_last_item() -> None:
    located = locate("[[rules]]\n[[rules]]\n[rules.then]\nqueue = 1\n")
    assert located.line_of(("rules", 1, "then", "queue")) == 4


def test_what_is_missing_is_on_the_line_of_the_table_around_it() -> None:
    assert locate("a = 1\n\n[queues.x]\ny = 2\n").line_of(("queues", "x", "target")) == 3


@given(st.text())
def test_any_text_is_read_to_its_end(text: str) -> None:
    assert all(line >= 1 for _, line in locate(text))
