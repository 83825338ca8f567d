"""The endpoints /models, /classify and /compare; MCP tools too, where Gradio serves MCP."""

from collections.abc import Callable
from functools import partial
from inspect import get_annotations
from typing import Any

import gradio as gr

# Takes any JSON with a schema of ours; Gradio itself has it for `gr.api` only.
from gradio.components.api_component import Api

from flowers.backbones import BACKBONES, VARIANTS
from flowers.errors import BatchError, RequestError, UserError
from flowers.models.batch import read_batch
from flowers.models.compare import judge
from flowers.models.consensus import NONE_OF_THESE
from flowers.models.shots import MAX_PHOTOS, check_count, collect, labels_in_order
from flowers.models.zoo import Zoo, in_order
from flowers.page.answers import (
    Classification,
    Comparison,
    ModelRow,
    as_json,
    classification,
    comparison,
    left_out_sentences,
    model_rows,
    schema_of,
)
from flowers.page.limits import PREDICT, PREDICT_BATCH
from flowers.page.requests.calls import refused
from flowers.page.requests.uploads import inlined, uploaded
from flowers.page.requests.waiting import asker_has_gone
from flowers.photos import MAX_PIXELS, load_photo

DESCRIBED_LIMITS = {"megapixels": MAX_PIXELS // 1_000_000, "most": MAX_PHOTOS}
"""What stands between braces in the descriptions of endpoints, which cannot be f-strings."""


def models(zoo: Zoo) -> list[ModelRow]:
    """List all twelve models.

    Returns:
        One row per model: availability or the reason, classes, accuracy with 95 % interval.
    """
    return as_json(model_rows(zoo))


def classify(
    zoo: Zoo,
    photo: dict[str, Any] | None,
    backbones: list[str] | None = None,
    variants: list[str] | None = None,
) -> Classification:
    """Classify one photo with every chosen model, side by side.

    Args:
        photo: JPEG, PNG, WebP, HEIC, AVIF or TIFF, up to {megapixels} megapixels.
        backbones: Keys such as mobilenetv2; all available ones when left out.
        variants: transfer, finetuned or both; both when left out.

    Returns:
        The models' consensus, the prediction of each, and why a backbone was left out.
    """
    if not photo:
        raise refused("There is no photo; send one as `photo`.")
    try:
        _check_names("backbones", backbones)
        _check_names("variants", variants)
        chosen = zoo.choose(backbones, variants).models
        (path,) = uploaded([photo])
        image = load_photo(path, at_least=zoo.detail())
    except UserError as error:
        raise refused(str(error)) from error
    answers = list(zoo.predict(image, chosen))
    predictions = in_order([p for a in answers for p in a.predictions], chosen)
    if not predictions:
        raise refused(" ".join(a.reason or "" for a in answers))
    left_out = {a.backbone: a.reason for a in answers if a.reason is not None}
    return as_json(classification(predictions, left_out))


def compare(
    zoo: Zoo,
    photos: list[Any],
    labels: list[str] | None = None,
    backbones: list[str] | None = None,
    variants: list[str] | None = None,
) -> Comparison:
    """Classify many photos with every chosen model; score the models where labels are known.

    Args:
        photos: Up to {most} uploads: photos, or zips whose folders named after classes are labels.
        labels: One class per photo, in the same order, or "none of these"; "" where not known.
        backbones: Keys such as mobilenetv2; all available ones when left out.
        variants: transfer, finetuned or both; both when left out.

    Returns:
        All predictions and notes; with labels, accuracies with intervals and McNemar's tests.
    """
    classes = zoo.classes()
    try:
        _check_names("backbones", backbones)
        _check_names("variants", variants)
        _check_names("labels", labels)
        if not isinstance(photos, list | None):
            raise RequestError(f"`photos` must be a list. Received: {photos!r:.80}", 400)
        chosen = zoo.choose(backbones, variants).models
        check_count(len(photos or []))
        collected = collect(uploaded(photos or []), classes)
        shots = collected.shots
        for label in filter(None, labels or []):
            if label not in (names := [*classes, NONE_OF_THESE]):
                raise BatchError(
                    f"There is no such class; use {', '.join(names)}. Received: {label!r}"
                )
        if labels:
            shots = labels_in_order(shots, labels)
        rows = []
        for row in read_batch(zoo, shots, chosen):
            rows.append(row)
            if asker_has_gone():
                break
    except UserError as error:
        raise refused(str(error)) from error
    readings = [row.reading for row in rows]
    notes = [*left_out_sentences(rows[-1].left_out), *collected.sentences()]
    return as_json(comparison(readings, judge(readings), collected.dropped, notes))


def _check_names(name: str, value: Any) -> None:
    if value is not None and not (
        isinstance(value, list) and all(isinstance(item, str | None) for item in value)
    ):
        raise RequestError(f"`{name}` must be a list of names. Received: {value!r:.80}", 400)


def endpoints(zoo: Zoo) -> None:
    """Add the endpoints to the page that is being built, without anything to see."""
    # Hidden components carry the types of the inputs. Their values reach the functions as they
    # were sent (preprocess=False): photos.py alone decodes, uploads.py says which files may be
    # opened, and names are checked here.
    button = gr.Button(visible=False)
    # Without a component of Gradio's own, which would turn anything else than a file away in words
    # of its own, and fetch addresses.
    picture = gr.Image(type="filepath", image_mode=None, render=False).api_info()
    photo = Api(None, inlined(picture), "photo")
    # None by default: which backbones can be used may change while the page is served.
    keys: dict[str, Any] = {"type": "array", "items": {"type": "string", "enum": list(BACKBONES)}}
    backbones = Api(None, keys, "backbones")
    variants = gr.CheckboxGroup(
        list(VARIANTS), value=list(VARIANTS), label="variants", visible=False
    )
    # Gradio does not turn the addresses that MCP clients send for a list into files, so the list
    # comes as it is; the schema is that of files all the same.
    files = inlined(gr.File(file_count="multiple", render=False).api_info())
    photos = Api([], files, "photos")
    labels = Api([], schema_of(list[str]), "labels")
    gr.api(_bound(models, zoo), api_name="models")
    button.click(
        _bound(classify, zoo),
        [photo, backbones, variants],
        Api(None, inlined(schema_of(Classification)), "classification"),
        api_name="classify",
        preprocess=False,
        postprocess=False,
        **PREDICT,
    )
    button.click(
        _bound(compare, zoo),
        [photos, labels, backbones, variants],
        Api(None, inlined(schema_of(Comparison)), "comparison"),
        api_name="compare",
        preprocess=False,
        postprocess=False,
        **PREDICT_BATCH,
    )


def _bound(endpoint: Callable[..., Any], zoo: Zoo) -> Callable[..., Any]:
    """The endpoint with its first argument filled in, named and documented as before."""
    bound: Any = partial(endpoint, zoo)
    bound.__name__ = endpoint.__name__
    bound.__doc__ = (endpoint.__doc__ or "").format_map(DESCRIBED_LIMITS)
    kept = get_annotations(endpoint)
    bound.__annotations__ = {name: kind for name, kind in kept.items() if name != "zoo"}
    return bound
