"""The endpoints /models, /classify and /compare; MCP tools too, where Gradio serves MCP."""

from typing import Any

import gradio as gr
from gradio.components.api_component import Api

from flowers.backbones import BACKBONES, VARIANTS
from flowers.errors import BatchError, ChoiceError, PhotoError, UploadError
from flowers.models.batch import check_count, collect, labels_in_order, read_batch
from flowers.models.compare import judge
from flowers.models.zoo import Zoo, in_order
from flowers.page.answers import (
    Classification,
    Comparison,
    ModelRow,
    classification,
    comparison,
    model_rows,
    schema_of,
)
from flowers.page.classify import PREDICT, PREDICT_BATCH
from flowers.page.uploads import inlined, uploaded
from flowers.photos import load_photo


def endpoints(zoo: Zoo) -> None:
    """Add the endpoints to the page that is being built, without anything to see."""

    def models() -> list[ModelRow]:
        """List all twelve models.

        Returns:
            One row a model: availability or the reason, classes, accuracy with 95 % interval.
        """
        return model_rows(zoo)

    def classify(
        photo: dict[str, Any] | None,
        backbones: list[str] | None = None,
        variants: list[str] | None = None,
    ) -> Classification:
        """Classify one photo with every chosen model, side by side.

        Args:
            photo: JPEG, PNG, WebP, HEIC, AVIF or TIFF, up to 50 megapixels.
            backbones: Keys such as mobilenetv2; all available ones when left out.
            variants: transfer, finetuned or both; both when left out.

        Returns:
            The consensus of the models, and the prediction of each.
        """
        if not photo:
            raise gr.Error("There is no photo; send one as `photo`.", print_exception=False)
        try:
            models = zoo.choose(backbones, variants).models
            (path,) = uploaded([photo])
            image = load_photo(path, at_least=zoo.detail())
        except (PhotoError, ChoiceError, UploadError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        answers = list(zoo.predict(image, models))
        predictions = in_order([p for a in answers for p in a.predictions], models)
        if not predictions:
            raise gr.Error(" ".join(a.reason or "" for a in answers), print_exception=False)
        return classification(predictions)

    def compare(
        photos: list[Any],
        labels: list[str] | None = None,
        backbones: list[str] | None = None,
        variants: list[str] | None = None,
    ) -> Comparison:
        """Read many photos with every chosen model, and score the models where labels are known.

        Args:
            photos: Up to 500 uploads: photos, or zips whose folders named after classes are labels.
            labels: One class a photo, in the same order; "" where it is not known.
            backbones: Keys such as mobilenetv2; all available ones when left out.
            variants: transfer, finetuned or both; both when left out.

        Returns:
            All predictions; with labels, accuracies with 95 % intervals and McNemar's tests.
        """
        classes = zoo.classes()
        try:
            chosen = zoo.choose(backbones, variants).models
            check_count(len(photos or []))
            shots = collect(uploaded(photos or []), classes).shots
            for label in filter(None, labels or []):
                if label not in classes:
                    raise BatchError(
                        f"There is no such class; use {', '.join(classes)}. Received: {label!r}"
                    )
            if labels:
                shots = labels_in_order(shots, labels)
            rows = list(read_batch(zoo, shots, chosen))
        except (BatchError, ChoiceError, UploadError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        readings = [row.reading for row in rows]
        return comparison(readings, judge(readings))

    # Hidden components carry the types of the inputs. Their values reach the functions as they
    # were sent (preprocess=False): photos.py alone decodes, uploads.py says which files may be
    # opened, and names are checked here.
    button = gr.Button(visible=False)
    photo = gr.Image(label="photo", type="filepath", image_mode=None, visible=False)
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
    gr.api(models, api_name="models")
    button.click(
        classify,
        [photo, backbones, variants],
        Api(None, schema_of(Classification), "classification"),
        api_name="classify",
        preprocess=False,
        postprocess=False,
        **PREDICT,
    )
    button.click(
        compare,
        [photos, labels, backbones, variants],
        Api(None, schema_of(Comparison), "comparison"),
        api_name="compare",
        preprocess=False,
        postprocess=False,
        **PREDICT_BATCH,
    )
