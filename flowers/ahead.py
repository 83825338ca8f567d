"""Work done on several threads, a bounded number of steps ahead of who takes the results."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def ahead(
    work: Callable[[_Item], _Result], items: Iterable[_Item], threads: int, most: int
) -> Iterator[tuple[_Item, Future[_Result]]]:
    """Yield each item, in order, with what `work` makes of it; `most` are begun at a time."""
    with ThreadPoolExecutor(threads) as pool:
        begun: deque[tuple[_Item, Future[_Result]]] = deque()
        for item in items:
            begun.append((item, pool.submit(work, item)))
            if len(begun) == most:
                yield begun.popleft()
        while begun:
            yield begun.popleft()
