"""`python -m huoju` is the command `huoju`."""

import sys

from huoju.site.cli import main

if __name__ == "__main__":
    sys.exit(main())
