"""Small batches of every shape that a format takes."""

from __future__ import annotations

from typing import Any

from synthnb.batch import Batch
from synthnb.recipe import Recipe
from synthnb.types import Call, Reason, Record, Row

HEAD = "synthnb: 1\nname: sample\nlicense: CC-BY-4.0\npurpose: fine-tuning\n"
MODEL = "local/smollm2-135m"
ASKED = {"license": "CC-BY-4.0", "purpose": "fine-tuning"}


def row(index: int, values: Row, *reasons: Reason, model: str = MODEL, **more: Any) -> Record:
    """One record that ``model`` wrote."""
    written = (Call("text", model, (), ""),) if model else ()
    fields: dict[str, Any] = {"id": f"r{index}", "calls": written, "accepted": not reasons}
    return Record(index, values, reasons=reasons, **{**fields, **more})


def batch(columns: str, rows: list[Row], head: str = HEAD, **more: Any) -> Batch:
    """Accepted rows of a recipe with these columns."""
    recipe = Recipe.loads(f"{head}columns: {columns}")
    return Batch([row(i, values) for i, values in enumerate(rows)], recipe, **more)


def qa(n: int = 12, head: str = HEAD) -> Batch:
    """Questions with structured answers."""
    rows: list[Row] = [
        {
            "question": f"What is {i}?",
            "answer": {"citations": ["p. 1"], "answer": f"It is {i}."},
        }
        for i in range(n)
    ]
    columns = "{question: {prompt: Ask}, answer: {prompt: '{{ question }}', schema: {a: str}}}"
    return batch(columns, rows, head)


def talks() -> Batch:
    """Talks, one of which calls a tool."""
    call = {"function": {"name": "price", "arguments": {"of": "lamp"}}}
    rows: list[Row] = [
        {
            "chat": [
                {"role": "user", "content": "Hi."},
                {"role": "assistant", "content": "Hello."},
            ]
        },
        {
            "chat": [
                {"role": "user", "content": "What is the lamp?"},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "content": "30", "tool_call_id": "call_0"},
                {"role": "assistant", "content": "30 euros."},
                {"role": "user", "content": "Thanks."},
            ]
        },
    ]
    tool = "{name: price, parameters: {type: object}}"
    columns = f"{{chat: {{prompt: Start, turns: {{min: 2, max: 4, tools: [{tool}]}}}}}}"
    return batch(columns, rows)


def preferences() -> Batch:
    """Ranked candidates: a winner, a tie, both bad, not ranked, and a rejected row."""
    recipe = Recipe.loads(
        HEAD + "kind: preference\ncolumns: {prompt: {prompt: Ask}, response: "
        "{prompt: '{{ prompt }}', candidates: {n: 2}}}"
    )
    values: list[dict[str, Any] | None] = [
        {"chosen": 1, "rejected": 0, "margin": 0.75},
        {"chosen": 0, "rejected": 1, "margin": 0.0},
        {"chosen": 0, "rejected": 1, "margin": 1.0, "both_bad": True},
        None,
    ]
    records = [
        row(
            i,
            {"prompt": f"Q{i}?", "response": [{"answer": f"no {i}"}, {"answer": f"yes {i}"}]},
            checks=(Reason("rank", value, passed=True),),
        )
        for i, value in enumerate(values)
    ]
    lost = row(4, {"prompt": "Q4?", "response": []}, Reason("rank", None, "a tie"))
    return Batch([*records, lost], recipe)


def benchmark() -> Batch:
    """Items with options and keys of every spelling, and one key that fits none."""
    rows: list[Row] = [
        {"skill": "add", "item": {"question": "1+1?", "options": ["2", "3"], "key": 0}},
        {"skill": "add", "item": {"question": "2+2?", "options": ["5", "4"], "key": "B"}},
        {"skill": "sub", "item": {"question": "3-1?", "options": ["2", "0"], "key": "2"}},
        {"skill": "sub", "item": {"question": "9-1?", "options": ["8", "0"], "key": "Z"}},
    ]
    schema = "{question: str, options: [str], key: str}"
    return batch(
        f"{{skill: [add, sub], item: {{prompt: Ask, schema: {schema}}}}}", rows,
        HEAD + "kind: benchmark\nsplit: {by: skill, eval: 0.5}\n"
        "checks: [{contamination: {column: item.question, against: [train.jsonl]}}]\n",
    )  # fmt: skip
