"""What every sentence that people are told instead of an answer has to be."""

import re
from typing import Any

from tests.support import ROOT

TECHNICAL = re.compile(
    r"Traceback|[A-Z]\w+Error\b|\b0x[0-9a-f]|BytesIO|<class|NoneType|object has no|not iterable"
    r"|not supported between|unhashable|pydantic|list of choices|event handler|positional"
    r"|validation error"
)
"""Words of Python and its libraries, which are nobody's."""


def assert_plain(message: str, *context: Any) -> None:
    """Check that a message is one line without words of Python's or a folder of the checkout."""
    assert "\n" not in message, (message, context)
    assert not TECHNICAL.search(message), (message, context)
    assert str(ROOT) not in message, (message, context)


def assert_one_sentence(message: str) -> None:
    """Check that a message is plain and one sentence; what was received may come after it."""
    assert_plain(message)
    sentence = message.split(" Received:")[0]
    assert sentence.endswith("."), message
    assert ". " not in sentence, message
