"""Pulling from a Hub that refuses, breaks off, says nothing or sends something else."""

import re
import time

import pytest

from tests.support.folders import files_of, make_folder
from tests.support.hub.machine import Machine
from tests.support.hub.pull import REPO, available, pull


@pytest.fixture
def commit(hub, folder) -> str:
    return hub.put(REPO, files_of(folder)).oid


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "wants a valid token"),
        (403, "Your token may not do this"),
        (404, "has no such thing"),
        (429, "has had too many requests; try somebody/flowers again in 600 seconds"),
        (500, "is out of order"),
    ],
)
def test_refusals_are_one_sentence_and_the_cache_serves(hub, machine, folder, commit, status, said):
    hub.fault("GET", "/revision/", status=status, headers={"Retry-After": "600"})
    pulled = machine.run(pull, FLOWERS_WEIGHTS=str(folder))
    assert pulled.origin == "the folder made/"
    assert said in pulled.notice
    machine.run(pull)
    hub.fault("GET", "/revision/", status=status, headers={"Retry-After": "600"})
    assert said in machine.run(pull).notice
    assert "hf_writer" not in machine.log()


def test_wait_as_long_as_the_hub_asks(hub, machine, commit):
    hub.fault("GET", "/revision/", status=429, headers={"Retry-After": "7"}, times=2)
    hub.fault("HEAD", "mobilenetv2/config.json", status=429, headers={"Retry-After": "5"}, times=2)
    hub.fault("GET", "/objects/", status=429, headers={"Retry-After": "9"})
    pulled = machine.run(pull, fetch=["mobilenetv2"])
    assert available(pulled) == ["densenet121", "mobilenetv2"]
    waits = [float(n) for n in re.findall(r"waited (\S+) s", machine.log())]
    assert [n for n in waits if n >= 5] == [7, 7, 6, 10]  # The client adds one second.


def test_a_slow_server_does_not_hold_up_the_start(hub, tmp_path, folder, commit):
    patience = {"HF_HUB_ETAG_TIMEOUT": "2", "HF_HUB_DOWNLOAD_TIMEOUT": "2"}
    machine = Machine(hub.url, tmp_path / "hurried", **patience)
    for part in ("/revision/", "/tree/"):
        hub.fault("GET", part, delay=90)
        start = time.monotonic()
        pulled = machine.run(pull, FLOWERS_WEIGHTS=str(folder))
        assert time.monotonic() - start < 60
        if part == "/revision/":
            assert pulled.origin == "the folder made/"
            assert "did not answer in time" in pulled.notice
        else:
            assert pulled.commit == commit  # The listing is asked for once more.
    machine.stop()


def test_a_download_that_breaks_off_goes_on_where_it_was(hub, machine, tmp_path):
    # The client writes in chunks of 10 MB and goes on after the last whole one.
    large = make_folder(tmp_path / "large", "mobilenetv2", size=12_000_000)
    hub.put(REPO, files_of(large))
    hub.fault("GET", "/objects/", sent=11_000_000)
    pulled = machine.run(pull, fetch=["mobilenetv2"])
    assert pulled.files["mobilenetv2/model.tflite"] == files_of(large)["mobilenetv2/model.tflite"]
    ranges = [s.range for s in hub.seen if s.method == "GET" and "/objects/" in s.path]
    assert ranges == [None, "bytes=10485760-"]


def test_a_server_that_dies_disables_nothing_for_good(hub, machine, commit):
    fault = hub.fault("GET", "/objects/", sent=0, times=99)
    pulled = machine.run(pull, fetch=["mobilenetv2"])
    assert available(pulled) == ["densenet121", "mobilenetv2"]
    assert "somebody/flowers" in pulled.errors["mobilenetv2"]
    assert "mobilenetv2/model.tflite" not in pulled.files
    fault.times = 0
    assert machine.run(pull, fetch=["mobilenetv2"]).errors == {}


def test_a_file_changed_under_its_hash_disables_its_backbone(hub, machine, commit):
    hub.fault("GET", "/objects/", replace=lambda content: content[:-1] + b"!")
    pulled = machine.run(pull, fetch=["mobilenetv2", "densenet121"])
    assert available(pulled) == ["densenet121"]
    assert "is not the file its config.json names" in pulled.reasons["mobilenetv2"]
    assert pulled.errors == {"mobilenetv2": pulled.reasons["mobilenetv2"]}
    assert "MobileNetV2 is disabled" in machine.log()


def test_a_damaged_cache_is_mended(hub, machine, folder, commit, tmp_path):
    machine.run(pull, fetch=["mobilenetv2"])
    name = "mobilenetv2/model.tflite"
    blob = (tmp_path / "home/hub/models--somebody--flowers/snapshots" / commit / name).resolve()
    blob.write_bytes(b"cut")
    pulled = machine.run(pull, fetch=["mobilenetv2"])
    assert pulled.errors == {}
    assert pulled.files[name] == (folder / name).read_bytes()
    blob.write_bytes(b"cut")
    with hub.down():
        pulled = machine.run(pull, fetch=["mobilenetv2"])
    assert "is incomplete or changed" in pulled.reasons["mobilenetv2"]


def test_a_portal_that_answers_for_the_hub(hub, machine, commit):
    machine.run(pull)
    hub.fault("GET", "/revision/", replace=lambda content: b"<" * len(content))
    pulled = machine.run(pull)
    assert pulled.commit == commit
    assert pulled.notice.endswith("The cached copy serves instead.")


def test_the_progress_bar_is_one_that_xet_downloads_can_use():
    # The stand-in speaks plain HTTP; the Hub's own transfers drive the bar through this class.
    from types import SimpleNamespace

    from huggingface_hub.utils._xet_progress_reporting import XetDownloadProgressReporter

    from flowers.weights.hub import progress_bar

    seen = []
    bar = progress_bar(lambda share, text: seen.append((share, text)), "VGG16")
    reporter = XetDownloadProgressReporter(
        reconstruction_desc="", total=1_000_000, log_level=30, tqdm_class=bar
    )
    report = SimpleNamespace(
        total_bytes=1_000_000,
        total_bytes_completed=500_000,
        total_transfer_bytes_completed=400_000,
        total_bytes_completion_rate=1.0,
        total_transfer_bytes_completion_rate=1.0,
    )
    reporter.update_progress(report)
    reporter.close()
    assert seen == [(0.5, "Downloading VGG16, 0.5 of 1.0 MB")]
