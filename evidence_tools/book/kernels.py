"""Kernels of one build: forked from a process with all imports, and none outlives the build.

As a script, ``python kernels.py DATA``, this module is that process; it imports nothing of Sphinx.
Each line that it reads is a kernel to start; it answers with the number of the new process. When
its input ends, however the build ended, it ends every program of the build.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

_TAG = "EVIDENCE_BUILD"
"""Environment variable that names the build; every program that a chapter starts inherits it."""


class Kernels(AbstractContextManager["Kernels"]):
    """Where chapters get their kernels; to be closed, which ends all that they started.

    With ``data``, the folder with the tables, kernels are forked wherever that can be done, and
    begin with the tables loaded. ``environment`` holds further environment variables.
    """

    def __init__(self, data: Path | None = None, environment: Mapping[str, str] = {}) -> None:
        # Sockets lie in this folder. Their paths have to be short; those of TMPDIR may be long.
        parent = "/tmp" if Path("/tmp").is_dir() else None  # noqa: S108
        self.folder = Path(tempfile.mkdtemp(prefix="evidence-", dir=parent))
        self.environment = {**os.environ, **environment, _TAG: str(self.folder)}
        self._lock = threading.Lock()
        self._server: Any = None
        # macOS can fork, but what its libraries do in a fork is not reliable.
        if data is not None and sys.platform == "linux":
            # Of its own session: Ctrl-C is for the build. -P: modules beside this one are not ours.
            self._server = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", __file__, str(data)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self.environment,
                start_new_session=True,
            )

    def __exit__(self, *_: object) -> None:
        """End every kernel and all that kernels started; safe to do again."""
        _end_build(str(self.folder))
        if self._server is not None:
            self._server.communicate()

    def manager(self, kernel_name: str) -> AsyncKernelManager:
        """Make the manager of one kernel, which nobody else on the machine can reach."""
        name = uuid.uuid4().hex[:8]
        file = str(self.folder / f"{name}.json")
        manager = AsyncKernelManager(kernel_name=kernel_name, transport="ipc", connection_file=file)
        spec: Any = manager.kernel_spec
        own = [sys.executable, "-m", "ipykernel_launcher"] == manager.format_kernel_cmd()[:3]
        if self._server is not None and own and not spec.env:
            manager.provisioner = _Provisioner(kernel_id=name, kernel_spec=spec, parent=manager)
            manager.provisioner.kernels = self
        return manager

    def fork(self, arguments: list[str], folder: str) -> int:
        """Fork a kernel, when the imports are done; `OSError` if the server has died."""
        with self._lock:
            self._server.stdin.write(json.dumps([arguments, folder]).encode() + b"\n")
            self._server.stdin.flush()
            if answer := self._server.stdout.readline():
                return int(answer)
        raise OSError("the process that forks kernels has died")


class _Forked(psutil.Process):  # type: ignore[misc]
    """A kernel's process, with the part of :class:`subprocess.Popen` that Jupyter uses."""

    stdin = stdout = stderr = None

    def poll(self) -> int | None:
        return None if self.is_running() else 1


class _Provisioner(LocalProvisioner):
    """Forks a kernel instead of starting an interpreter; all else is as for local kernels."""

    kernels: Kernels

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        try:  # waits for the imports of the server: other chapters go on meanwhile
            pid = await asyncio.to_thread(self.kernels.fork, cmd[3:], str(kwargs["cwd"]))
            process: Any = _Forked(pid)
        except (OSError, psutil.Error):
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid = process, pid, pid  # it leads a group of its own
        return self.connection_info


def _end_build(tag: str) -> None:
    """End all other processes whose environment names a build, also in sessions of their own."""
    for _ in range(100):  # what they start meanwhile is found in the next round
        running = [p for p in psutil.process_iter(["environ"]) if p.pid != os.getpid()]
        tagged = [p for p in running if (p.info["environ"] or {}).get(_TAG) == tag]
        for process in tagged:
            with suppress(psutil.Error):
                process.kill()
        if not tagged:
            break
    shutil.rmtree(tag, ignore_errors=True)


def _serve(data: str) -> None:
    """Import what chapters import, and fork kernels until the input ends."""
    import IPython.core.completerlib
    import IPython.core.magics  # noqa: F401

    from evidence_tools.evidence.model import load_evidence

    with suppress(Exception):  # what is wrong is reported by the build
        load_evidence(data)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended kernels leave no zombies
    for line in sys.stdin.buffer:
        pid = os.fork()
        if pid == 0:
            try:
                _become_kernel(*json.loads(line))
            finally:
                os._exit(1)
        print(pid, flush=True)
    _end_build(os.environ[_TAG])


def _become_kernel(arguments: list[str], folder: str) -> None:
    """Turn this fork into the kernel of one chapter, with what a new interpreter has of its own."""
    os.setsid()  # a group of its own: a kernel is ended with what it started
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    os.chdir(folder)
    import numpy
    from ipykernel.kernelapp import IPKernelApp

    numpy.random.seed()  # Python seeds its own numbers anew in a fork
    sys.argv = ["ipykernel_launcher.py", *arguments]
    # With its parent's number the kernel ends by itself when this server is gone.
    IPKernelApp.launch_instance(arguments, parent_handle=os.getppid())


if __name__ == "__main__":
    _serve(sys.argv[1])
