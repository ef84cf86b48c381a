"""Where a batch goes: files, a hub, a folder, its card; and what may join it on the way."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["Outgoing"]


class Outgoing:
    """The part of ``Batch`` that hands rows on."""

    def export(self, path: str | Path, format: str | None = None, **options: Any) -> Path:
        """Write the accepted rows to ``path``; the format follows from its ending if unset.

        ``format`` is one of ``synthnb.export.FORMATS``. Those made to be trained on or
        published ask for ``license=`` and ``purpose=`` where the recipe has none;
        ``columns={"prompt": "question"}`` says which column is what. What should be known
        about terms and rows left out comes as a ``TermsWarning``; what can't be written
        raises an ExportError of one line.
        """
        from synthnb.export import TermsWarning, export

        done = export(_batch(self), path, format, **options)
        for said in done.warnings:
            warnings.warn(said, TermsWarning, stacklevel=2)
        return done.path

    def push_to_hub(self, repo: str, **options: Any) -> str:
        """Publish the rows as a dataset ``OWNER/NAME``, private unless ``private=False``.

        Takes ``license``, ``purpose``, ``accept_terms``, ``token`` and ``endpoint`` (another
        hub); returns the address. Needs ``pip install 'synthnb[hub]'``.
        """
        from synthnb.export import push_to_hub

        return push_to_hub(_batch(self), repo, **options)

    def mix(
        self,
        real: Any,
        ratio: float | None = None,
        *,
        license: str | None = None,
        replace: bool = False,
    ) -> Batch:
        """A batch with ``real`` rows added: a DataFrame, list of dicts, file or batch.

        ``ratio`` is the share of real rows to reach (0 to below 1); without it all are
        added. Synthetic rows that repeat a real one, exactly or nearly, are rejected; rows
        that synthnb wrote stay synthetic. ``license`` is the real rows'. With
        ``replace=True`` the batch stays as large as the real rows are and synthetic ones
        take their place, which warns (``CollapseWarning``) and says what that costs.
        """
        from synthnb.mixing import mix

        return mix(_batch(self), real, ratio, license=license, replace=replace)

    def accumulate(self, *previous: Batch) -> Batch:
        """The rows of earlier rounds and of this one, repetitions of this one rejected.

        What each round adds is kept beside what was there, real rows included: that is what
        keeps a chain of models from collapsing.
        """
        from synthnb.mixing import accumulate

        return accumulate(_batch(self), previous)

    @property
    def real_share(self) -> float:
        """Share of real rows among the accepted ones, 0 to 1; held-out rows do not count."""
        real, total = self.real_rows
        return real / total if total else 0.0

    @property
    def real_rows(self) -> tuple[int, int]:
        """(real rows, rows) among the accepted ones; held-out rows do not count."""
        from synthnb.mixing import real_share

        batch = _batch(self)
        if batch.recipe.mix is None and batch.is_long:
            return 0, len(batch)  # a long run is read only if it may hold real rows
        return real_share(batch.accepted)

    def save(self, folder: str | Path) -> Path:
        """Write rows, rejected rows, recipe, card, manifest and charts into ``folder``.

        A folder that holds another run or other files is refused (``ExportError``).
        """
        from synthnb.folder import save

        return save(_batch(self), folder)

    def card(self) -> str:
        """Dataset card as Markdown with the YAML head that dataset hubs read."""
        from synthnb.card.facts import card_text

        return card_text(_batch(self))


def _batch(part: Outgoing) -> Batch:
    """The whole that this is a part of."""
    return cast("Batch", part)
