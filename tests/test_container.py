"""The Dockerfile, read: no container is built here."""

import fnmatch

from tests.support import ROOT

REPO, SPACE = "somebody/flowers", "somebody/app"


def instructions() -> list[list[str]]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def test_the_container_copies_what_is_there_and_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text().split("\n")
    let_in = [line[1:] for line in ignored if line.startswith("!")]
    assert "*" in ignored
    for words in instructions():
        if words[0] == "COPY":
            for source in words[1:-1]:
                assert (ROOT / source).exists()
                assert source in let_in


def test_the_container_runs_as_an_ordinary_user():
    names = [words[0] for words in instructions()]
    user = names.index("USER")
    assert instructions()[user] == ["USER", "app"]
    assert names[user:].count("RUN") == 0
    assert names[-1] == "CMD"
    base = next(words[1] for words in instructions() if words[0] == "FROM")
    assert fnmatch.fnmatch(base, "python:3.11-slim*")
