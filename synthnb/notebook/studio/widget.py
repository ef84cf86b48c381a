"""The studio: recipe on the left, what it made on the right, one bar to run and save.

Every control edits a ``Draft``; the draft's YAML is always in view. Runs go on the
background loop, so the kernel stays free; their events are painted on the loop that
handled the click.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets as w
from traitlets import Dict

from synthnb import api
from synthnb.concurrency import run_sync
from synthnb.errors import SettingsError, SynthError, WouldOverwrite
from synthnb.events import Event, Progress
from synthnb.notebook.models import known_models
from synthnb.notebook.studio.form import Change, Form
from synthnb.notebook.studio.later import Later, painter
from synthnb.notebook.studio.outlook import Outlook, look_ahead
from synthnb.notebook.studio.result import Shown, still
from synthnb.notebook.studio.words import Words, asset
from synthnb.settings import load_settings
from synthnb.settings.consent import ConsentNeeded, consent
from synthnb.studio import Draft
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.recipe import Recipe

__all__ = ["Studio"]

_ROWS = 24


class _Root(anywidget.AnyWidget):
    """Ctrl Enter anywhere in the studio, names of controls, the look of all."""

    _esm = asset("root.js")
    _css = asset("studio.css")
    saved = Dict().tag(sync=True)
    """The output that is kept for times without a kernel, as it should be now."""


class Studio(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """One recipe with its controls, its rows and its versions.

    ``batch`` is what is shown at first. ``source`` (a table or a file) takes the place of
    the recipe's, ``checks`` is the user's own file of checks, ``model`` and ``budget`` (USD)
    are for recipes that name none. ``namespace`` gets the batch of each run under the
    recipe's name, if nothing but a batch is there. ``written`` are files that this session
    wrote.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        batch: Batch | None = None,
        source: Any = None,
        checks: str | Path | None = None,
        model: str | None = None,
        budget: float | None = None,
        namespace: MutableMapping[str, Any] | None = None,
        written: MutableMapping[Path, str] | None = None,
    ) -> None:
        self.draft = Draft.of(recipe)
        self.batch = batch
        self._source = source if source is not None or batch is None else batch.frame
        self._checks, self._default, self._cap = checks, model, budget
        self._namespace = namespace
        self._written: MutableMapping[Path, str] = {} if written is None else written
        self._handle: api.Handle | None = None
        self._asked = ""
        self._force = False
        self._later = Later()
        self._make_bar()
        self.form = Form(self.draft, known_models(), self._edit)
        self.yaml = Words("", "synthnb-studio-yaml")
        self.notice = Words("", "synthnb-studio-notice", role="status")
        self.result = Shown()
        self._facts = Words("", "synthnb-studio-hint")
        recipe_head = _head("Recipe", self._facts)
        yaml_head = _head("As YAML", Words("what Save writes", "synthnb-studio-hint"))
        left = w.VBox([recipe_head, self.form, yaml_head, self.yaml])
        right = w.VBox([self.notice, self.result])
        body = w.HBox([left.add_class("synthnb-studio-left"), right])
        self._root = _Root()
        self._root.on_msg(self._heard)
        super().__init__([self._bar, body.add_class("synthnb-studio-body"), self._root])
        self.add_class("synthnb-studio")
        self.result.show(batch, recipe.name)
        self._show_draft()

    def __repr__(self) -> str:
        return f"<Studio {one_line(_facts(self.draft, self.batch), 90)}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widget; where it cannot be shown, the recipe and its rows as they are now."""
        return {**(super()._repr_mimebundle_(**kwargs) or {}), **self._still()}

    def _still(self) -> dict[str, Any]:
        return still(self.draft.recipe, self.batch)

    # ------------------------------------------------------------------ the bar

    def _make_bar(self) -> None:
        wanted = self.draft.recipe.target.rows or _ROWS
        self.run_button = w.Button(button_style="primary").add_class("synthnb-studio-run")
        self.rows = w.BoundedIntText(wanted, min=1, max=10_000_000)
        rows = w.HBox([Words("rows", "synthnb-studio-label"), self.rows])
        self.save_button = w.Button(description="Save")
        self.discard_button = w.Button(description="Discard").add_class("synthnb-studio-link")
        self.progress = w.IntProgress().add_class("synthnb-studio-progress")
        # Counts change several times a second: only the status is read out.
        self.counted = Words("", "synthnb-studio-dim")
        self.status = Words("", "synthnb-studio-status", role="status")
        self.outlook = Outlook()
        self.run_button.on_click(lambda _: self._press())
        self.save_button.on_click(lambda _: self.save())
        self.discard_button.on_click(lambda _: self._discard())
        self.rows.observe(lambda _: self._show_draft(), names="value")
        children = [
            self.run_button, rows.add_class("synthnb-studio-row"), self.save_button,
            self.discard_button, self.progress, self.counted, self.status, self.outlook,
        ]  # fmt: skip
        self._bar = w.HBox(children).add_class("synthnb-studio-bar")
        self._idle()

    def _heard(self, _: Any, content: Any, buffers: Any) -> None:
        """Ctrl Enter, with the text of the prompt it was pressed in."""
        if not isinstance(content, dict) or content.get("key") != "run":
            return
        place, text = content.get("prompt"), content.get("text")
        if isinstance(place, int) and isinstance(text, str):
            self.form.take(place, text)
        if self._handle is None:
            self.run()

    # ------------------------------------------------------------------ editing

    def _edit(self, key: str, change: Change, typing: bool) -> None:
        """Take one edit of the form, while a field is being typed in at its next pause."""
        if typing:
            self._later(key, lambda: self._take(key, change))
        else:
            self._take(key, change)

    def _take(self, key: str, change: Change) -> None:
        """A refused edit is said under its field and leaves the draft as it was."""
        self._asked, self._force = "", False
        self.save_button.description = "Save"
        try:
            self.draft = change(self.draft)
        except SynthError as error:
            self.form.wrong(key, str(error).splitlines()[0])
            return
        self.form.wrong(key, "")
        self._show_draft()

    def _discard(self) -> None:
        self._later.drop()
        self.draft = self.draft.discard()
        self.form.fill(self.draft)
        self._show_draft()

    def _show_draft(self) -> None:
        changes = self.draft.changes
        self._facts.text = one_line(_facts(self.draft, self.batch), 120)
        self.notice.text = self._stale()
        self.discard_button.disabled = not changes.changed
        self.yaml.show(self.draft.yaml)
        self.form.show(self.draft)
        if self._handle is None:
            self._idle()
            self._later("outlook", self._look_ahead)

    def _stale(self) -> str:
        """What the rows in sight are of, where that is not the recipe as it stands."""
        if self.batch is None or not self.draft.warning:
            return ""
        number = self.batch.version
        shown = f"Shown: version {number}. " if number is not None else ""
        return shown + self.draft.warning

    def _look_ahead(self) -> None:
        """Estimate, budget and prompts of the next run; nothing is sent."""
        try:
            estimate, plan, caps = look_ahead(self._prepare())
        except ConsentNeeded as asked:
            self.outlook.hide()
            self._say(asked.question)
            return
        except SettingsError as error:
            self._wrong_model(error)
            return
        except SynthError as error:
            self._say(str(error), wrong=True)
            return
        self.form.wrong("model", "")
        self.outlook.show(estimate, caps)
        self._say(self.outlook.words)
        self.form.preview(plan, self.rows.value)

    def _wrong_model(self, error: SettingsError) -> None:
        self.form.wrong("model", str(error))
        self.outlook.hide()
        self._say("Nothing can be sent yet: see the model.", wrong=True)

    # ------------------------------------------------------------------ running

    def _press(self) -> None:
        if self._handle is not None:
            self._handle.stop()
            self._say("Stopping; what is finished is kept.")
        else:
            self.run()

    def _prepare(self) -> api.Run:
        settings = load_settings().override("%config", model=self._default or None)
        cap = self._cap if self.draft.recipe.budget is None else None
        return api.prepare(
            self.draft.recipe, self.rows.value, source=self._source, checks=self._checks,
            settings=settings, budget=cap or None,
        )  # fmt: skip

    def run(self) -> None:
        """Start a run of the draft; refused in one line if it cannot run."""
        self._later.now()
        if any(self.form.errors.values()):
            self._say("Nothing was sent: mend what is marked first.", wrong=True)
            return
        try:
            run = self._prepare()
        except ConsentNeeded as asked:
            if not self._agreed(asked.question):
                return
            consent(asked.folder, load_settings())
            self.run()
            return
        except SettingsError as error:
            self._wrong_model(error)
            return
        except SynthError as error:
            self._say(str(error), wrong=True)
            return
        question = run.question
        if question is not None and not self._agreed(question):
            run_sync(run.aclose())
            return
        paint = painter()
        self.run_button.description = "Stop"
        self.run_button.remove_class("synthnb-studio-keyed")
        self.progress.max, self.progress.value = run.wanted, 0
        self.progress.remove_class("synthnb-studio-hidden")
        self._say("Running")
        self.result.wait()
        ran = self.draft.recipe

        def hear(event: Event) -> None:
            if isinstance(event, Progress):
                paint(lambda: self._count(event))

        self._handle = api.start(run, hear)
        self._handle.when_done(
            lambda batch, error: paint(lambda: self._ended(ran, batch, error))
        )

    def _agreed(self, question: str) -> bool:
        """Whether this very question was shown before: asking for it again is a yes."""
        again = question == self._asked
        self._asked = "" if again else question
        if not again:
            self._say(f"{question} Run again to agree.")
        return again

    def _count(self, event: Progress) -> None:
        if self._handle is not None:
            self.progress.value = event.accepted
            lost = f" · {event.rejected:,} rejected" if event.rejected else ""
            self.counted.text = f"{event.accepted:,} of {event.wanted:,} rows{lost}"

    def _ended(self, ran: Recipe, batch: Batch | None, error: BaseException | None) -> None:
        try:
            if batch is not None:
                self.batch = batch
                _bind(self._namespace, batch)
                self.draft = self.draft.settle(ran)
                self.result.show(batch, ran.name)
                self._root.saved = self._still()
        finally:
            self._handle = None
            self._show_draft()
        if batch is None:
            self._later.drop()
            self._say(str(error), wrong=True)

    def _idle(self) -> None:
        self.run_button.description = f"Run {count(self.rows.value, 'row')}"
        self.run_button.add_class("synthnb-studio-keyed")
        self.progress.add_class("synthnb-studio-hidden")
        self.counted.text = ""

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self.status.text = one_line(text, 400)
        (self.status.add_class if wrong else self.status.remove_class)("synthnb-studio-wrong")

    # ------------------------------------------------------------------ saving

    def save(self, path: str | Path | None = None) -> None:
        """Write the file that ``%synth save`` would; one that somebody changed is left alone
        until it is saved again."""
        from synthnb.notebook.verbs.save import write

        self._later.now()
        if any(self.form.errors.values()):
            self._say("Nothing was written: mend what is marked first.", wrong=True)
            return
        recipe = self.draft.recipe
        target = Path(path or recipe.path or recipe.name or "recipe")
        try:
            saved, said = write(
                recipe, target, self._written, frame=self._frame, force=self._force
            )
        except WouldOverwrite as error:
            self._offer_to_overwrite(error)
            return
        except SynthError as error:
            self._say(str(error), wrong=True)
            return
        self._force = False
        self.save_button.description = "Save"
        self.draft = Draft(saved, self.draft.base)
        self._show_draft()
        self._later.now()
        self._root.saved = self._still()
        self._say(said)

    def _offer_to_overwrite(self, error: WouldOverwrite) -> None:
        """The file is not what was loaded: show the difference, saving again overwrites."""
        self._force = True
        self.save_button.description = "Overwrite"
        if error.difference:
            self.yaml.show(_difference(error.difference))
        self._say(error.reason, wrong=True)

    @property
    def _frame(self) -> Any:
        """A table in memory, to be saved beside the recipe."""
        return None if isinstance(self._source, str | Path) else self._source


def _bind(namespace: MutableMapping[str, Any] | None, batch: Batch) -> None:
    """Give the batch the name that a cell would, unless that holds something else."""
    from synthnb.notebook.names import bind, is_batch

    name = (batch.recipe.name or "batch").replace("-", "_").replace(".", "_")
    free = namespace is not None and is_batch(namespace.get(name, batch))
    if namespace is not None and free and name.isidentifier():
        bind(namespace, name, batch)


def _facts(draft: Draft, batch: Batch | None) -> str:
    name, changed = draft.recipe.name or "without a name", len(draft.changes.changed)
    if not changed:
        return name
    since = "" if batch is None or batch.version is None else f" since version {batch.version}"
    return f"{name}, {count(changed, 'change')}{since}"


def _difference(lines: Sequence[str]) -> list[list[tuple[Any, str]]]:
    marks = {"+": "ins", "-": "del"}
    return [[(marks.get(line[:1], ""), line)] for line in lines]


def _head(title: str, hint: w.Widget) -> w.Widget:
    return w.HBox([Words(title, "synthnb-studio-head"), hint]).add_class(
        "synthnb-studio-headrow"
    )
