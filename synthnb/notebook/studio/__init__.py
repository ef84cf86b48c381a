"""The studio: the recipe's controls, its rows and its versions in one widget."""

from synthnb.notebook.studio.widget import Studio

__all__ = ["Studio"]
