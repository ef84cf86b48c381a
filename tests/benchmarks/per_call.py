"""Twenty rows a request: CPU a row, beside one row a request and a bare aiohttp loop.

python -m tests.benchmarks.per_call [--rows 10000]
"""

from __future__ import annotations

import argparse
import asyncio

from synthnb import Recipe, generate
from tests.benchmarks.common import Clock, empty_home, server, settings
from tests.benchmarks.engine_vs_aiohttp import bare_bodies

ONE = """synthnb: 1
name: lists
seed: 4
columns:
  topic: [billing, login, refund]
  row:
    prompt: "A question on {{ topic }}."
    schema: {question: str, answer: str}
    per_call: 20
"""


async def lists(url: str, bodies: list[bytes]) -> int:
    """A bare loop that parses lists."""
    found = 0
    async for rows in bare_bodies(url, bodies, 64):
        found += len(rows["items"])
    return found


def main() -> None:
    """Both ways in one run."""
    import orjson

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args().rows
    twenty = Recipe.loads(ONE)
    single = Recipe.loads(ONE.replace("per_call: 20", "per_call: 1"))
    items = {
        "type": "array",
        "minItems": 20,
        "maxItems": 20,
        "items": {
            "type": "object",
            "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
            "required": ["question", "answer"],
        },
    }
    shape = {"type": "object", "properties": {"items": items}, "required": ["items"]}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": shape}}
    message = {"role": "user", "content": "Twenty questions."}
    bodies = [
        orjson.dumps(
            {"model": "tiny", "seed": n, "response_format": form, "messages": [message]}
        )
        for n in range(rows // 20)
    ]
    with server("--latency", "0.05") as url:
        with Clock() as clock:
            count = asyncio.run(lists(url, bodies))
        clock.show("bare loop, 20 rows a request", max(1, count))
        floor = clock.cpu / max(1, count)
        with empty_home(), Clock() as clock:
            batch = generate(single, rows // 5, settings=settings(url, 64))
        clock.show("synthnb, 1 row a request", len(batch))
        with empty_home(), Clock() as clock:
            batch = generate(twenty, rows, settings=settings(url, 64))
        clock.show("synthnb, 20 rows a request", len(batch))
    each = clock.cpu / len(batch)
    print(
        f"per_call 20: {each * 1000:.3f} CPU s/1000 rows (to reach: 0.1), "
        f"{each / floor:.1f} times the bare loop; {batch.usage.requests} requests for "
        f"{len(batch)} rows, {len(batch.rejected)} lost"
    )


if __name__ == "__main__":
    main()
