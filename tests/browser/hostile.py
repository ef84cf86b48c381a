"""Batches whose every text tries to act: values, names, labels, rules, messages, ids."""

from __future__ import annotations

from synthnb.batch import Batch
from synthnb.recipe import Recipe
from synthnb.types import Call, Message, Reason, Record, Usage
from tests.samples import HOSTILE

ACTING = [
    '<script>window.hit = "script"; alert(1)</script>',
    "<img src=//evil.example/x onerror=\"window.hit = 'img'; alert(1)\">",
    "<a href=\"javascript:window.hit='a'\" data-commandlinker-command='notebook:run-all-cells'"
    " data-commandlinker-args='{}'>x</a>",
    "</script></style></textarea></title><svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe><object data=x>"
    "<embed src=//evil.example>",
    "&lt;b&gt;&#x3C;img src=//evil.example/x&#62;",
    "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07 http://evil.example/?leak=1",
    "![x](http://evil.example/x.png) [l](javascript:alert(1)) ``` "
    "<details open ontoggle=alert(1)>",
    "<style>@import url(//evil.example/x.css); * { display: none !important }</style>",
    *HOSTILE,
    "W" * 20_000,
    "\n" * 300 + "end" + "z\u0335" * 60,
]

RECIPE = """\
synthnb: 1
name: hostile
columns:
  mood: {category: [a, b]}
  text: {prompt: "Say {{ mood }}"}
checks:
  - {length: {column: text, min: 1, max: 300}}
"""


def hostile_batch(version: int = 1, more: str = "") -> Batch:
    """One row a text; every third one is rejected by a rule of that name."""
    records = [_record(i, text, text + more) for i, text in enumerate(ACTING)]
    plan = {"mood": {ACTING[0]: 4.0, ACTING[1]: 3.0}}
    fields = {"version": version, "usage": Usage(requests=3), "plan_targets": plan}
    return Batch(records, Recipe.loads(RECIPE), name="hostile", **fields)  # type: ignore[arg-type]


def _record(i: int, text: str, main: str) -> Record:
    label = ACTING[i % 8]
    why = Reason(ACTING[i // 3 % 8], text[:300], text[:500], column="text")
    reasons = (why,) if i % 3 == 0 else ()
    messages: tuple[Message, ...] = (
        {"role": "system", "content": text[:2000]},
        {"role": "user", "content": text[:2000]},
    )
    return Record(
        i,
        {ACTING[0][:40]: label, "mood": label, ACTING[2]: text, "deep": {label: text[:300]},
         "constructor": label, "text": main},
        accepted=not reasons,
        reasons=reasons,
        checks=(Reason(text[:60], 3.0, text[:100], passed=True), *reasons),
        id=f"{ACTING[i % 4]}{i}",
        parents=(text[:90],),
        calls=(Call("text", label, messages, text[:3000], 10, 5, seed=i),),
        hidden={ACTING[1]: text[:200]},
    )  # fmt: skip


def acting_recipe() -> Recipe:
    """A recipe whose every free text tries to act."""
    tree = Recipe.loads(RECIPE).to_dict()
    said = " ".join(text for text in ACTING[:10] if "\x1b" not in text)
    more = {"description": said, "license": ACTING[1]}
    columns = {"mood": ACTING[:8], "text": {"prompt": said, "system": ACTING[7]}}
    return Recipe.from_dict({**tree, **more, "columns": columns})
