import numpy as np

from deeplab_cv.pytorch.training.sampling import BalancedSampler

PRESENCE = np.zeros((100, 3), bool)
PRESENCE[:, 0] = True
PRESENCE[:2, 2] = True
PRESENCE[2:20, 1] = True


def test_half_of_the_batches_walk_through_every_picture_once_an_epoch() -> None:
    sampler = BalancedSampler(PRESENCE, batch_size=8, seed=5)
    walked = [picture for step in range(25) for picture in sampler.pictures(step)[:4]]
    assert sorted(walked) == list(range(100))


def test_the_other_half_has_rare_classes() -> None:
    sampler = BalancedSampler(PRESENCE, batch_size=8, seed=5)
    drawn = [picture for step in range(50) for picture in sampler.pictures(step)[4:]]
    assert max(drawn) < 20
    assert sum(picture < 2 for picture in drawn) > len(drawn) / 2


def test_a_favoured_class_is_drawn_more_often():
    plain, favouring = (BalancedSampler(PRESENCE, batch_size=8, seed=5, favour=favour) for favour in (None, {1: 9.0}))
    drawn = [[picture for step in range(50) for picture in each.pictures(step)[4:]] for each in (plain, favouring)]

    shares = [np.mean([picture >= 2 for picture in pictures]) for pictures in drawn]
    assert shares[0] < 0.5 < shares[1]


def test_a_step_draws_the_same_pictures_whatever_was_drawn_before() -> None:
    fresh, used = (BalancedSampler(PRESENCE, batch_size=6, seed=1) for _ in range(2))
    for step in range(40):
        used.pictures(step)
    assert fresh.pictures(40) == used.pictures(40)


def test_another_seed_draws_others() -> None:
    first, second = (BalancedSampler(PRESENCE, batch_size=8, seed=seed) for seed in (1, 2))
    assert [first.pictures(step) for step in range(3)] != [second.pictures(step) for step in range(3)]
