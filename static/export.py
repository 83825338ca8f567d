"""What the page without a server takes from the app: its words, colours, figures and examples.

The app's page is built, and read as its browser would get it, so that there is one source for all.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

import gradio as gr
import plotly.graph_objects as go
from markupsafe import Markup

from flowers.models.zoo import Zoo
from flowers.page import theme
from flowers.page.app import build

Component = dict[str, Any]

CONTAINERS = ("row", "column", "group", "form")
LAYOUT = ("height", "xaxis", "yaxis")
AXIS = (
    *("title", "range", "autorange", "side", "showgrid", "dtick"),
    *("tickvals", "ticktext", "ticksuffix", "tickformat", "tickangle"),
)
"""What `static/src/charts.ts` draws of a figure's layout and of an axis."""


@dataclass
class Page:
    """The app's page, as its browser gets it."""

    blocks: gr.Blocks
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Plotly figures by the id of their place."""
    choices: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """By the id of a choice, and what is chosen: the figures and HTML that then take their
    places."""

    def __post_init__(self) -> None:
        self._components = {c["id"]: c for c in self.blocks.config["components"]}

    def text(self, elem_id: str) -> Markup:
        """The HTML of the component with this id. Raises KeyError."""
        return Markup(self._find(lambda props: props.get("elem_id") == elem_id)["value"])

    def styled(self, elem_class: str) -> Markup:
        """The HTML of the first component with this class. Raises KeyError."""
        return Markup(
            self._find(lambda props: elem_class in (props.get("elem_classes") or []))["value"]
        )

    def label(self, elem_id: str) -> str:
        """What stands on the button with this id. Raises KeyError."""
        return str(self._find(lambda props: props.get("elem_id") == elem_id)["value"])

    def tabs(self) -> dict[str, str]:
        """Name of a tab in addresses -> what stands on it, in their order."""
        tabs = (c for c in map(self._component, self._nodes()) if c["type"] == "tabitem")
        return {tab["props"]["id"]: tab["props"]["label"] for tab in tabs}

    def checkboxes(self) -> list[Component]:
        """The first choice of backbones and variants: label, info, value, interactive."""
        picker = next(n for n in self._nodes() if "picker" in _classes(self._component(n)))
        found = (self._component(child) for child in picker["children"])
        return [c["props"] for c in found if c["type"] == "checkbox"]

    def tab(self, name: str) -> Markup:
        """A tab as HTML, with empty places for its figures. Raises KeyError."""
        for node in self._nodes():
            component = self._component(node)
            if component.get("type") == "tabitem" and component["props"].get("id") == name:
                return Markup("".join(map(self._html, node["children"])))
        raise KeyError(name)

    def _html(self, node: dict[str, Any]) -> str:
        component = self._component(node)
        kind, props = component["type"], component["props"]
        inner = "".join(map(self._html, node.get("children", [])))
        name = props.get("elem_id") or f"c{component['id']}"
        attributes = f'id="{name}" class="{" ".join([kind, *_classes(component)])}"'
        if kind in CONTAINERS:
            return f"<div {attributes}>{inner}</div>"
        if kind == "accordion":
            attributes += " open" if props["open"] else ""
            summary = f"<summary>{escape(props['label'])}</summary>"
            return f"<details {attributes}>{summary}{inner}</details>"
        if kind in ("html", "markdown"):
            return f"<div {attributes}>{props['value']}</div>"
        if kind == "plot":
            if props["value"]:
                self.figures[name] = drawn_here(props["value"]["plot"])
            return f'<div {attributes} data-figure="{name}"></div>'
        if kind == "dropdown":
            self.choices[name] = dict(self._chosen(component))
            hidden = "" if props.get("show_label", True) else ' class="sr"'
            options = "".join(
                f'<option value="{escape(str(value))}"'
                f"{' selected' if value == props['value'] else ''}>{escape(str(shown))}</option>"
                for shown, value in props["choices"]
            )
            return (
                f'<div class="choice"><label for="{name}"{hidden}>{escape(props["label"])}</label> '
                f'<select {attributes} data-choice="{name}">{options}</select></div>'
            )
        if kind in ("state", "button", "textbox"):
            return ""
        raise NotImplementedError(f"The page without a server cannot show a {kind}: {name}")

    def _chosen(self, dropdown: Component) -> Iterator[tuple[str, dict[str, Any]]]:
        """What the app would show for each value of a dropdown: figures and HTML by place."""
        for dependency in self.blocks.fns.values():
            if (dropdown["id"], "input") not in dependency.targets:
                continue
            for _, value in dropdown["props"]["choices"]:
                said = dependency.fn(value)
                # A function with one output returns what goes there alone.
                said = said if isinstance(said, dict) else {dependency.outputs[0]: said}
                yield (
                    value,
                    {
                        place.elem_id: script_figure(found)
                        if isinstance(place, gr.Plot) and found is not None
                        else found
                        for place, found in said.items()
                    },
                )

    def _find(self, wanted: Any) -> dict[str, Any]:
        for component in self._components.values():
            if wanted(component["props"]):
                return component["props"]
        raise KeyError(wanted)

    def _component(self, node: dict[str, Any]) -> Component:
        return self._components.get(node["id"], {"type": "page", "props": {}, "id": node["id"]})

    def _nodes(self, node: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        node = node or self.blocks.config["layout"]
        yield node
        for child in node.get("children", []):
            yield from self._nodes(child)


def script_figure(found: go.Figure) -> dict[str, Any]:
    """A figure as the page's scripts draw it."""
    return drawn_here(found.to_json())


def drawn_here(text: str) -> dict[str, Any]:
    """A figure without what the page's scripts do not draw: the half of it."""
    found = json.loads(text)
    layout = {name: value for name, value in found["layout"].items() if name in LAYOUT}
    for axis in ("xaxis", "yaxis"):
        kept = {name: value for name, value in layout.get(axis, {}).items() if name in AXIS}
        if title := kept.get("title", {}).get("text"):
            kept["title"] = {"text": title}
        else:
            kept.pop("title", None)
        layout[axis] = kept
    return {"data": found["data"], "layout": layout}


def app_page(zoo: Zoo) -> Page:
    """The app's page on the models of `zoo`."""
    return Page(build(zoo))


def style_sheet(own: str) -> str:
    """The app's style sheet and `own`, with those variables of the app's theme that they use."""
    css = theme.CSS.read_text(encoding="utf-8") + own
    variables = theme.theme()._get_theme_css()  # The app's own `launch` reads it the same way.
    light, dark = (dict(_declarations(variables, name)) for name in (":root", ":root.dark"))
    used: set[str] = set()
    found = set(re.findall(r"var\((--[\w-]+)", css))
    while found:
        used |= found
        values = (rules.get(name, "") for rules in (light, dark) for name in found)
        found = {name for v in values for name in re.findall(r"var\((--[\w-]+)", v)} - used
    blocks = (
        f"{selector} {{ {' '.join(f'{k}: {v};' for k, v in rules.items() if k in used)} }}\n"
        for selector, rules in ((":root", light), (".dark", dark))
    )
    return "".join(blocks) + css


def _declarations(css: str, selector: str) -> Iterator[tuple[str, str]]:
    for found, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
        if selector in (part.strip() for part in found.split(",")):
            for name, value in re.findall(r"(--[\w-]+):\s*([^;]*);", body):
                yield name, value.strip()


def _classes(component: Component) -> list[str]:
    return list(component["props"].get("elem_classes") or [])
