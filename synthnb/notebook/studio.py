"""The studio: recipe on the left, what it made on the right, one bar to run and save.

Every control edits a ``Draft``; the draft's YAML is always in view. Runs go on the
background loop, so the kernel stays free; their events are painted on the loop that
handled the click.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets as w

from synthnb import api
from synthnb.charts.static_html import escape
from synthnb.errors import RecipeError, SynthError
from synthnb.events import Event, Progress
from synthnb.notebook.models import known_models
from synthnb.notebook.studio_form import Form
from synthnb.studio import Draft

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.recipe import Recipe

__all__ = ["Studio"]

_ROWS = 24


class _Keys(anywidget.AnyWidget):
    """Ctrl Enter anywhere in the studio."""

    _esm = Path(__file__).with_name("studio_keys.js")


class Studio(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """One recipe with its controls, its rows and its versions.

    ``namespace`` gets the batch of each run under the recipe's name, if nothing but a
    batch is there. ``batch`` is what is shown at first.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        batch: Batch | None = None,
        namespace: MutableMapping[str, Any] | None = None,
    ) -> None:
        self.draft = Draft.of(recipe)
        self.batch = batch
        self._namespace = namespace
        self._handle: api.Handle | None = None
        self._asked = False
        self._make_bar()
        self.form = Form(self.draft, known_models(), self._edit)
        self._yaml = w.Output()
        self._notice = w.Label().add_class("synthnb-studio-notice")
        self._result = w.Output()
        self._versions = w.Output()
        left = [_head("Recipe"), self.form, _head("As YAML", "what Save writes"), self._yaml]
        right = [self._notice, self._result, _head("Versions"), self._versions]
        keys = _Keys()
        keys.on_msg(lambda *_: self._press())
        body = w.HBox(
            [
                w.VBox(left, layout=_wide("400px", "1 1 400px")),
                w.VBox(right, layout=_wide("0", "2 1 560px")),
            ],
            layout=w.Layout(flex_flow="row wrap", align_items="flex-start"),
        )
        body.add_class("synthnb-studio-body")
        super().__init__([self._bar, body, keys])
        self.add_class("synthnb-studio")
        self._show_draft()
        self._show_batch()

    # ------------------------------------------------------------------ the bar

    def _make_bar(self) -> None:
        wanted = self.draft.recipe.target.rows or _ROWS
        self.run_button = w.Button(button_style="primary", tooltip="Ctrl Enter")
        self.rows = w.BoundedIntText(wanted, min=1, max=10_000_000, description="rows")
        self.rows.layout = w.Layout(width="150px")
        self.save_button = w.Button(description="Save", layout=w.Layout(width="auto"))
        self.discard_button = w.Button(description="Discard", layout=w.Layout(width="auto"))
        self.progress = w.IntProgress(layout=w.Layout(width="120px", visibility="hidden"))
        self.status = w.Label(layout=w.Layout(flex="1 1 300px"))
        self.run_button.on_click(lambda _: self._press())
        self.save_button.on_click(lambda _: self.save())
        self.discard_button.on_click(lambda _: self._discard())
        self.rows.observe(lambda _: self._show_draft(), names="value")
        children = [
            self.run_button, self.rows, self.save_button, self.discard_button, self.progress,
            self.status,
        ]  # fmt: skip
        self._bar = w.HBox(
            children, layout=w.Layout(flex_flow="row wrap", align_items="center")
        )

    def _edit(self, change: Callable[[Draft], Draft]) -> None:
        """Take one edit of the form; a refused one is said and leaves the draft as it was."""
        try:
            self.draft = change(self.draft)
        except SynthError as error:
            self.status.value = str(error)
            return
        self._asked = False
        self._show_draft()

    def _discard(self) -> None:
        self.draft = self.draft.discard()
        self.form.fill(self.draft)
        self._show_draft()

    # ------------------------------------------------------------------ showing

    def _show_draft(self) -> None:
        self.run_button.description = f"Run {self.rows.value:,} rows"
        self._notice.value = self.draft.warning if self.batch is not None else ""
        changed = {str(line) for line in self.draft.changes.lines if line.op == "added"}
        self._yaml.outputs = (
            _shown(_yaml_html(self.draft, changed), self.draft.recipe.dumps()),
        )
        try:
            run = api.prepare(self.draft.recipe, self.rows.value)
            self.status.value = " · ".join(str(run.estimate()).splitlines()[:3])
            self.form.preview(run.plan)
        except SynthError as error:
            self.status.value = str(error)

    def _show_batch(self) -> None:
        if self.batch is None:
            empty = "No rows yet. Run to see some."
            self._result.outputs = (_shown(f"<p>{empty}</p>", empty),)
        else:
            bundle = dict(self.batch._repr_mimebundle_())
            self._result.outputs = (
                {"output_type": "display_data", "data": bundle, "metadata": {}},
            )
        self._show_versions()

    def _show_versions(self) -> None:
        from synthnb.versions.history import history

        name = self.draft.recipe.name or "batch"
        with contextlib.suppress(SynthError):
            bundle = dict(history(name)._repr_mimebundle_())
            self._versions.outputs = (
                {"output_type": "display_data", "data": bundle, "metadata": {}},
            )
            return
        self._versions.outputs = (_shown("<p>None yet.</p>", "None yet."),)

    # ------------------------------------------------------------------ running

    def _press(self) -> None:
        if self._handle is not None:
            self._handle.stop()
            self.status.value = "Stopping; what is finished is kept."
        else:
            self.run()

    def run(self) -> None:
        """Start a run of the draft; refused in one line if it cannot run."""
        recipe = self.draft.recipe
        try:
            run = api.prepare(recipe, self.rows.value)
        except SynthError as error:
            self.status.value = str(error)
            return
        if run.question is not None and not self._asked:
            self._asked = True
            self.status.value = f"{run.question} Run again to agree."
            return
        paint = _painter()
        self.run_button.description = "Stop"
        self.progress.max, self.progress.value = run.wanted, 0
        self.progress.layout.visibility = "visible"
        self._handle = api.start(run, lambda event: self._hear(event, paint))
        self._handle.when_done(lambda batch, error: paint(lambda: self._ended(batch, error)))

    def _hear(self, event: Event, paint: Callable[[Callable[[], None]], None]) -> None:
        if isinstance(event, Progress):
            text = f"{event.accepted:,} of {event.wanted:,} rows · {event.rejected:,} rejected"

            def show() -> None:
                if self._handle is not None:
                    self.progress.value = event.accepted
                    self.status.value = text

            paint(show)

    def _ended(self, batch: Batch | None, error: BaseException | None) -> None:
        self.progress.layout.visibility = "hidden"
        if batch is None:
            self._handle = None
            self.status.value = str(error)
            self.run_button.description = f"Run {self.rows.value:,} rows"
            return
        self.batch = batch
        self.draft = self.draft.settle(batch.recipe)
        self._bind(batch)
        self._show_draft()
        self._show_batch()
        self._handle = None

    def _bind(self, batch: Batch) -> None:
        from synthnb.notebook.names import bind, is_batch

        name = (batch.recipe.name or "batch").replace("-", "_").replace(".", "_")
        space = self._namespace
        if space is not None and name.isidentifier() and is_batch(space.get(name, batch)):
            bind(space, name, batch)

    # ------------------------------------------------------------------ saving

    def save(self, path: str | Path | None = None) -> None:
        """Write the recipe file that a cell would write; a changed file is left alone."""
        recipe = self.draft.recipe
        target = Path(path or recipe.path or f"{recipe.name or 'recipe'}.synth.yaml")
        try:
            saved = recipe.save(target)
        except RecipeError as error:
            self.status.value = str(error).splitlines()[0]
            return
        self.draft = Draft(saved, self.draft.base)
        self.status.value = f"Saved {target.name}"


def _painter() -> Callable[[Callable[[], None]], None]:
    """How to paint later: on the event loop that handles this click, if there is one."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # no kernel: a script or a test
        return lambda call: call()
    return lambda call: (loop.call_soon_threadsafe(call), None)[1]


def _head(title: str, hint: str = "") -> w.Widget:
    parts = [w.Label(title).add_class("synthnb-studio-head")]
    if hint:
        parts.append(w.Label(hint).add_class("synthnb-studio-hint"))
    return w.HBox(parts)


def _wide(least: str, flex: str) -> w.Layout:
    return w.Layout(min_width=least, flex=flex)


def _shown(html: str, text: str) -> dict[str, Any]:
    data = {"text/html": html, "text/plain": text}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _yaml_html(draft: Draft, changed: set[str]) -> str:
    fresh = {line[2:].strip() for line in changed}
    lines = []
    for line in draft.recipe.dumps().splitlines():
        text = escape(line, 2_000)
        lines.append(f"<ins>{text}</ins>" if line.strip() in fresh else text)
    return "<pre>" + "\n".join(lines) + "</pre>"
