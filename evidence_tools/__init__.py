"""Load findings, plot markers and narrate limitations for the evidence report."""

from evidence_tools.answer import narrate_answer, narrate_takeaways
from evidence_tools.arithmetic_report import arithmetic_table, narrate_arithmetic
from evidence_tools.certainty import Certainty
from evidence_tools.certainty_report import certainty_table, narrate_certainty
from evidence_tools.concordance_report import concordance_table, narrate_concordance
from evidence_tools.evidence import Evidence, load_evidence
from evidence_tools.history.narration import changes_table, narrate_releases
from evidence_tools.matrix import concordance_plot
from evidence_tools.narrate import narrate_finding, narrate_findings, narrate_limitations
from evidence_tools.narrate_doubts import (
    narrate_directions,
    narrate_integrity,
    narrate_sensitivity,
)
from evidence_tools.narrate_trials import narrate_arms, narrate_populations, narrate_trials
from evidence_tools.plots import forest_plot, marker_plot
from evidence_tools.profiles import context_table, narrate_markers
from evidence_tools.sensitivity_plots import sensitivity_plot
from evidence_tools.summary import summary_of_findings
from evidence_tools.tables import (
    findings_table,
    markers_table,
    outcomes_table,
    references_list,
    sources_table,
)
from evidence_tools.trial_plots import arms_plot, trials_plot
from evidence_tools.trial_tables import arms_table, trials_table

__all__ = [
    "Certainty",
    "Evidence",
    "arithmetic_table",
    "arms_plot",
    "arms_table",
    "certainty_table",
    "changes_table",
    "concordance_plot",
    "concordance_table",
    "context_table",
    "findings_table",
    "forest_plot",
    "load_evidence",
    "marker_plot",
    "markers_table",
    "narrate_answer",
    "narrate_arithmetic",
    "narrate_arms",
    "narrate_certainty",
    "narrate_concordance",
    "narrate_directions",
    "narrate_finding",
    "narrate_findings",
    "narrate_integrity",
    "narrate_limitations",
    "narrate_markers",
    "narrate_populations",
    "narrate_releases",
    "narrate_sensitivity",
    "narrate_takeaways",
    "narrate_trials",
    "outcomes_table",
    "references_list",
    "sensitivity_plot",
    "sources_table",
    "summary_of_findings",
    "trials_plot",
    "trials_table",
]
