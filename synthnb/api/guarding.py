"""What a run owes its source rows, its checks, its tape and its budget before it starts."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from synthnb.checks import Check, CheckContext, build, users_checks
from synthnb.errors import CheckError, RecipeError, SettingsError, SourceError
from synthnb.events import Notice
from synthnb.middleware import Caps
from synthnb.recipe import Recipe
from synthnb.recipe.parts import Category, CheckSpec, Integer, Number, Subcategory
from synthnb.settings import Settings
from synthnb.source import SourceRows
from synthnb.suggest import did_you_mean
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.api.preparing import Run

__all__ = [
    "build_checks",
    "caps_of",
    "check_asked",
    "check_raw",
    "check_tape",
    "guarded",
    "notices",
    "unread",
]

_CHAT_ONLY = frozenset(
    {
        *("api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com"),
        *("api.mistral.ai", "api.cohere.com", "api.x.ai", "api.groq.com"),
    }
)
"""Hosts whose models answer chats and continue no bare text."""

_TEMPLATES = ("prompt", "system", "skip_when")
"""Parts of a prompt column in which a name stands for a column only in a template."""
_TOLD = ("name", "purpose", "description")


def check_asked(recipe: Any, n: Any) -> int | None:
    """The number of rows that was asked for; refuses what is no recipe or no number."""
    if not isinstance(recipe, Recipe):
        raise RecipeError(
            f"this takes a Recipe, not a {type(recipe).__name__}: synthnb.load(path) reads a "
            "file, Recipe.loads(text) a text"
        )
    if not recipe.columns:
        raise RecipeError("the recipe has no columns, so there is nothing to write")
    if n is None:
        return None
    try:
        rows = operator.index(n)
    except TypeError:
        raise RecipeError(f"a number of rows is a whole number, not {n!r}") from None
    if rows < 1:
        raise RecipeError(f"a run makes at least 1 row, not {rows}")
    return rows


def check_raw(run: Run) -> None:
    """Refuse ``raw`` columns of models that are known to continue no text."""
    from synthnb.engine.build import cell_models

    for name, models in cell_models(run.recipe, run.default_model).items():
        if run.replayed or not run.recipe.prompts[name].raw:
            continue
        for model in models:
            profile = run.profile(model)
            if profile is not None and profile.host.partition(":")[0] in _CHAT_ONLY:
                raise RecipeError(
                    f"column {name} is raw, and {profile.host} continues no bare text (it has "
                    "chats alone): use local/smollm2-135m, or a server of your own with "
                    "/completions such as vLLM or llama.cpp"
                )


def caps_of(recipe: Recipe, settings: Settings, budget: float | None) -> Caps:
    """Caps of the run: its own budget, or what the settings say where it has none."""
    default = settings.budget
    own = recipe.budget
    usd = own.usd if own is not None else default.get("usd")
    tokens = own.tokens if own is not None else default.get("tokens")
    minutes = own.minutes if own is not None else default.get("minutes")
    if budget is not None:
        if not 0 <= budget < float("inf"):
            raise SettingsError(f"budget is an amount of USD, not {budget}")
        usd = budget
    return Caps(usd, int(tokens) if tokens is not None else None, minutes)


def check_tape(run: Run, rows: SourceRows | None) -> None:
    """Rows marked local only stay here, on tapes too; a tape can be read or written."""
    run.private = run.recipe.local_only or (rows is not None and rows.local_only)
    if run.private and run.record is not None:
        raise SourceError("These rows are marked local only: a tape would carry them away.")
    tape = run.replay
    if tape is not None and not tape.is_file():
        raise SettingsError(f"There is no tape {tape}: record one with --record {tape}")
    if run.record is not None:
        from synthnb.models.tape import check_writable

        check_writable(run.record)


def guarded(recipe: Recipe, rows: SourceRows) -> SourceRows:
    """The rows as the recipe lets them go: with surrogates, with canaries."""
    source = recipe.source
    if source is None or not (source.surrogates or source.canaries):
        return rows
    from synthnb.privacy.canaries import Canaries
    from synthnb.privacy.rows import GuardedRows
    from synthnb.privacy.surrogates import Surrogates, local_salt
    from synthnb.settings import data_dir

    surrogates = Surrogates(local_salt(data_dir())) if source.surrogates else None
    canaries = None
    if source.canaries:
        canaries = Canaries.make(source.canaries, rows=len(rows), seed=recipe.seed)
    return GuardedRows(rows, surrogates=surrogates, canaries=canaries)


def notices(run: Run, rows: SourceRows | None) -> list[Notice]:
    """What people should know as the run starts."""
    recipe = run.recipe
    odd = [*_unread_notices(recipe), *_kind_notices(recipe)]
    return [*_source_notices(run, rows), *_judge_notices(run), *odd]


def unread(recipe: Recipe) -> list[str]:
    """Sampled columns that nothing in the recipe names: no model ever hears of them."""
    if not recipe.prompts or recipe.kind == "augment":
        return []
    read = {name for column in recipe.columns for name in recipe.references(column)}
    tree = recipe.to_dict()
    columns = {
        name: {key: part for key, part in column.items() if key not in _TEMPLATES}
        for name, column in tree.pop("columns").items()
        if name in recipe.prompts
    }
    rest = {key: part for key, part in tree.items() if key not in _TOLD}
    words = set(re.findall(r"\w+", json.dumps([*columns.values(), rest], ensure_ascii=False)))
    return [
        name
        for name, column in recipe.columns.items()
        if isinstance(column, Category | Subcategory | Integer | Number)
        and name not in read | words
    ]


def _unread_notices(recipe: Recipe) -> list[Notice]:
    names = [one_line(name, 40) for name in unread(recipe)]
    if not names:
        return []
    said = "is in no prompt: the model does not know it."
    if len(names) > 1:
        said = "are in no prompt: the model does not know them."
    prompts = " ".join(column.prompt for column in recipe.prompts.values())
    lone = next((name for name in names if f"{{{name}}}" in prompts.replace(" ", "")), None)
    if lone is not None:
        said += f" {{{lone}}} is plain text; {{{{ {lone} }}}} stands for the column."
    return [Notice(f"{', '.join(names)} {said}", "columns")]


def _kind_notices(recipe: Recipe) -> list[Notice]:
    """A kind is a label and may be any; one that is nearly a shipped one is a slip."""
    from synthnb.recipes import list_kinds

    kind = recipe.kind
    hint = did_you_mean(kind, list_kinds()) if kind and kind not in list_kinds() else ""
    if not hint:
        return []
    return [Notice(f"kind: {one_line(str(kind), 40)} is a label of your own{hint}", "kind")]


def _judge_notices(run: Run) -> list[Notice]:
    """A model that judges its own rows likes them."""
    from synthnb.engine.build import cell_models

    models = cell_models(run.recipe, run.default_model)
    writers = {name for names in models.values() for name in names}
    asked = [(check, name) for check in run.checks for name in getattr(check, "models", ())]
    own = [check.name for check, name in asked if name in writers]
    if not own or any(name not in writers for _, name in asked):
        return []
    told = f"{', '.join(dict.fromkeys(own))} asks the model that wrote the rows"
    return [Notice(f"{told}: name another one, for it favours its own.", "judge")]


def _source_notices(run: Run, rows: SourceRows | None) -> list[Notice]:
    """What the scanner finds in rows that a model off this machine would be sent."""
    if rows is None or run.replayed:
        return []
    profiles = [run.profile(name) for name in run.model_names]
    hosts = [found.host for found in profiles if found is not None and not found.loopback]
    if not hosts:
        return []
    from synthnb.privacy.rows import told

    found = told(rows, list(dict.fromkeys(hosts)))
    return [Notice(found, "privacy")] if found is not None else []


def build_checks(run: Run, rows: SourceRows | None, users: Any) -> tuple[Check, ...]:
    """The recipe's checks, built; ``CheckError`` with the line of the one that is wrong."""
    kept = rows.columns if rows is not None else []
    context = CheckContext(
        recipe=run.recipe,
        columns=tuple(dict.fromkeys([*kept, *run.recipe.columns])),
        model_for=run.model_for,
        source_rows=(lambda: (rows.row(i) for i in range(len(rows)))) if rows else None,
        run_code=run.settings.run_code,
        base=str(run.base),
        default_model=run.default_model,
        price_for=run.price_for,
        users=users_checks(users),
    )
    made = [*_built(run.recipe, context), *_border(run.recipe, rows, context)]
    canaries = getattr(rows, "canaries", None)
    if canaries is not None:
        from synthnb.checks.pii import CanaryCheck

        made.append(CanaryCheck(canaries, list(run.recipe.columns)))
    asked = [name for check in made for name in getattr(check, "models", ())]
    run.model_names = tuple(dict.fromkeys([*run.model_names, *asked]))
    return tuple(made)


def _built(recipe: Recipe, context: CheckContext) -> Iterable[Check]:
    lines = recipe.check_lines or (None,) * len(recipe.checks)
    for place, (spec, line) in enumerate(zip(recipe.checks, lines, strict=True)):
        try:
            yield build(spec, context)
        except CheckError as error:
            told = CheckError(f"checks: {error.message}", line=line)
            told.place = place
            raise told from None


def _border(recipe: Recipe, rows: SourceRows | None, context: CheckContext) -> Iterable[Check]:
    """With real rows mixed in, a synthetic one must not repeat one of them."""
    if rows is None or recipe.mix is None or recipe.mix.real <= 0:
        return
    for name, column in recipe.prompts.items():
        known = any(
            spec.rule in ("near_duplicate", "novelty")
            and spec.options.get("column") == name
            and "source" in (spec.options.get("against") or ())
            for spec in recipe.checks
        )
        if name in rows.columns and not column.choices and not known:
            options = {"column": name, "threshold": 0.8, "against": ["source"]}
            yield build(CheckSpec(rule="near_duplicate", options=options), context)
