"""What a call may hold: an event or endpoint of the page, and values that it can take.

Whatever else is sent would end within Gradio, in words that are nobody's and in the log.
"""

import json
import re
from collections.abc import Iterator
from math import isfinite
from typing import Any

import gradio as gr

# Private: what Gradio reads a call into.
from gradio.data_classes import PredictBody
from pydantic import ValidationError

from flowers.errors import RequestError
from flowers.page.limits import MAX_WORD
from flowers.page.requests.uploads import within_uploads

API = "/gradio_api"
NO_ADDRESSES = "Nothing is fetched from addresses; upload the file."

_JOIN = re.compile(rf"{API}/(?:call/(?P<v2>v2/)?(?P<name>[^/]+)|queue/join)/?")
_DEPTH = 60
"""Lists and objects within one another; Gradio's own walks over them end at some hundreds."""
_LARGEST = 2**63
"""Integers from here on are none of JSON's; some that read them fail."""
_TYPES: dict[str, type] = {"boolean": bool, "string": str, "array": list}
"""JSON schema, as components describe themselves -> what json makes of it."""


def is_call(path: str) -> bool:
    """Whether a POST to this path asks for something to be worked out."""
    return _JOIN.fullmatch(path) is not None


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in a request. Raises `RequestError`."""
    try:
        content = json.loads(body, parse_constant=_refuse, parse_float=_finite, parse_int=_short)
    except RequestError:
        raise
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise RequestError("The request is not a JSON object; send {'data': [...]}.", 400)
    for value, depth in _values(content):
        if depth > _DEPTH:
            raise RequestError(f"The request is nested over {_DEPTH} deep.", 400)
        if isinstance(value, str) and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise RequestError(
                    f"The request holds half a letter. Received: {value!r:.80}", 400
                ) from None
    return content


class Calls:
    """Checks the calls of a page."""

    def __init__(self, page: gr.Blocks) -> None:
        self._page = page

    def check(self, path: str, content: dict[str, Any]) -> None:
        """Raises `RequestError` for what the page could not do anything with."""
        match = _JOIN.fullmatch(path)
        name = match["name"] if match else None
        if name is None:
            function = self._event(content)
        elif (found := self._endpoints().get(name)) is None:
            names = ", ".join(f"/{key}" for key in sorted(self._endpoints()))
            raise RequestError(
                f"There is no such endpoint; use {names}. Received: {name!r:.80}", 404
            )
        else:
            function = found
        if match and match["v2"]:
            _check_names(function, content)
        else:
            data = content.get("data")
            if not isinstance(data, list):
                raise RequestError(
                    f'The request must be {{"data": [...]}}. Received: {data!r:.80}', 400
                )
            _check_number(function, data, by_name=name is not None)
            _check_fields(content)
            if name is None:
                _check_event(function, data, content.get("event_data"))
        _check_files(content)

    def _endpoints(self) -> dict[str, Any]:
        return {
            str(function.api_name): function
            for function in self._page.fns.values()
            if function.api_visibility == "public"
        }

    def _event(self, content: dict[str, Any]) -> Any:
        index = content.get("fn_index")
        known = isinstance(index, int) and not isinstance(index, bool)
        function = self._page.fns.get(index) if known else None
        if function is None or function.fn is None:
            raise RequestError(f"There is no such event. Received: {index!r:.80}", 404)
        if not content.get("session_hash"):
            raise RequestError("The request needs a `session_hash`, any word of your own.", 400)
        return function


def _check_names(function: Any, content: dict[str, Any]) -> None:
    names = _names_of(function)
    given = set(content) - {"oauth_token"}
    if given - set(names) or (names and names[0] not in given):
        raise RequestError(
            f"/{function.api_name} takes {', '.join(names) or 'nothing'}. "
            f"Received: {', '.join(sorted(given)) or 'nothing':.80}",
            400,
        )


def _check_number(function: Any, data: list[Any], by_name: bool) -> None:
    names = _names_of(function)
    allowed = {len(names), len(function.inputs)} if by_name else {len(function.inputs)}
    if len(data) in allowed:
        return
    if function.api_visibility != "public":
        raise RequestError(
            f"This event takes {len(function.inputs)} values. Received: {len(data)}", 400
        )
    raise RequestError(
        f"/{function.api_name} takes {len(names)} values: {', '.join(names) or 'none'}, with "
        f"null for what is left out. Received: {len(data)}",
        400,
    )


def _names_of(function: Any) -> list[str]:
    return [block.label or "" for block in function.inputs if not block.skip_api]


def _check_fields(content: dict[str, Any]) -> None:
    """Whatever stands beside the values."""
    for name, value in content.items():
        if name not in ("data", "event_data") and isinstance(value, str) and len(value) > MAX_WORD:
            raise RequestError(f"`{name}` is longer than {MAX_WORD} letters.", 400)
    try:
        PredictBody.model_validate({**content, "data": []})
    except ValidationError as error:
        (field, *_), value = error.errors()[0]["loc"], error.errors()[0]["input"]
        raise RequestError(
            f"`{field}` is of a type that it cannot be. Received: {value!r:.80}", 400
        ) from None


def _check_event(function: Any, data: list[Any], event_data: Any) -> None:
    """The values of the components that an event of the page reads, and what it says itself."""
    if function.collects_event_data:
        if not isinstance(event_data, dict):
            raise RequestError(
                f"`event_data` must be an object for this event. Received: {event_data!r:.80}", 400
            )
        for found in _objects(event_data):
            if "path" in found:
                _check_file(found["path"])
    if function.api_visibility == "public":
        return  # Endpoints check what they are given themselves.
    for block, value in zip(function.inputs, data, strict=True):
        if value is None or block.stateful:
            continue
        wanted = block.api_info().get("type")
        kind = _TYPES.get(wanted) if isinstance(wanted, str) else None
        good = kind is None or isinstance(value, kind)
        if good and (model := getattr(block, "data_model", None)):
            try:
                model.model_validate(value, context={"validate_meta": True})
            except (ValueError, TypeError, AttributeError):  # Its own checks check nothing first.
                good = False
        if not good:
            raise RequestError(
                f"That is not a value of {block.label or block.get_block_name()}. "
                f"Received: {value!r:.80}",
                400,
            )


def field_of(event: gr.EventData, name: str, kind: type) -> Any:
    """What an event says of itself under `name`. Raises `gradio.Error`."""
    data = event._data  # Private: what `trigger` of a script has sent stands nowhere else.
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        words = {str: "a text", int: "a whole number", list: "a list"}[kind]
        raise refused(f"The event needs {words} as `{name}`. Received: {value!r:.80}")
    return value


def refused(sentence: str) -> gr.Error:
    """What a visitor is told. It is not a fault, so it does not go into the log."""
    return gr.Error(sentence, print_exception=False)


def _check_files(content: Any) -> None:
    """Refuse what Gradio would open or fetch on behalf of a stranger."""
    for found in _objects(content):
        if "path" in found and "meta" in found:
            _check_file(found["path"], found["meta"])


def _check_file(path: Any, meta: Any = {}) -> None:  # noqa: B006
    if path is None:
        return
    if isinstance(path, str) and re.match(r"\s*https?:", path, re.IGNORECASE):
        raise RequestError(f"{NO_ADDRESSES} Received: {path:.80}", 400)
    if not (isinstance(meta, dict) and isinstance(path, str) and within_uploads(path)):
        raise RequestError(
            f"That is not a file that was uploaded; upload one first. Received: {path!r:.80}", 400
        )


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    return (found for found, _ in _values(value) if isinstance(found, dict))


def _values(value: Any) -> Iterator[tuple[Any, int]]:
    """All values within a JSON value, keys of objects too, and how deep each lies."""
    left = [(value, 0)]
    while left:
        value, depth = left.pop()
        yield value, depth
        if isinstance(value, dict):
            left += [(item, depth + 1) for pair in value.items() for item in pair]
        elif isinstance(value, list):
            left += [(item, depth + 1) for item in value]


def _refuse(number: str) -> None:
    raise RequestError(f"JSON has no such number. Received: {number:.80}", 400)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        _refuse(text)
    return number


def _short(text: str) -> int:
    if len(text) > 20 or not -_LARGEST <= (number := int(text)) < _LARGEST:
        _refuse(text)
    return number
