"""``python -m synthnb`` is the ``synthnb`` command."""

import sys

from synthnb.cli import main

if __name__ == "__main__":
    sys.exit(main())
