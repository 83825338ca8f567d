"""The endpoints, through the client that users take, and through plain HTTP."""

import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from flowers.backbones import DEFAULT_CLASSES
from tests.support import ROOT
from tests.support.photos import COLOURS


@pytest.fixture(scope="module")
def client(app: str) -> Client:
    return Client(app, verbose=False)


def call(app: str, name: str, data: list[Any]) -> str:
    """What an endpoint answers to JSON that no client would send."""
    request = Request(
        f"{app}/gradio_api/call/{name}",
        json.dumps({"data": data}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urlopen(request, timeout=60) as response:
            event = json.load(response)["event_id"]
    except HTTPError as error:
        return error.read().decode()
    with urlopen(f"{app}/gradio_api/call/{name}/{event}", timeout=60) as response:
        return response.read().decode()


def test_the_api_page_shows_three_endpoints_and_no_helpers(app: str) -> None:
    with urlopen(f"{app}/gradio_api/info", timeout=60) as response:
        info = json.load(response)
    assert sorted(info["named_endpoints"]) == ["/classify", "/compare", "/models"]
    assert info["unnamed_endpoints"] == {}
    names = [p["parameter_name"] for p in info["named_endpoints"]["/classify"]["parameters"]]
    assert names == ["photo", "backbones", "variants"]


def test_models(client: Client) -> None:
    found = client.predict(api_name="/models")
    assert len(found) == 12
    usable = [(row["backbone"], row["variant"]) for row in found if row["available"]]
    assert usable == [("mobilenetv2", "transfer"), ("mobilenetv2", "finetuned")]


def test_classify(client: Client, generated_photos: Path) -> None:
    photo = handle_file(generated_photos / "rose" / "0.jpg")
    found = client.predict(photo, api_name="/classify")
    assert set(found["consensus"]) >= {"label", "probability", "agreement", "known", "p_known"}
    assert [p["variant"] for p in found["predictions"]] == ["transfer", "finetuned"]
    assert set(found["predictions"][0]["probabilities"]) == set(DEFAULT_CLASSES)
    one = client.predict(photo, ["mobilenetv2"], ["finetuned"], api_name="/classify")
    assert [p["probability"] for p in one["predictions"]] == pytest.approx(
        [found["predictions"][1]["probability"]], abs=1e-4
    )


def test_classify_explains_what_it_cannot_do(client: Client, generated_photos: Path) -> None:
    photo = handle_file(generated_photos / "rose" / "0.jpg")
    with pytest.raises(AppError, match="no such backbone"):
        client.predict(photo, ["vgg"], ["transfer"], api_name="/classify")
    with pytest.raises(AppError, match="There is no photo"):
        client.predict(None, api_name="/classify")
    with pytest.raises(AppError, match="is not a photo that can be read"):
        client.predict(handle_file(__file__), api_name="/classify")


def test_compare(client: Client, generated_photos: Path, tmp_path: Path) -> None:
    photos = [handle_file(generated_photos / name / "0.jpg") for name in COLOURS]
    found = client.predict(photos, list(COLOURS), api_name="/compare")
    assert [row["label"] for row in found["photos"]] == list(COLOURS)
    assert [score["photos"] for score in found["scores"]] == [3, 3]
    assert 0 <= found["differences"][0]["p_value"] <= 1
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(generated_photos / "rose" / "0.jpg", "rose/0.jpg")
    found = client.predict([handle_file(archive)], api_name="/compare")
    assert found["photos"][0]["label"] == "rose"
    with pytest.raises(AppError, match="no such class"):
        client.predict(photos[:1], ["pansy"], api_name="/compare")


@pytest.mark.parametrize("extra", [{}, {"meta": {"_type": "gradio.FileData"}}])
def test_no_endpoint_opens_files_of_the_machine(app: str, extra: dict[str, Any]) -> None:
    secret = str(ROOT / "flowers" / "page" / "photos" / "rose" / "rose-1.jpg")
    file = {"path": secret, **extra}
    for name, data in (
        ("classify", [file, ["mobilenetv2"], ["transfer"]]),
        ("compare", [[file], [], ["mobilenetv2"], ["transfer"]]),
    ):
        reply = call(app, name, data)
        assert "not a file that was uploaded" in reply
        assert "predictions" not in reply
