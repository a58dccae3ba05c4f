"""Load findings, plot markers and narrate limitations for the evidence report."""

from evidence_tools.evidence import pooling
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.releases.difference import narrate_releases
from evidence_tools.show.charts import dose_plot, sources_plot, timeline_plot, trials_plot
from evidence_tools.show.narrate import (
    narrate_agreement,
    narrate_limitations,
    narrate_pooled,
    narrate_rows,
)
from evidence_tools.show.results import agreement_plot, forest_plot, marker_plot
from evidence_tools.show.summary import answer_table, limitations_table, summary_table
from evidence_tools.show.tables import findings_table, rows_table
from evidence_tools.show.values import narrate_plain

__all__ = [
    "Evidence",
    "agreement_plot",
    "answer_table",
    "dose_plot",
    "findings_table",
    "forest_plot",
    "limitations_table",
    "load_evidence",
    "marker_plot",
    "narrate_agreement",
    "narrate_limitations",
    "narrate_plain",
    "narrate_pooled",
    "narrate_releases",
    "narrate_rows",
    "pooling",
    "rows_table",
    "sources_plot",
    "summary_table",
    "timeline_plot",
    "trials_plot",
]
