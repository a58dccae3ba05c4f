"""One mark ends a sentence: no full stop after the title of a page that is a question.

Chapters are named by questions. A sentence that ends with the name of one would end with two
marks, ``stands in How certain is the evidence?.``, so the full stop is dropped on the page.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


class DropSecondMark(SphinxPostTransform):
    """Drop a full stop that follows a link whose text ends with a question mark."""

    # After Sphinx has resolved references, because only then their text is known.
    default_priority = 20
    formats = ("html",)

    def run(self, **_: Any) -> None:
        """Go through all links of the page."""
        for link in list(self.document.findall(nodes.reference)):
            if not link.astext().endswith("?"):
                continue
            after = link.next_node(descend=False, siblings=True, ascend=False)
            if isinstance(after, nodes.Text) and after.startswith("."):
                # By identity: equal texts, such as two full stops, are one to docutils.
                (place,) = (i for i, node in enumerate(link.parent) if node is after)
                link.parent[place] = nodes.Text(str(after)[1:])


def add_endings(app: Sphinx) -> None:
    """Register the transform."""
    app.add_post_transform(DropSecondMark)
