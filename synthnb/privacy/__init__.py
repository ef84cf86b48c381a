"""Personal data and secrets in texts: found by shape, replaced, planted; never "anonymous".

Only what has a shape is found (addresses, numbers, keys). Names of people and places in
free text are not: a text without findings may still tell who somebody is.
"""

from synthnb.privacy.canaries import Canaries, exposure
from synthnb.privacy.scan import KINDS, LIMITS, Finding, label_of, scan, scan_rows, summary
from synthnb.privacy.surrogates import Surrogates

__all__ = [
    "KINDS",
    "LIMITS",
    "Canaries",
    "Finding",
    "Surrogates",
    "exposure",
    "label_of",
    "scan",
    "scan_rows",
    "summary",
]
