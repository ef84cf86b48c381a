"""What GitHub, nbviewer and an exported page show: text in a few plain elements."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from synthnb.charts.static_html import batch_html
from tests.browser.desk_notebook import support
from tests.browser.hostile import ACTING, hostile_batch
from tests.samples import sample_batch

PLAIN = {
    "p", "b", "i", "br", "pre", "code", "span", "ins", "del", "ol", "li",
    "table", "tr", "th", "td",
}  # fmt: skip
RAW = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


class Page(HTMLParser):
    """The elements and attributes that a page has, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def review() -> Any:
    queue = hostile_batch().review()
    for text in ACTING[:8]:
        queue.tag([text[:30]])
        queue.keep()
    return queue


def ranking() -> Any:
    made = support(hostile=True).rank(pairs=4, rater=ACTING[0])
    while made.current:
        made.vote("left")
    return made


SHOWN: dict[str, Callable[[], Any]] = {
    "batch": hostile_batch,
    "diff": lambda: hostile_batch(2, " more").diff(hostile_batch()),
    "review": review,
    "ranking": ranking,
    "report": lambda: hostile_batch().report(),
}


@pytest.mark.parametrize("name", SHOWN)
def test_every_output_is_text_in_plain_elements(name: str, home: Path) -> None:
    bundle = SHOWN[name]()._repr_mimebundle_()
    page = Page(bundle["text/html"])
    assert page.tags <= PLAIN
    assert page.attributes <= {"align", "scope"}
    assert not RAW.search(page.text)
    assert "$" not in bundle["text/html"].replace("<span>$</span>", "")
    assert not RAW.search(bundle["text/plain"])
    assert name == "report" or re.search("<(script|img|a href)", page.text)  # it is all there


def test_the_bars_of_labels_tell_what_was_rejected_of_each() -> None:
    table = batch_html(sample_batch()).split("<table>")[2]
    head, product, mood = table.split("<tr>")[1:4]
    assert "<th>planned</th><th>rejected</th>" in head
    assert product.endswith("<td>laptop 1, kettle 1, headphones 2, backpack 3</td></tr>")
    assert mood.endswith("<td>angry 6, mixed 1</td></tr>")
