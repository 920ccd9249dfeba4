"""Screens without pixels that ask for one action after another."""


class Script:
    """A screen without pixels: asks for the next action after each frame, and remembers what it saw."""

    def __init__(self, controls, *actions):
        self._controls, self._actions = controls, list(actions)
        self.seen = []

    view = property(lambda self: self._controls.view)
    waits = property(lambda self: self._controls.waits)

    def attend(self, pipeline):
        if self._controls.shown is not None and self._actions:
            self._controls.ask(self._actions.pop(0))
        if self._controls.attend(pipeline):
            self.seen.append((self._controls.view, self._controls.status(pipeline)))

    def rest(self):
        return False

    def show(self, scored, painted, pipeline):
        self._controls.show(scored, painted)

    def close(self):
        return self._controls.close()


class Steps(Script):
    """Asks for the next action once what the last one led to is on the screen; remembers frames and last messages."""

    def __init__(self, controls, *actions):
        super().__init__(controls)
        self._steps = list(actions)
        self.indexes, self.messages = [], []

    def attend(self, pipeline):
        if self.indexes and self.waits:
            self.messages.append(self._controls.status(pipeline).message)
            self._actions.append(self._steps.pop(0))
        super().attend(pipeline)

    def show(self, scored, painted, pipeline):
        super().show(scored, painted, pipeline)
        self.indexes.append(scored.frame.index)
