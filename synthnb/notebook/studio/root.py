"""The studio's ear in the page: it draws nothing, and hears keys that no control takes."""

from __future__ import annotations

import anywidget
from traitlets import Dict, Unicode

from synthnb.notebook.studio.words import asset

__all__ = ["Root"]


class Root(anywidget.AnyWidget):
    """Ctrl Enter anywhere in the studio, names of controls, the look of all."""

    _esm = asset("root.js")
    _css = asset("studio.css")
    saved = Dict().tag(sync=True)
    """The output that is kept for times without a kernel, as it should be now."""
    draft = Unicode("").tag(sync=True)
    """The recipe as it is being edited, to be kept there too."""
