"""Cells that open a studio whose model is a loopback server of the kernel."""

from __future__ import annotations

from tests.samples import HOSTILE

START = """
from synthnb import Recipe
from synthnb.notebook.studio import Studio
from synthnb.settings import config_file
from tests.loopback import Loopback, Reply

server = Loopback().__enter__()
config_file().parent.mkdir(parents=True, exist_ok=True)
config_file().write_text(f'[profiles.lab]\\nbase_url = "{server.base_url}"\\n')
"""

RECIPE = """\
synthnb: 1
name: gadgets
model: lab/tiny
params: {temperature: 0.7, max_tokens: 60}
columns:
  product: [laptop, kettle]
  mood: {angry: 2, happy: 2, mixed: 1}   # two to one
  text:
    prompt: "A review of a {{ product }} by someone who is {{ mood }}."
    few_shot: 1
    examples: [{product: kettle, mood: angry, text: "<b>The lid</b> broke."}]
checks: [{length: {column: text, min: 5}}]
target: {rows: 6}
"""


def open_studio(recipe: str = RECIPE, more: str = "") -> str:
    """A cell that shows the recipe in a studio; ``more`` runs before."""
    made = f"studio = Studio(Recipe.loads({recipe!r}), namespace=globals())\nstudio"
    return f"{START}\n{more}\n{made}"


def hostile() -> str:
    """A cell with a recipe all of whose texts try to act, and a model that answers so."""
    texts = [text for text in HOSTILE if "\x00" not in text and "{%" not in text]
    recipe = {
        "synthnb": 1,
        "name": "hostile",
        "model": "lab/tiny",
        "columns": {
            "label": texts,
            "text": {
                "prompt": "<img src=x onerror=alert(2)> {{ label }} $E=mc^2$",
                "system": texts[0],
                "examples": [{"label": texts[0], "text": text} for text in texts],
            },
        },
        "target": {"rows": len(texts)},
    }
    answers = f"texts = {texts!r}\n" + (
        "server.script(lambda n, body: Reply(text=texts[n % len(texts)]))\n"
        f"recipe = Recipe.from_dict({recipe!r})\n"
    )
    return f"{START}\n{answers}\nstudio = Studio(recipe, namespace=globals())\nstudio"
