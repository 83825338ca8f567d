"""axe-core finds nothing on any tab, light and dark, but what is Gradio's own."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.browser import READY, tab

GRADIO = {
    "image-redundant-alt": 'alt="Settings"',  # The gear in the footer.
}
"""Rule -> what is in the HTML of Gradio's element that breaks it."""

LAST = {
    "Classify": READY,
    "Your photos": "#batch-sample",
    "Comparison": "#measured-accuracy .scatterlayer .point",
    "About": "#weights table",
}
"""Tab -> what is there when all of it is."""


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1280),
        ("dark", 390),
        pytest.param("dark", 1280, marks=pytest.mark.slow),
        pytest.param("light", 390, marks=pytest.mark.slow),
    ],
)
def test_no_tab_has_a_violation_of_its_own(open_page: Any, scheme: str, width: int) -> None:
    page = open_page(scheme=scheme, width=width, height=844)
    page.wait_for_selector(READY)
    for name in ("Classify", "Your photos", "Comparison", "About"):
        tab(page, name)
        page.wait_for_selector(LAST[name], state="attached")
        found = [
            (rule["id"], node["html"][:200])
            for rule in Axe().run(page).response["violations"]
            for node in rule["nodes"]
            if GRADIO.get(rule["id"], "\0") not in node["html"]
        ]
        assert found == [], name


def test_a_first_visit_costs_at_most_600_kilobytes(open_page: Any, app: str) -> None:
    page = open_page("?tab=about")
    page.wait_for_selector(READY, state="attached")  # Leaving sooner breaks off what Gradio asks.
    sent: list[float] = []
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    network.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    page.goto(app)
    page.wait_for_selector(READY)
    assert 100_000 < sum(sent) < 600_000
