"""What a warm process imports once, so that no kernel forked from it has to.

Imported by name in the fork server and nowhere else. It must not leave a thread, a socket
or an event loop behind: those do not survive a fork.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import importlib.util
import os
import sys
import threading
import types

from evidence_tools.execution.warm import DATA_VARIABLE

_MODULES = (
    "ctypes",
    "numpy.random",
    "pandas",
    "altair",
    "vl_convert",
    "frictionless",
    "IPython.core.completerlib",
    "IPython.core.magics",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "psutil",
    "evidence_tools",
)


def preload() -> None:
    """Import what chapters import, and let what is lazy in it happen now."""
    _defer_grammars()
    atexit.register(_end_descendants, os.getpid())
    for name in _MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # A package that cannot be imported or data that is not valid is told by the build itself.
    with contextlib.suppress(Exception):
        _draw()
    with contextlib.suppress(Exception):
        from evidence_tools import load_evidence

        load_evidence(os.environ[DATA_VARIABLE])
    for module in list(sys.modules.values()):
        # What was warned about here must be warned about again in a chapter.
        if isinstance(module, types.ModuleType):
            vars(module).pop("__warningregistry__", None)
    gc.collect()
    gc.freeze()


def _end_descendants(server: int) -> None:
    """End all that kernels started, when this process ends because its build was killed."""
    if os.getpid() != server:  # a fork inherits this
        return
    with contextlib.suppress(Exception):
        import psutil

        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                process.kill()


def _defer_grammars() -> None:
    """Leave the grammars of one format until they are asked for.

    Reading them takes longer than all of pandas, jsonschema imports them for one format check,
    and chapters hardly ever use it. Whoever does gets the real function at its first call.
    """
    name = "rfc3987_syntax"
    if name in sys.modules or importlib.util.find_spec(name) is None:
        return
    stand_in = types.ModuleType(name)

    def is_valid_syntax(term: str, value: str) -> bool:
        return bool(importlib.import_module(name).is_valid_syntax(term, value))

    stand_in.is_valid_syntax = is_valid_syntax  # type: ignore[attr-defined]
    sys.modules[name] = stand_in
    with contextlib.suppress(ImportError):
        importlib.import_module("jsonschema")
    # Only jsonschema was meant: an import by a chapter finds the real module.
    sys.modules.pop(name, None)


def _draw() -> None:
    """Check one small chart: Altair compiles its schema on first use. Drawing starts threads."""
    import altair as alt

    data = alt.Data(values=[{"x": 1}])
    alt.Chart(data).mark_point().encode(x="x:Q").to_dict()


preload()
THREADS = [thread.name for thread in threading.enumerate()]
"""Names of the threads after it all: a fork has only the first."""
