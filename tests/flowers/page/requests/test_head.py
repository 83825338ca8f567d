"""What others are told of the page, and how it is sent."""

import gzip
import io
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from PIL import Image

from flowers.page.requests.caching import FOR_A_YEAR
from flowers.page.requests.head import PREVIEW_TEXT, address_of, with_own_tags
from flowers.page.words import TITLE
from tests.support.markup import Markup


def test_a_shared_link_previews_as_this_project_and_fetches_nothing() -> None:
    page = with_own_tags(
        '<head><title>x</title><meta property="og:title" content="Gradio" />\n<meta\n\tproperty='
        '"og:image"\n\tcontent="https://raw.githubusercontent.com/x.png"\n/>'
        '<meta name="twitter:creator" content="@Gradio" />',
        None,
    )
    found = Markup(page)
    assert [tag["content"] for tag in found.all('meta[property="og:title"]')] == [TITLE]
    assert "radio" not in page
    assert "https:" not in page
    assert found.all('meta[name="description"]')
    assert found.texts("title") == [TITLE]


def picture_of(app: str, **headers: str) -> str:
    """The address of the picture that a page shows in previews."""
    with urlopen(Request(app, headers=headers), timeout=60) as response:
        (tag,) = Markup(response.read().decode()).all('meta[property="og:image"]')
    return str(tag["content"])


def test_the_picture_of_a_preview_has_a_whole_address_of_the_app_itself(app: str) -> None:
    address = picture_of(app)
    assert address == f"{app}/preview.png"
    with urlopen(address, timeout=60) as response:
        assert response.headers["Content-Type"] == "image/png"
        sent = response.read()
    assert Image.open(io.BytesIO(sent)).size == (1200, 630)
    assert len(sent) < 300_000
    for name, words in {"NOTICE": "CC BY 2.0", "README.md": "make run"}.items():
        with urlopen(f"{app}/{name}", timeout=60) as response:
            assert response.headers["Content-Type"].startswith("text/plain")
            assert words in response.read().decode()
    # Behind proxies, the first of which was asked for what the visitor sees.
    behind = {"X-Forwarded-Host": "flowers.example, inner", "X-Forwarded-Proto": "https, http"}
    assert picture_of(app, **behind) == "https://flowers.example/preview.png"


@pytest.mark.parametrize("host", ["", "a b", 'x"><script>', "a/b", "a@b"])
def test_a_host_that_is_none_leaves_the_picture_out(host: str) -> None:
    headers = [(b"host", host.encode())]
    assert address_of({"type": "http", "scheme": "http", "headers": headers}) is None
    assert "og:image" not in with_own_tags("<head>", None)


def test_the_folder_that_a_proxy_serves_the_page_in_is_part_of_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scope = {"type": "http", "scheme": "https", "headers": [(b"host", b"[::1]:7860")]}
    monkeypatch.setenv("GRADIO_ROOT_PATH", "/flowers/")
    assert address_of(scope) == "https://[::1]:7860/flowers"
    monkeypatch.setenv("GRADIO_ROOT_PATH", "https://there.example/f")
    assert address_of(scope) == "https://there.example/f"


def test_the_page_itself_is_compressed(app: str) -> None:
    with urlopen(Request(app, headers={"Accept-Encoding": "gzip"}), timeout=60) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        sent = response.read()
    page = gzip.decompress(sent).decode()
    assert Markup(page).texts("head > title") == [TITLE]
    (told,) = Markup(page).all('meta[property="og:description"]')
    assert told["content"] == PREVIEW_TEXT
    assert "Click to try out the app" not in page
    assert len(sent) < len(page) / 2


def test_what_is_named_by_its_content_is_not_asked_for_again(app: str) -> None:
    def caching(path: str) -> str | None:
        with urlopen(f"{app}/{path}", timeout=60) as response:
            return response.headers["Cache-Control"]

    with urlopen(app, timeout=60) as response:
        page = Markup(response.read().decode())
        assert response.headers["Cache-Control"] is None
    scripts = [str(tag["src"]) for tag in page.all("script[src]")]
    scripts += [str(tag["href"]) for tag in page.all('link[href*="assets/"]')]
    found = {path: caching(path.removeprefix("./")) for path in scripts if "assets/" in path}
    assert {path.rpartition(".")[2] for path in found} == {"js", "css"}
    assert set(found.values()) == {FOR_A_YEAR}, found
    assert caching("theme.css?v=0") == FOR_A_YEAR
    assert caching("theme.css") is None
    with pytest.raises(HTTPError) as missing:
        caching("assets/Missing-12345678.js")
    assert missing.value.headers["Cache-Control"] is None
