"""How the parts of a recipe fit together: names, models, quotas, examples, cycles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from synthnb.errors import RecipeError
from synthnb.recipe.graph import check_names, order, source_columns, templates
from synthnb.recipe.parts import STOP_WINDOWS, Category, Like, Prompt, Subcategory, label
from synthnb.recipe.reading import looks_like_model
from synthnb.recipe.report import Report
from synthnb.recipe.yamltext import Path
from synthnb.schema import schema_of
from synthnb.suggest import did_you_mean
from synthnb.template import compile_template

if TYPE_CHECKING:
    from synthnb.recipe import Recipe

__all__ = ["judge"]


def judge(recipe: Recipe, report: Report, known: Iterable[str] | None = None) -> None:
    """Report every misfit. ``known`` are the source's real columns, once it is open."""
    columns = source_columns(recipe.source) if known is None else tuple(known)
    check_names(recipe.columns, recipe.source, columns, report)
    if report:
        return
    try:
        order(recipe.columns, recipe.source)
    except ValueError as error:
        names = error.args[0]
        report.add(("columns", names[0]), f"columns refer in a circle: {' -> '.join(names)}")
    _models(recipe, report)
    _source(recipe, report)
    _subcategories(recipe, report)
    _prompts(recipe, report, columns)
    if not report:
        _fields(recipe, report)
    _checks(recipe, report, columns)
    _quotas(recipe, report, columns)
    _windows(recipe, report)


def _windows(recipe: Recipe, report: Report) -> None:
    """A misspelt window of ``stop_if`` would never stop anything."""
    for key in recipe.target.stop_if:
        if key.endswith(("_below", "_above")) and key not in STOP_WINDOWS:
            report.unknown(("target", "stop_if"), key, STOP_WINDOWS)


def _models(recipe: Recipe, report: Report) -> None:
    for path, name in _model_names(recipe):
        if name not in recipe.models and not looks_like_model(name):
            hint = did_you_mean(name, recipe.models)
            hint = hint or "; a model is PROFILE/MODEL, such as local/smollm2-135m"
            report.add(path, f"there is no model '{name}' under models{hint}")


def _model_names(recipe: Recipe) -> Iterator[tuple[Path, str]]:
    if recipe.model is not None:
        yield ("model",), recipe.model
    for name, column in recipe.prompts.items():
        path = ("columns", name)
        if column.model is not None:
            yield (*path, "model"), column.model
        for position, model in enumerate(column.candidates.models if column.candidates else ()):
            yield (*path, "candidates", "models", position), model
        if column.turns is not None:
            for side, role in (
                ("user", column.turns.user),
                ("assistant", column.turns.assistant),
                ("tool", column.turns.tool),
            ):
                if role.model is not None:
                    yield (*path, "turns", side, "model"), role.model
    for position, spec in enumerate(recipe.checks):
        for key in ("model", "models"):
            given = spec.options.get(key)
            for item in given if isinstance(given, list) else [given]:
                if isinstance(item, str):
                    yield ("checks", position, spec.rule, key), item


def _source(recipe: Recipe, report: Report) -> None:
    source = recipe.source
    if source is None:
        return
    if source.path is not None and source.documents is not None:
        report.add(("source",), "give path or documents, not both")
    texts = source.documents if isinstance(source.documents, list) else [source.documents]
    for key, text in (("path", source.path), *(("documents", item) for item in texts)):
        if text is not None and "://" in text:
            report.add(("source", key), "a source is a file on this machine, not an address")
    if source.chunk is not None:
        if source.documents is None:
            report.add(("source", "chunk"), "only documents are cut into chunks")
        if source.chunk.lines is None and source.chunk.overlap >= source.chunk.words:
            report.add(("source", "chunk", "overlap"), "must be less than words")


def _subcategories(recipe: Recipe, report: Report) -> None:
    for name, column in recipe.columns.items():
        if not isinstance(column, Subcategory):
            continue
        path: Path = ("columns", name)
        parent = recipe.columns.get(column.parent)
        values = labels(parent)
        if values is None:
            sampled = [c for c, value in recipe.columns.items() if labels(value) is not None]
            hint = did_you_mean(column.parent, sampled)
            what = "is no category" if parent is not None else "is no column"
            report.add((*path, "subcategory"), f"'{column.parent}' {what}{hint}")
            continue
        for key in column.of:
            if key not in values:
                report.unknown((*path, "of"), key, values, f"value of {column.parent}")
        missing = [value for value in values if not column.of.get(value)]
        if missing:
            report.add((*path, "of"), f"no labels for {', '.join(missing)}")


def labels(column: Any) -> list[str] | None:
    """The values a column can take, as keys; ``None`` where there is no such list."""
    if isinstance(column, Category):
        return [label(value) for value in column.values]
    if isinstance(column, Subcategory):
        return list(dict.fromkeys(label(v) for values in column.of.values() for v in values))
    if isinstance(column, Prompt) and column.choices is not None:
        return [label(value) for value in column.choices]
    return None


def _prompts(recipe: Recipe, report: Report, columns: tuple[str, ...] | None) -> None:
    for name, column in recipe.prompts.items():
        path: Path = ("columns", name)
        _answer_form(column, path, report)
        _company(column, path, report)
        if column.examples_from is not None and recipe.source is None:
            report.add((*path, "examples_from"), "needs a source")
        for position, example in enumerate(column.examples):
            where = (*path, "examples", position)
            if name not in example:
                report.add(where, f"an example of '{name}' needs the key '{name}'")
            for key in example:
                if columns is not None and key not in {*recipe.columns, *columns, "source"}:
                    report.unknown(where, key, [*recipe.columns, *columns], "column")
    marked = [name for name, column in recipe.prompts.items() if column.main]
    if len(marked) > 1:
        report.add(("columns", marked[1], "main"), f"'{marked[0]}' is the main column already")


def _company(column: Prompt, path: Path, report: Report) -> None:
    """Options of a prompt column that do not go together."""
    if column.raw:
        for key, given in (
            ("system", column.system), ("examples", column.examples), ("turns", column.turns)
        ):  # fmt: skip
            if given:
                report.add((*path, key), f"raw sends the prompt alone: write {key} into it")
        if column.per_call > 1:
            report.add((*path, "per_call"), "raw sends the prompt alone: ask for one a call")
    if column.examples_from is not None and column.examples:
        report.add((*path, "examples"), "examples are given, or come from the source, not both")
    if column.from_accepted is None:
        return
    if column.raw or column.turns is not None:
        what = "raw" if column.raw else "turns"
        report.add((*path, "from_accepted"), f"from_accepted does not go with {what}")
    shots = column.from_accepted.shots
    if column.few_shot is not None and shots > column.few_shot:
        report.add((*path, "from_accepted"), f"{shots} of few_shot: {column.few_shot}?")


def _answer_form(column: Prompt, path: Path, report: Report) -> None:
    forms = {
        "schema": column.schema_,
        "json_schema": column.json_schema,
        "choices": column.choices,
        "turns": column.turns,
        "code": column.code,
    }
    given = [key for key, value in forms.items() if value is not None]
    if len(given) > 1:
        report.add((*path, given[1]), f"a column takes {given[0]} or {given[1]}, not both")
        return
    try:
        schema_of(column)
    except RecipeError as error:
        report.add((*path, given[0]), error.message)


def _fields(recipe: Recipe, report: Report) -> None:
    """Fields that templates read below a column whose answer has known fields."""
    shapes = {name: _known_fields(column) for name, column in recipe.columns.items()}
    for reader, column in recipe.columns.items():
        for where, text in templates(column):
            for name, fields in compile_template(text).fields.items():
                known = shapes.get(name)
                for field, line in (
                    fields.items() if known is not None and name != reader else ()
                ):
                    if known is not None and field not in known:
                        hint = did_you_mean(field, known)
                        what = f"; it has {', '.join(known)}" if known else ", it is text"
                        report.add(
                            ("columns", reader, *where),
                            f"'{name}' has no field '{field}'{hint or what}",
                            offset=line - 1,
                        )


def _known_fields(column: Any) -> list[str] | None:
    """The only fields an answer can have; none for a text, ``None`` if not known."""
    if not isinstance(column, Prompt) or column.turns or column.candidates:
        return None
    schema = schema_of(column)
    if schema is None:
        return []
    if schema.json_schema.get("additionalProperties", True) is False:
        return list(schema.json_schema.get("properties", {}))
    return None


def _checks(recipe: Recipe, report: Report, columns: tuple[str, ...] | None) -> None:
    if columns is None:
        return
    known = {*recipe.columns, *columns}
    for position, spec in enumerate(recipe.checks):
        given = spec.options.get("column")
        if isinstance(given, str) and given.split(".")[0] not in known:
            hint = did_you_mean(given.split(".")[0], known)
            report.add(
                ("checks", position, spec.rule, "column"), f"unknown column '{given}'{hint}"
            )
    by = recipe.split.by if recipe.split else None
    if by is not None and by not in known:
        report.add(("split", "by"), f"unknown column '{by}'{did_you_mean(by, known)}")
    for name, column in recipe.columns.items():
        if isinstance(column, Like) and recipe.source is None:
            report.add(("columns", name, "like"), "needs a source")


def _quotas(recipe: Recipe, report: Report, columns: tuple[str, ...] | None) -> None:
    for key, counts in recipe.target.quotas.items():
        names = [name.strip() for name in key.split("&")]
        allowed = []
        for name in names:
            values = labels(recipe.columns.get(name))
            if name not in recipe.columns and columns is not None and name not in columns:
                report.unknown(("target", "quotas"), key, recipe.columns, "column")
                break
            allowed.append(values)
        else:
            _quota_values(names, allowed, key, counts, report)


def _quota_values(
    names: list[str],
    allowed: list[list[str] | None],
    key: str,
    counts: dict[str, int],
    report: Report,
) -> None:
    path = ("target", "quotas", key)
    for value in counts:
        parts = [part.strip() for part in value.split("&")] if len(names) > 1 else [value]
        if len(parts) != len(names):
            report.add((*path, value), f"needs one value for each of {' and '.join(names)}")
            continue
        for name, part, values in zip(names, parts, allowed, strict=True):
            if values is not None and part not in values:
                hint = did_you_mean(part, values) or f"; it has {', '.join(values[:8])}"
                report.add((*path, value), f"'{name}' has no value '{part}'{hint}")
