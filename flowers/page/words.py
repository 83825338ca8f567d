"""The words that this page shares with the page without a server, which gets them as JSON.

Those of verdicts are in `flowers/models/sentences.py`. Between braces stands what is filled in.
"""

from collections.abc import Mapping

TITLE = "Flowers: six backbones side by side"
SUBTITLE = (
    "Six ImageNet backbones, each trained two ways, read the same photo. "
    "Which one reads yours best?"
)

WORDS: Mapping[str, str] = {
    # The choice of a photo.
    "choose": "Choose a photo",
    "camera": "Camera",
    "take": "Take the photo",
    "close": "Close",
    "drop": "Drop a photo here",
    "known": "Try an example",
    "others": "Or something that no model knows",
    "photo_by": "Photo: {credit}",
    # The choice of models.
    "backbones": "Backbones",
    "variants": "Variants",
    # The answer to one photo.
    "reading": "Reading",
    "fastest_first": "{models} models, the fastest first.",
    "one_model": "1 model",
    "models": "{models} models",
    "still_reading": ", {models} still reading",
    "otherwise": "Otherwise: ",
    "more_models": " and {models} more",
    "side_by_side": "Side by side",
    "probabilities": "Probability of every class by every model",
    "top_classes": "The two most probable classes by every model",
    "model": "model",
    "answer": "answer",
    "pending": "reading…",
    "refused": "refused",
    "about_refused": "This model takes the photo for none of its classes; this is the nearest.",
    "calibrated": "Calibrated probabilities in percent.",
    "focus": "Where each model looked",
    "focus_of": "Where {model} looked for {name}",
    "focus_own": "for its answer",
    "focus_class": "for {name}",
    "focus_unknown": "does not know {name}",
    "focus_map": "Grad-CAM:",
    "focus_scale": "from dark purple to pale yellow",
    "focus_hint": (
        "counted little to counted most for the class, each map on its own scale. Point at a card, "
        "or tap it, to see the photo alone."
    ),
    "download": "Download as JSON",
    "problem": "That did not work",
    "unreadable": "This photo cannot be read",
    "no_model": "None of the chosen models can be used; choose others.",
    "left_out": "{backbone} was left out: {reason}",
    # The answer to many.
    "left_aside": "Left aside, since they cannot be photos: {files}",
    "no_photos": "No photos yet",
    "question": "Which model reads your photos best?",
    "reading_of": "Reading {number} of {photos}",
    "progress": "Photos read",
    "batch": "{photos}, {models}",
    "stopped": "; stopped after {read} of {photos}",
    "none_readable": "No photo could be read",
    "more_unreadable": "{photos} could not be read; see the table.",
    "one_agreed": "All models agree",
    "one_split": "The models do not agree",
    "agreed": "All models agree on {agreed} of {photos}",
    "accuracy": "Accuracy on the labelled photos",
    "table": "Photos by models",
    "label_of": "Label of {photo}",
    "open_photo": "Open {photo}",
    "cannot_show": "This photo cannot be shown",
    "disputed": "Most disputed photos first",
    "row_keys": (
        "; a click on a row opens the photo. Keys at a row: 1 to {keys} label it in the order of "
        "the list, 0 is {stranger}."
    ),
    "shown": "{shown} of {all} photos are shown.",
    "refused_photos": "Refused as none of these",
    "refusals": "Refusals by model",
    "of_class": "of photos of a class",
    "of_none": "of photos of none of these",
    "confusion": "Confusion",
    "confusion_of": "Confusion of {name}",
    "true_class": "true class, read as",
    "cell_of": "{count} of {all} photos of {label} read as {reads}: open them",
    "cell_hint": "A click on a number opens its photos.",
    # Two of the models.
    "head_to_head": "Head to head",
    "first_model": "First model",
    "second_model": "Second model",
    "only_right": "Only {name} right",
    "no_photo_of_it": ": none",
    "only_photo": "Open {photo}, {label}, which the other reads as {wrong}",
    "instead": "{label}, not {wrong}",
    "two_maps": "Focus maps of two models",
    "two_slider": "Focus map: {first} on the left of the line, {second} on its right",
    "where": "Where {model} looked",
    "rust": ("Rust red: differs from the label, or from the consensus where there is no label."),
    "take_meanings": "Take {meanings}",
    "meaning": "{folder} for {name}",
    "csv": "Download CSV",
    "json": "Download JSON",
    # Every two models.
    "real": "Is the difference real?",
    "differences": (
        "How many photos more the column's model reads right than the row's. Coloured where chance "
        "is unlikely {tested}"
    ),
    "tested": "(McNemar's exact test, Holm's correction, p < 0.05).",
    "no_difference": (
        "No: on these photos, no two models differ by more than chance may make them. {tested}"
    ),
}
