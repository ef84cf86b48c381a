"""Examples of a column that rewrites a source column: the source's value is the question."""

from __future__ import annotations

from synthnb import Recipe, generate
from synthnb.settings import Settings
from tests.loopback import Loopback


def test_an_example_tells_source_and_answer_apart(
    settings: Settings, loopback: Loopback
) -> None:
    recipe = Recipe.loads(
        "synthnb: 1\n"
        "source: {path: reviews.csv, columns: [text]}\n"
        "columns:\n"
        "  text:\n"
        "    prompt: 'Say again: {{ text }}'\n"
        "    examples: [{source: {text: Nice.}, text: Lovely.}]\n"
    )

    batch = generate(recipe, 1, source=[{"text": "Too loud."}], settings=settings)

    assert len(batch) == 1
    said = [message["content"] for message in loopback.bodies[0]["messages"]]
    assert said == ["Say again: Nice.", "Lovely.", "Say again: Too loud."]
