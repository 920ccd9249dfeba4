import asyncio
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deeplab_cv.errors import UserError
from deeplab_cv.machine.folders import models_folder
from deeplab_cv.networks.opening import open_network
from deeplab_cv.website.runtime import Runtime, pinned_runtime
from deeplab_cv.website.site import write_site
from tests.tiny_networks import tiny_network
from tests.website.page import chromium, open_page

NPM_MISSING = "npm cannot fetch packages here"


@pytest.fixture(scope="session")
def runtime() -> Runtime:
    """ONNX Runtime Web, fetched once for all tests."""
    if shutil.which("npm") is None:
        pytest.skip(f"{NPM_MISSING}: apt install npm")
    try:
        return pinned_runtime()
    except UserError as error:
        pytest.skip(f"{NPM_MISSING}: {error}")


@pytest.fixture(scope="session")
def site(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the default network."""
    folder = tmp_path_factory.mktemp("site")
    write_site(open_network(models_folder() / "deeplabv3_lite.onnx"), runtime, folder)
    return folder


@pytest.fixture(scope="session")
def facts(site: Path) -> dict:
    """What site.json holds."""
    return json.loads((site / "site.json").read_text(encoding="utf-8"))


class Served:
    """A site on loopback.

    Attributes:
        asked: the paths that were asked for.
        held: the paths that are answered when they are taken out.
    """

    def __init__(self, folder: Path, headers: dict[str, str] | None = None) -> None:
        uvicorn = pytest.importorskip("uvicorn", reason="requirements-web.txt is not installed")
        from deeplab_cv.website.serving import HEADERS, application

        self.asked: list[str] = []
        self.held: set[str] = set()
        inner = application(folder, HEADERS if headers is None else headers)

        async def noting(scope, receive, send):
            if scope["type"] == "http":
                self.asked.append(scope["path"])
                while scope["path"] in self.held:
                    await asyncio.sleep(0.01)
            await inner(scope, receive, send)

        listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://localhost:{listener.getsockname()[1]}/"
        self._server = uvicorn.Server(uvicorn.Config(noting, log_level="critical", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()


@pytest.fixture
def serve() -> Iterator:
    """Serves folders until the test's end."""
    running: list[Served] = []

    def start(folder: Path, headers: dict[str, str] | None = None) -> Served:
        running.append(Served(folder, headers))
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture(scope="module")
def tiny_site(runtime, tmp_path_factory):
    """A site whose network sees colours."""
    folder = tmp_path_factory.mktemp("tiny")
    write_site(open_network(tiny_network(folder)), runtime, folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def tiny(tiny_site, tmp_path_factory):
    """That site, served, and one browser for all tests that leave nothing behind."""
    served = Served(tiny_site)
    with chromium(tmp_path_factory.mktemp("profile"), served.address) as tab:
        yield served.address, tab
    served.stop()


@pytest.fixture
def page(tiny):
    """The page of that site, just opened."""
    address, tab = tiny
    open_page(tab, address)
    return tab
