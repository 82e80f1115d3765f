"""Links lead somewhere, generated pages are up to date, lists are complete."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from channels.chat import frames
from docs.generate import FOLDER, PAGES
from tests.architecture.ladder import PACKAGES
from tests.docs.pages import ROOT, anchors, blocks, links, name_of, pages
from web.answers import AgentView, InteractionView, LiveView, MessageView, OfferView, View


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_each_link_and_picture_of_a_page_is_there(page: Path) -> None:
    assert [link for link in links(page) if not _leads_somewhere(page, link)] == []


def _leads_somewhere(page: Path, link: str) -> bool:
    """Tell whether a relative link leads to a file, and to a heading of it; addresses elsewhere are not asked."""
    if re.match(r"[a-z]+:", link):
        return link.startswith("https://")
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


@pytest.mark.parametrize("page", pages()[1:], ids=name_of)
def test_each_page_is_reached_from_the_index_of_its_folder(page: Path) -> None:
    index = page.parent / "README.md" if page.parent.name == "decisions" else FOLDER / "README.md"
    reached = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    assert page == index or page in reached or page.name == "README.md"


@pytest.mark.parametrize(("name", "made"), PAGES.items(), ids=list(PAGES))
def test_generated_page_is_up_to_date(name: str, made: Callable[[], str]) -> None:
    assert (FOLDER / name).read_text("utf-8") == made(), "write it again: python -m docs.generate"


def test_the_map_of_folders_names_every_package_and_no_other() -> None:
    (drawn,) = blocks(ROOT / "README.md", "text")
    named = re.findall(r"^(\w+)/", drawn.text, re.MULTILINE)
    assert sorted(named) == sorted({*PACKAGES, "benchmarks", "docs", "tests"})


def test_the_page_of_metrics_tells_every_figure_of_the_wallboard() -> None:
    told = set(re.findall(r"^\| `(\w+)`", (FOLDER / "reference/metrics.md").read_text("utf-8"), re.MULTILINE))
    assert {field.name for field in msgspec.structs.fields(LiveView)} - told == set()


def test_the_page_of_metrics_tells_every_figure_for_prometheus() -> None:
    told = set(re.findall(r"`(centrala_\w+)", (FOLDER / "reference/metrics.md").read_text("utf-8")))
    source = "".join((ROOT / place).read_text("utf-8") for place in ("web/metrics.py", "app/mail_metrics.py"))
    assert told == set(re.findall(r'"(centrala_\w+)"', source))


@pytest.mark.parametrize(
    ("name", "view"),
    [("interaction", InteractionView), ("message", MessageView), ("offer", OfferView), ("agent", AgentView)],
)
def test_the_page_of_sockets_tells_every_field_of_a_view(name: str, view: type[View]) -> None:
    page = (FOLDER / "reference/sockets.md").read_text("utf-8")
    told = re.search(rf"^- \*\*{name}\*\* `(.*?)`$", page, re.MULTILINE | re.DOTALL)
    assert told is not None
    assert {field.encode_name for field in msgspec.structs.fields(view)} - set(re.findall(r"\w+", told[1])) == set()


@pytest.mark.parametrize("kind", [*get_args(frames.AnyIncoming), *frames.Outgoing.__subclasses__()])
def test_the_page_of_sockets_tells_every_frame_of_a_chat_and_its_fields(kind: type[msgspec.Struct]) -> None:
    page = (FOLDER / "reference/sockets.md").read_text("utf-8").partition("## `/ws/chat/{channel}`")[2]
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    rows = [row for row in page.splitlines() if row.startswith("|") and f"`{info.tag}" in row]
    fields = {field.encode_name for field in info.fields} - {"seq"} | ({"seq"} if kind is frames.Read else set())
    assert any(fields <= set(re.findall(r"\w+", row)) for row in rows), (info.tag, fields)
