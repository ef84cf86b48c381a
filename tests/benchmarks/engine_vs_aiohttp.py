"""The whole engine against a bare aiohttp loop on the same job, in one run.

    python -m tests.benchmarks.engine_vs_aiohttp [--rows 3000] [--in-flight 64] [--rounds 3]

The bare loop sends the same bodies, parses envelope and answer with orjson, and checks the
answer's keys by hand. The engine plans, renders, caches, retries, throttles, budgets,
validates, decides and stores each row.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson

from synthnb import generate
from tests.benchmarks.common import RECIPE, Clock, empty_home, server, settings


def body_of(number: int) -> bytes:
    """What the engine sends for a row."""
    from synthnb.samplers import make_plan
    from synthnb.schema import compile_schema
    from synthnb.types import JSON

    column = RECIPE.prompts["row"]
    shape = compile_schema(column.schema_).json_schema
    values = make_plan(RECIPE, None, 1).row(number).values
    prompt = column.prompt.replace("{{ difficulty }}", str(values["difficulty"]))
    prompt = prompt.replace("{{ topic }}", str(values["topic"]))
    form: JSON = {"name": "answer", "strict": True, "schema": shape}
    return orjson.dumps(
        {
            "model": "tiny",
            "temperature": 0.7,
            "max_tokens": 200,
            "response_format": {"type": "json_schema", "json_schema": form},
            "seed": number,
            "messages": [
                {"role": "system", "content": column.system},
                {"role": "user", "content": prompt},
            ],
        }
    )


async def bare_bodies(url: str, bodies: list[bytes], in_flight: int) -> AsyncIterator[Any]:
    """The parsed answers of a bare loop, in the order of arrival."""
    queue: asyncio.Queue[Any] = asyncio.Queue()
    todo = iter(bodies)

    async def work(session: aiohttp.ClientSession) -> None:
        for body in todo:
            async with session.post(f"{url}/chat/completions", data=body) as reply:
                envelope = orjson.loads(await reply.read())
            queue.put_nowait(orjson.loads(envelope["choices"][0]["message"]["content"]))

    headers = {"Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        workers = [asyncio.ensure_future(work(session)) for _ in range(in_flight)]
        for _ in bodies:
            yield await queue.get()
        await asyncio.gather(*workers)


async def bare(url: str, bodies: list[bytes], in_flight: int) -> int:
    """The least that could be done: send, parse, look."""
    todo = iter(bodies)
    good = 0

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal good
        for body in todo:
            async with session.post(f"{url}/chat/completions", data=body) as reply:
                envelope = orjson.loads(await reply.read())
            row = orjson.loads(envelope["choices"][0]["message"]["content"])
            assert row.keys() == {"id", "question", "answer", "difficulty", "score"}
            good += 1

    connector = aiohttp.TCPConnector(limit=in_flight)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        await asyncio.gather(*(work(session) for _ in range(in_flight)))
    return good


def main() -> None:
    """Rounds of both, interleaved; medians and ratios at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", default="0.05")
    options = parser.parse_args()
    rows, in_flight = options.rows, options.in_flight
    bodies = [body_of(number) for number in range(rows)]
    cpu: dict[str, list[float]] = {"bare": [], "engine": []}
    speed: dict[str, list[float]] = {"bare": [], "engine": []}
    with server("--latency", options.latency) as url:
        for _ in range(options.rounds):
            with Clock() as clock:
                assert asyncio.run(bare(url, bodies, in_flight)) == rows
            clock.show(f"bare aiohttp loop, {in_flight} in flight", rows)
            cpu["bare"].append(clock.cpu / rows * 1000)
            speed["bare"].append(rows / clock.wall)
            with empty_home(), Clock() as clock:
                batch = generate(RECIPE, rows, settings=settings(url, in_flight))
                assert len(batch) == rows
            clock.show(f"synthnb engine, {in_flight} in flight", rows)
            cpu["engine"].append(clock.cpu / rows * 1000)
            speed["engine"].append(rows / clock.wall)
    middle = {name: statistics.median(values) for name, values in cpu.items()}
    fast = {name: statistics.median(values) for name, values in speed.items()}
    print(
        f"engine {middle['engine']:.3f} CPU s/1000 rows (to reach: 0.5), "
        f"{middle['engine'] / middle['bare']:.2f} times the bare loop (to reach: 2); "
        f"{fast['engine']:.0f} rows/s, {fast['engine'] / fast['bare']:.2f} times the bare loop"
    )


if __name__ == "__main__":
    main()
