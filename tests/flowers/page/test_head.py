"""What others are told of the page, and how it is sent."""

import gzip
from urllib.request import Request, urlopen

from flowers.page.head import TITLE, with_own_tags
from tests.support.markup import Markup


def test_a_shared_link_previews_as_this_project_and_fetches_nothing() -> None:
    page = with_own_tags(
        '<title>x</title><meta property="og:title" content="Gradio" />\n<meta\n\tproperty='
        '"og:image"\n\tcontent="https://raw.githubusercontent.com/x.png"\n/>'
        '<meta name="twitter:creator" content="@Gradio" />'
    )
    found = Markup(page)
    assert [tag["content"] for tag in found.all('meta[property="og:title"]')] == [TITLE]
    assert "radio" not in page
    assert "https:" not in page
    assert found.all('meta[name="description"]')


def test_the_page_itself_is_compressed(app: str) -> None:
    with urlopen(Request(app, headers={"Accept-Encoding": "gzip"}), timeout=60) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        sent = response.read()
    page = gzip.decompress(sent).decode()
    assert TITLE in page
    assert "Click to try out the app" not in page
    assert len(sent) < len(page) / 2
