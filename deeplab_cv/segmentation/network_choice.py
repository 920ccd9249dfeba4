"""Which of the networks in models/ is run where only a frame rate is named: the most accurate that keeps it."""

from collections.abc import Callable, Sequence

from deeplab_cv.errors import UserError
from deeplab_cv.networks.network import Network
from deeplab_cv.networks.opening import network_files, open_network
from deeplab_cv.segmentation.segmenter import Segmenter


def contenders(default: Network) -> list[Network]:
    """The default network and those of models/ that can be compared with it, the most accurate first.

    Comparable are networks of the same classes that were measured on the same pictures (`app.py evaluate
    --write-card`). Raises NetworkError or CardError for a file in models/ that is not what its card says.
    """
    others = [open_network(file) for file in network_files() if file != default.file]
    alike = [other for other in others if other.card.classes == default.card.classes]
    shared = [network for network in alike if _miou(network, default) is not None]
    return sorted([default, *shared], key=lambda network: -(_miou(network, default) or 0.0))


def keeping_pace(
    networks: Sequence[Network],
    default: Network,
    make: Callable[[Network], Segmenter],
    size_wh: tuple[int, int],
    say: Callable[[str], None],
) -> Segmenter:
    """The first of these networks that is fast enough for frames of this size; the default one where none is.

    What cannot be run here is passed over with a line for the user. Raises EngineError where the default cannot.
    """
    fallback = make(default)
    for network in networks:
        segmenter = fallback if network is default else make(network)
        try:
            if segmenter.keeps_pace(size_wh):
                break
        except UserError as error:
            if network is default:
                raise
            say(f"{network.card.name} is passed over: {error}")
        if segmenter is not fallback:
            segmenter.close()
    else:
        return fallback
    if segmenter is not fallback:
        say(f"{segmenter.network.card.name} is the most accurate of {len(networks)} networks that keeps the rate")
        fallback.close()
    return segmenter


def _miou(network: Network, like: Network) -> float | None:
    """Its mIoU on the pictures that both were measured on; None where there are none."""
    own, others = ({entry.data: entry.miou for entry in each.card.accuracy} for each in (network, like))
    return next((own[data] for data in others if data in own), None)
