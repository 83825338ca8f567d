"""What the page says of a batch: the table, the headline, the CSV."""

import csv
import io

from PIL import Image

from flowers.folders.labels import DroppedLabel
from flowers.models.batch import BatchRow
from flowers.models.classifier import Prediction
from flowers.models.compare import Reading, Standings, judge
from flowers.models.consensus import NONE_OF_THESE
from flowers.page.many_photos import (
    batch_filters,
    batch_table,
    batch_verdict,
    differences_head,
    differs,
    downloads,
    readings_csv,
    refusal_table,
)
from flowers.page.reading import Batch
from tests.support.markup import Markup
from tests.support.predictions import CLASSES, says

TRANSFER, FINETUNED = says(0.5, 0.3, 0.2), says(0.1, 0.8, 0.1, variant="finetuned")


def test_the_csv_has_a_line_per_photo_and_model_and_no_formulas() -> None:
    readings = [
        Reading("=cmd()/rose.jpg", "=rose", (TRANSFER, FINETUNED)),
        Reading("x", reason="no"),
    ]
    rows = list(csv.DictReader(io.StringIO(readings_csv(readings))))
    assert len(rows) == 2
    assert rows[0]["photo"] == "'=cmd()/rose.jpg"
    assert rows[0]["label"] == "'=rose"
    assert (rows[1]["variant"], rows[1]["reads"]) == ("finetuned", "rose")
    assert float(rows[1]["probability"]) == 0.8
    for name in ("\n=1+1.jpg", "\t@x", " -1", "+1"):
        (row, *_) = csv.DictReader(
            io.StringIO(readings_csv([Reading(name, None, (TRANSFER,))]), newline="")
        )
        assert row["photo"] == f"'{name}"


def test_the_table_marks_who_is_wrong_and_offers_every_label() -> None:
    rows = [
        BatchRow(Reading("roses/a.jpg", "rose", (TRANSFER, FINETUNED)), Image.new("RGB", (8, 8))),
        BatchRow(Reading("b.jpg", reason="b.jpg is damaged.")),
    ]
    page = Markup(batch_table(rows, CLASSES))
    assert page.texts("td.wrong") == ["daisy 50"]
    assert page.texts("td.right") == ["rose 80"]
    assert page.texts("option[selected]") == ["rose"]
    assert page.texts("option") == ["–", *CLASSES, "none of these"]
    assert page.all('select[aria-label="Label of roses/a.jpg"]')
    assert page.rows()[1] == ["b.jpg", "b.jpg is damaged."]
    assert len(page.all('img[src^="data:image/jpeg;base64,"]')) == 1


def test_a_photo_of_none_of_the_classes_is_right_where_it_is_refused() -> None:
    refused, taken = says(0.1, 0.8, 0.1, known=False), says(0.1, 0.8, 0.1, variant="finetuned")
    rows = [
        BatchRow(Reading("stranger", NONE_OF_THESE, (refused, taken))),
        BatchRow(Reading("rose", "rose", (refused, taken))),
    ]
    page = Markup(batch_table(rows, CLASSES))
    # The rose's nearest class is right, refused or not: accuracy knows no refusal.
    assert page.texts("td.right") == ["rose refused 80", "rose refused 80", "rose 80"]
    assert page.texts("td.wrong") == ["rose 80"]
    assert page.texts("option[selected]") == ["none of these", "rose"]
    found = Markup(refusal_table(rows))
    assert found.rows() == [
        ["VGG16 transfer", "1 of 1", "1 of 1, 100 %"],
        ["VGG16 finetuned", "0 of 1", "0 of 1, 0 %"],
    ]
    assert "counts neither in accuracies nor in tests" in found.text()
    assert not refusal_table([BatchRow(Reading("a", None, (refused,)))])


def test_names_cannot_break_out_of_the_table() -> None:
    name = '"><script>alert(1)</script>.jpg'
    page = Markup(batch_table([BatchRow(Reading(name, None, (TRANSFER,)))], ["<b>", "rose"]))
    assert not page.all("script, option b")
    assert [tag["title"] for tag in page.all("th button[title]")] == [name]


def test_a_stopped_batch_says_how_much_was_read() -> None:
    rows = [BatchRow(Reading("a.jpg", None, (TRANSFER,)))]
    page = Markup(batch_verdict(rows, None, {}, sent=3))
    assert page.text(".eyebrow") == "1 photo, 1 model; stopped after 1 of 3 photos"


def test_where_no_photo_can_be_read_only_that_is_said() -> None:
    rows = [BatchRow(Reading("a.jpg", reason="a.jpg is not a photo."))]
    page = Markup(batch_verdict(rows, None, {}))
    assert page.text("h2") == "No photo could be read"
    assert not page.all(".eyebrow")
    assert not batch_filters(rows)
    assert not downloads(rows, None)


def test_labelled_photos_name_the_model_and_its_interval() -> None:
    readings = [Reading(str(i), "rose", (TRANSFER, FINETUNED)) for i in range(8)]
    page = Markup(batch_verdict([BatchRow(r) for r in readings], judge(readings), {}))
    assert page.text("h2") == "VGG16 finetuned reads best"
    assert page.texts("li")[0] == "VGG16 finetuned: 100.0 % right, 8 of 8 photos"
    assert page.texts("li")[1] == "95 % interval 67.6 % to 100.0 %"  # Wilson: 8 / (8 + 1.96²).
    assert page.texts("li")[2] == "really better than the other"  # p = 2 / 2⁸.


def test_unlabelled_photos_say_how_far_the_models_agree() -> None:
    split = Reading("a", None, (TRANSFER, FINETUNED))
    agreed = Reading("b", None, (TRANSFER, TRANSFER))
    refused = Reading("c", None, (says(0.4, 0.3, 0.3, known=False),))
    page = Markup(batch_verdict([BatchRow(r) for r in (split, agreed, refused)], None, {}))
    assert page.text("h2") == "All models agree on 2 of 3"
    assert page.texts("li") == ["1 daisy", "1 split", "1 none of the three flowers"]


def test_the_consensus_of_a_row_is_the_verdict_on_the_photo() -> None:
    refused = says(0.1, 0.8, 0.1, variant="finetuned", known=False)
    readings = [
        Reading("agreed", None, (TRANSFER, TRANSFER)),
        Reading("split", None, (TRANSFER, FINETUNED)),
        Reading("doubted", None, (TRANSFER, refused)),
        Reading("refused", None, (refused,)),
    ]
    page = Markup(batch_table([BatchRow(reading) for reading in readings], CLASSES))
    assert [row[2] for row in page.rows()] == [
        "daisy 50, 2/2",
        "rose or daisy split",
        "daisy or none of these split",
        "none of these 1/1",
    ]
    lines = csv.DictReader(io.StringIO(readings_csv(readings)))
    together = {line["photo"]: line["consensus"] for line in lines}
    assert list(together.values()) == ["daisy", "split", "split", "none of these"]


def test_a_row_has_the_class_that_marks_who_differs_where_there_is_no_label() -> None:
    # In a split, too, and where most refuse: the class that most models find nearest.
    refused = says(0.1, 0.8, 0.1, known=False)
    rows = [
        BatchRow(Reading("split", None, (TRANSFER, FINETUNED))),
        BatchRow(Reading("refused", None, (refused,))),
        BatchRow(Reading("unread", reason="It is damaged.")),
    ]
    page = Markup(batch_table(rows, CLASSES))
    assert [row.get("data-nearest") for row in page.all("tbody tr")] == ["rose", "rose", None]
    assert page.texts("td.wrong") == ["daisy 50"]
    assert not page.all("td.right")


def test_folders_that_are_not_classes_are_listed_with_the_class_they_may_mean() -> None:
    dropped = [DroppedLabel("roses", 2, "rose"), DroppedLabel("garden", 1, None)]
    batch = Batch(
        [BatchRow(Reading("roses/a.jpg", None, (TRANSFER,)), folder="roses")],
        dropped=tuple(dropped),
        said=("Left aside, other files: 1 (notes.txt).",),
    )
    page = Markup(batch_verdict(batch.rows, None, {}, said=batch.sentences()))
    assert page.texts(".failure") == [
        "The folder 'roses' does not have the name of a class, so its photos (2) have no label; "
        "perhaps it means rose.",
        "The folder 'garden' does not have the name of a class, so its photos (1) have no label.",
        "Left aside, other files: 1 (notes.txt).",
    ]
    assert batch.meanings() == {"roses": "rose"}


def test_a_matrix_of_differences_is_shown_only_where_one_is_more_than_chance() -> None:
    def verdict(photos: int, *found: Prediction) -> Standings:
        judged = judge(Reading(str(number), "rose", found) for number in range(photos))
        assert judged is not None
        return judged

    # One reads all right and the other none; by McNemar's test 2 / 2^3 = 0.25 and 2 / 2^8 = 0.008.
    few, many = verdict(3, TRANSFER, FINETUNED), verdict(8, TRANSFER, FINETUNED)
    assert (differs(few), differs(many)) == (False, True)
    assert "no two models differ by more than chance" in differences_head(few)
    assert "How many photos more" in differences_head(many)
    assert differences_head(verdict(8, TRANSFER)) == ""
