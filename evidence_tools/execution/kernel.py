"""What a forked process does to become the kernel of one chapter."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class KernelLaunch:
    """The command, folder and environment of a kernel, as Jupyter wants them.

    Attributes
    ----------
    command
        ``python -m ipykernel_launcher`` and its arguments.
    folder
        Working folder.
    environment
        All environment variables of the kernel.
    """

    command: Sequence[str]
    folder: str
    environment: dict[str, str]

    def _bootstrap(self, parent_sentinel: int) -> int:
        """Run the kernel; the fork server calls this in the new process, by this name."""
        os.close(parent_sentinel)
        end_with_parent()
        os.setsid()  # a group of its own: a kernel is ended with all it started
        _adopt()
        os.environ.clear()
        os.environ.update(self.environment)
        os.chdir(self.folder)
        _forget()
        arguments = list(self.command[3:])
        sys.argv = ["ipykernel_launcher.py", *arguments]
        from ipykernel.kernelapp import IPKernelApp

        # With a parent's number the kernel also looks for itself whether its parent still lives.
        app = IPKernelApp.instance(parent_handle=os.getppid())
        app.initialize(arguments)  # type: ignore[no-untyped-call]
        app.start()  # type: ignore[no-untyped-call]
        return 0


def end_with_parent() -> None:
    """Have this process end when the warm process ends, and that one when the build ends."""
    from multiprocessing import forkserver

    # Each fork inherits the pipe that keeps the server alive. Were it open here, the server
    # would outlive a killed build for as long as any kernel runs.
    server: Any = forkserver._forkserver
    if server._forkserver_alive_fd is not None:
        os.close(server._forkserver_alive_fd)
    server._forkserver_alive_fd = server._forkserver_address = None
    parent = os.getppid()
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def _adopt() -> None:
    """Become the parent of what loses its own, so that it is found when the kernel is ended."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _forget() -> None:
    """Renew what a new interpreter would have of its own."""
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    tempfile.tempdir = None
    # An interpreter started with -c has the folder it began in here; IPython adds the current.
    if sys.path and sys.path[0] == "":
        del sys.path[0]
