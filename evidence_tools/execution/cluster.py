"""Run chapters on the workers of a Dask cluster.

The workers need Python and the libraries in the same versions as here, but neither the book nor
its package: both travel with the task. A chapter whose worker is lost runs on another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evidence_tools.execution import errand, fingerprint
from evidence_tools.execution.bundle import pack
from evidence_tools.execution.chapter import Chapter, Outcome
from evidence_tools.execution.fingerprint import installed_versions
from evidence_tools.execution.worker import from_json

_CONNECT_SECONDS = 20
_LOOK_SECONDS = 5
_DESERTED_SECONDS = 60
_SHOWN = 5


class ClusterExecutor:
    """Runs chapters on a Dask cluster.

    Parameters
    ----------
    address
        Address of the scheduler, such as ``tcp://10.0.0.1:8786``.
    book, data
        The book folder, and the folder with the tables inside it.

    Raises
    ------
    OSError
        If the scheduler cannot be reached.
    RuntimeError
        If the extra ``cluster`` is not installed, or a worker's libraries differ.
    """

    def __init__(self, address: str, book: Path, data: Path) -> None:
        self.book = book.resolve()
        self.data = data.resolve()
        try:
            import cloudpickle
            from distributed import Client
        except ImportError as error:
            raise RuntimeError(
                "chapters on a cluster need the extra 'cluster': pip install '.[cluster]'"
            ) from error
        # Workers do not have these modules: their functions travel as code.
        for module in (errand, fingerprint):
            cloudpickle.register_pickle_by_value(module)
        try:
            self._client: Any = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except OSError as error:
            raise OSError(f"no scheduler answers at {address}: {error}") from error

    def run(self, chapters: Sequence[Chapter]) -> Iterator[Outcome]:
        """Run chapters on the workers, and yield each outcome as soon as it is known.

        Raises
        ------
        RuntimeError
            If there is no worker, or one has other versions than this machine.
        """
        self._compare_versions()
        # A task rather than data: Dask makes it again when the worker that holds it is lost.
        bundle = self._client.submit(errand.hold, pack(self.book, self.data))
        waiting: dict[Any, Chapter] = {
            self._client.submit(errand.run_errand, bundle, self._task(chapter), pure=False): chapter
            for chapter in chapters
        }
        try:
            while waiting:
                for future in self._finished(waiting):
                    yield _outcome(future, waiting.pop(future))
        finally:
            self._client.cancel([*waiting, bundle], force=True)

    def _finished(self, waiting: Mapping[Any, Chapter]) -> list[Any]:
        """Wait until some chapter is done, as long as there is any worker."""
        from distributed import wait

        deserted = 0
        while True:
            try:
                with self._client.as_current():
                    done = wait(list(waiting), _LOOK_SECONDS, return_when="FIRST_COMPLETED")
                return list(done.done)
            except TimeoutError:
                deserted = 0 if self._client.scheduler_info()["workers"] else deserted + 1
            if deserted * _LOOK_SECONDS >= _DESERTED_SECONDS:
                raise RuntimeError("the cluster has lost all its workers")

    def close(self) -> None:
        """Leave the cluster; its workers stay."""
        self._client.close()

    def _task(self, chapter: Chapter) -> dict[str, Any]:
        import nbformat

        return {
            "docname": chapter.docname,
            "path": chapter.path.resolve().relative_to(self.book).as_posix(),
            "data": self.data.relative_to(self.book).as_posix(),
            "notebook": nbformat.writes(chapter.notebook, nbformat.NO_CONVERT),
            "timeout": chapter.timeout,
        }

    def _compare_versions(self) -> None:
        """Refuse workers whose results would be kept under the wrong versions."""
        try:
            self._client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except TimeoutError:
            raise RuntimeError("the cluster has no worker") from None
        here = set(installed_versions())
        for worker, found in self._client.run(installed_versions).items():
            if differing := sorted(here.symmetric_difference(found)):
                shown = ", ".join(differing[:_SHOWN])
                more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
                raise RuntimeError(
                    f"worker {worker} has other versions than this machine: {shown}{more}; "
                    "install requirements.txt on both"
                )


def _outcome(future: Any, chapter: Chapter) -> Outcome:
    if future.status != "finished":
        error = future.exception() if future.status == "error" else future.status
        return Outcome(chapter, 0.0, reason=f"the cluster could not run it: {error}")
    return from_json(chapter, future.result())
