"""What may be said: pages, numbers, bindings, wording, audits of other pages, finished pages."""

from evidence_tools.check.audit import audit, audit_command
from evidence_tools.check.built import check_built, check_output
from evidence_tools.check.review import check_book, check_command, review_book

__all__ = [
    "audit",
    "audit_command",
    "check_book",
    "check_built",
    "check_command",
    "check_output",
    "review_book",
]
