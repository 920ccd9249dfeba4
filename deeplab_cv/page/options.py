"""Whether the run is shown on a page in the browser, where, and who may see it."""

from deeplab_cv.options import Options, option


class PageOptions(Options):
    """The page in the browser: its address, who may watch and control, and HTTPS."""

    # fmt: off
    serve: str | None = option(None, "show the run on a page in the browser, at this port of this machine; with a host, at an address that others reach", metavar="[HOST:]PORT")
    serve_token: str | None = option(None, "token for watching and controlling; made anew where none is given and others can reach the page; ${NAME} is taken from the environment", metavar="TOKEN")
    serve_view_token: str | None = option(None, "token for watching alone; ${NAME} is taken from the environment", metavar="TOKEN")
    serve_viewers: int = option(16, "how many may watch at once", ge=1, le=1000)
    tls_cert: str | None = option(None, "certificate of the page (PEM), for HTTPS", metavar="FILE")
    tls_key: str | None = option(None, "key of the certificate (PEM)", metavar="FILE")
    tls_self_signed: bool = option(False, "HTTPS with a certificate made here, which browsers warn of once")
    # fmt: on
