"""A warm process, and kernels forked from it.

The standard library's fork server imports :mod:`evidence_tools.execution.preload` once. Each
kernel is a fork of it: it begins in the state after those imports, whatever other chapters
did, and needs a fraction of the time of a new interpreter.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import select
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence_tools.execution.kernel import KernelLaunch
    from evidence_tools.execution.renderer import RendererLaunch

DATA_VARIABLE = "EVIDENCE_PRELOAD_DATA"
"""Environment variable with the folder of tables that kernels are about to load."""
_PRELOAD = "evidence_tools.execution.preload"


def can_fork() -> bool:
    """Whether this platform has a fork server."""
    return "forkserver" in multiprocessing.get_all_start_methods()


class ForkedKernel:
    """A kernel's process, with the part of :class:`subprocess.Popen` that Jupyter uses.

    It is a child of the warm process, which reports how it ended through a pipe.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        """Return the exit code, or ``None`` while the process runs."""
        if self.returncode is None and select.select([self._status], [], [], 0)[0]:
            self._finish()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until the process has ended, or until the time is over."""
        if self.returncode is None and select.select([self._status], [], [], timeout)[0]:
            self._finish()
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Send a signal to the process, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process."""
        self.send_signal(signal.SIGKILL)

    def _finish(self) -> None:
        from multiprocessing.forkserver import read_signed

        try:
            self.returncode = int(read_signed(self._status))
        except EOFError:  # the warm process itself is gone, and with it its children
            self.returncode = -signal.SIGKILL
        os.close(self._status)


class WarmProcess:
    """The fork server of one build.

    Parameters
    ----------
    data
        The folder with the tables: they are read once, and kernels begin with them checked.
    """

    def __init__(self, data: Path) -> None:
        from multiprocessing.forkserver import ForkServer

        self._data = data
        self._lock = threading.Lock()
        self._started = False
        self._server = ForkServer()
        self._server.set_forkserver_preload([_PRELOAD])

    def start(self) -> None:
        """Begin to import; returns at once, and does nothing when it is running.

        Raises
        ------
        OSError
            If the process cannot be made.
        """
        with self._lock:
            if self._started:
                return
            os.environ[DATA_VARIABLE] = str(self._data.resolve())
            try:
                self._server.ensure_running()
            finally:
                del os.environ[DATA_VARIABLE]
            self._started = True

    def fork(self, launch: KernelLaunch | RendererLaunch) -> ForkedKernel:
        """Fork a kernel or a renderer; waits until the imports are done.

        Parameters
        ----------
        launch
            What the new process does.

        Raises
        ------
        OSError, EOFError
            If the warm process has died.
        """
        from multiprocessing import reduction
        from multiprocessing.forkserver import read_signed

        request = io.BytesIO()
        # No preparation: the kernel must not run this process's main module.
        reduction.dump({}, request)
        reduction.dump(launch, request)
        self.start()
        if getattr(self._server, "_forkserver_pid", None) is None:
            raise OSError("the warm process was stopped")
        status, channel = self._server.connect_to_new_process([])
        with os.fdopen(channel, "wb") as pipe:
            pid = read_signed(status)
            pipe.write(request.getbuffer())
        return ForkedKernel(pid, status)

    def stop(self) -> None:
        """End the process and the kernels that still run; safe to call again."""
        with self._lock:
            pid = getattr(self._server, "_forkserver_pid", None)
            if pid is None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)  # at once, also in the middle of its imports
            with contextlib.suppress(OSError):
                self._server._stop()  # type: ignore[attr-defined]
