"""``synthnb doctor``: what works here, and what to do about the rest."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from synthnb import doctor


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the findings; 1 if anything is broken (missing parts are not)."""
    findings = doctor.examine()
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        print(doctor.text(findings))
    return 1 if any(finding.state == "broken" for finding in findings) else 0
