"""The kernel provisioner that takes kernels from a warm process.

Registered under :data:`NAME` as an entry point of ``jupyter_client.kernel_provisioners``. No
kernel specification on disk names it: only a build asks for it, so JupyterLab's kernels are
the ordinary ones.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from evidence_tools.execution.kernel import KernelLaunch
from evidence_tools.execution.renderer import VARIABLE
from evidence_tools.execution.warm import WarmProcess

NAME = "evidence-warm-process"
_LAUNCHER = ["-m", "ipykernel_launcher"]


class WarmSpecs(KernelSpecManager):
    """Kernel specifications in which ordinary Python kernels come from the warm process."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Get a specification; one of another language or interpreter stays as it is."""
        spec = super().get_kernel_spec(kernel_name)
        if not _is_this_python(spec):
            return spec
        changed = copy(spec)
        changed.metadata = {
            **spec.metadata,
            "kernel_provisioner": {"provisioner_name": NAME, "config": {}},
        }
        return changed


class ChapterKernelManager(AsyncKernelManager):
    """A kernel manager that knows the warm process, or that there is none."""

    warm: WarmProcess | None = None
    renderer: str = ""

    async def shutdown_kernel(  # type: ignore[override]
        self, now: bool = False, restart: bool = False
    ) -> None:
        """End the kernel with every program it started, also those with a session of their own."""
        started = _descendants(getattr(self.provisioner, "pid", None))
        await super().shutdown_kernel(now=now, restart=restart)
        _end(started)

    def end_group(self) -> None:
        """End what a kernel left behind that ended by itself."""
        group = getattr(self.provisioner, "pgid", None)
        if group and hasattr(os, "killpg"):
            with suppress(OSError):
                os.killpg(group, signal.SIGKILL)


class WarmProvisioner(LocalProvisioner):
    """Forks a kernel instead of starting an interpreter; all else is as for local kernels."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork a kernel from the warm process of the manager."""
        warm = getattr(self.parent, "warm", None)
        if not isinstance(warm, WarmProcess):
            raise RuntimeError("kernels of this provisioner belong to a build's warm process")
        environment = dict(kwargs["env"])
        if renderer := getattr(self.parent, "renderer", ""):
            environment[VARIABLE] = renderer
        launch = KernelLaunch(cmd, str(kwargs.get("cwd") or Path.cwd()), environment)
        # Forking waits for the imports of the warm process: other chapters go on meanwhile.
        kernel: Any = await asyncio.to_thread(warm.fork, launch)
        # The kernel makes itself the leader of a new group.
        self.process, self.pid, self.pgid = kernel, kernel.pid, kernel.pid
        self.cwd = kwargs.get("cwd", Path.cwd())
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait for the end of the kernel, without the pauses of a tenth of a second."""
        pause = 0.002
        while self.process is not None and self.process.poll() is None:
            await asyncio.sleep(pause)
            pause = min(2 * pause, 0.1)
        code: int | None = 0 if self.process is None else self.process.returncode
        self.process = None
        return code


def _descendants(pid: int | None) -> list[Any]:
    import psutil

    if pid is None:
        return []
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return []


def _end(processes: list[Any]) -> None:
    import psutil

    for process in processes:
        with suppress(psutil.Error):  # most ended with the kernel's group
            process.kill()


def _is_this_python(spec: KernelSpec) -> bool:
    if spec.argv[1:3] != _LAUNCHER or spec.env:
        return False
    program = spec.argv[0]
    version = sys.version_info
    names = {"python", "python3", f"python{version.major}.{version.minor}"}
    return program in names or os.path.realpath(program) == os.path.realpath(sys.executable)
