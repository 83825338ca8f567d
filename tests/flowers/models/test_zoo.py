"""Choosing and asking models, on small artifacts that LiteRT really runs."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flowers.backbones import BACKBONES
from flowers.errors import ChoiceError, HubError, WeightsError
from flowers.models import zoo as zoo_module
from flowers.models.classifier import Classifier, Prediction
from flowers.models.zoo import Answer, Loading, Zoo, in_order
from flowers.weights import folder as weights_folder_module
from flowers.weights import source as source_module
from flowers.weights.folder import ARTIFACT, Artifact, Config
from flowers.weights.hub import OnProgress
from flowers.weights.source import Source
from tests.support.artifact import CELLS, SIZE, write_backbone
from tests.support.folders import CLASSES
from tests.support.photos import COLOURS

BOTH = ("mobilenetv2", "vgg16")
MODELS = [(key, variant) for key in BOTH for variant in ("transfer", "finetuned")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A weights folder of two backbones; by its size MobileNetV2 is not quicker than VGG16."""
    for key in BOTH:
        write_backbone(tmp_path / "weights", key, CLASSES)
    return tmp_path / "weights"


@pytest.fixture
def zoo(root: Path) -> Zoo:
    return Zoo(Source(root))


def photo(name: str = "rose") -> Image.Image:
    return Image.new("RGB", (64, 48), COLOURS[name])


def damage(root: Path, backbone: str) -> None:
    artifact = root / backbone / ARTIFACT
    artifact.write_bytes(artifact.read_bytes()[:-1] + b"!")


def test_all_usable_models_are_chosen_by_default(zoo: Zoo) -> None:
    assert sorted(zoo.choose(None, None).models) == sorted(MODELS)
    assert zoo.choose(["mobilenetv2"], ["finetuned"]).models == [("mobilenetv2", "finetuned")]
    assert zoo.classes() == CLASSES
    assert zoo.missing() == [key for key in BACKBONES if key not in BOTH]


@pytest.mark.parametrize(
    ("backbones", "variants", "words"),
    [
        (["vgg"], None, r"no such backbone; use vgg16, .* Received: 'vgg'"),
        (["resnet101"], None, r"ResNet101 cannot be used\. .* train them"),
        (["resnet101", "vgg16"], None, r"ResNet101 cannot be used\. .* train them"),
        (None, ["frozen"], r"no such variant; use transfer, finetuned\. Received: 'frozen'"),
        ([], None, "No model is chosen"),
        (None, [], "No model is chosen"),
    ],
)
def test_what_cannot_be_chosen_says_why(
    zoo: Zoo, backbones: list[str] | None, variants: list[str] | None, words: str
) -> None:
    with pytest.raises(ChoiceError, match=words):
        zoo.choose(backbones, variants)


def test_what_cannot_be_used_is_left_out_of_a_choice_that_allows_it(zoo: Zoo) -> None:
    choice = zoo.choose(["resnet101", "vgg16"], ["transfer"], leave_out=True)
    assert choice.models == [("vgg16", "transfer")]
    assert list(choice.left_out) == ["resnet101"]
    with pytest.raises(ChoiceError, match="ResNet101 cannot be used"):
        zoo.choose(["resnet101"], None, leave_out=True)


def test_models_answer_in_their_own_words(zoo: Zoo) -> None:
    for name in CLASSES:
        answers = list(zoo.predict(photo(name), MODELS))
        found = in_order([p for a in answers for p in a.predictions], MODELS)
        assert [(p.backbone, p.variant) for p in found] == MODELS
        assert {p.label for p in found} == {name}
    (only,) = zoo.predict(photo(), [("vgg16", "finetuned")])
    assert [p.variant for p in only.predictions] == ["finetuned"]


def test_a_config_is_parsed_once_and_an_artifact_hashed_once(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    hashed: list[str] = []
    parse, sha256_of = source_module.read_config, weights_folder_module.sha256_of

    def read_config(folder: Path) -> Config:
        parsed.append(folder.name)
        return parse(folder)

    def hash_of(path: Path) -> str:
        hashed.append(f"{path.parent.name}/{path.name}")
        return sha256_of(path)

    monkeypatch.setattr(source_module, "read_config", read_config)
    monkeypatch.setattr(weights_folder_module, "sha256_of", hash_of)
    monkeypatch.setattr(weights_folder_module, "read_config", read_config)
    zoo = Zoo(Source(root))
    for _ in range(2):
        assert len(list(zoo.predict(photo(), MODELS))) == 2
    assert sorted(parsed) == sorted(BOTH)
    assert sorted(hashed) == sorted(f"{b}/{n}" for b in BOTH for n in (ARTIFACT, "metrics.json"))


def test_a_backbone_that_broke_since_costs_no_answer_of_the_others(root: Path) -> None:
    zoo = Zoo(Source(root))
    damage(root, "vgg16")
    for _ in range(2):  # The first call finds out.
        answers = {a.backbone: a for a in zoo.predict(photo(), MODELS)}
        assert "is not the file" in (answers["vgg16"].reason or "")
        assert answers["vgg16"].predictions == ()
        assert len(answers["mobilenetv2"].predictions) == 2
    assert zoo.entries()["vgg16"].state == "broken"
    assert zoo.entries()["vgg16"].reason == answers["vgg16"].reason
    assert zoo.missing() == [key for key in BACKBONES if key not in BOTH]
    assert zoo.choose(None, ["transfer"]).models == [("mobilenetv2", "transfer")]
    with pytest.raises(ChoiceError, match="VGG16 cannot be used"):
        zoo.choose(["vgg16"], None, leave_out=True)


class GatedSource(Source):
    """A folder in which VGG16 takes as long to fetch as the test wants."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.gate = threading.Event()

    def fetch(self, backbone: str, progress: OnProgress | None = None) -> Artifact:
        if backbone == "vgg16":
            assert progress is not None
            progress(0.4, "Downloading VGG16")
            assert self.gate.wait(30)
        return super().fetch(backbone, progress)


def test_the_first_answer_does_not_wait_for_the_slowest_to_load(root: Path) -> None:
    source = GatedSource(root)
    zoo = Zoo(source)
    watched = zoo.watch(photo(), [*MODELS[2:], *MODELS[:2]], seconds=0.02)
    seen: list[Answer | Loading] = []
    for found in watched:
        seen.append(found)
        if isinstance(found, Loading) and any(isinstance(s, Answer) for s in seen):
            break
    (first,) = [s for s in seen if isinstance(s, Answer)]
    assert first.backbone == "mobilenetv2"
    assert seen[-1] == Loading({"vgg16": "Downloading VGG16, 40 %"})
    assert (zoo.loaded("mobilenetv2"), zoo.loaded("vgg16")) == (True, False)
    source.gate.set()
    rest = [s for s in watched if isinstance(s, Answer)]
    assert [(a.backbone, a.reason) for a in rest] == [("vgg16", None)]
    assert zoo.loaded("vgg16")


def test_what_is_loaded_answers_at_once_while_another_loads(root: Path) -> None:
    source = GatedSource(root)
    zoo = Zoo(source)
    slow = threading.Thread(target=lambda: list(zoo.predict(photo(), MODELS)))
    slow.start()
    start = time.monotonic()
    assert len(list(zoo.predict(photo("daisy"), MODELS[:2]))) == 1
    assert time.monotonic() - start < 20
    assert slow.is_alive()
    source.gate.set()
    slow.join(30)
    assert not slow.is_alive()


def test_two_that_ask_at_once_load_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    class Counted(Classifier):
        def __init__(self, artifact: Artifact, threads: int | None = None) -> None:
            made.append(artifact.config.backbone)
            super().__init__(artifact, threads)

    monkeypatch.setattr(zoo_module, "Classifier", Counted)
    zoo = Zoo(Source(root))
    threads = [threading.Thread(target=zoo.load, args=("vgg16",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert made == ["vgg16"]


class FlakySource(Source):
    """The first fetch fails as a network does."""

    failed = False

    def fetch(self, backbone: str, progress: OnProgress | None = None) -> Artifact:
        if not self.failed:
            self.failed = True
            raise HubError("The Hub did not answer.")
        return super().fetch(backbone, progress)


def test_a_fetch_that_failed_is_tried_again(root: Path) -> None:
    zoo = Zoo(FlakySource(root))
    (answer,) = zoo.predict(photo(), MODELS[:1])
    assert answer == Answer("mobilenetv2", reason="The Hub did not answer.")
    assert zoo.entries()["mobilenetv2"].available
    (answer,) = zoo.predict(photo(), MODELS[:1])
    assert [p.label for p in answer.predictions] == ["rose"]


def test_a_repeated_photo_is_read_once_by_each_backbone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []
    predict = Classifier.predict

    def counted(self: Classifier, pixels: np.ndarray) -> dict:
        asked.append((self.backbone.key, int(pixels[0, 0, 2])))
        return predict(self, pixels)

    zoo = Zoo(Source(root))
    for key in BOTH:
        zoo.load(key)
    monkeypatch.setattr(Classifier, "predict", counted)
    monkeypatch.setattr(zoo_module, "REMEMBERED", 3)

    def ask(name: str, *models: tuple) -> list[Prediction]:
        return [p for a in zoo.predict(photo(name), models) for p in a.predictions]

    first = ask("rose", MODELS[0])
    assert ask("rose", *MODELS)[0].milliseconds == first[0].milliseconds
    assert asked == [("mobilenetv2", 40), ("vgg16", 40)]
    ask("daisy", *MODELS)  # Now what was asked for longest ago has to go.
    ask("rose", MODELS[2])
    assert asked[2:] == [("mobilenetv2", 240), ("vgg16", 240)]
    ask("rose", MODELS[0])
    assert asked[4:] == [("mobilenetv2", 40)]


def test_what_is_remembered_is_bounded_by_its_bytes_too(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    predict = Classifier.predict

    def counted(self: Classifier, pixels: np.ndarray) -> dict:
        read.append(int(pixels[0, 0, 2]))
        return predict(self, pixels)

    zoo = Zoo(Source(root))
    zoo.load("mobilenetv2")
    # Of each variant a share and a focus map of every class, float32.
    a_pass = 2 * 4 * (len(CLASSES) + CELLS * CELLS * len(CLASSES))
    monkeypatch.setattr(zoo_module, "REMEMBERED_BYTES", 3 * a_pass)
    monkeypatch.setattr(Classifier, "predict", counted)
    greys = [Image.new("RGB", (64, 48), (0, 0, grey)) for grey in range(4)]

    def ask(*numbers: int) -> list[int]:
        """Which of these photos a model has to read."""
        before = len(read)
        for number in numbers:
            list(zoo.predict(greys[number], MODELS[:2]))
        return read[before:]

    assert ask(0, 1, 2, 0, 1, 2) == [0, 1, 2]
    assert ask(3, 2, 1, 3) == [3]  # For which the one asked for longest ago had to go.
    assert ask(0, 1, 3, 0) == [0]
    monkeypatch.setattr(zoo_module, "REMEMBERED_BYTES", a_pass - 1)
    assert ask(2, 2, 1) == [2, 2, 1]  # None is small enough.


def test_an_artifact_that_fails_later_is_disabled_then(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoo = Zoo(Source(root))
    zoo.load("vgg16")

    def fail(self: Classifier, pixels: np.ndarray) -> dict:
        raise WeightsError("vgg16/model.tflite fails at a photo.")

    with monkeypatch.context() as patched:
        patched.setattr(Classifier, "predict", fail)
        (answer,) = zoo.predict(photo(), MODELS[2:])
    assert answer.reason == "vgg16/model.tflite fails at a photo."
    assert zoo.entries()["vgg16"].state == "broken"
    assert not zoo.loaded("vgg16")


def test_photos_keep_the_detail_that_the_largest_network_reads(zoo: Zoo) -> None:
    assert zoo.detail() == 2 * SIZE
