"""Which pictures a training step sees: half at random from all, half from those with rare classes."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

PERMUTATION, RARE, CROP = 0, 1, 2
"""Purposes of a random stream; each (seed, purpose, number) has its own."""


class BalancedSampler:
    """Draws the pictures of a step from its number alone, so that a resumed training sees what it would have seen.

    The first half of a batch walks through all pictures in a new order each epoch. Each place in the second half
    draws a class, then a picture that has it. A class is drawn in proportion to 1 / sqrt(pictures that have it);
    those in more than a fifth of the pictures (background, people) are not drawn: the first half has enough of them.
    """

    COMMON_SHARE = 0.2

    def __init__(
        self,
        presence: npt.NDArray[np.bool_],
        batch_size: int,
        seed: int,
        favour: Mapping[int, float] | None = None,
    ) -> None:
        """The order of a training's pictures.

        Args:
            presence: bool (pictures, classes), which classes each picture has.
            batch_size: pictures a step.
            seed: the same one gives the same order.
            favour: how many times as often as by their number alone some of the drawn classes are drawn.
        """
        self.picture_count = len(presence)
        self.epoch = -1
        self.order = np.empty(0, np.int64)
        self.seed = seed
        self.rare_count = batch_size // 2
        self.all_count = batch_size - self.rare_count
        pictures_per_class = presence.sum(axis=0)
        drawn = (pictures_per_class > 0) & (pictures_per_class <= self.COMMON_SHARE * len(presence))
        if not drawn.any():
            drawn = pictures_per_class > 0
        labels = np.flatnonzero(drawn)
        self.pictures_of_class = [np.flatnonzero(presence[:, label]) for label in labels]
        weights = 1 / np.sqrt(pictures_per_class[drawn])
        weights *= [(favour or {}).get(int(label), 1.0) for label in labels]
        self.class_weights = weights / weights.sum()

    def pictures(self, step: int) -> list[int]:
        """The indices of the pictures of one step."""
        chosen = [self.at_position(step * self.all_count + place) for place in range(self.all_count)]
        random = np.random.default_rng((self.seed, RARE, step))
        for members in random.choice(len(self.pictures_of_class), self.rare_count, p=self.class_weights):
            chosen.append(int(random.choice(self.pictures_of_class[members])))
        return chosen

    def at_position(self, position: int) -> int:
        """The picture at one position of the endless walk through all of them."""
        epoch, place = divmod(position, self.picture_count)
        if epoch != self.epoch:
            self.epoch = epoch
            self.order = np.random.default_rng((self.seed, PERMUTATION, epoch)).permutation(self.picture_count)
        return int(self.order[place])
