"""A recipe being edited: every edit is a new draft, and a draft knows what it changed.

The studio widget is one view of it; nothing here paints.
"""

from synthnb.studio.draft import Draft, Preview
from synthnb.studio.marks import Mark, Piece, marked
from synthnb.studio.steps import Steps

__all__ = ["Draft", "Mark", "Piece", "Preview", "Steps", "marked"]
