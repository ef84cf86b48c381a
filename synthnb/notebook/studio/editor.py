"""The field that a prompt is written in."""

from __future__ import annotations

import anywidget
from traitlets import Unicode

from synthnb.notebook.studio.words import asset

__all__ = ["Editor"]


class Editor(anywidget.AnyWidget):
    """Text that is told as it is typed; the names that a template fills in stand out.

    >>> Editor(value="A {{ mood }} review.").value
    'A {{ mood }} review.'
    """

    _esm = asset("editor.js")
    value = Unicode("").tag(sync=True)
