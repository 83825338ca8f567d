"""Flowers: six ImageNet backbones side by side.

The library that `app.py` serves with and `train/` trains with. It imports neither.
"""

__version__ = "0.1.0"
