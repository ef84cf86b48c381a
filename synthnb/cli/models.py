"""``synthnb models``: what can be asked on this machine, and what is missing."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from synthnb.cli.progress import Line
from synthnb.settings import load_settings


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    parser.add_argument("--fetch", action="store_true", help="fetch the embedded model (93 MB)")


def run(args: argparse.Namespace) -> int:
    """Print the list; nothing is sent, and only ``--fetch`` asks the network."""
    if args.fetch:
        from synthnb.models import weights

        weights.fetch(progress=Line().fetched)
    if args.json:
        from synthnb.models.catalog import catalog

        print(
            json.dumps(
                [asdict(entry) for entry in catalog(load_settings(), knock=True)], indent=1
            )
        )
        return 0
    from synthnb.listing import models_text

    print(models_text(load_settings()))
    return 0
