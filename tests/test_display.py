import html
import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_tools.show.display import (
    MIME_TYPE,
    Figure,
    Prose,
    Run,
    Table,
    TableRow,
    plain,
    read_runs,
    runs,
    runs_html,
)

styles = st.sampled_from(["", "strong", "emphasis", "struck"])
any_run = st.builds(
    Run,
    st.text(),
    style=styles,
    finding_id=st.text(),
    source_id=st.text(),
    cite=st.text(),
    link=st.text() | st.text().map("https://".__add__),
)


class Reader(HTMLParser):
    """What a browser makes of some HTML: its elements and its text."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.lists(any_run))
def test_no_text_of_a_run_becomes_markup(parts: list[Run]) -> None:
    read = Reader(runs_html(parts))
    assert set(read.tags) <= {"a", "strong", "em", "s"}
    assert set(read.attributes) <= {"href"}
    assert read.text == html.unescape(html.escape(plain(parts)))


@given(st.lists(any_run))
def test_only_https_addresses_are_linked(parts: list[Run]) -> None:
    linked = sum(part.link.startswith("https://") for part in parts)
    assert Reader(runs_html(parts)).tags.count("a") == linked


@given(st.lists(any_run))
def test_runs_survive_the_way_through_a_notebook(parts: list[Run]) -> None:
    payload = json.loads(json.dumps(Prose((tuple(parts),)).payload()))
    assert read_runs(payload["paragraphs"][0]) == tuple(parts)


def table(**changes: object) -> Table:
    values = {
        "name": "tab-x",
        "caption": runs("Which <one>?"),
        "columns": ("Marker", "Result"),
        "rows": (TableRow((runs("a & b"), runs("1 < 2"))),),
    }
    return Table(**(values | changes))  # type: ignore[arg-type]


def test_a_table_has_a_caption_and_scoped_headers() -> None:
    markup = table().to_html()
    assert "<caption>Which &lt;one&gt;?</caption>" in markup
    assert markup.count('<th scope="col">') == 2
    assert '<th scope="row">a &amp; b</th><td>1 &lt; 2</td>' in markup


def test_a_table_reads_as_lines_of_plain_text() -> None:
    assert str(table()) == "Which <one>?\nMarker | Result\na & b | 1 < 2"


def test_a_list_is_written_with_one_item_a_paragraph() -> None:
    prose = Prose((runs("one"), runs("two")), as_list=True)
    assert prose.to_html() == "<ul><li>one</li><li>two</li></ul>"
    assert str(prose) == "- one\n- two"


def test_a_figure_carries_its_text_alternative_in_every_form() -> None:
    figure = Figure("fig-x", runs("Why?"), 'up "and" down', "<svg></svg>", {}, "", {})
    assert 'aria-label="up &quot;and&quot; down"' in figure.to_html()
    assert str(figure) == 'Why?\nup "and" down'


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        (Prose(()), "prose"),
        (table(), "table"),
        (Figure("fig-x", (), "", "<svg></svg>", {}, "", {}), "figure"),
    ],
)
def test_a_notebook_gets_data_html_and_plain_text(shown: Prose | Table | Figure, kind: str) -> None:
    bundle = shown._repr_mimebundle_()
    assert set(bundle) == {MIME_TYPE, "text/html", "text/plain"}
    assert bundle[MIME_TYPE]["kind"] == kind
