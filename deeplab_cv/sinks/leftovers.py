"""What runs that were killed left half written: named as a part of an output, and told of."""

import logging
from pathlib import Path

from deeplab_cv.errors import as_typed
from deeplab_cv.machine.files import discard, partial
from deeplab_cv.machine.leftovers import drafts_left_in
from deeplab_cv.sinks.contents import playable
from deeplab_cv.sinks.encoding import CODECS_OF_CONTAINER
from deeplab_cv.sinks.statistics import STATISTICS_EXTENSIONS, cut_to_whole_lines

_LOOKS_FOR_S = 2.0
"""A file of hours is not read to its end only to say how long it is."""

_log = logging.getLogger(__name__)


def name_leftovers(folder: Path) -> None:
    """Make NAME.partial.EXT of every output in a folder whose run lives no more, with a line for the user.

    What nothing can be read from is deleted, such as half a picture.
    """
    for draft, place in drafts_left_in(folder):
        contents = _contents(draft)
        if contents is None:
            discard(draft)
            continue
        kept = partial(place)
        try:
            draft.replace(kept)
        except OSError:
            continue
        _log.warning("an earlier run left %s (%s)", as_typed(kept), contents)


def _contents(draft: Path) -> str | None:
    """In words; None for a file of which nothing can be used."""
    suffix = draft.suffix.lower()
    if suffix in STATISTICS_EXTENSIONS:
        lines = cut_to_whole_lines(draft)
        return f"{lines} frames" if lines else None
    if suffix not in CODECS_OF_CONTAINER:
        return None
    found = playable(draft, _LOOKS_FOR_S)
    if found is None:
        return None
    return f"{'' if found.all_seen else 'more than '}{found.seconds:.0f} s, plays"
