"""Actions that were asked for and are not done yet."""

from queue import Empty, SimpleQueue

from deeplab_cv.controls.keys import Action, SetView, ShowSource, UnknownKey
from deeplab_cv.controls.view_changes import VIEW_CHANGES


class Asked:
    """A queue of actions; `put` may be called from any thread."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Action] = SimpleQueue()
        self._pending: list[Action] = []

    @property
    def anything(self) -> bool:
        """Something came since the last `take`."""
        return not self._queue.empty()

    @property
    def waiting(self) -> bool:
        """Something waits for a frame on the screen."""
        return bool(self._pending)

    def put(self, *actions: Action) -> None:
        """Take down what is asked for, in order."""
        for action in actions:
            self._queue.put(action)

    def take(self, *, frame_shown: bool) -> list[Action]:
        """What is to be done now; all that speaks of the frame on the screen waits until there is one."""
        actions, self._pending = self._pending, []
        while True:
            try:
                actions.append(self._queue.get_nowait())
            except Empty:
                break
        if not frame_shown:
            self._pending = [action for action in actions if not _done_at_once(action)]
            actions = [action for action in actions if _done_at_once(action)]
        return actions


def _done_at_once(action: Action) -> bool:
    of_itself = isinstance(action, UnknownKey | SetView | ShowSource)
    return of_itself or action in ("quit", "leave", "next_source", "grid") or action in VIEW_CHANGES
