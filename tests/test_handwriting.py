"""Pictures of digits: what is found on them, whatever the paper, pen, light and place."""

import os
import struct
import sys
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest

from mnist_gd import _ink, data, handwriting
from mnist_gd._pictures import PAPERS, photographed
from mnist_gd.handwriting import CENTRE, digit_from_image, read_handwriting


@pytest.fixture(scope="module")
def digits():
    """Two images of each digit."""
    images, labels = data.examples("ten", "validation")
    rows = np.concatenate([np.flatnonzero(labels == digit)[:2] for digit in range(10)])
    return images[rows]


def drawn(*boxes, shape=(200, 240), paper=250, ink=20):
    """Bars of ink on paper: [top, bottom, left, right] of each."""
    picture = np.full(shape, paper, np.uint8)
    for top, bottom, left, right in boxes:
        picture[top:bottom, left:right] = ink
    return picture


SEVEN = [(40, 52, 80, 160), (40, 160, 148, 160)]


def alike(one, other):
    """The correlation of two images."""
    return np.corrcoef(np.ravel(one), np.ravel(other))[0, 1]


def test_it_is_a_name_of_data():
    assert data.digit_from_image is digit_from_image
    with pytest.raises(AttributeError, match="no attribute 'digits_from_image'"):
        _ = data.digits_from_image


def test_an_image_of_mnist_comes_out_almost_as_it_was(digits):
    kinship = []
    for image in digits:
        found = digit_from_image(image.reshape(28, 28))
        assert found.shape == (784,)
        assert found.dtype == np.float32
        assert 0 <= found.min() <= found.max() <= 1
        kinship.append(alike(found, image))
    assert min(kinship) > 0.8
    assert np.mean(kinship) > 0.93


@pytest.mark.parametrize("paper", list(PAPERS))
def test_digits_are_found_on_every_paper(paper, digits):
    rng = np.random.default_rng(0)
    kinship = [alike(digit_from_image(photographed(i, paper, rng)), i) for i in digits[::4]]
    assert np.mean(kinship) > 0.75


def an_l():
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 8:11] = image[20:24, 8:21] = 200
    return image.ravel()


PHOTOGRAPHED = {  # side, mean and deviation of the greys, and where they lie, down and across
    "white paper, dark pen": [280, 231.21338, 60.64092, 31364.648, 32414.465],
    "chalk on a board": [320, 79.224404, 36.778705, 12535.971, 12321.593],
    "28 × 28, grey noise around it": [28, 77.482143, 56.447643, 1096.1212, 1019.2781],
    "large photograph, small digit": [1512, 199.2956, 16.394082, 154131.61, 153987.62],
    "light from one side": [480, 160.38221, 41.769273, 40955.876, 41076.697],
    "edge of a shadow": [480, 186.7924, 51.307303, 45155.011, 41443.211],
    "dim, with noise": [400, 106.11702, 24.732301, 20808.028, 21170.249],
    "fine pen": [400, 226.82567, 32.304573, 44619.06, 45315.165],
    "broad pen": [400, 215.18906, 58.336732, 41491.153, 43097.797],
    "squared paper": [420, 224.95555, 42.737872, 46231.803, 47079.326],
    "pencil on grey paper": [400, 171.69402, 14.192125, 34555.598, 34641.661],
    "compressed hard": [400, 220.21595, 28.710672, 43394.362, 43870.307],
}


@pytest.mark.parametrize("paper", PAPERS)
def test_pictures_are_what_they_always_were(paper):
    """What is said of how digits are found on each paper hangs on them."""
    picture = photographed(an_l(), paper, np.random.default_rng(7))
    assert picture.dtype == np.uint8
    high, wide = (np.arange(side) / side for side in picture.shape)
    grey = picture.astype(float)
    told = [grey.mean(), grey.std(), grey.mean(axis=1) @ high, grey.mean(axis=0) @ wide]
    assert [len(grey), *told] == pytest.approx(PHOTOGRAPHED[paper], rel=1e-6)


def test_box_and_centre_are_those_of_mnist():
    image = digit_from_image(drawn(*SEVEN)).reshape(28, 28).astype(float)
    at = np.arange(28) + 0.5
    assert image.sum(axis=1) @ at / image.sum() == pytest.approx(CENTRE, abs=0.05)
    assert image.sum(axis=0) @ at / image.sum() == pytest.approx(CENTRE, abs=0.05)
    assert image.sum(axis=1).astype(bool).sum() in (20, 21)


def test_place_size_and_ink_do_not_matter():
    first = digit_from_image(drawn(*SEVEN))
    moved = [(top + 30, bottom + 30, left - 60, right - 60) for top, bottom, left, right in SEVEN]
    np.testing.assert_array_equal(digit_from_image(drawn(*moved)), first)
    np.testing.assert_array_equal(digit_from_image(255 - drawn(*SEVEN)), first)
    np.testing.assert_array_equal(digit_from_image(drawn(*SEVEN, paper=200, ink=90)), first)
    large = np.kron(drawn(*SEVEN), np.ones((5, 5), np.uint8))
    np.testing.assert_allclose(digit_from_image(large), first, atol=0.35)
    assert alike(digit_from_image(large), first) > 0.97


def test_fine_and_broad_pens_become_those_of_mnist():
    def bar(pen):
        way = read_handwriting(drawn((30, 170, 100, 100 + pen)))
        return way.digit.reshape(28, 28)[14].sum()

    low, high = handwriting.PEN
    assert bar(20) == pytest.approx(20 * 20 / 140, abs=0.1)  # as it is
    assert low - 0.5 <= bar(3) <= low + 0.5
    assert high - 0.5 <= bar(40) <= high + 0.5


def test_a_hole_is_left_where_a_broad_pen_is_made_finer():
    ring = drawn((50, 150, 60, 160))
    ring[85:115, 95:125] = 250
    boxed = read_handwriting(ring).boxed
    middle = tuple(side // 2 for side in boxed.shape)
    assert not boxed[middle]
    assert boxed.mean() < 0.6


def test_the_same_picture_in_every_form_that_an_array_can_have():
    picture = drawn(*SEVEN)
    expected = digit_from_image(picture)
    colours = np.repeat(picture[..., None], 3, axis=2)
    opaque = np.dstack([colours, np.full(picture.shape, 255, np.uint8)])
    clear = np.zeros_like(opaque)
    clear[..., 3] = 250 - picture  # black, and only where ink is
    for same in (
        picture.astype(np.int64),
        picture.astype(np.float32),
        picture / 255,
        colours,
        colours / 255,
        opaque,
        clear,
    ):
        np.testing.assert_array_equal(digit_from_image(same), expected)


def test_specks_and_what_comes_in_from_the_rim_are_left_out():
    expected = digit_from_image(drawn(*SEVEN))
    more = drawn(*SEVEN, (10, 13, 30, 33), (190, 193, 200, 203), (60, 140, 0, 6))
    np.testing.assert_array_equal(digit_from_image(more), expected)


def test_a_digit_in_two_strokes_is_one():
    apart = drawn((40, 52, 80, 160), (57, 160, 148, 160))
    assert digit_from_image(apart).max() == 1


@pytest.mark.parametrize(
    "picture",
    [
        drawn(),
        drawn(paper=20),
        np.random.default_rng(0).integers(0, 256, (100, 100)),
        np.random.default_rng(0).normal(200, 10, (300, 300)).clip(0, 255),
        np.linspace(150, 230, 200 * 200).reshape(200, 200),
    ],
    ids=["white", "black", "noise", "paper", "slope"],
)
def test_nothing_is_found_where_nothing_is(picture):
    with pytest.raises(ValueError, match="no digit"):
        digit_from_image(picture)


@pytest.mark.parametrize(
    ("counts", "ink"),
    [
        ({0: 9, 16: 1}, 1),
        ({0: 9, 15: 1}, None),  # too faint
        ({0: 50, 100: 50}, 50),
        ({0: 49, 100: 51}, None),  # more than half of the picture
        ({0: 100, 10: 100, 26: 100}, 100),
        ({0: 100, 10: 100, 22: 100}, None),  # not four times as far as the paper's own spread
    ],
)
def test_ink_stands_out_from_paper(counts, ink):
    contrast = np.repeat(list(counts), list(counts.values()))[None]
    if ink:
        assert handwriting._inked(contrast).sum() == ink
    else:
        with pytest.raises(ValueError, match="no digit"):
            handwriting._inked(contrast)


def strokes(*boxes):
    return drawn(*boxes, shape=(100, 100), paper=0, ink=1).astype(bool)


@pytest.mark.parametrize("turns", range(4))
def test_what_touches_a_rim_is_left_out_where_an_eighth_is_left(turns):
    for length, kept in ((10, 10), (9, 80 + 9)):
        ink = strokes((0, 1, 10, 90), (20, 20 + length, 40, 41))
        assert handwriting._one_digit(np.rot90(ink, turns)).sum() == kept


def test_strokes_that_stand_apart_by_more_than_a_tenth_are_several_digits():
    near, far = (strokes((0, 100, 20, 22), (0, 100, at, at + 2)) for at in (32, 33))
    assert handwriting._one_digit(near).sum() == near.sum()
    with pytest.raises(ValueError, match="more than one digit"):
        handwriting._one_digit(far)


def test_several_digits_are_refused():
    side_by_side = drawn((40, 160, 60, 72), (40, 160, 120, 132))
    for picture in (side_by_side, side_by_side.T):
        with pytest.raises(ValueError, match="more than one digit"):
            digit_from_image(picture)


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros(784), ValueError, r"\(h, w\).*\(784,\)"),
        (np.zeros((20, 20, 2)), ValueError, r"\(20, 20, 2\)"),
        (np.zeros((7, 100)), ValueError, "8 pixels"),
        (np.full((20, 20), -1), ValueError, "0 to 255.*-1"),
        (np.full((20, 20), 256), ValueError, "0 to 255.*256"),
        (np.full((20, 20), np.nan), ValueError, "nan"),
        (np.zeros((20, 20), complex), TypeError, "complex"),
        (np.zeros((20, 20), bool), TypeError, "bool"),
        (np.zeros((8, 9000)), ValueError, "narrow"),
    ],
)
def test_what_is_no_picture_is_refused(image, error, message):
    with pytest.raises(error, match=message):
        digit_from_image(image)


def test_a_file_is_read_as_the_camera_held_it(tmp_path):
    image_module = pytest.importorskip("PIL.Image")
    picture = image_module.fromarray(np.rot90(drawn(*SEVEN)))
    exif = picture.getexif()
    exif[0x0112] = 6  # to be turned clockwise
    picture.save(tmp_path / "seven.png", exif=exif)
    expected = digit_from_image(drawn(*SEVEN))
    np.testing.assert_array_equal(digit_from_image(tmp_path / "seven.png"), expected)
    np.testing.assert_array_equal(digit_from_image(str(tmp_path / "seven.png")), expected)


def test_without_pillow_it_says_where_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"mnist_gd\[plots\]"):
        digit_from_image("seven.png")


def test_steps_agree_with_scipy(digits):
    """The opening, the parts and the box means, by another's hand."""
    ndimage = pytest.importorskip("scipy.ndimage")
    rng = np.random.default_rng(1)
    grey = rng.integers(0, 256, (41, 57))
    for reach in (1, 4, 30):
        ours = handwriting._least(grey, reach)
        theirs = ndimage.minimum_filter(grey, 2 * reach + 1, mode="constant", cval=256)
        np.testing.assert_array_equal(ours, theirs)
    for share in (0.1, 0.4, 0.6):
        ink = rng.random((41, 57)) < share
        ours = _ink.parts(ink)
        theirs, count = ndimage.label(ink, np.ones((3, 3)))
        pairs = np.unique(np.stack([ours.ravel(), theirs.ravel()]), axis=1)
        assert pairs.shape[1] == count + 1 == ours.max() + 1
    sums, sizes = handwriting._window_sums(grey, 3)
    inner = (slice(3, -3), slice(3, -3))
    theirs = ndimage.uniform_filter(grey.astype(float), 7)
    np.testing.assert_allclose((sums / sizes)[inner], theirs[inner])


def test_a_layer_is_taken_from_outside():
    """A step of Zhang and Suen: a corner of three pixels becomes one, a small hole stays small."""
    corner = np.array([[True, True], [True, False]])
    assert _ink.peeled(corner).tolist() == [[True, False], [False, False]]
    block = np.ones((7, 7), bool)
    block[3, 3] = False
    inner = _ink.peeled(block)[2:5, 2:5]
    assert inner.tolist() == [[True] * 3, [True, False, True], [True] * 3]


def various():
    """Pictures of many forms: sizes, colours, opacity, light, noise, pens, strokes."""
    rng = np.random.default_rng(2)
    shaded = drawn(*SEVEN, ink=90) - np.arange(240) // 4 - rng.integers(0, 20, (200, 240))
    colours = np.stack([shaded, shaded * 3 // 4, 255 - shaded // 2], axis=2)
    ring = (np.hypot(*(np.mgrid[:90, :70] - np.array([45, 35])[:, None, None])) // 5) == 5
    rings = 30 + 180 * np.kron(ring, np.ones((7, 8), int))
    return {
        "shaded": shaded,
        "shaded, in floats": (shaded + 0.25) / 255,
        "colours": colours,
        "opacity": np.dstack([colours, 255 - shaded // 3]),
        "small": rings[3::21, 5::24],
        "large": rings + rng.integers(0, 30, rings.shape),
        "narrow": drawn((30, 1170, 60, 75), (30, 45, 20, 90), shape=(1201, 131)),
        "strip": drawn((20, 180, 3, 5), shape=(200, 9)),
        "fine": drawn((31, 170, 100, 102), (90, 92, 60, 141)),
        "broad": drawn((31, 170, 70, 131), (150, 170, 40, 171), paper=60, ink=90),
        "strokes": drawn((40, 50, 80, 160), (57, 160, 148, 160), (5, 9, 5, 12), (60, 140, 0, 6)),
    }


def checksum(step):
    return zlib.crc32(np.asarray(step).astype("<i8").tobytes())


EXPECTED = {  # grey, contrast, ink, its box, the digit
    "shaded": [2961737681, 1225069504, 1854796191, 3789110714, 2521990549],
    "shaded, in floats": [2961737681, 1225069504, 1854796191, 3789110714, 2521990549],
    "colours": [235683384, 3977213968, 1854796191, 3789110714, 2521990549],
    "opacity": [3270411472, 3322157111, 3213572981, 1054847096, 3439057603],
    "small": [1441927845, 3123706213, 2202804077, 2219917976, 1720496083],
    "large": [1436424536, 3187326538, 310742102, 1410576484, 4218671084],
    "narrow": [3056333202, 2265130501, 351278685, 1483087782, 523600281],
    "strip": [3017639703, 2944789458, 2631926933, 2340220121, 3523994062],
    "fine": [348878473, 2746825444, 3847319903, 2678972440, 3227307281],
    "broad": [3301101630, 1448284451, 2572922389, 3282157401, 1587666606],
    "strokes": [871083766, 3326431900, 758010160, 2933043330, 2463747025],
}


@pytest.mark.parametrize("name", various())
def test_every_step_is_what_it_always_was(name):
    """To the last digit: what a network says of a picture hangs on it."""
    way = read_handwriting(various()[name])
    steps = (way.grey, way.contrast, way.ink, way.boxed, np.round(way.digit * 2**16))
    assert [checksum(step) for step in steps] == EXPECTED[name]


DAMAGES = {
    "empty": lambda content: b"",
    "no picture": lambda content: b"a letter",
    "cut short": lambda content: content[: len(content) // 2],
    "flipped": lambda content: content[:50] + bytes(b ^ 0xFF for b in content[50:]),
    "as large as a house": lambda content: as_large(content, 8000),
}


def as_large(content, side):
    """A picture of PNG whose header, with the right sum, claims to be so large."""
    header = b"IHDR" + struct.pack(">II", side, side) + content[24:29]
    return content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_picture_is_refused_by_its_name(damage, tmp_path):
    Image = pytest.importorskip("PIL.Image")
    path = tmp_path / "digit.png"
    picture = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    Image.fromarray(picture).save(path)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(ValueError, match=r"image must be a picture, but .*digit\.png is not: "):
        digit_from_image(path)
    with pytest.raises(FileNotFoundError):
        digit_from_image(tmp_path / "nowhere.png")


def test_a_picture_is_measured_before_it_is_read(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    path = tmp_path / "digit.png"
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(path)
    path.write_bytes(as_large(path.read_bytes(), 8000))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"must ask for an array of at most .* \(8000, 8000"):
            digit_from_image(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [np.uint8, float])
def test_a_picture_behind_a_mask_is_refused(kind):
    picture = np.full((32, 32), 255)
    picture[6:26, 14:18] = 0
    with pytest.raises(TypeError, match="image must not be masked, but hides 80 entries"):
        digit_from_image(np.ma.masked_equal(picture.astype(kind), 0))


DEEP = {  # a dtype and what its brightest is, as files hold grey values
    "16 bits": (np.uint16, 257, "png"),
    "16 bits, of a TIFF": (np.uint16, 257, "tiff"),
    "16 bits, of which 8 are used": (np.uint16, 1, "png"),
    "32 bits": (np.int32, (2**31 - 1) / 255, "tiff"),
    "32 bits, of which 16 are used": (np.int32, 257, "tiff"),
    "32 bits, of which 8 are used": (np.int32, 1, "tiff"),
    "floats": (np.float32, 1 / 255, "tiff"),
    "floats up to 255": (np.float32, 1, "tiff"),
}


@pytest.mark.parametrize("name", DEEP)
def test_a_file_of_deep_grey_values_is_read_as_a_shallow_one(name, tmp_path):
    Image = pytest.importorskip("PIL.Image")
    dtype, unit, kind = DEEP[name]
    picture = drawn(*SEVEN, paper=200, ink=90).astype(float)
    picture[:8, :8] = 255
    path = tmp_path / f"seven.{kind}"
    Image.fromarray((picture * unit).astype(dtype)).save(path)
    way = read_handwriting(path)
    np.testing.assert_array_equal(way.grey, read_handwriting(picture).grey)
    np.testing.assert_array_equal(way.digit, digit_from_image(picture))


@pytest.mark.parametrize("value", [-1.0, 300.0, np.nan])
def test_a_file_of_floats_that_are_no_grey_values_is_refused(value, tmp_path):
    Image = pytest.importorskip("PIL.Image")
    picture = drawn(*SEVEN).astype(np.float32)
    picture[0, 0] = value
    Image.fromarray(picture).save(tmp_path / "seven.tiff")
    with pytest.raises(ValueError, match="image must hold values from 0 to 255"):
        digit_from_image(tmp_path / "seven.tiff")


def test_what_is_no_file_is_refused_before_it_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(ValueError, match=r"image must be a picture, but .* is no file"):
            digit_from_image(path)


@pytest.mark.parametrize(
    ("largest", "depth"),
    [(100, 255), (255, 255), (256, 65535), (65536, 2**31 - 1)],
)
def test_deep_grey_values_are_of_the_least_depth_that_holds_them(largest, depth):
    shallow = handwriting._shallow(np.array([[0, largest]]))
    assert shallow.tolist() == [[0, (largest * 255 + depth // 2) // depth]]


@pytest.mark.parametrize(("length", "kept"), [(16, True), (17, False)])
def test_a_speck_is_less_than_a_sixteenth_of_the_largest_part(length, kept):
    ink = np.zeros((30, 30), bool)
    ink[4 : 4 + length, 5:15] = True  # 160 or 170 pixels
    ink[22:27, 10:12] = True
    assert handwriting._one_digit(ink)[22, 10] == kept


def test_only_what_is_smaller_than_the_smallest_is_drawn_larger():
    for side, drawn in ((handwriting.SMALLEST, 128), (127, 254), (64, 128), (63, 189)):
        assert handwriting._working_size(np.zeros((side, side), int)).shape == (drawn, drawn)


def test_what_was_read_is_equal_to_itself_alone():
    picture = photographed(an_l(), "fine pen", np.random.default_rng(0))
    one, other = read_handwriting(picture), read_handwriting(picture)
    assert (one == one, one == other) == (True, False)
