"""The endpoints /models, /classify and /compare; MCP tools too, where Gradio serves MCP."""

from typing import Any

import gradio as gr
from gradio.components.api_component import Api

from flowers.api import Classification, ModelRow, classification, model_rows, schema_of
from flowers.backbones import IMAGE_SIZE, VARIANTS
from flowers.photos import PhotoError, load_photo
from flowers.runtime import Prediction
from flowers.serving import ChoiceError, Zoo
from flowers.ui_classify import PREDICT


def endpoints(zoo: Zoo) -> None:
    """Add the endpoints to the page that is being built, without anything to see."""

    def models() -> list[ModelRow]:
        """List all twelve models.

        Returns:
            One row a model: whether it is available, else the reason; its classes in order; and
            where it was measured, its accuracy on the test photos with the 95 % interval.
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
            The consensus (class, mean calibrated probability, number of models that agree, and
            whether the photo shows a known class), and the prediction of every model.
        """
        if not photo:
            raise gr.Error("There is no photo; send one as `photo`.", print_exception=False)
        try:
            chosen = zoo.choose(backbones, variants)
            image = load_photo(photo["path"], at_least=2 * IMAGE_SIZE)
        except (PhotoError, ChoiceError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        failed: dict[str, str] = {}
        predictions: list[Prediction] = []
        for found in zoo.predict(image, chosen, failed=failed.__setitem__):
            predictions += found
        if not predictions:
            raise gr.Error(" ".join(failed.values()), print_exception=False)
        return classification(predictions)

    # Hidden components carry the types of the inputs. Their values reach the functions as they
    # were sent (preprocess=False), so that photos.py alone decodes and names are checked here;
    # Gradio still accepts only files that were uploaded to it.
    button = gr.Button(visible=False)
    photo = gr.Image(label="photo", type="filepath", image_mode=None, visible=False)
    usable = list(dict.fromkeys(key for key, _ in zoo.models()))
    backbones = gr.CheckboxGroup(usable, value=usable, label="backbones", visible=False)
    variants = gr.CheckboxGroup(
        list(VARIANTS), value=list(VARIANTS), label="variants", visible=False
    )
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
