"""Run chapters on this machine, several at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from evidence_tools.execution.chapter import HEAD, Chapter, Outcome
from evidence_tools.execution.failure import error_text
from evidence_tools.execution.fingerprint import PACKAGE
from evidence_tools.execution.parallel import processors
from evidence_tools.execution.reads import read_log
from evidence_tools.execution.renderer import RendererLaunch
from evidence_tools.execution.warm import ForkedKernel, WarmProcess

_STARTUP_SECONDS = 60
_LONGEST_SOCKET_FOLDER = 80
"""Bytes; the path of a Unix socket may have about a hundred."""


class LocalExecutor:
    """Runs chapters in kernels on this machine.

    Parameters
    ----------
    book
        The book folder.
    data
        The folder with the tables.
    warm
        The process that kernels are forked from; ``None`` starts an interpreter for each.
    workers
        How many chapters run at a time; by default two more than there are processors.
    note
        Called with a sentence when something goes another way than it should.
    """

    def __init__(
        self,
        book: Path,
        data: Path,
        *,
        warm: WarmProcess | None = None,
        workers: int | None = None,
        note: Callable[[str], None] = print,
    ) -> None:
        self.book = book
        self.data = data
        self.warm = warm
        # Much of the start and the end of a kernel is waiting: others use that time.
        self.workers = workers or processors() + 2
        self.note = note
        self._renderer: ForkedKernel | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="evidence-", dir=_socket_parent()))

    def run(self, chapters: Sequence[Chapter]) -> Iterator[Outcome]:
        """Run chapters, and yield each outcome as soon as it is known.

        The kernels are managed in a thread: Ctrl-C reaches the caller, which closes this
        generator, which ends the kernels.
        """
        outcomes: queue.SimpleQueue[Outcome | BaseException | None] = queue.SimpleQueue()
        begun: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()

        async def work() -> None:
            begun.put((asyncio.get_running_loop(), asyncio.current_task()))
            gate = asyncio.Semaphore(self.workers)

            async def run_one(number: int, chapter: Chapter) -> None:
                async with gate:
                    outcomes.put(await self._run(chapter, self.folder / str(number)))

            async with asyncio.TaskGroup() as group:
                group.create_task(self._start_renderer())
                for number, chapter in enumerate(chapters):
                    group.create_task(run_one(number, chapter))

        def thread() -> None:
            try:
                asyncio.run(work())
            except asyncio.CancelledError:
                pass
            except BaseException as error:
                outcomes.put(error)
            outcomes.put(None)

        runner = threading.Thread(target=thread, name="chapters", daemon=True)
        runner.start()
        loop, task = begun.get()
        try:
            while (outcome := outcomes.get()) is not None:
                if isinstance(outcome, BaseException):
                    raise outcome
                yield outcome
        finally:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                loop.call_soon_threadsafe(task.cancel)
            runner.join(timeout=10)

    def close(self) -> None:
        """End the warm process and remove the sockets."""
        if self._renderer is not None:
            self._renderer.kill()
        if self.warm is not None:
            self.warm.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _start_renderer(self) -> None:
        """Fork the process that draws for all kernels; without it each draws by itself."""
        if self.warm is not None and self._renderer is None:
            with contextlib.suppress(OSError, EOFError):
                launch = RendererLaunch(str(self.folder / "draw"))
                self._renderer = await asyncio.to_thread(self.warm.fork, launch)

    async def _run(self, chapter: Chapter, folder: Path) -> Outcome:
        warm = self.warm
        outcome = await self._attempt(chapter, folder, warm)
        if warm is not None and outcome.reason.startswith(_NOT_STARTED):
            # A platform may have a fork server and yet forbid what kernels do after a fork.
            if self.warm is not None:
                self.note(f"{_FELL_BACK} ({outcome.reason})")
            self.warm = None
            warm.stop()
            outcome = await self._attempt(chapter, folder.with_suffix(".again"), None)
        return outcome

    async def _attempt(self, chapter: Chapter, folder: Path, warm: WarmProcess | None) -> Outcome:
        from jupyter_client.kernelspec import NoSuchKernel
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

        folder.mkdir()
        client = _client(chapter, folder, warm, self._watch(folder))
        manager = client.km
        begun = 0

        def note_begin(cell_index: int, **_: Any) -> None:
            nonlocal begun
            begun = cell_index

        client.on_cell_start = note_begin
        client.log = _QUIET
        reason = ""
        started, start = time.time(), time.perf_counter()
        try:
            await asyncio.wait_for(client.async_execute(), _limit(chapter))
        except CellExecutionError as error:
            reason = f"the code failed:\n{error_text(client.nb.cells[begun], error.traceback)}"
        except (CellTimeoutError, TimeoutError):
            reason = (
                f"ran longer than {chapter.timeout} seconds; see execute: timeout in _config.yml"
            )
        except DeadKernelError:
            reason = "the kernel died (out of memory, or the code ended the process)"
        except NoSuchKernel as error:
            begun = HEAD
            reason = f"there is no kernel {error.name!r}; write 'name: python3' under 'kernelspec:'"
        except Exception as error:  # a kernel can fail to start in many ways
            if begun or client.code_cells_executed:
                reason = f"the kernel broke: {type(error).__name__}: {error}"
            else:
                reason = f"{_NOT_STARTED}: {type(error).__name__}: {error}"
        finally:
            await _end(client)
            manager.end_group()
        seconds = time.perf_counter() - start
        if reason:
            shutil.rmtree(folder, ignore_errors=True)
            return Outcome(chapter, seconds, cell=begun, reason=reason)
        apart = [self.data, PACKAGE, self.folder]
        reads = read_log(folder / "reads", book=self.book, apart=apart, started=started)
        shutil.rmtree(folder, ignore_errors=True)
        return Outcome(chapter, seconds, notebook=client.nb, reads=reads)

    def _watch(self, folder: Path) -> str:
        apart = [str(path.resolve()) for path in (self.data, PACKAGE, self.folder)]
        call = f"record_reads({str(folder / 'reads')!r}, {apart!r})"
        # No name of it stays in the chapter's namespace.
        return f"__import__('evidence_tools.execution.reads', fromlist=['reads']).{call}"


_QUIET = logging.getLogger("evidence_tools.quiet")
"""Swallows what nbclient logs about a broken chapter: its outcome says it better."""
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False
_NOT_STARTED = "the kernel did not start"
_FELL_BACK = "kernels cannot be forked here; each is started by itself, which takes longer"


def _client(chapter: Chapter, folder: Path, warm: WarmProcess | None, watch: str) -> Any:
    import nbformat
    from nbclient import NotebookClient

    from evidence_tools.execution.provisioner import ChapterKernelManager, WarmSpecs

    # Sockets in a private folder: nothing listens on the network.
    manager = ChapterKernelManager(
        kernel_name=chapter.kernel_name,
        transport="ipc",
        connection_file=str(folder / "kernel.json"),
    )
    if warm is not None:
        manager.kernel_spec_manager = WarmSpecs()
        manager.warm = warm
        manager.renderer = str(folder.parent / "draw")
    temporary = folder / "tmp"
    temporary.mkdir()
    client = NotebookClient(
        nbformat.from_dict(chapter.notebook),
        km=manager,
        timeout=chapter.timeout if chapter.timeout > 0 else None,
        startup_timeout=_STARTUP_SECONDS,
        # Times in the cells' metadata would change the key the cache finds them by.
        record_timing=False,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(chapter.path.parent)}},
    )
    client.owns_km = True  # so that it ends the kernel, also after a failure
    if _is_ipython(manager):
        client.extra_arguments = [f"--IPKernelApp.exec_lines={watch}"]
    return client


def _is_ipython(manager: Any) -> bool:
    from jupyter_client.kernelspec import NoSuchKernel

    try:
        return bool(manager.ipykernel)
    except NoSuchKernel:
        return False


async def _end(client: Any) -> None:
    """Make sure that no kernel is left, however its chapter ended."""
    manager = client.km
    if manager is not None and manager.has_kernel:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(manager.shutdown_kernel(now=True), 10)


def _limit(chapter: Chapter) -> float | None:
    """Bound a whole chapter, should a cell's own limit not end it."""
    if chapter.timeout <= 0:
        return None
    cells = sum(cell.cell_type == "code" for cell in chapter.notebook.cells)
    return float(2 * _STARTUP_SECONDS + (chapter.timeout + 10) * cells)


def _socket_parent() -> str | None:
    parent = tempfile.gettempdir()
    return "/tmp" if len(os.fsencode(parent)) > _LONGEST_SOCKET_FOLDER else None  # noqa: S108
