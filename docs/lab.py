"""JupyterLab in this folder: open a chapter with what its kernel says about the language.

JupyterLab writes that into a notebook when the kernel starts, and shows the notebook as changed if
it was not there already. Chapters do not keep it: see ``tool.jupytext`` in ``pyproject.toml``.
"""

from typing import Any

from ipykernel.ipkernel import IPythonKernel
from jupytext.async_contentsmanager import AsyncTextFileContentsManager


class Chapters(AsyncTextFileContentsManager):  # type: ignore[misc]
    """Reads and writes notebooks that are text."""

    async def get(self, path: str, content: bool = True, *args: Any, **how: Any) -> Any:
        """Read a notebook, or another file."""
        model = await super().get(path, content, *args, **how)
        if content and model["type"] == "notebook":
            model["content"]["metadata"].setdefault("language_info", IPythonKernel.language_info)
        return model


c.ServerApp.contents_manager_class = Chapters  # type: ignore[name-defined]  # noqa: F821
