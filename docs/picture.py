"""Draw the picture of README.md from the rows: ``python docs/picture.py``."""

from __future__ import annotations

import io
from pathlib import Path

import vl_convert
from PIL import Image

from evidence_tools import load_evidence, marker_plot

evidence = load_evidence(Path(__file__).parent.parent / "data")
spec = marker_plot(evidence.select(source=evidence.topic.central_source)).spec
spec["config"] |= {"background": "white"}  # its letters are black, also on a dark page
drawn = Image.open(io.BytesIO(vl_convert.vegalite_to_png(spec, scale=2)))
drawn.convert("RGB").quantize(32).save(Path(__file__).with_name("markers.png"), optimize=True)
