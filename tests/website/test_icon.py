"""The icon."""

from deeplab_cv.website.icon import ICON_SIDES, draw_icon


def test_the_icon_shows_a_red_person_on_dark_ground():
    for side in ICON_SIDES:
        icon = draw_icon(side)
        blue, green, red = icon[side // 3, side // 2].tolist()

        assert icon.shape == (side, side, 3)
        assert red > 150 > 100 > max(blue, green)
        assert icon[2, 2].max() < 40
