"""The studio: recipe on the left, what it made on the right, one bar to run and save.

Every control edits a ``Draft``; the draft's YAML is always in view. Runs go on the
background loop, so the kernel stays free; their events are painted on the loop that
handled the click.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import ipywidgets as w

from synthnb import api
from synthnb.api.planning import plan_of
from synthnb.concurrency import run_sync
from synthnb.errors import CheckError, SettingsError, SynthError, WouldOverwrite
from synthnb.events import Event, Progress, RunStarted
from synthnb.notebook.models import known_models
from synthnb.notebook.progress import Heard
from synthnb.notebook.studio.bar import Bar
from synthnb.notebook.studio.checks import known_rules
from synthnb.notebook.studio.controls import Change, Way, head_row
from synthnb.notebook.studio.editing import Editing
from synthnb.notebook.studio.form import Form
from synthnb.notebook.studio.later import Later, alone, painter
from synthnb.notebook.studio.outlook import look_ahead
from synthnb.notebook.studio.phrases import difference, edits, facts, stale
from synthnb.notebook.studio.result import Shown, give_name, still, written
from synthnb.notebook.studio.root import Root
from synthnb.notebook.studio.words import Words
from synthnb.settings import load_settings
from synthnb.settings.consent import ConsentNeeded, consent
from synthnb.studio import Draft
from synthnb.versions import open_version
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.recipe import Recipe

__all__ = ["Running", "Studio"]

Running: TypeAlias = MutableMapping[str, "tuple[api.Handle, Recipe]"]
"""Runs that studios began and the recipes they began with, by name."""

_ROWS = 24
LIVE = 8
"""Rows in sight while a run goes on, the newest ones."""
SAVED = "what Save writes"


class Studio(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """One recipe with its controls, its rows and its versions.

    ``batch`` is what is shown at first, perhaps of an earlier recipe. ``source`` (a table or
    a file) takes the place of the recipe's, ``checks`` is the user's own file of checks,
    ``model`` and ``budget`` (USD) are for recipes that name none. ``namespace`` gets the
    batch of each run under the recipe's name, if nothing but a batch is there. ``written``
    are files that this session wrote, ``running`` runs by name: one that another studio of
    this recipe began is this one's to stop.
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
        running: Running | None = None,
    ) -> None:
        self.draft = Draft(recipe, batch.recipe if batch is not None else recipe)
        self.batch = batch
        self._source = source if source is not None or batch is None else batch.frame
        self._checks, self._default, self._cap = checks, model, budget
        self._namespace = namespace
        self._written: MutableMapping[Path, str] = {} if written is None else written
        self._handle: api.Handle | None = None
        self._running: Running = {} if running is None else running
        self._overwrites: object = None
        self.lock = threading.RLock()
        self._later = Later(self.lock)
        self.bar = Bar(
            recipe.target.rows or _ROWS, run=self._press, save=self.save, undo=self.undo,
            discard=self._discard, resized=self._show_draft,
        )  # fmt: skip
        rules = known_rules(checks)
        models = [model, *known_models()] if model else known_models()
        self.form = Form(self.draft, models, rules, self._edit, self._focus)
        self._edits = Editing(self.form.notes)
        self.yaml = Words("", "synthnb-studio-yaml")
        self.notice = Words("", "synthnb-studio-notice", role="status")
        self.edits = Words("", "synthnb-studio-edits")
        self.result = Shown(self._open, self._focus, self.lock)
        self._facts = Words("", "synthnb-studio-hint")
        self.yaml_state = Words("", "synthnb-studio-hint")
        left = [head_row("Recipe", self._facts), self.form]
        left += [head_row("As YAML", self.yaml_state), self.yaml]
        right = w.VBox([self.notice, self.edits, self.result])
        body = w.HBox([w.VBox(left).add_class("synthnb-studio-left"), right])
        self._root = Root()
        self._root.on_msg(self._heard)
        super().__init__([self.bar, body.add_class("synthnb-studio-body"), self._root])
        self.add_class("synthnb-studio")
        self._say = self.bar.say
        self.result.show(batch, recipe.name)
        begun = self._running.get(recipe.name or "")
        if begun is not None:
            self.bar.running(begun[0].run.wanted)
            self._follow(*begun)
            self._say("A run that was begun before goes on.")
        self._show_draft()

    def __repr__(self) -> str:
        return f"<Studio {one_line(facts(self.draft, self.batch), 90)}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widget; where it cannot be shown, the recipe and its rows as they are now."""
        return {**(super()._repr_mimebundle_(**kwargs) or {}), **self._still()}

    def _still(self) -> dict[str, Any]:
        return still(self.draft.recipe, self.batch)

    @alone
    def _heard(self, _: Any, content: Any, buffers: Any) -> None:
        """The page is there; or Ctrl Enter, with the text of the prompt it was pressed in."""
        told = content if isinstance(content, dict) else {}
        if told.get("key") == "here":
            self._root.gather(self)
        elif told.get("key") == "run":
            name, text = told.get("prompt"), told.get("text")
            if isinstance(name, str) and isinstance(text, str):
                self.form.take(name, text)
            self.run()

    def _focus(self, control: w.Widget) -> None:
        """Give the keyboard to a control that took the place of the one it was in."""
        mark = f"synthnb-studio-at-{control.model_id}"
        control.add_class(mark)
        self._root.send({"focus": mark})

    # ------------------------------------------------------------------ editing

    def _edit(self, key: str, change: Change, way: Way) -> None:
        """Take one edit of the form, while a field is being typed in at its next pause."""
        if way == "typing":
            self._later(key, lambda: self._take(key, change, way))
        else:
            self._take(key, change, way)

    @alone
    def _take(self, key: str, change: Change, way: Way) -> None:
        self.bar.asked, self._overwrites = "", None
        self.bar.offer_to_overwrite(False)
        before = self.draft
        self.draft, taken = self._edits.take(before, key, change, way)
        if taken or self.draft != before:
            self._show_draft()
        else:
            self._show_refused()
            self.form.show_preview()

    @alone
    def undo(self) -> None:
        """Take back what was refused in a field, else the last edit."""
        self._later.now()
        if not self.form.notes.refused:
            self.draft = replace(self.draft, recipe=self._edits.steps.undone(self.draft.recipe))
        self._show_other()

    @alone
    def _open(self, number: int) -> None:
        """Show the rows of a version; the recipe stays as it is, Discard takes that one's."""
        try:
            self.batch = open_version(number, self.draft.recipe.name or "batch")
        except SynthError as error:  # its rows were pruned
            self._say(str(error), wrong=True)
            return
        self.draft = replace(self.draft, base=self.batch.recipe)
        self.result.show(self.batch, self.draft.recipe.name)
        self._root.saved = self._still()
        self._show_draft()

    @alone
    def _discard(self) -> None:
        self._later.drop()
        before, self.draft = self.draft, self.draft.discard()
        self._edits.steps.made(before.recipe, self.draft.recipe)
        self._show_other()

    def _show_other(self) -> None:
        """The draft that no control made."""
        self._overwrites = None
        self.bar.offer_to_overwrite(False)
        self.form.fill(self.draft)
        self._show_draft()

    @alone
    def _show_draft(self) -> None:
        changes = self.draft.changes
        self._facts.text = one_line(facts(self.draft, self.batch), 120)
        self.notice.show(stale(self.draft, self.batch, running=self._handle is not None))
        self.bar.discard_button.disabled = not changes.changed
        self._show_refused()
        self._root.draft = written(self.draft.recipe)
        lines = self.draft.yaml
        self.yaml.show(lines)
        self.edits.show(edits(lines))
        self.form.show(self.draft)
        if self._handle is None:
            self.bar.idle()
            self._later("outlook", self._look_ahead)

    def _show_refused(self) -> None:
        refused = self.form.notes.refused
        self.bar.undo_button.disabled = not self._edits.steps and not refused
        self.yaml_state.text = "last valid, without what is marked" if refused else SAVED

    @alone
    def _look_ahead(self) -> None:
        """Estimate, budget and prompts of the next run; nothing is sent."""
        try:
            estimate, plan, caps = look_ahead(self._prepare(fetch=False))
        except ConsentNeeded as asked:
            self.bar.outlook.hide()
            self._say(asked.question)
            return
        except SynthError as error:
            self._refused(error)
            return
        self.form.notes.ahead()
        self.bar.outlook.show(estimate, caps)
        self._say(self.bar.outlook.words)
        self.form.preview(plan, self.bar.rows.value, estimate.counted)

    def _refused(self, error: SynthError) -> None:
        """Why the draft cannot run, at its field if there is one; its prompts show anyway."""
        self.bar.outlook.hide()
        with contextlib.suppress(SynthError):
            plan = plan_of(self.draft.recipe, self.bar.rows.value, source=self._source)
            self.form.preview(plan, self.bar.rows.value)
        if isinstance(error, SettingsError):
            self.form.notes.ahead(model=str(error))
            self._say("Nothing can be sent yet: see the model.", wrong=True)
        elif isinstance(error, CheckError) and error.place is not None:
            self.form.notes.ahead(**{f"checks.{error.place}": error.message})
            self._say("Nothing can be sent yet: see the checks.", wrong=True)
        else:
            self.form.notes.ahead()
            self._say(str(error), wrong=True)

    # ------------------------------------------------------------------ running

    @alone
    def _press(self) -> None:
        if self._handle is not None:
            self._handle.stop()
            self._say("Stopping; what is finished is kept.")
        else:
            self.run()

    def _prepare(self, *, fetch: bool = True) -> api.Run:
        settings = load_settings().override("%config", model=self._default or None)
        cap = self._cap if self.draft.recipe.budget is None else None
        return api.prepare(
            self.draft.recipe, self.bar.rows.value, source=self._source, checks=self._checks,
            settings=settings, budget=cap or None, fetch=fetch,
        )  # fmt: skip

    @alone
    def run(self) -> None:
        """Start a run of the draft; refused in one line if it cannot run.

        Nothing happens while one goes on.
        """
        if self._handle is not None:
            return
        self._later.now()
        if self.form.notes.refused:
            self._say("Nothing was sent: mend what is marked first.", wrong=True)
            return
        try:
            run = self._prepare()
        except ConsentNeeded as asked:
            if not self.bar.agreed(asked.question):
                return
            consent(asked.folder, load_settings())
            self.run()
            return
        except SynthError as error:
            self._refused(error)
            return
        question = run.question
        if question is not None and not self.bar.agreed(question):
            run_sync(run.aclose())
            return
        self._start(run)

    def _start(self, run: api.Run) -> None:
        """Run it in the background; what it tells is painted on this thread's loop."""
        paint, heard = painter(), Heard(LIVE)
        self._edits.steps.rest()
        self.bar.running(run.wanted)

        def hear(event: Event) -> None:
            heard.hear(event)
            if isinstance(event, Progress | RunStarted):
                paint(lambda: self._count(heard))

        self._follow(api.start(run, hear), self.draft.recipe)
        self.notice.show(stale(self.draft, self.batch, running=True))

    def _follow(self, handle: api.Handle, ran: Recipe) -> None:
        """Show what this run of ``ran`` made when it ends; it can be stopped until then."""
        paint = painter()
        self._handle, self._running[ran.name or ""] = handle, (handle, ran)
        handle.when_done(lambda batch, error: paint(lambda: self._ended(ran, batch, error)))

    @alone
    def _count(self, heard: Heard) -> None:
        if self._handle is not None and heard.latest is not None:
            self.bar.count(heard.latest)
            self.result.tell(heard)

    @alone
    def _ended(self, ran: Recipe, batch: Batch | None, error: BaseException | None) -> None:
        try:
            if batch is not None:
                self.batch = batch
                give_name(self._namespace, batch)
                self.draft = self.draft.settle(ran)
                self.result.show(batch, ran.name)
                self._root.saved = self._still()
        finally:
            self._handle = None
            self._running.pop(ran.name or "", None)
            self.result.tell(None)
            self._show_draft()
        if batch is None:
            self._later.drop()
            self._say(str(error), wrong=True)

    # ------------------------------------------------------------------ saving

    @alone
    def save(self, path: str | Path | None = None) -> None:
        """Write the file that ``%synth save`` would; one that somebody changed is left alone
        until it is saved again."""
        self._later.now()
        if self.form.notes.refused:
            self._say("Nothing was written: mend what is marked first.", wrong=True)
            return
        recipe = self.draft.recipe
        target = Path(path or recipe.path or recipe.name or "recipe")
        try:
            saved, said = self._write(recipe, target)
        except WouldOverwrite as error:
            return self._offer_to_overwrite(error)
        except SynthError as error:
            return self._say(str(error), wrong=True)
        self._overwrites = None
        self._edits.steps.rest()
        self.bar.offer_to_overwrite(False)
        self.draft = Draft(saved, self.draft.base)
        self._show_draft()
        self._later.now()
        self._root.saved = self._still()
        self._say(said)

    def _write(self, recipe: Recipe, target: Path) -> tuple[Recipe, str]:
        """Write the file; over one of another hand only as it was when that was shown."""
        from synthnb.notebook.verbs.save import write

        # A table in memory is saved beside the recipe.
        own = None if isinstance(self._source, str | Path) else self._source
        try:
            return write(recipe, target, self._written, frame=own)
        except WouldOverwrite as error:
            if (error.reason, error.difference) != self._overwrites:
                raise
        return write(recipe, target, self._written, frame=own, force=True)

    def _offer_to_overwrite(self, error: WouldOverwrite) -> None:
        """The file is not what was loaded: show the difference, saving again overwrites."""
        self._overwrites = (error.reason, error.difference)
        self.bar.offer_to_overwrite(True)
        if error.difference:
            self.yaml.show(difference(error.difference))
        self._say(f"{error.reason} Overwrite replaces it.", wrong=True)
