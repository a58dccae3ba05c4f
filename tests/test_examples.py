from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import evidence_tools
from evidence_tools import Evidence, load_evidence

MODULES = [m.name for m in pkgutil.walk_packages(evidence_tools.__path__, "evidence_tools.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings_show_what_happens(name: str, topic: Evidence) -> None:
    module = importlib.import_module(name)
    assert doctest.testmod(module, extraglobs={"load_evidence": load_evidence}).failed == 0
