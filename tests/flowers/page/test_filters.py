"""Which photos of a batch are shown, by filters and by cells of the confusion matrix."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.browser import label_as_second, tab

pytest.importorskip("playwright.sync_api")


def shown(page: Any) -> list[Any]:
    """The rows that one sees."""
    return page.locator("table.batch tbody tr:visible").all()


def number_of(button: Any) -> int:
    """What a chip or a cell counts."""
    return int(re.findall(r"\d+", button.inner_text())[-1])


# What works and fits on a phone hardly ever does not on a desktop.
@pytest.mark.parametrize("width", [390, pytest.param(1440, marks=pytest.mark.slow)])
def test_filters_and_cells_of_the_confusion_show_their_photos(open_page: Any, width: int) -> None:
    page = open_page(width=width, height=844)
    tab(page, "Your photos")
    page.get_by_role("button", name="Try with 28 sample photos").click()
    page.wait_for_selector("table.batch:not([aria-busy])")
    chips = page.get_by_role("group", name="Which photos are shown")
    for name in ("consensus wrong", "models split", "refused", "all"):
        chip = chips.get_by_role("button", name=name)
        page.wait_for_function("chip => /\\d/.test(chip.innerText)", arg=chip.element_handle())
        chip.click()
        rows = shown(page)
        assert len(rows) == number_of(chip)
        assert (len(rows) == 28) == (name == "all")
        for row in rows[:4]:
            label = row.locator("select").input_value()
            consensus = row.locator("td").nth(1).inner_text()
            assert consensus.endswith("split") == (name == "models split") or name == "all"
            if name == "consensus wrong":
                assert not consensus.startswith(label)
            elif name == "refused":
                assert consensus.startswith("none of these")

    label_as_second(page)
    # Two models: where only one of them is right, its cell is and the other is not.
    page.get_by_label("only right").select_option(label="MobileNetV2 finetuned")
    rows = shown(page)
    assert 0 < len(rows) < 28
    assert page.inner_text("#batch-filters [role=status]") == f"{len(rows)} of 28 photos are shown."
    for row in rows:
        assert row.locator("td.wrong, td.right").evaluate_all("a => a.map(e => e.className)") == [
            "wrong",
            "right",
        ]

    violations = Axe().run(page).response["violations"]
    broken = [(rule["id"], node["html"][:200]) for rule in violations for node in rule["nodes"]]
    assert [each for each in broken if 'alt="Settings"' not in each[1]] == []  # Gradio's gear.

    cell = page.locator("#batch-confusion button").last
    label, reads = cell.get_attribute("data-label"), cell.get_attribute("data-reads")
    cell.click()
    page.wait_for_selector('dialog.opened:modal .answer[data-pending="0"]')
    page.keyboard.press("Escape")
    rows = shown(page)
    assert len(rows) == number_of(cell)
    model = page.get_attribute("table.confusion", "data-model")
    for row in rows:
        assert row.locator("select").input_value() == label
        assert row.locator(f'td[data-model="{model}"]').get_attribute("data-reads") == reads
    assert page.evaluate("document.documentElement.scrollWidth") <= width
