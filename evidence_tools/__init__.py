"""Load findings, plot markers and narrate limitations for the evidence report."""

from evidence_tools.certainty import Certainty
from evidence_tools.evidence import Evidence, load_evidence
from evidence_tools.narrate import narrate_finding, narrate_findings, narrate_limitations
from evidence_tools.plots import forest_plot, marker_plot
from evidence_tools.tables import findings_table, markers_table, sources_table

__all__ = [
    "Certainty",
    "Evidence",
    "findings_table",
    "forest_plot",
    "load_evidence",
    "marker_plot",
    "markers_table",
    "narrate_finding",
    "narrate_findings",
    "narrate_limitations",
    "sources_table",
]
