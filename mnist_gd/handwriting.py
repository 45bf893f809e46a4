"""A picture of a digit, brought into the form of MNIST's (chapter *Draw a digit*).

All of it is counting in integers but for the last division, so that the script of the page
(``book/_extra/draw/handwriting.js``) finds the same 784 numbers from the same pixels.
"""

from dataclasses import dataclass
from os import PathLike

import numpy as np

from mnist_gd._checks import as_array, check_path, check_room, is_a
from mnist_gd._ink import around, box, cropped, parts, peeled

__all__ = ["Handwriting", "digit_from_image", "read_handwriting"]

SIDE, BOX = 28, 20  # of MNIST's field, and of the square that a digit fills in it
CENTRE = 14.5  # where its centre of mass lies: the middle of pixel 14 of 0 to 27
PEN = (2.0, 3.2)  # pixels that its lines may be wide: finer and broader ones are brought there
SMALLEST, LARGEST = 128, 512  # of a picture's longer side when it is looked at
DEPTHS = (2**8 - 1, 2**16 - 1, 2**31 - 1)  # of grey values in files, as Pillow reads them
FAINTEST = 16  # how far ink stands out from paper at least, of 255
TOO_MUCH = 1 / 2  # of the picture is no ink
NO_DIGIT = "no digit found"
SEVERAL = "more than one digit found"


@dataclass(frozen=True, eq=False)
class Handwriting:
    """A picture on its way to MNIST's form.

    Attributes
    ----------
    grey : ndarray of uint8, shape (h, w)
        The picture in grey, of a size to work with.
    contrast : ndarray of uint8, shape (h, w)
        How far each pixel stands out from the ground around it: ink is bright.
    ink : ndarray of bool, shape (h, w)
        What is taken for the digit.
    boxed : ndarray of bool
        Its bounding box, with lines as wide as MNIST's.
    digit : ndarray of float32, shape (784,)
        In MNIST's form, from 0 for paper to 1 for ink.
    """

    grey: np.ndarray
    contrast: np.ndarray
    ink: np.ndarray
    boxed: np.ndarray
    digit: np.ndarray


def digit_from_image(image):
    """Bring the picture of one handwritten digit into the form of MNIST's.

    Parameters
    ----------
    image : ndarray or path
        Grey values (h, w), or colours (h, w, 3), or (h, w, 4) with opacity, seen on white:
        integers from 0 to 255, or floats, from 0 to 1 if none is larger and else to 255. Ink may
        be darker or lighter than the paper. A file needs Pillow, which Matplotlib brings; grey
        values in it may have 16 or 32 bits.

    Returns
    -------
    ndarray of float32, shape (784,)
        As the rows of `load_mnist().train.images`: 0 is paper and 1 is ink.

    Raises
    ------
    ValueError, TypeError
        If there is no digit to be found, or more than one; if `image` is no such picture, or has
        fewer than 8 pixels a side.
    ImportError
        If the path of a file is given and Pillow is not installed.
    """
    return read_handwriting(image).digit


def read_handwriting(image):
    """Return a picture on each step of :func:`digit_from_image`.

    Parameters
    ----------
    image : ndarray or path

    Returns
    -------
    Handwriting

    Raises
    ------
    ValueError, TypeError, ImportError
        As :func:`digit_from_image` does.
    """
    if is_a(image, str | PathLike):
        image = _pixels_of(image)
    grey = _working_size(_grey(image))
    contrast = _without_ground(_smooth(grey))
    ink = _one_digit(_inked(contrast))
    boxed = _with_pen(cropped(ink))
    return Handwriting(grey, contrast, ink, boxed, _placed(boxed))


def _pixels_of(path):
    """The pixels of a file, turned as the camera says."""
    try:
        from PIL import Image, ImageOps
    except ModuleNotFoundError as error:
        raise ImportError(
            "Pillow, which reads pictures, is not installed; it comes with the extra: "
            "pip install 'mnist_gd[plots]'"
        ) from error
    path = check_path("image", path)
    if path.exists() and not path.is_file():
        raise ValueError(f"image must be a picture, but {path} is no file")
    with open(path, "rb") as file:
        try:
            with Image.open(file) as picture:
                check_room("image", (picture.height, picture.width, 4))
                turned = ImageOps.exif_transpose(picture)
                if turned.mode[0] in "IF":  # deep grey values, which Pillow would cut off at 255
                    return _shallow(np.asarray(turned))
                return np.asarray(turned.convert("RGBA"))
        except Exception as error:  # what a damaged file leads to is not to be foreseen
            raise ValueError(f"image must be a picture, but {path} is not: {error}") from error


def _shallow(pixels):
    """Integers brought to 0 to 255 from the least depth that holds them; floats as they are."""
    if pixels.dtype.kind == "f":
        return pixels
    depth = next(depth for depth in DEPTHS if pixels.max() <= depth)
    return (pixels.astype(np.int64) * 255 + depth // 2) // depth


def _grey(image):
    """Grey values from 0 to 255 of what an argument holds, weighted as eyes do."""
    image = as_array("image", image)
    kind = image.dtype.kind
    if kind not in "iuf":
        raise TypeError(f"image must hold integers or floats, but its dtype is {image.dtype}")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (3, 4)):
        raise ValueError(
            f"image must have the shape (h, w), (h, w, 3) or (h, w, 4), but has {image.shape}"
        )
    if min(image.shape[:2]) < 8:
        raise ValueError(f"image must have 8 pixels a side or more, but has {image.shape[:2]}")
    low, high = image.min(), image.max()
    if not (low >= 0 and high <= 255):  # NaN is neither
        raise ValueError(f"image must hold values from 0 to 255, but has {low} to {high}")
    if kind == "f":
        image = np.floor(image * np.float64(255 if high <= 1 else 1) + 0.5)
    image = image.astype(np.int64)
    if image.ndim == 2:
        return image
    if image.shape[2] == 4:  # on white paper
        colours, opacity = image[..., :3], image[..., 3:]
        image = (colours * opacity + 255 * (255 - opacity) + 127) // 255
    return (image[..., :3] @ np.array([299, 587, 114]) + 500) // 1000


def _working_size(grey):
    """Means of blocks of a large picture; a small one drawn larger, with lines between pixels."""
    longer = max(grey.shape)
    if longer > LARGEST:
        size = -(-longer // LARGEST)
        height, width = (side // size for side in grey.shape)
        if not (height and width):
            raise ValueError(f"image must be less narrow, but has {grey.shape} pixels")
        blocks = grey[: height * size, : width * size].reshape(height, size, width, size)
        return (blocks.sum(axis=(1, 3)) + size**2 // 2) // size**2
    times = -(-SMALLEST // longer)
    for _ in range(2) if times > 1 else ():
        at = np.arange(len(grey) * times) * 2 + 1 - times
        at = np.clip(at, 0, 2 * times * (len(grey) - 1))
        row, part = at // (2 * times), (at % (2 * times))[:, None]
        below = np.minimum(row + 1, len(grey) - 1)
        grey = ((grey[row] * (2 * times - part) + grey[below] * part + times) // (2 * times)).T
    return grey


def _window_sums(grey, reach):
    """Sums over the square windows that reach so far, and their sizes; both end at the rim."""
    sums = np.pad(grey.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    spans = [
        (np.maximum(np.arange(n) - reach, 0), np.minimum(np.arange(n) + reach + 1, n))
        for n in grey.shape
    ]
    (top, bottom), (left, right) = spans
    total = sums[bottom][:, right] - sums[top][:, right] - sums[bottom][:, left]
    return total + sums[top][:, left], np.outer(bottom - top, right - left)


def _smooth(grey):
    sums, sizes = _window_sums(grey, 1)
    return (sums + sizes // 2) // sizes


def _least(grey, reach):
    """The least value in each square window that reaches so far; windows end at the rim."""
    for _ in range(2):
        wide, width = np.pad(grey, ((reach, reach), (0, 0)), constant_values=256), 1
        while width < 2 * reach + 1:
            step = min(width, 2 * reach + 1 - width)
            wide, width = np.minimum(wide[:-step], wide[step:]), width + step
        grey = wide.T
    return grey


def _without_ground(grey):
    """How far pixels stand out from the ground: less an opening, with ink turned bright."""
    sums, sizes = _window_sums(grey, max(grey.shape) // 4)
    if ((grey - sums // sizes) ** 3).sum() < 0:  # what is rare, the ink, is darker
        grey = 255 - grey
    reach = max(min(grey.shape) // 6, 1)
    ground = 255 - _least(255 - _least(grey, reach), reach)
    return grey - ground


def _inked(contrast):
    """Where ink is, by Otsu's threshold: it parts the values into the two most distant groups."""
    values = np.arange(256)
    counts = np.bincount(contrast.ravel().astype(np.intp), minlength=256).astype(np.int64)
    below, total = counts.cumsum(), (counts * values).cumsum()
    above, rest = below[-1] - below, total[-1] - total
    means = total / np.maximum(below, 1), rest / np.maximum(above, 1)
    gap = means[1] - means[0]
    threshold = int((below * above * gap**2).argmax())
    spread = (counts * (values - means[0][threshold]) ** 2)[: threshold + 1].sum()
    ink = contrast > threshold
    if gap[threshold] < max(FAINTEST, 4 * np.sqrt(spread / below[threshold])) or (
        above[threshold] > TOO_MUCH * ink.size
    ):
        raise ValueError(NO_DIGIT)
    return ink


def _one_digit(ink):
    """Without specks, and without what comes in from the rim where something else is left."""
    labels = parts(ink)
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    at_rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    inside = np.where(np.isin(np.arange(len(areas)), at_rim), 0, areas)
    if inside.max() * 8 >= areas.max():
        areas = inside
    kept = np.flatnonzero(areas * 16 >= areas.max())
    boxes = np.array([box(labels == part) for part in kept])
    for across in (0, 1):  # above one another, or side by side
        low, high = boxes[:, across, 0], boxes[:, across, 1]
        length = boxes[:, 1 - across, 1] - boxes[:, 1 - across, 0]
        tall = length * 2 >= length.max()
        gap = low[tall, None] - high[tall]
        if (gap * 10 > length.max()).any():
            raise ValueError(SEVERAL)
    return np.isin(labels, kept)


def _with_pen(ink):
    """Draw with a finer or a broader pen what MNIST's writers would not have drawn so."""
    near = around(ink)[::2]
    rim = sum((ink & ~beside).sum() for beside in near)
    width = 8 * ink.sum() / (np.pi * rim)  # two areas to a length, which its steps overstate
    longer = max(ink.shape)
    for pen, sign in zip(PEN, (1, -1), strict=True):
        layers = sign * (pen * longer - BOX * width) / (2 * (BOX - pen))
        layers = int(np.floor(layers + 0.5))
        if layers > 0:
            ink = np.pad(ink, layers)
            for layer in range(layers):
                if sign == 1:
                    ink = ink | np.any(around(ink)[:: 1 + layer % 2], axis=0)
                else:
                    ink = peeled(ink)
            return cropped(ink)
    return ink


def _overlaps(length, start, longer):
    """How much of each pixel, 20 units wide, lies in each of MNIST's, `longer` units wide."""
    pixels = start + BOX * np.arange(length)
    field = longer * np.arange(SIDE)[:, None]
    shared = np.minimum(pixels + BOX, field + longer) - np.maximum(pixels, field)
    return np.maximum(shared, 0)


def _placed(ink):
    """The share of each of MNIST's pixels that ink covers: box of 20, centre of mass at 14.5."""
    ink = ink.astype(np.int64)
    longer, area = max(ink.shape), ink.sum()
    weights = []
    for axis, length in enumerate(ink.shape):
        moment = (ink.sum(axis=1 - axis) * (2 * np.arange(length) + 1)).sum()  # 2 area × centre
        start = int(CENTRE * 2) * longer * area // 2 - BOX * moment // 2
        weights.append(_overlaps(length, start // area, longer))
    covered = weights[0] @ ink @ weights[1].T
    return (covered / longer**2).astype(np.float32).ravel()
