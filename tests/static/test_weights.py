"""Where the page without a server takes its weights from when it is built."""

from pathlib import Path

import pytest

from tests.support.folders import files_of, make_folder

REPO = "somebody/flowers"


def build_weights(revision: str | None, out: Path) -> None:
    """Runs on the machine."""
    from flowers.models.zoo import Zoo
    from flowers.weights.source import Source
    from static.__main__ import write_weights

    write_weights(Zoo(Source.of_hub(REPO, revision)), out)


def build_page(*arguments: str) -> tuple[int, str]:
    """Runs on the machine: exit code and errors."""
    import contextlib
    import io

    from static.__main__ import main

    with contextlib.redirect_stderr(io.StringIO()) as errors:
        code = main(list(arguments))
    return code, errors.getvalue()


def test_weights_of_a_repository_are_those_of_its_commit(hub, machine, tmp_path):
    before = files_of(make_folder(tmp_path / "made", "mobilenetv2", "vgg16", keras=True))
    commit = hub.put(REPO, before).oid
    hub.put(REPO, {"published.json": b"{}", "examples/rose.jpg": b"jpeg"})
    machine.run(build_weights, commit, tmp_path / "pinned")
    written = files_of(tmp_path / "pinned")
    served = {"config.json", "model.tflite", "metrics.json"}
    assert {path for path in written if "/" in path} == {
        f"{key}/{name}" for key in ("mobilenetv2", "vgg16") for name in served
    }
    assert written == {path: before[path] for path in written}
    machine.run(build_weights, None, tmp_path / "newest")
    assert (tmp_path / "newest" / "published.json").read_bytes() == b"{}"


def test_a_revision_of_nothing_is_refused(machine):
    with pytest.raises(SystemExit):
        machine.run(build_page, "--revision", "v1")


def test_a_page_is_not_built_of_other_weights_than_those_of_the_repository(hub, machine):
    code, errors = machine.run(build_page, "--repo", REPO)
    assert code == 1
    assert f"{hub.url} has no repository {REPO} that you may read" in errors
