"""``synthnb collapse NAME``: an experiment of the collapse lab, theory beside simulation."""

from __future__ import annotations

import argparse
import inspect
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.errors import SynthError

if TYPE_CHECKING:
    from synthnb.collapse import Result


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="experiment; none lists them")
    parser.add_argument(
        "params",
        metavar="KEY=VALUE",
        nargs="*",
        help="its parameters, such as n=100 t=20 seed=1",
    )
    parser.add_argument("--json", action="store_true", help="print the curves as JSON")
    parser.add_argument("--chart", metavar="PNG", type=Path, help="write the chart")


def run(args: argparse.Namespace) -> int:
    """List the experiments, or run one and print its curves."""
    from synthnb.collapse import EXPERIMENTS, simulate

    if args.name is None:
        for name, experiment in EXPERIMENTS.items():
            takes = inspect.signature(experiment).parameters.values()
            print(f"{name:<20} {(experiment.__doc__ or '').strip().splitlines()[0]}")
            print(f"{'':<20} {' '.join(f'{p.name}={p.default}' for p in takes)}")
        return 0
    try:
        result = simulate(args.name, **dict(map(_pair, args.params)))
    except (ValueError, TypeError) as error:
        raise SynthError(str(error)) from error
    if args.chart is not None:
        from synthnb.charts import png

        try:
            args.chart.write_bytes(png(result.spec()))
        except OSError as error:
            raise SynthError(f"{args.chart} was not written: {error.strerror}") from error
    print(json.dumps(_plain(result)) if args.json else _table(result))
    return 0


def _pair(word: str) -> tuple[str, Any]:
    key, sign, value = word.partition("=")
    if not sign:
        raise SynthError(f"{word}: a parameter is KEY=VALUE, such as n=100")
    if re.fullmatch(r"\d+(,\d+)+", value):
        return key, [int(size) for size in value.split(",")]
    for kind in (int, float):
        try:
            return key, kind(value)
        except ValueError:
            continue
    return key, value


def _plain(result: Result) -> dict[str, Any]:
    curves = {
        "mean": result.mean,
        "median": result.median,
        "low": result.low,
        "high": result.high,
    }
    return {
        "name": result.name,
        "measure": result.measure,
        "generations": result.generations.tolist(),
        **{name: curve.tolist() for name, curve in curves.items()},
        "theory": None if result.theory is None else result.theory.tolist(),
    }


def _table(result: Result) -> str:
    head = f"{result.name}: {result.measure}\n\n{'t':>4}" + "".join(
        f"{name:>12}" for name in ("mean", "median", "10%", "90%", "theory")
    )
    lines = [head]
    for place, generation in enumerate(result.generations):
        curves = (result.mean, result.median, result.low, result.high, result.theory)
        cells = ("–" if c is None else f"{c[place]:.4g}" for c in curves)
        lines.append(f"{generation:>4}" + "".join(f"{cell:>12}" for cell in cells))
    return "\n".join(lines)
