"""Write a web page that segments on the visitor's own device, phone or computer: nothing is sent anywhere.

The folder is a static site: page, network, its golden samples and ONNX Runtime Web, which npm fetches at the first run
on this machine. Each visitor's browser proves the network before it paints with it. docs/web.md says how to publish it.

examples:
  app.py web --out site/
  app.py web --out site/ --serve 8080
  app.py web --out site/ --model mine.onnx
"""

import argparse
from pathlib import Path

from deeplab_cv.errors import UsageError
from deeplab_cv.machine import interrupts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `web`."""
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of the site")
    parser.add_argument(
        "--model", metavar="FILE", default="", help="network file (.onnx) with its card and golden scores"
    )
    parser.add_argument(
        "--serve", metavar="PORT", type=int, help="then serve it on this machine, with the headers that threads need"
    )


def run(args: argparse.Namespace) -> int:
    """Write the site, say what it holds, and serve it if asked to."""
    import socket

    listener = None
    if args.serve is not None:
        from deeplab_cv.website.serving import serve

        try:
            listener = socket.create_server(("127.0.0.1", args.serve))
        except (OSError, OverflowError) as error:
            raise UsageError(
                "this port cannot be had", f"--serve {args.serve}", "name another one", cause=error
            ) from error
    from deeplab_cv.networks.opening import wanted_network
    from deeplab_cv.networks.options import NetworkOptions
    from deeplab_cv.website.runtime import pinned_runtime
    from deeplab_cv.website.site import write_site

    with interrupts.raised():
        network = wanted_network(NetworkOptions(model=args.model))
        print("fetching ONNX Runtime Web, where it is not here yet", flush=True)
        site = write_site(network, pinned_runtime(), args.out)
        megabytes = [count / 1e6 for count in (site.bytes, site.first_visit_bytes)]
        sizes = ", ".join(str(size) for size in site.sizes)
        print(f"{site.folder}: {network.card.name} at {sizes}")
        print(f"{megabytes[0]:.1f} MB, {megabytes[1]:.1f} MB of them kept by the browser for use without a connection")
        if listener is not None:
            print(f"http://localhost:{listener.getsockname()[1]}/ until Ctrl-C", flush=True)
            serve(args.out, listener)
    return 0
