"""Servers of live streams on this machine, and a source that is not tried again."""

import http.server
import socket
import threading
from contextlib import ExitStack, contextmanager

from deeplab_cv.sources.connection import Limits
from deeplab_cv.sources.url import StreamPlan, open_stream
from tests.waiting import HANGS_S


def open_once(url, *, open_s=HANGS_S, stall_s=HANGS_S, **plan):
    """A stream that is not tried again, from a server that may take its time however busy the machine is."""
    return open_stream(url, StreamPlan(retry=0, limits=Limits(open_s=open_s, first_s=HANGS_S, stall_s=stall_s), **plan))


@contextmanager
def answering(*parts, hangs_up=False):
    """A server that sends the parts to whoever comes, and then nothing, or hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:

        def answer():
            client = stack.enter_context(listener.accept()[0])
            for part in parts:
                client.sendall(part)
            if hangs_up:
                client.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def web_server(handler):
    """The address of a web server that answers by a handler of http.server's."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()
