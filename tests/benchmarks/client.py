"""What a request costs the client: ours beside a bare aiohttp loop and the openai SDK.

    python -m tests.benchmarks.client --requests 2000 --in-flight 64 --latency 0.05

Each client runs in a process of its own against one loopback server process, in turn, for
some rounds. Printed are CPU seconds for 1,000 requests (user and system, 200 requests of
warm-up left out), requests a second, and both as ratios to the bare loop of the same round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

Once = Callable[[int], Awaitable[object]]
SCHEMA = {
    "type": "object",
    "properties": {
        "question": {"type": "string"},
        "answer": {"type": "string"},
        "difficulty": {"enum": ["easy", "medium", "hard"]},
        "score": {"type": "integer", "minimum": 1, "maximum": 5},
    },
    "required": ["question", "answer", "difficulty", "score"],
    "additionalProperties": False,
}
FORM = {"type": "json_schema", "json_schema": {"name": "row", "strict": True, "schema": SCHEMA}}
WARM_UP = 200


def messages(number: int) -> list[dict[str, str]]:
    system = "You write support questions. Answer with JSON alone, as the schema says."
    return [
        {"role": "system", "content": system},
        {"role": "user", "content": f"Row {number}: an easy question on billing, with answer."},
    ]


async def bare(base: str, run: Callable[[Once], Awaitable[None]]) -> None:
    """The loop one would write by hand: aiohttp, json, nothing checked."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def once(number: int) -> object:
            body = {"model": "tiny", "messages": messages(number), "response_format": FORM}
            async with session.post(base + "/chat/completions", json=body) as response:
                answer = await response.json()
            return json.loads(answer["choices"][0]["message"]["content"])

        await run(once)


async def ours(
    base: str, run: Callable[[Once], Awaitable[None]], transport: str = "http"
) -> None:
    import orjson

    from synthnb.models import get_model
    from synthnb.settings import Settings
    from synthnb.settings.profiles import Profile
    from synthnb.types import Request

    profile = Profile("lab", base_url=base, transport=transport)  # type: ignore[arg-type]
    model = get_model("lab/tiny", Settings(profiles={"lab": profile}))
    params: dict[str, Any] = {}

    async def once(number: int) -> object:
        asked: Any = tuple(messages(number))
        answer = await model.complete(Request("lab/tiny", asked, params, SCHEMA))
        return orjson.loads(answer.text)

    await run(once)
    await model.aclose()


async def sdk(base: str, run: Callable[[Once], Awaitable[None]]) -> None:
    import openai

    client = openai.AsyncOpenAI(base_url=base, api_key="-", max_retries=0)

    async def once(number: int) -> object:
        asked: Any = messages(number)
        form: Any = FORM
        answer = await client.chat.completions.create(
            model="tiny", messages=asked, response_format=form
        )
        return json.loads(answer.choices[0].message.content or "")

    await run(once)
    await client.close()


CLIENTS: dict[str, Callable[[str, Callable[[Once], Awaitable[None]]], Awaitable[None]]] = {
    "bare aiohttp": bare,
    "synthnb": ours,
    "synthnb, transport = openai": lambda base, run: ours(base, run, "openai"),
    "openai": sdk,
}


def measure(name: str, base: str, count: int, in_flight: int, uvloop: bool) -> None:
    """Run one client here and print its figures as JSON."""

    async def timed(once: Once) -> None:
        async def drive(total: int) -> None:
            numbers = iter(range(total))

            async def worker() -> None:
                for number in numbers:
                    await once(number)

            await asyncio.gather(*(worker() for _ in range(in_flight)))

        await drive(WARM_UP)
        cpu, wall = time.process_time(), time.perf_counter()
        await drive(count)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(json.dumps({"cpu": cpu / count * 1000, "rate": count / wall}))

    if uvloop:
        import uvloop as fast

        fast.install()
    asyncio.run(CLIENTS[name](base, timed))  # type: ignore[arg-type]


def main() -> None:
    """Compare all clients."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.client")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--only", nargs=2, metavar=("CLIENT", "URL"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        name, base = options.only
        measure(name, base, options.requests, options.in_flight, options.uvloop)
        return
    pipe = subprocess.PIPE
    serve = [sys.executable, "-m", "tests.loopback", "--latency", str(options.latency)]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in CLIENTS}
    with subprocess.Popen(serve, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdout is not None and server.stdin is not None
        base = server.stdout.readline().strip()
        again = [sys.executable, "-m", "tests.benchmarks.client", *sys.argv[1:]]
        for _ in range(options.rounds):
            for name in CLIENTS:
                output = subprocess.check_output([*again, "--only", name, base], text=True)
                found[name].append(json.loads(output))
        server.stdin.close()
    print(f"{'client':28} {'CPU s/1000':>11} {'/ bare':>7} {'req/s':>7} {'/ bare':>7}")
    for name, rounds in found.items():
        cells = []
        for key in ("cpu", "rate"):
            pairs = zip(rounds, found["bare aiohttp"], strict=True)
            ratio = statistics.median(mine[key] / its[key] for mine, its in pairs)
            cells += [statistics.median(r[key] for r in rounds), ratio]
        print(f"{name:28} {cells[0]:11.3f} {cells[1]:7.2f} {cells[2]:7.0f} {cells[3]:7.2f}")


if __name__ == "__main__":
    main()
