"""Which of the networks in models/ is run where only a frame rate is named: the most accurate that keeps it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deeplab_cv.errors import UserError
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.network import Network
from deeplab_cv.networks.opening import network_files, open_network
from deeplab_cv.segmentation.network_engines import NetworkEngines

_log = logging.getLogger(__name__)


def candidates(default: Network) -> list[Network]:
    """The default network and those of models/ that can be compared with it, the most accurate first.

    Comparable are networks of the same classes that were measured on the same pictures (`app.py evaluate
    --write-card`). Raises NetworkError or CardError for a file in models/ that is not what its card says.
    """
    others = [open_network(file) for file in network_files() if file != default.file]
    alike = [other for other in others if other.card.classes == default.card.classes]
    shared = [network for network in alike if _miou(network, default) is not None]
    return sorted([default, *shared], key=lambda network: -(_miou(network, default) or 0.0))


def most_accurate_in_time(
    networks: Sequence[Network],
    default: Network,
    make: Callable[[Network], NetworkEngines],
    size: Size,
) -> NetworkEngines:
    """The first of these networks that is fast enough for frames of this size; the default one where none is.

    Its engine is loaded. What cannot be run here is passed over, and a line is logged.

    Args:
        networks: the default network among them.
        default: what is run where none is fast enough.
        make: puts a network on engines, which are not loaded yet.
        size: of the frames, in pixels.

    Raises:
        EngineError: the default network cannot be run.
    """
    made = {network.file: make(network) for network in networks}
    chosen = None
    try:
        chosen = _first_in_time(networks, default, made, size) or default
        return made[chosen.file]
    finally:
        for network in networks:
            if network is not chosen:
                made[network.file].close()


def _first_in_time(
    networks: Sequence[Network], default: Network, made: Mapping[Path, NetworkEngines], size: Size
) -> Network | None:
    for network in networks:
        engines = made[network.file]
        try:
            in_time = engines.load(size).keeps_pace
        except UserError as error:
            if network is default:
                raise
            _log.info("%s is passed over: %s", network.card.name, error)
            continue
        if in_time:
            if network is not default:
                best = "%s is the most accurate of %d networks that keeps the rate"
                _log.info(best, network.card.name, len(networks))
            return network
        if network is not default:
            # The default one stays loaded: it may be what is left.
            engines.close()
    return None


def _miou(network: Network, like: Network) -> float | None:
    """Its mIoU on the pictures that both were measured on; None where there are none."""
    own, others = ({entry.data: entry.miou for entry in each.card.accuracy} for each in (network, like))
    return next((own[data] for data in others if data in own), None)
