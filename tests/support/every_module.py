"""Imports every module of `flowers`: `python -m tests.support.every_module` prints how many."""

from importlib import import_module
from pkgutil import walk_packages

import flowers

if __name__ == "__main__":
    names = [module.name for module in walk_packages(flowers.__path__, "flowers.")]
    for name in names:
        import_module(name)
    print(len(names))
