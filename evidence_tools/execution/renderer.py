"""One process that draws the charts of all kernels of a build.

Drawing begins with the start of a JavaScript engine, which takes longer than the drawing of a
chart. A kernel of a build hands its specification to this process; elsewhere, and whenever the
process does not answer, whoever draws a chart starts an engine of its own.
"""

from __future__ import annotations

import json
import os
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

VARIABLE = "EVIDENCE_RENDERER"
"""Environment variable with the socket of the process; only kernels of a build have it."""
_SECONDS = 60
_ID = re.compile(r'\bid="([^"]*?)(\d+)"')
_USE = re.compile(r'(\bid="|url\(#|href="#)([^")]+)')
_DONE, _REFUSED = b"+", b"-"


def draw(spec: dict[str, Any]) -> str:
    """Draw a Vega-Lite specification.

    Parameters
    ----------
    spec
        The specification, of values that JSON knows.

    Returns
    -------
    str
        SVG.

    Raises
    ------
    ValueError
        If the specification cannot be drawn.
    """
    address = os.environ.get(VARIABLE)
    if address and (svg := _ask(address, spec)) is not None:
        return number_ids(svg)
    import vl_convert  # heavy: 40 MB of Vega; only who draws pays for it

    return number_ids(vl_convert.vegalite_to_svg(spec))


def number_ids(svg: str) -> str:
    """Count the ids of a drawing from 0.

    The engine counts through all it has drawn: without this a chart would depend on the charts
    before it.

    Parameters
    ----------
    svg
        A drawing whose ids end in a number and are used by ``url(#id)`` and ``href="#id"``.
    """
    names: dict[str, str] = {}
    for stem, number in _ID.findall(svg):
        names.setdefault(f"{stem}{number}", f"{stem}{len(names)}")
    return _USE.sub(lambda match: match[1] + names.get(match[2], match[2]), svg)


def _ask(address: str, spec: dict[str, Any]) -> str | None:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_SECONDS)
        client.connect(address)
        client.sendall(json.dumps(spec).encode())
        client.shutdown(socket.SHUT_WR)
        answer = _read_all(client)
        if answer[:1] == _DONE:
            return answer[1:].decode()
    return None  # what it refuses is tried here, so that the error is the usual one


@dataclass(frozen=True, slots=True)
class RendererLaunch:
    """What a forked process does to become the renderer.

    Attributes
    ----------
    address
        Path of the socket it listens at.
    """

    address: str

    def _bootstrap(self, parent_sentinel: int) -> int:
        """Answer requests; the fork server calls this in the new process, by this name."""
        from evidence_tools.execution.kernel import end_with_parent

        os.close(parent_sentinel)
        end_with_parent()
        os.setsid()
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(self.address)
            server.listen(64)
            import vl_convert

            while True:
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    connection.settimeout(_SECONDS)
                    spec = _read_all(connection)
                    try:
                        answer = _DONE + vl_convert.vegalite_to_svg(json.loads(spec)).encode()
                    except Exception:  # told by the kernel, which tries the same
                        answer = _REFUSED
                    connection.sendall(answer)


def _read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)
