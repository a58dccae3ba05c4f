"""Run chapters on a Dask cluster, whose workers need Python and the libraries only."""

import asyncio
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cloudpickle
from distributed import Client, get_worker, wait

from evidence_tools.book import execution, kernels
from evidence_tools.book.execution import Chapter, ChapterError
from evidence_tools.book.session import PACKAGE, BuildError, book_files


def run_on_cluster(
    address: str, chapters: Iterable[Chapter], book: Path, files: Iterable[Path], output_bytes: int
) -> dict[str, Any]:
    """Run chapters elsewhere; `files` travel along, and the work of a lost worker is repeated."""
    roots = ((PACKAGE.parent, book_files(PACKAGE)), (book, files))
    content = {str(one.relative_to(root)): one.read_bytes() for root, all_ in roots for one in all_}
    for module in (execution, kernels, sys.modules[__name__]):
        cloudpickle.register_pickle_by_value(module)  # workers do not have the package
    try:
        with Client(address, timeout=20) as client:
            client.wait_for_workers(1, timeout=20)
            _compare_versions(client)
            # A task, not data: Dask makes it again when the worker that holds it is lost.
            packed = client.submit(dict, content)
            running = {}
            for one in chapters:
                folder = one.path.parent.relative_to(book)
                limits = {"timeout": one.timeout, "output_bytes": output_bytes}
                work = (_run, packed, one.notebook, folder, limits)
                running[one.docname] = client.submit(*work, pure=False)
            wait(list(running.values()))
            return {docname: _result(future) for docname, future in running.items()}
    except (OSError, TimeoutError) as error:
        raise BuildError(f"no Dask cluster with a worker answers at {address}: {error}") from None


def _run(packed: dict[str, bytes], notebook: Any, folder: Path, limits: dict[str, int]) -> Any:
    # The worker's folder is removed with it; an error travels as what it is made of.
    with TemporaryDirectory(dir=get_worker().local_directory) as name:
        (name / folder).mkdir(parents=True, exist_ok=True)
        for inner, content in packed.items():
            (name / Path(inner)).parent.mkdir(parents=True, exist_ok=True)
            (name / Path(inner)).write_bytes(content)
        try:
            with kernels.Kernels(environment={"PYTHONPATH": name}) as there:
                return asyncio.run(execution.run_chapter(notebook, name / folder, there, **limits))
        except ChapterError as error:
            return error.args


def _result(future: Any) -> Any:
    if error := future.exception():
        return ChapterError(execution.HEAD, f"the cluster could not run it: {error}")
    return ChapterError(*done) if isinstance(done := future.result(), tuple) else done


def _compare_versions(client: Any) -> None:
    own = metadata.packages_distributions().get(PACKAGE.name, [])
    names = {library.name for library in metadata.distributions()}.difference(own)
    found = client.get_versions(packages=names)
    for worker, there in found["workers"].items():
        if other := dict(found["client"]["packages"].items() - there["packages"].items()):
            raise BuildError(f"worker {worker} differs in {other}; use requirements-dev.txt there")
