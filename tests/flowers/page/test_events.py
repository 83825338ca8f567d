"""The events of the page as Gradio has them, without a server or a browser."""

from pathlib import Path

import gradio as gr
import pytest

from flowers.models.shots import MAX_PHOTOS
from flowers.models.zoo import Zoo
from flowers.page.endpoints import endpoints
from flowers.page.photos_tab import photos_tab
from flowers.page.reading import Batch
from flowers.photos import MAX_PIXELS
from flowers.weights.source import Source
from tests.support.artifact import write_backbone


@pytest.fixture
def zoo(tmp_path: Path) -> Zoo:
    write_backbone(tmp_path, "mobilenetv2")
    return Zoo(Source(tmp_path))


def test_events_that_change_a_part_of_the_batch_wait_for_one_another(zoo: Zoo) -> None:
    with gr.Blocks() as page:
        photos_tab(zoo)
    (batch,) = [
        block
        for block in page.blocks.values()
        if isinstance(block, gr.State) and isinstance(block.value, Batch)
    ]
    both = [f for f in page.fns.values() if batch in f.inputs and batch in f.outputs]
    # A label, the meanings of folders, the model of the confusion, and either of two models.
    assert [f.name for f in both] == ["label", "take_meanings", "show", "choose_two", "choose_two"]
    (shared,) = {(f.concurrency_id, f.concurrency_limit) for f in both}
    assert shared == ("batch-state", 1)
    # Nothing that takes long stands in their way.
    assert len([f for f in page.fns.values() if f.concurrency_id == shared[0]]) == len(both)


def test_descriptions_of_endpoints_say_what_the_limits_are(zoo: Zoo) -> None:
    with gr.Blocks() as page:
        endpoints(zoo)
    described = {str(f.api_name): str(f.fn.__doc__) for f in page.fns.values() if f.fn}
    assert f"up to {MAX_PIXELS // 10**6} megapixels." in described["classify"]
    assert f"Up to {MAX_PHOTOS} uploads" in described["compare"]
    assert not any("{" in text for text in described.values())
