"""The 21 PASCAL VOC classes, their colours, and which are painted by default."""

VOC_CLASSES = (
    "background",
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)

RGB = tuple[int, int, int]

PAINTED_BY_DEFAULT: dict[str, RGB] = {
    "person": (255, 0, 0),
    "dog": (0, 255, 0),
    "sheep": (0, 0, 255),
}
"""The tutorial's three classes in its three pure colours (RGB)."""


def voc_palette(count: int = 256) -> list[RGB]:
    """The colour of each label in PASCAL VOC's own masks (RGB).

    The bits of the label, three at a time, become the high bits of red, green and blue.
    Source: VOCdevkit, VOClabelcolormap.m.
    """
    palette = []
    for label in range(count):
        red = green = blue = 0
        for bit in range(8):
            shift = 3 * bit
            red |= ((label >> shift) & 1) << (7 - bit)
            green |= ((label >> (shift + 1)) & 1) << (7 - bit)
            blue |= ((label >> (shift + 2)) & 1) << (7 - bit)
        palette.append((red, green, blue))
    return palette
