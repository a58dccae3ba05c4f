"""Load findings, plot markers and narrate limitations for the evidence report."""

from evidence_tools.answer import narrate_answer, narrate_takeaways
from evidence_tools.certainty import Certainty
from evidence_tools.evidence import Evidence, load_evidence
from evidence_tools.narrate import narrate_finding, narrate_findings, narrate_limitations
from evidence_tools.plots import forest_plot, marker_plot
from evidence_tools.profiles import context_table, narrate_markers
from evidence_tools.tables import (
    findings_table,
    markers_table,
    references_list,
    sources_table,
)

__all__ = [
    "Certainty",
    "Evidence",
    "context_table",
    "findings_table",
    "forest_plot",
    "load_evidence",
    "marker_plot",
    "markers_table",
    "narrate_answer",
    "narrate_finding",
    "narrate_findings",
    "narrate_limitations",
    "narrate_markers",
    "narrate_takeaways",
    "references_list",
    "sources_table",
]
