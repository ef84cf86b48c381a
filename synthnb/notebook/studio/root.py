"""The studio's ear in the page: it draws nothing, and hears keys that no control takes."""

from __future__ import annotations

import sys
from typing import Any

import anywidget
import ipywidgets as w
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

    def gather(self, widget: Any) -> None:
        """Have what all controls in ``widget`` say handled where this message is.

        ipykernel handles what a control says where it was told something last. Were that one
        thread for the field and another for the button, a run would overtake an edit. A page
        whose messages have no place of their own yet is to ask again.
        """
        if _on_subshell():
            _tell(widget)
        else:
            self.send({"again": True})


def _on_subshell() -> bool:
    """Whether the message that is being handled came by a subshell of the kernel."""
    core = sys.modules.get("IPython.core.getipython")
    kernel = getattr(core.get_ipython() if core else None, "kernel", None)
    parent = kernel.get_parent() if kernel is not None else {}
    return parent.get("header", {}).get("subshell_id") is not None


def _tell(widget: Any) -> None:
    """Tell all controls in a widget something: how they are, as a page that is loaded anew
    misses what changes meanwhile; nothing where somebody may be typing."""
    for child in getattr(widget, "children", ()):
        _tell(child)
    if widget.comm is None:
        return
    if widget.has_trait("value") and not isinstance(widget, w.IntProgress):
        widget.send({})
    else:
        widget.send_state()
