"""Where the About tab says that the code may be read."""

from typing import Any

import pytest

from flowers.page.about import SPACE, code_links

TEXTS = ["README.md", "LICENSE", "NOTICE"]


@pytest.mark.parametrize("space", [None, "", "flowers", "a/b/c", "a/b?c=", "javascript:1/2"])
def test_outside_a_space_the_texts_of_the_app_itself_are_linked(
    space: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SPACE, raising=False)
    if space is not None:
        monkeypatch.setenv(SPACE, space)
    assert code_links() == {name: name for name in TEXTS}


def test_a_space_links_its_own_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SPACE, "some.body/flowers_1")
    (name, address), *others = code_links().items()
    assert name == "Files of this Space"
    assert address == "https://huggingface.co/spaces/some.body/flowers_1/tree/main"
    assert [name for name, _ in others] == TEXTS


def test_the_links_lead_somewhere(open_page: Any) -> None:
    pytest.importorskip("playwright.sync_api")
    page = open_page("?tab=about")
    links = page.locator("#code").get_by_role("link")
    links.first.wait_for()
    assert links.all_inner_texts() == TEXTS
    for link in links.all():
        assert link.evaluate("async (e) => (await fetch(e.href)).status") == 200
