from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import evidence_tools.show
from evidence_tools import Evidence, load_evidence

MODULES = [module.name for module in pkgutil.iter_modules(evidence_tools.show.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings_show_what_happens(name: str, topic: Evidence) -> None:
    module = importlib.import_module(f"evidence_tools.show.{name}")
    assert doctest.testmod(module, extraglobs={"load_evidence": load_evidence}).failed == 0
