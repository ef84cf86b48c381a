"""What views are told and ask while cells run and other views come and go, in a kernel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.loopback import Loopback
from tests.notebook.conftest import STUDIO_RECIPE, lab_settings
from tests.notebook.kernels import Comm, Kernel, started

MADE = "%%synth made -n 4\nmood: [angry, happy]\n---\nA review by someone who is {{ mood }}."
SHOWN = """
from IPython.display import display
from synthnb.charts.payload import view_id
display(made)
print(view_id(made))
"""
REVIEW = """
queue = get_ipython().run_line_magic('synth', 'review made')
display(queue)
"""
STUDIO = f"""
from synthnb import Recipe
from synthnb.notebook.studio import Studio
studio = Studio(Recipe.loads({STUDIO_RECIPE!r}))
"""
WAIT = """
import time
from pathlib import Path
from synthnb.explore.live import live_of
live_of(made).tell({{"event": "waiting"}})
while not Path({file!r}).exists(): time.sleep(0.02)
"""


class View(Comm):
    """A front end's end of a batch's comm, or a desk's."""

    def __init__(
        self, kernel: Kernel, shown: str, subshell: str | None, target: str = "synthnb.batch"
    ) -> None:
        super().__init__(kernel, subshell=subshell)
        self.open(target, batch=shown)
        self.told(event="hello")

    def ask(self, op: str, **more: Any) -> dict[str, Any]:
        """What is answered to a request."""
        self.send(id=7, op=op, **more)
        return self.told(id=7)


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with Loopback() as made:
        yield made


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, server: Loopback) -> Iterator[Kernel]:
    folder: Path = tmp_path_factory.mktemp("views")
    lab_settings(folder / "home", server.base_url)
    with started(folder) as made:
        made.run(MADE)
        yield made


@pytest.fixture
def shown(kernel: Kernel) -> str:
    said = [m for m in kernel.run(SHOWN) if m["msg_type"] == "stream"]
    return str(said[-1]["content"]["text"]).strip()


@contextmanager
def busy(kernel: Kernel, file: Path) -> Iterator[None]:
    """A cell that tells views something, and runs on until this is over."""
    cell = kernel.start(WAIT.format(file=str(file)))
    try:
        yield
    finally:
        file.touch()
        kernel.messages(cell)


def test_a_view_outlives_the_one_that_told_it_something(kernel: Kernel, shown: str) -> None:
    view, subshell = View(kernel, shown, None), kernel.subshell()
    assert view.ask("hello")["id"] == 7
    other = View(kernel, shown, subshell)
    other.ask("select", filters=[], search="review")
    assert view.told(event="selection")["search"] == "review"
    kernel.control("delete_subshell_request", subshell_id=subshell)
    assert view.ask("rows", start=0, end=4)["total"] == 4


def test_a_batch_outlives_the_review_that_decided_about_it(kernel: Kernel, shown: str) -> None:
    view, subshell = View(kernel, shown, None), kernel.subshell()
    assert view.ask("hello")["id"] == 7
    kernel.run(REVIEW)
    name = kernel.value("queue.views[-1].id").strip("'")
    desk = View(kernel, name, subshell, "synthnb.desk")
    assert "error" not in desk.ask("drop")
    view.told(event="changed")
    kernel.control("delete_subshell_request", subshell_id=subshell)
    assert view.ask("rows", start=0, end=4)["total"] == 4


def test_a_view_is_answered_while_a_cell_runs_that_told_it_something(
    kernel: Kernel, shown: str, tmp_path: Path
) -> None:
    view = View(kernel, shown, None)  # as Lab opens it: the subshell is not there yet
    view.subshell = kernel.subshell()
    view.send(id=0, op="here")
    view.told(id=0)
    with busy(kernel, tmp_path / "over"):
        view.told(event="waiting")
        assert view.ask("rows", start=0, end=4)["total"] == 4


def test_a_run_of_the_studio_does_not_overtake_an_edit(
    kernel: Kernel, shown: str, tmp_path: Path, server: Loopback
) -> None:
    kernel.run(STUDIO)
    parts = ("_root", "form.cards['text'].editor", "bar.run_button", "bar.status")
    ids = [kernel.value(f"studio.{part}.model_id").strip("'") for part in parts]
    root, editor, button, status = (Comm(kernel, comm) for comm in ids)
    root.custom(key="here")
    root.told(method="custom", content={"again": True})  # this page has no subshell yet
    subshell = kernel.subshell()
    for comm in (root, editor, button, status):
        comm.subshell = subshell
    root.custom(key="here")
    editor.told(method="custom", content={})
    server.requests.clear()
    with busy(kernel, tmp_path / "over"):
        editor.send(method="update", state={"value": "Brand new {{ mood }}."}, buffer_paths=[])
        button.custom(event="click")
        kernel.next(lambda m: "4 of 4 rows" in str(m["content"].get("data")))
    assert server.requests
    assert all("Brand new" in str(request.body) for request in server.requests)
