"""The whole book as one PDF, from the chapters Sphinx has read: nothing is executed again.

Modules, in the order of the work: ``chapters`` writes one HTML article and calls the rest;
``article`` makes it plain, with ``pictures``, ``links`` and ``places``; ``markup`` translates it
to Typst; ``report`` sets the PDF in the look that ``report.typ`` describes.
"""

from evidence_tools.book.pdf.pictures import PdfError
from evidence_tools.book.pdf.report import ReportDetails, make_pdf

__all__ = ["PdfError", "ReportDetails", "make_pdf"]
