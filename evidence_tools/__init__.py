"""Load findings, plot markers and narrate limitations for the evidence report."""

from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.releases.difference import narrate_releases
from evidence_tools.show.agreement import agreement_plot
from evidence_tools.show.courses import dose_plot, timeline_plot, trials_plot
from evidence_tools.show.flow import sources_plot
from evidence_tools.show.forest import forest_plot, marker_plot
from evidence_tools.show.narrate import (
    narrate_agreement,
    narrate_certainty,
    narrate_findings,
    narrate_limitations,
    narrate_plain,
    narrate_quotes,
    narrate_statements,
)
from evidence_tools.show.references import references_list
from evidence_tools.show.summary import (
    answer_table,
    arithmetic_table,
    certainty_table,
    limitations_table,
    summary_table,
)
from evidence_tools.show.tables import arms_table, findings_table, rows_table, trials_table

__all__ = [
    "Evidence",
    "agreement_plot",
    "answer_table",
    "arithmetic_table",
    "arms_table",
    "certainty_table",
    "dose_plot",
    "findings_table",
    "forest_plot",
    "limitations_table",
    "load_evidence",
    "marker_plot",
    "narrate_agreement",
    "narrate_certainty",
    "narrate_findings",
    "narrate_limitations",
    "narrate_plain",
    "narrate_quotes",
    "narrate_releases",
    "narrate_statements",
    "references_list",
    "rows_table",
    "sources_plot",
    "summary_table",
    "timeline_plot",
    "trials_plot",
    "trials_table",
]
