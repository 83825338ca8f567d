"""A push that may not be or breaks off is one sentence, and the repository stays whole."""

import json
import re

import pytest

from flowers.errors import WeightsError
from tests.support.folders import files_of, make_folder
from tests.support.hub.push import REPO, prepare_push, push, stored


def test_a_tag_that_fails_is_made_up_for(hub, machine, folder):
    hub.fault("POST", "/tag/", status=500)
    with pytest.raises(WeightsError, match="could not be tagged; push again"):
        machine.run(push, folder, REPO)
    report = machine.run(push, folder, REPO)
    assert not report.committed
    assert report.tag == "v1"


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (None, "log in with `hf auth login` or set HF_TOKEN"),
        ("hf_expired", "wants a valid token"),
        ("hf_reader", "Your token may not do this"),
    ],
)
def test_a_token_that_may_not(hub, machine, folder, tmp_path, token, said):
    machine.use(tmp_path / "home", token)
    with pytest.raises(WeightsError, match=said) as caught:
        machine.run(push, folder, REPO)
    assert "hf_" not in str(caught.value) + machine.log()
    assert not hub.repos


def train(*arguments: str) -> tuple[int, str, bool]:
    """Runs on the machine: exit code, errors, and whether the training was loaded."""
    import contextlib
    import io
    import sys

    from train.__main__ import main

    with contextlib.redirect_stderr(io.StringIO()) as errors:
        code = main(list(arguments))
    return code, errors.getvalue(), "train.fit" in sys.modules


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("hf_expired", "wants a valid token"),
        ("hf_reader", "Your token may not do this"),
    ],
)
def test_fit_learns_before_it_trains_that_it_may_not_push(hub, machine, tmp_path, token, said):
    hub.create(REPO, "model", False)
    machine.use(tmp_path / "home", token)
    arguments = ["fit", "--data", "photos", "--out", str(tmp_path / "out"), "--push", REPO]
    code, errors, loaded = machine.run(train, *arguments)
    assert (code, loaded) == (1, False)
    assert said in errors
    assert not (tmp_path / "out").exists()


def test_fit_makes_the_repository_before_it_trains(hub, machine):
    machine.run(prepare_push, REPO, private=True)
    assert hub.repo(REPO).private
    machine.run(prepare_push, REPO, private=True)
    hub.repo(REPO).private = False
    with pytest.raises(WeightsError, match="is public; make it private first"):
        machine.run(prepare_push, REPO, private=True)


@pytest.mark.parametrize(
    ("path", "method"),
    [("/repos/create", "POST"), ("/preupload/", "POST"), ("/commit/", "POST"), ("/tag/", "POST")],
)
def test_wait_as_long_as_the_hub_asks(hub, machine, folder, path, method):
    hub.fault(method, path, status=429, headers={"Retry-After": "7"}, times=2)
    assert machine.run(push, folder, REPO).tag == "v1"
    assert len(re.findall(r"waited [78] s", machine.log())) == 2
    hub.fault(method, path, status=429, headers={"Retry-After": "900"}, times=20)
    if path == "/commit/":
        make_folder(folder, "mobilenetv2", seed=1)
        with pytest.raises(WeightsError, match="try somebody/flowers again in 900 seconds"):
            machine.run(push, folder, REPO)


@pytest.mark.parametrize(
    ("status", "said"),
    [(403, "may not do this"), (500, "is out of order"), (400, "The Hub refused a request")],
)
def test_a_commit_that_fails_leaves_the_repository_as_it_was(hub, machine, folder, status, said):
    hub.fault("POST", "/commit/", status=status)
    with pytest.raises(WeightsError, match=said):
        machine.run(push, folder, REPO)
    assert stored(hub) == {}
    assert machine.run(push, folder, REPO).committed


def test_a_server_that_dies_in_an_upload(hub, machine, folder):
    hub.fault("PUT", "/objects/", received=10_000)  # Once: the client tries again.
    assert machine.run(push, folder, REPO).committed
    make_folder(folder, "mobilenetv2", seed=1, keras=True)
    before = stored(hub)
    hub.fault("PUT", "/objects/", received=10_000, times=99)
    with pytest.raises(WeightsError, match="cannot be reached for somebody/flowers"):
        machine.run(push, folder, REPO)
    assert stored(hub) == before
    hub.faults.clear()
    machine.run(push, folder, REPO)
    assert files_of(folder).items() <= stored(hub).items()


def test_an_answer_that_never_comes_makes_no_second_commit(hub, machine, folder):
    hub.fault("POST", "/commit/", after=True)
    with pytest.raises(WeightsError, match="cannot be reached"):
        machine.run(push, folder, REPO)
    commits = len(hub.repo(REPO).commits)
    report = machine.run(push, folder, REPO)
    assert not report.committed
    assert report.tag == "v1"
    assert len(hub.repo(REPO).commits) == commits


def test_without_a_network_there_is_one_sentence(hub, machine, folder):
    with hub.down(), pytest.raises(WeightsError, match="cannot be reached for somebody/flowers"):
        machine.run(push, folder, REPO)


def test_a_folder_that_is_not_whole_is_not_sent(hub, machine, folder, tmp_path):
    (folder / "mobilenetv2" / "model.tflite").write_bytes(b"cut")
    with pytest.raises(WeightsError, match="is incomplete or changed"):
        machine.run(push, folder, REPO)
    (folder / "densenet121" / "config.json").write_text(json.dumps({"schema_version": 9}))
    with pytest.raises(WeightsError, match="has schema version 9"):
        machine.run(push, folder, REPO)
    with pytest.raises(WeightsError, match="holds no weights; give the folder"):
        machine.run(push, tmp_path / "none", REPO)
    assert not hub.seen


def test_a_wrong_name_is_one_sentence(machine, folder):
    with pytest.raises(WeightsError, match="is called USER/REPO"):
        machine.run(push, folder, "no/such/name")
