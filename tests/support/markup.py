"""HTML as tests read it: by roles, labels and text, whatever the tags around them."""

from bs4 import BeautifulSoup, Tag


class Markup:
    """A piece of a page."""

    def __init__(self, html: str | Tag) -> None:
        self.tree = BeautifulSoup(html, "html.parser") if isinstance(html, str) else html

    def text(self, place: str | None = None) -> str:
        """The text of the first place that a CSS selector finds, spaces as they are shown."""
        found = self.tree if place is None else self.tree.select_one(place)
        assert found is not None, place
        return " ".join(found.get_text().replace("\u202f", " ").split())

    def texts(self, place: str) -> list[str]:
        """The texts of all such places."""
        return [Markup(tag).text() for tag in self.tree.select(place)]

    def all(self, place: str) -> list[Tag]:
        """All such places."""
        return list(self.tree.select(place))

    def rows(self, table: str = "table") -> list[list[str]]:
        """The cells of a table's body, row by row."""
        body = self.tree.select(f"{table} tbody tr")
        return [[Markup(cell).text() for cell in row.select("th, td")] for row in body]
