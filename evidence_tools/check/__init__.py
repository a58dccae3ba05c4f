"""What may be said: pages, numbers, bindings, wording, audits of other pages, finished pages."""

from evidence_tools.check.audit import audit
from evidence_tools.check.built import check_built
from evidence_tools.check.review import review_book

__all__ = ["audit", "check_built", "review_book"]
