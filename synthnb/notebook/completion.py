"""Completion on the option line: flags, verbs, kinds, models, recipes and variables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.core.completer import SimpleCompletion, context_matcher

from synthnb.notebook import verbs
from synthnb.notebook.names import batches, tables, version_names
from synthnb.notebook.options import cell_parser

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

    from synthnb.notebook.magics import SynthMagics

__all__ = ["Completions", "recipe_files"]

_MAGICS = ("%%synth ", "%synth ")


class Completions:
    """Answers the kernel's completer for lines that begin with our magics."""

    def __init__(self, magics: SynthMagics) -> None:
        self.magics = magics

    @context_matcher(identifier="synthnb")  # type: ignore[untyped-decorator]
    def matcher(self, context: CompletionContext) -> SimpleMatcherResult:
        """What IPython's completer calls."""
        line = context.text_until_cursor
        inside = context.cursor_line and context.full_text.lstrip().startswith("%%")
        if inside or not line.lstrip().startswith(_MAGICS):
            return {"completions": [], "suppress": False}
        words = self.complete(line.lstrip())
        return {
            "completions": [SimpleCompletion(text=word, type="param") for word in words],
            "suppress": bool(words),
            "matched_fragment": _last_word(line),
        }

    def complete(self, line: str) -> list[str]:
        """Words that may stand where the cursor is, at the end of ``line``."""
        magic, *words = line.split()
        word = _last_word(line)
        before = words[:-1] if word else words
        return sorted({w for w in self._candidates(magic, before) if w.startswith(word)})

    def _candidates(self, magic: str, before: list[str]) -> Iterable[str]:
        value = self._values(before[-1]) if before else None
        if value is not None:
            return value
        if magic == "%%synth":
            parser = cell_parser()
            named = parser.positionals(before)
            return [*parser.flags, *([] if named else batches(self.magics.namespace))]
        if not before:
            return verbs.VERBS
        if before[0] not in verbs.VERBS:
            return []
        parser = self.magics.verb_parser(before[0])
        words = parser.positionals(before[1:])
        return [*parser.flags, *self.magics.verb_words(before[0], words)]

    def _values(self, flag: str) -> Iterable[str] | None:
        """What a flag takes, ``None`` where the word before is no such flag."""
        match flag:
            case "--model":
                return self.magics.model_names()
            case "--kind":
                from synthnb.recipes import list_kinds

                return list_kinds()
            case "--source" | "--real":
                files = _files(".csv", ".tsv", ".json", ".jsonl", ".parquet", ".xlsx")
                return [*tables(self.magics.namespace), *files]
            case "--record" | "--replay":
                return _files(".jsonl")
            case "--checks":
                return _files(".py")
            case "--vs":
                return ["last", *version_names()]
            case "-n" | "--rows" | "--seed" | "--budget" | "--as":
                return []
        return None


def _last_word(line: str) -> str:
    return "" if line[-1:].isspace() else line.split()[-1]


def recipe_files() -> list[str]:
    """Recipe files of this folder and one level below."""
    return _files(".synth.yaml", ".synth.yml")


def _files(*suffixes: str) -> list[str]:
    here = Path()
    found = [
        path.as_posix()
        for pattern in ("*", "*/*")
        for suffix in suffixes
        for path in here.glob(pattern + suffix)
        if not any(part.startswith(".") for part in path.parts)
    ]
    return sorted(found)[:200]
