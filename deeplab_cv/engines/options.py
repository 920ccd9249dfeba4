"""What is asked of an engine, whichever it will be."""

from typing import Annotated

from pydantic import BeforeValidator

from deeplab_cv.options import Options, option

Backend = Annotated[str, BeforeValidator(lambda value: value.strip().lower() if isinstance(value, str) else value)]
"""An engine, perhaps with a device; in any case of letters."""


class EngineOptions(Options):
    """What is asked of an engine, whichever it will be."""

    # fmt: off
    backend: Backend = option("auto", "NAME[:device], such as opencv, onnxruntime:cuda, openvino:gpu; auto takes the fastest that is right", metavar="NAME[:DEVICE]")
    threads: int = option(0, "processor threads for the engine; 0 leaves it to the program", "threads", ge=0, le=1024)
    # fmt: on
