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


def test_example_talks_come_before_the_talk_as_each_side_sees_them(
    settings: Settings, loopback: Loopback
) -> None:
    recipe = Recipe.loads(
        "synthnb: 1\n"
        "columns:\n"
        "  thing: [coat]\n"
        "  chat:\n"
        "    prompt: 'You want a {{ thing }}.'\n"
        "    turns:\n"
        "      {min: 2, max: 2, user: {system: You buy.}, assistant: {system: You sell.}}\n"
        "    examples:\n"
        "      - thing: hat\n"
        "        chat: [{role: user, content: A hat.}, {role: assistant, content: Here.}]\n"
    )

    generate(recipe, 1, settings=settings)

    user, assistant = (
        [(m["role"], m["content"]) for m in body["messages"]] for body in loopback.bodies
    )
    assert user == [
        ("system", "You buy."),
        ("user", "You want a hat."),
        ("assistant", "A hat."),
        ("user", "You want a coat."),
    ]
    assert assistant[:3] == [
        ("system", "You sell."),
        ("user", "A hat."),
        ("assistant", "Here."),
    ]
    assert [role for role, _ in assistant[3:]] == ["user"]
