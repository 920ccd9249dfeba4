"""What is asked of an engine, whichever it will be."""

from deeplab_cv.options import Options, option


class EngineOptions(Options):
    """What is asked of an engine, whichever it will be."""

    # fmt: off
    backend: str = option("auto", "NAME[:device], such as opencv, onnxruntime:cuda, openvino:gpu; auto takes the fastest that is right")
    threads: int = option(0, "processor threads for the engine; 0 leaves it to the program", "threads", ge=0, le=1024)
    # fmt: on
