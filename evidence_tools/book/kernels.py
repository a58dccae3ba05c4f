"""Kernels of one build: forked where that can be done, and none outlives the build.

On Linux a copy of this process starts them. It adopts whatever chapters leave running, and ends
all of it when the build ends, however that was: then nobody holds the other end of its pipe.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

_ADOPT = 36  # PR_SET_CHILD_SUBREAPER


class Kernels(AbstractContextManager["Kernels"]):
    """Where chapters get their kernels; to be closed, which ends all that they started.

    With ``fork``, kernels for Python begin with the imports of this process. ``environment`` is
    for those that begin as new interpreters.
    """

    def __init__(self, *, fork: bool = True, environment: Mapping[str, str] = {}) -> None:
        # Sockets lie in this folder. Their paths have to be short; those of TMPDIR may be long.
        parent = "/tmp" if Path("/tmp").is_dir() else None  # noqa: S108
        self.folder = Path(tempfile.mkdtemp(prefix="evidence-", dir=parent))
        self.environment = {**os.environ, **environment}
        self._lock, self._forks, self._server = threading.Lock(), fork, 0
        # macOS can fork, but what its libraries do in a fork is not reliable.
        if sys.platform == "linux":
            self._line, there = Pipe()
            self._server = os.fork()
            if not self._server:
                self._line.close()
                _serve(there, self.folder, fork)
            there.close()

    def __exit__(self, *_: object) -> None:
        """End every kernel and all that kernels started; safe to do again."""
        if self._server:
            with suppress(OSError):
                self._line.send(None)
            os.waitpid(self._server, 0)
            self._line.close()
            self._server = 0
        shutil.rmtree(self.folder, ignore_errors=True)

    def manager(self, kernel_name: str) -> AsyncKernelManager:
        """Make the manager of one kernel, which nobody else on the machine can reach."""
        name = uuid.uuid4().hex[:8]
        file = str(self.folder / f"{name}.json")
        manager = AsyncKernelManager(kernel_name=kernel_name, transport="ipc", connection_file=file)
        if self._server:
            spec: Any = manager.kernel_spec
            manager.provisioner = _Provisioner(kernel_id=name, kernel_spec=spec, parent=manager)
            manager.provisioner.start = self._start
            own = [sys.executable, "-m", "ipykernel_launcher"] == manager.format_kernel_cmd()[:3]
            manager.provisioner.forks = self._forks and own and not spec.env
        return manager

    def _start(self, request: object) -> int:
        with self._lock:
            self._line.send(request)
            return int(self._line.recv())


class _Process(psutil.Process):  # type: ignore[misc]
    """A kernel's process, with the part of :class:`subprocess.Popen` that Jupyter uses."""

    stdin = stdout = stderr = None

    def poll(self) -> int | None:
        return None if self.is_running() else 1


class _Provisioner(LocalProvisioner):
    """Has the server start a kernel; all else is as for local kernels."""

    start: Any
    forks: bool

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        try:  # waits for the imports of the server: other chapters go on meanwhile
            request = cmd, str(kwargs["cwd"]), kwargs["env"], self.forks
            process: Any = _Process(await asyncio.to_thread(self.start, request))
        except (OSError, EOFError, psutil.Error):
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid = process, process.pid
        self.pgid = self.pid  # it leads a group of its own
        return self.connection_info


def _serve(line: Any, folder: Path, forks: bool) -> None:
    """Import what kernels import, start them until the build ends, and end what they left."""
    try:
        os.setsid()  # Ctrl-C is for the build
        ctypes.CDLL(None).prctl(_ADOPT, 1, 0, 0, 0)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended kernels leave no zombies
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(nothing, standard)
        if forks:
            import ipykernel.kernelapp  # noqa: F401

            gc.freeze()
        with suppress(EOFError):
            while request := line.recv():
                if pid := os.fork():
                    line.send(pid)
                else:
                    line.close()
                    _become_kernel(*request)
        for _ in range(100):  # what they start meanwhile is found in the next round
            if not (left := psutil.Process().children(recursive=True)):
                break
            for process in left:
                with suppress(psutil.Error):
                    process.kill()
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os._exit(0)


def _become_kernel(cmd: list[str], folder: str, environment: dict[str, str], forks: bool) -> None:
    """Turn this fork into the kernel of one chapter, with what a new interpreter has of its own."""
    os.setsid()  # a group of its own: a kernel is ended with what it started
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(folder)
    environment["JPY_PARENT_PID"] = str(os.getppid())  # without it, a kernel ends by itself
    if not forks:
        os.execvpe(cmd[0], cmd, environment)  # noqa: S606
    import numpy
    from ipykernel.kernelapp import IPKernelApp

    numpy.random.seed()  # Python seeds its own numbers anew in a fork
    gc.set_threshold(700, 10, 10)
    sys.argv = ["ipykernel_launcher.py", *cmd[3:]]
    del sys.path[0]  # where the script of this process is
    IPKernelApp.launch_instance(cmd[3:], parent_handle=os.getppid())
