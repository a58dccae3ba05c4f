"""Run chapters side by side, each in a kernel of its own, here or on another machine.

Kernels are forked where that can be done, and none outlives the build: on Linux a copy of this
process starts them. It adopts whatever chapters leave running, and ends all of it when the build
ends, however that was: then nobody holds the other end of its pipe.
"""

import asyncio
import ctypes
import gc
import json
import os
import re
import shutil
import signal
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib import metadata
from multiprocessing.connection import Pipe
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from time import perf_counter
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import from_dict
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
_LEAST_BYTES = 500  # what an output counts for: a page with thousands of them is no page
_LONGEST = 1_000
WIDGET = "application/vnd.jupyter.widget-view+json"
_SCALAR = re.compile(r"\bnp\.(?:(?:float|u?int|complex)\d+\(([^()]+)\)|(True|False)_)")
_TOO_MUCH = (
    f"the cell shows more than {{:,}} bytes (an output counts {_LEAST_BYTES}); show less, or raise "
    "evidence_output_bytes under 'sphinx: config:' in _config.yml"
)


class BuildError(Exception):
    """Why the report cannot be built, in words for its author."""


@dataclass(eq=False)
class ChapterError(Exception):
    """Why a chapter failed: position of the cell, reason, and line of the cell."""

    cell: int
    reason: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter that holds code, which runs in the folder of its ``path``.

    A cell may take ``timeout`` seconds, or any if that is -1, and show ``most_bytes``.
    """

    docname: str
    path: Path
    notebook: Any
    timeout: int = 60
    most_bytes: int = 10**6


@contextmanager
def open_kernels() -> Iterator[Callable[[str], AsyncKernelManager]]:
    """Give what makes the manager of a kernel of a name; all that kernels started ends with this.

    Kernels for Python begin with the imports of this process.
    """
    # Sockets lie in this folder. Their paths have to be short; those of TMPDIR may be long.
    folder = Path(mkdtemp(prefix="evidence-", dir="/tmp"))
    line, there = Pipe()
    # macOS can fork, but what its libraries do in a fork is not reliable.
    server = os.fork() if sys.platform == "linux" else None
    if server == 0:
        line.close()
        _serve(there, folder)
    there.close()

    def manager(kernel_name: str) -> AsyncKernelManager:
        name = uuid.uuid4().hex[:8]
        file = str(folder / f"{name}.json")
        manager = AsyncKernelManager(kernel_name=kernel_name, transport="ipc", connection_file=file)
        spec: Any = manager.kernel_spec
        own = [sys.executable, "-m", "ipykernel_launcher"] == manager.format_kernel_cmd()[:3]
        if server and own and not spec.env:
            manager.provisioner = _Provisioner(kernel_id=name, kernel_spec=spec, parent=manager)
            manager.provisioner.line = line
        return manager

    try:
        yield manager
    finally:
        line.close()
        if server:
            os.waitpid(server, 0)
        shutil.rmtree(folder, ignore_errors=True)


class _Process(psutil.Process):  # type: ignore[misc]
    """A kernel's process, with the part of :class:`subprocess.Popen` that Jupyter uses."""

    stdin = stdout = stderr = None

    def poll(self) -> int | None:
        return None if self.is_running() else 1


class _Provisioner(LocalProvisioner):
    """Has the server start a kernel; all else is as for local kernels."""

    line: Any

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        try:
            self.line.send((cmd, str(kwargs["cwd"])))
            process: Any = _Process(int(self.line.recv()))
        except (OSError, EOFError, psutil.Error):
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid = process, process.pid
        self.pgid = self.pid  # it leads a group of its own
        return self.connection_info


def _serve(line: Any, folder: Path) -> None:
    """Import what kernels import, start them until the build ends, and end what they left."""
    try:
        os.setsid()  # Ctrl-C is for the build
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended kernels leave no zombies
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(nothing, standard)
        import ipykernel.kernelapp  # noqa: F401

        gc.freeze()
        with suppress(EOFError):  # nobody holds the other end any more
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


def _become_kernel(cmd: list[str], folder: str) -> None:
    """Turn this fork into the kernel of one chapter, with what a new interpreter has of its own."""
    os.setsid()  # a group of its own: a kernel is ended with what it started
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(folder)
    import numpy
    from ipykernel.kernelapp import IPKernelApp

    numpy.random.seed()  # Python seeds its own numbers anew in a fork
    gc.set_threshold(700, 10, 10)
    sys.argv = ["ipykernel_launcher.py", *cmd[3:]]
    del sys.path[0]  # where the script of this process is
    IPKernelApp.launch_instance(cmd[3:], parent_handle=os.getppid())


class _Client(NotebookClient):  # type: ignore[misc]
    """A client that gives up a cell that shows too much."""

    index = bytes = most_bytes = 0

    async def _async_poll_kernel_alive(self) -> None:
        with suppress(AssertionError):  # nbclient goes on to look when the cell was given up
            await super()._async_poll_kernel_alive()

    def on_cell_execute(self, cell: Any, cell_index: int) -> None:
        self.index, self.bytes = cell_index, 0

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        self.bytes += len(json.dumps(msg["content"], ensure_ascii=False).encode()) + _LEAST_BYTES
        if self.bytes > self.most_bytes and self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()  # as nbclient does when a kernel has died
        if "scrapbook" in msg["content"].get("metadata", {}):  # "2.5", and not "np.float64(2.5)"
            data = json.dumps(msg["content"]["data"])
            msg["content"]["data"] = json.loads(_SCALAR.sub(r"\1\2", data))
        return super().process_message(msg, cell, cell_index)


def _merge_streams(outputs: Iterable[Any]) -> list[Any]:
    """Join what a cell printed; of a line written over, the end stays.

    nbclient can do so too, and takes minutes for one line of a million letters.
    """
    merged: dict[object, Any] = {}
    for output in outputs:
        known = merged.setdefault(output.get("name", id(output)), output)
        if known is not output:
            known.text += output.text
    for name in merged.keys() & {"stdout", "stderr"}:
        lines = merged[name].text.split("\n")
        merged[name].text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
    return list(merged.values())


def _unfold(outputs: Iterable[Any], widgets: Mapping[str, Any]) -> Iterator[Any]:
    """Give outputs, and what was printed into widgets: these are seen with a kernel only."""
    for output in outputs:
        data = output.get("data", {})
        states = [widgets.get(data.get(WIDGET, {}).get("model_id"), {})]
        for state in states:  # those inside are added to the list
            names = (name.removeprefix("IPY_MODEL_") for name in state.get("children", ()))
            states += (widgets.get(name, {}) for name in names)
        held = [from_dict(each) for state in states for each in state.get("outputs", ())]
        if not held or not data.get("text/plain", "").startswith("Output("):
            yield output
        yield from _unfold(held, widgets)


async def run_chapter(
    chapter: Chapter, kernels: Callable[[str], Any], environment: Mapping[str, str] = {}
) -> Any:
    """Run the cells of a chapter in a kernel of its own, and return them with their outputs.

    `ChapterError` says which cell failed or broke a limit.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> cells = new_notebook(cells=[new_code_cell("6 * 7")])
    >>> with open_kernels() as kernels:
    ...     done = asyncio.run(run_chapter(Chapter("answer", Path("answer.md"), cells), kernels))
    >>> done.cells[0].outputs[0].data["text/plain"]
    '42'
    """
    notebook = chapter.notebook
    code = [at for at, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    if not code:
        return notebook
    limits = {"timeout": chapter.timeout, "iopub_timeout": 60, "raise_on_iopub_timeout": True}
    client = _Client(notebook, shutdown_kernel="immediate", record_timing=False, **limits)
    client.index, client.most_bytes, line = code[0], chapter.most_bytes, 1
    # Signals are for the build: with its own handlers, nbclient ends the kernel and goes on.
    setattr(asyncio.get_running_loop(), "add_signal_handler", lambda *_: None)  # noqa: B010
    try:
        client.km = kernels(notebook.metadata.get("kernelspec", {}).get("name", "python3"))
        folder = str(chapter.path.absolute().parent)
        done = await client.async_execute(cwd=folder, env=os.environ | environment)
        for at in code:
            shown = _unfold(done.cells[at].outputs, client.widget_state)
            done.cells[at].outputs = _merge_streams(shown)
        return done
    except CellExecutionError as error:
        reason, line = _reason_of(error)
    except CellTimeoutError:
        remedy = "end it, or raise execute: timeout in _config.yml"
        reason = f"the cell ran longer than {chapter.timeout} seconds; {remedy}"
    except DeadKernelError:
        reason = "the kernel died: out of memory, or the code ended its process"
        if client.bytes > client.most_bytes:
            reason = _TOO_MUCH.format(client.most_bytes)
    except Exception as error:  # a kernel can fail to start in many ways
        reason = f"the kernel broke: {type(error).__name__}: {error}"[:_LONGEST]
    raise ChapterError(client.index, reason, line)


def _reason_of(error: CellExecutionError) -> tuple[str, int]:
    """Say what failed, and at which line of the cell: the last one the error passed through."""
    trace, value = (re.sub(r"\x1b\[[\d;]*m", "", text) for text in (error.traceback, error.evalue))
    frames = re.findall(r"Cell In\s?\[(\d+)\],? line:? ?(\d+)", trace)
    failing = max((int(cell) for cell, _ in frames), default=0)
    line = next((int(line) for cell, line in reversed(frames) if int(cell) == failing), 1)
    if len(value) > _LONGEST:
        value = f"{value[:_LONGEST]} ... ({len(value):,} characters)"
    # Where what shows a result failed, the trace alone says how.
    said = trace.splitlines()[-1] if error.ename == "NoneType" else f"{error.ename}: {value}"
    return f"the code failed: {said}", line


def run_chapters(chapters: Iterable[Chapter], kernels: Callable[[str], Any]) -> dict[str, Any]:
    """Run chapters side by side, each to its end; a terminal shows a line for each."""
    # Much of the start and the end of a kernel is waiting: others use that time.
    gate = asyncio.Semaphore((os.cpu_count() or 1) + 2)

    async def run(chapter: Chapter) -> tuple[str, Any]:
        async with gate:
            begun, failed = perf_counter(), ""
            try:
                result = await run_chapter(chapter, kernels)
            except ChapterError as error:
                result, failed = error, "  failed"
        if sys.stdout.isatty():
            LOGGER.info("%6.1f s  %s%s", perf_counter() - begun, chapter.docname, failed)
        return chapter.docname, result

    # What a signal raises ends the loop by itself; it must not be raised again by what gathers.
    async def run_all() -> Any:
        return await asyncio.gather(*map(run, chapters), return_exceptions=True)

    found = asyncio.run(run_all())
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return dict(found)


def run_on_cluster(
    address: str, chapters: Iterable[Chapter], book: Path, files: dict[str, bytes]
) -> dict[str, Any]:
    """Run chapters by workers of Dask, which need Python and the libraries only.

    ``files``, of book and package, travel along; the work of a worker that is lost is repeated.
    """
    import cloudpickle
    from distributed import Client

    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not have it
    try:
        with Client(address, timeout=20) as client:
            client.wait_for_workers(1, timeout=20)
            found = client.get_versions(packages=[one.name for one in metadata.distributions()])
            for worker, there in found["workers"].items():
                other = dict(there["packages"].items() - found["client"]["packages"].items())
                if any(other.values()):  # what it lacks is named by a chapter that needs it
                    raise ValueError(f"{worker} differs in {other}; use requirements-dev.txt there")
            # A task, not data: Dask makes it again when the worker that holds it is lost.
            packed = client.submit(dict, files)
            running = {}
            for one in chapters:
                moved = replace(one, path=one.path.relative_to(book))
                running[one.docname] = client.submit(_run_there, packed, moved, pure=False)
            return dict(client.gather(running))
    except Exception as error:
        reason = f"the Dask cluster at {address} cannot run chapters: {error}"
        raise BuildError(reason[:_LONGEST]) from None


def _run_there(files: dict[str, bytes], chapter: Chapter) -> Any:
    from distributed import get_worker

    there = get_worker().local_directory  # removed with the worker
    with TemporaryDirectory(dir=there) as name, TemporaryDirectory(dir="/tmp") as short:
        for inner, content in ({str(chapter.path): b""} | files).items():
            Path(name, inner).parent.mkdir(parents=True, exist_ok=True)
            Path(name, inner).write_bytes(content)
        moved = replace(chapter, path=Path(name, chapter.path))
        own = {"transport": "ipc", "connection_file": f"{short}/kernel.json"}  # ports may be taken
        ordinary = lambda kernel: AsyncKernelManager(kernel_name=kernel, **own)  # noqa: E731
        try:
            return asyncio.run(run_chapter(moved, ordinary, {"PYTHONPATH": name}))
        except ChapterError as error:
            return error
