"""`python -m train.space …`, as it was called before: now `python -m train space …`."""

import sys

from train.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["space", *sys.argv[1:]]))
