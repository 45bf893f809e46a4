"""The page "Draw a digit": it against the package, drawings by mouse, finger, keys, and pictures.

The weights are read from the page and given to the package's network, in float64; the script
of the page computes the same images.
"""

import base64
import json

import numpy as np
import pytest

from mnist_gd._drawings import NO_DIGITS, OTHERS, drawn, scribble
from mnist_gd._pictures import PAPERS, photographed
from mnist_gd.data import examples, load_mnist
from mnist_gd.doubt import Subspaces, edges
from mnist_gd.handwriting import digit_from_image, read_handwriting
from mnist_gd.losses import cross_entropy_with_logits
from mnist_gd.networks import MultiLayerNetwork
from tests.book.conftest import until

PAGE = "draw_a_digit.html"
DRAWN = 100  # test images redrawn as strokes
AT_LEAST = 95
BY_FINGER = 20
AT_MOST_DOUBTED = 5
ANSWER = "document.getElementById('draw-demo').dataset.answer"
DOUBT = "document.getElementById('draw-demo').dataset.doubt"


# ----------------------------------------------------------- images redrawn as strokes


def thin(ink):
    """The skeleton of a boolean image, by the algorithm of Zhang and Suen."""
    ink = np.pad(ink.astype(np.uint8), 1)
    ring = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
    changed = True
    while changed:
        changed = False
        for first in (True, False):
            near = [np.roll(ink, (-down, -right), (0, 1)) for down, right in ring]
            count = sum(near)
            rises = sum((near[k] < near[(k + 1) % 8]).astype(int) for k in range(8))
            north, east, south, west = near[::2]
            if first:
                free = (north * east * south == 0) & (east * south * west == 0)
            else:
                free = (north * east * west == 0) & (north * south * west == 0)
            gone = (ink == 1) & (count >= 2) & (count <= 6) & (rises == 1) & free
            ink[gone] = 0
            changed = changed or bool(gone.any())
    return ink[1:-1, 1:-1].astype(bool)


def strokes(image):
    """Lines along the skeleton of an image, as points [x, y] in pixels."""
    points = {tuple(point) for point in np.argwhere(thin(image.reshape(28, 28) > 100))}
    links = {point: set() for point in points}
    for row, column in points:
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            other = (row + down, column + right)
            corner = {(row, column + right), (row + down, column)} & points
            if other in points and not (down and right and corner):
                links[row, column].add(other)
                links[other].add((row, column))
    lines = []
    while any(links.values()):
        ends = [point for point in sorted(links) if len(links[point]) % 2]
        point = (ends or [point for point in sorted(links) if links[point]])[0]
        line = [point]
        while links[point]:
            following = min(links[point])
            links[point].remove(following)
            links[following].remove(point)
            line.append(following)
            point = following
        lines.append(line)
    lines = lines or [[point] for point in sorted(points)]
    return [[(column + 0.5, row + 0.5) for row, column in line] for line in lines]


def test_strokes_cover_the_skeleton():
    cross = np.zeros((28, 28))
    cross[5:23, 13:16] = cross[13:16, 5:23] = 255
    lines = strokes(cross)
    points = {point for line in lines for point in line}
    assert len(points) == thin(cross > 100).sum()
    assert all(
        max(abs(np.subtract(a, b))) == 1 for x in lines for a, b in zip(x[:-1], x[1:], strict=True)
    )


# ------------------------------------------------------------------------------ the page


@pytest.fixture(scope="module")
def wide(new_visit):
    """The page on a desk."""
    visit = new_visit(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
    visit.open(PAGE)
    yield visit
    visit.context.close()


@pytest.fixture
def page(wide):
    wide.faults.clear()
    wide.page.locator("[data-part=restore]").click()
    wide.page.locator("[data-part=clear]").click()
    yield wide.page
    assert wide.faults == []


@pytest.fixture(scope="module")
def test_images():
    return load_mnist(dtype="uint8").test


def box_of(page):
    pad = page.locator("[data-part=pad]")
    pad.scroll_into_view_if_needed()
    return pad.bounding_box()


def on_pad(box, line):
    """Every second point of a line and its last, from MNIST's pixels to the window's."""
    scale = box["width"] / 28
    return [(box["x"] + x * scale, box["y"] + y * scale) for x, y in [*line[:-1:2], line[-1]]]


def draw(page, image):
    """Draw an image in place of what is on the pad, with the mouse."""
    box = box_of(page)
    page.locator("[data-part=clear]").click()
    for line in strokes(image):
        points = on_pad(box, line)
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def answer(page):
    """What the network answers once the last frame is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return page.evaluate(ANSWER)


# ------------------------------------------------------------------------ against NumPy


@pytest.fixture(scope="module")
def exported(wide):
    """What the page carries."""
    return json.loads(wide.page.evaluate("document.getElementById('draw-data').textContent"))


@pytest.fixture
def network(exported):
    """The package's network with the page's weights, in float64."""
    sizes = exported["sizes"]
    network = MultiLayerNetwork(
        sizes[0],
        sizes[1],
        sizes[-1],
        hidden_layers=len(sizes) - 2,
        loss=cross_entropy_with_logits,
        rng=np.random.default_rng(0),
    )
    numbers = np.frombuffer(base64.b64decode(exported["weights"]), "<f2").astype(np.float64)
    for layer, inputs, outputs in zip(network.layers, sizes[:-1], sizes[1:], strict=True):
        weights, bias, numbers = np.split(numbers, [inputs * outputs, (inputs + 1) * outputs])
        layer.weights = weights.reshape(inputs, outputs)
        layer.bias = bias.reshape(1, outputs)
    assert numbers.size == 0
    return network


def test_network_agrees_with_numpy_on_all_test_images(page, network, test_images):
    ours = network.predict_proba(test_images.images / 255.0)
    theirs = []
    for part in np.split(test_images.images, 10):
        text = base64.b64encode(part.tobytes()).decode()
        answers = page.evaluate(
            """(text) => {
              const data = JSON.parse(document.getElementById("draw-data").textContent);
              const { layers } = digitNetwork.load(data);
              const pixels = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
              const found = [];
              for (let at = 0; at < pixels.length; at += 784) {
                const image = Float64Array.from(pixels.slice(at, at + 784), (v) => v / 255);
                found.push([...digitNetwork.forward(layers, image).probabilities]);
              }
              return found;
            }""",
            text,
        )
        theirs.append(answers)
    theirs = np.concatenate(theirs)
    assert theirs.shape == ours.shape == (10_000, 10)
    np.testing.assert_array_equal(theirs.argmax(axis=1), ours.argmax(axis=1))
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-5)


def test_gradient_step_agrees_with_numpy(page, exported, network):
    """All weights after one step, the loss before it and the probabilities after it."""
    pixels = np.frombuffer(base64.b64decode(exported["images"]), np.uint8).reshape(-1, 784)
    for row, label, rate in [(0, 8, 0.1), (7, 2, 0.01), (13, 0, 0.1)]:
        found = page.evaluate(
            """([row, label, rate]) => {
              const data = JSON.parse(document.getElementById("draw-data").textContent);
              const { layers, images } = digitNetwork.load(data);
              const before = digitNetwork.gradientStep(layers, images[row], label, rate);
              return {
                before,
                layers: layers.map(({ weights, bias }) => [[...weights], [...bias]]),
                after: [...digitNetwork.forward(layers, images[row]).probabilities],
              };
            }""",
            [row, label, rate],
        )
        kept = [(layer.weights.copy(), layer.bias.copy()) for layer in network.layers]
        x = pixels[row : row + 1] / 255.0
        before = -np.log(network.predict_proba(x)[0, label])
        network.forward(x)
        network.backward(np.array([label]))
        network.update(rate)
        assert found["before"] == pytest.approx(before, abs=1e-5)
        moved = 0
        for layer, (weights, bias), old in zip(network.layers, found["layers"], kept, strict=True):
            np.testing.assert_allclose(weights, layer.weights.ravel(), rtol=0, atol=1e-5)
            np.testing.assert_allclose(bias, layer.bias.ravel(), rtol=0, atol=1e-5)
            moved = max(moved, np.abs(layer.weights - old[0]).max())
            layer.weights, layer.bias = old
        assert moved > 1e-4  # there was something to agree on
        ours = network.predict_proba(x)
        assert not np.allclose(found["after"], ours[0], atol=1e-5)


def test_page_tested_itself(page):
    told = page.locator("#draw-demo[data-selftest]")
    told.wait_for()
    assert told.get_attribute("data-selftest") == "passed"


def test_strokes_become_the_image_that_python_draws(page):
    rng = np.random.default_rng(0)
    dots = {
        "dot": [[(3, 4)]],
        "two dots": [[(0, 0)], [(9, 5)]],
        "a line, a dot": [[(0, 0), (1, 9)], [(5, 5)]],
    }
    for name, strokes in (NO_DIGITS | OTHERS | dots | {"scribble": scribble(rng)}).items():
        lines = [np.asarray(line, float).tolist() for line in strokes]
        theirs = page.evaluate("(lines) => [...digitNetwork.toImage(lines)]", lines)
        np.testing.assert_allclose(theirs, drawn(strokes), rtol=0, atol=1e-9, err_msg=name)


def test_distances_agree_with_numpy(page, test_images):
    """Of test images, and of drawings that are no digits; the limit parts some from others."""
    carried = json.loads(page.evaluate("document.getElementById('draw-doubt').textContent"))
    units = np.array(carried["units"])
    rows = np.frombuffer(base64.b64decode(carried["rows"]), np.int8)
    rows = rows.reshape(*units.shape, -1) * units[..., None]
    known = Subspaces(rows[:, 0], rows[:, 1:])
    strange = [drawn(strokes) for strokes in (NO_DIGITS | OTHERS).values()]
    images = np.concatenate([test_images.images[:200] / 255.0, strange])
    theirs = page.evaluate(
        """(images) => {
          const known = digitDoubt.load(
            JSON.parse(document.getElementById("draw-doubt").textContent));
          return images.map((image) => digitDoubt.distance(known, Float64Array.from(image)));
        }""",
        images.tolist(),
    )
    np.testing.assert_allclose(theirs, known.distances(edges(images)), rtol=0, atol=1e-9)
    doubted = np.array(theirs) > carried["limit"]
    assert doubted[:200].mean() < 0.05
    assert doubted[200:].mean() > 0.3


# -------------------------------------------------------------------- pictures of digits


READ = """({data, width, height, parts}) => {
  const text = atob(data);
  const picture = new ImageData(width, height);
  for (let at = 0; at < picture.data.length; at += 1) { // grey is every colour, and opaque
    const opaque = parts === 1 && at % 4 === 3;
    const place = parts === 1 ? Math.floor(at / 4) : at;
    picture.data[at] = opaque ? 255 : text.charCodeAt(place);
  }
  try {
    const way = digitHandwriting.read(picture);
    const steps = ["grey", "contrast", "ink", "boxed"].map((name) => {
      const text = Array.from(way[name].data, (value) => String.fromCharCode(value)).join("");
      return [name, [way[name].height, btoa(text)]];
    });
    return { digit: [...way.digit], ...Object.fromEntries(steps) };
  } catch (error) {
    return error.message;
  }
}"""


def read_by_page(page, picture):
    """What the script finds on a picture, of grey values or of colours with opacity."""
    height, width = picture.shape[:2]
    return page.evaluate(
        READ,
        {
            "data": base64.b64encode(np.ascontiguousarray(picture).tobytes()).decode(),
            "width": width,
            "height": height,
            "parts": picture[0, 0].size,
        },
    )


@pytest.fixture(scope="module")
def validation_images():
    """Of each digit, the rows of its images."""
    images, labels = examples("ten", "validation")
    return images, [np.flatnonzero(labels == digit) for digit in range(10)]


@pytest.mark.parametrize("paper", PAPERS)
def test_page_and_python_bring_pictures_to_the_same_pixels(page, validation_images, paper):
    images, rows = validation_images
    rng = np.random.default_rng(0)
    found = 0
    for digit in range(10):
        picture = photographed(images[rng.choice(rows[digit])], paper, rng)
        theirs = read_by_page(page, picture)
        if isinstance(theirs, str):
            with pytest.raises(ValueError, match=f"^{theirs}$"):
                read_handwriting(picture)
            continue
        ours = read_handwriting(picture)
        found += 1
        for name in ("grey", "contrast", "ink", "boxed"):
            height, values = theirs[name]
            values = np.frombuffer(base64.b64decode(values), np.uint8).reshape(height, -1)
            np.testing.assert_array_equal(values, getattr(ours, name), err_msg=name)
        np.testing.assert_allclose(theirs["digit"], ours.digit, rtol=0, atol=1e-6)
    assert found >= 7


def test_page_and_python_agree_on_colours_opacity_and_refusals(page):
    rng = np.random.default_rng(1)
    seven = np.full((90, 1100, 4), 255, np.uint8)
    seven[20:26, 500:540] = seven[20:80, 534:540] = [200, 30, 90, 180]
    theirs = read_by_page(page, seven)
    np.testing.assert_allclose(theirs["digit"], digit_from_image(seven), rtol=0, atol=1e-6)
    blank = np.full((100, 80), 250, np.uint8)
    noise = rng.integers(0, 256, (60, 70)).astype(np.uint8)
    two = np.full((100, 120), 250, np.uint8)
    two[20:80, 30:36] = two[20:80, 80:86] = 10
    for picture in (blank, noise, two):
        with pytest.raises(ValueError, match="digit found") as refusal:
            digit_from_image(picture)
        assert read_by_page(page, picture) == str(refusal.value)


@pytest.fixture(scope="module")
def files(tmp_path_factory, test_images):
    """Files of a 7 on paper, of two digits, of blank paper, and one that is no picture."""
    image_module = pytest.importorskip("PIL.Image")
    folder = tmp_path_factory.mktemp("pictures")
    seven = photographed(test_images.images[0], "light from one side", np.random.default_rng(0))
    pictures = {
        "seven.png": seven,
        "seven.jpg": seven,
        "two.png": np.hstack([seven, seven]),
        "blank.png": np.full((300, 300), 240, np.uint8),
    }
    for name, picture in pictures.items():
        image_module.fromarray(picture).save(folder / name)
    (folder / "text.png").write_text("no picture", encoding="utf-8")
    return folder


def said_of_picture(page):
    """What the page says once it has looked at a picture."""
    return page.locator("[data-part=said]:not(:empty)").inner_text()


HANDED = """async ([how, name, bytes]) => {
  const data = Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([data], name, { type: "image/png" }));
  const place = document.querySelector("[data-part=picture]");
  const options = { bubbles: true, cancelable: true };
  const event = how === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
    : new DragEvent("drop", { ...options, dataTransfer: transfer });
  const unheeded = (how === "paste" ? document.body : place).dispatchEvent(event);
  return !unheeded;
}"""


@pytest.mark.parametrize("how", ["chosen", "photographed", "dropped", "pasted"])
@pytest.mark.parametrize("name", ["seven.png", "seven.jpg"])
def test_a_picture_is_read_and_its_steps_are_shown(page, files, how, name):
    if how in ("chosen", "photographed"):
        part = "file" if how == "chosen" else "camera"
        page.locator(f"[data-part={part}]").set_input_files(files / name)
    else:
        data = base64.b64encode((files / name).read_bytes()).decode()
        kind = "paste" if how == "pasted" else "drop"
        assert page.evaluate(HANDED, [kind, name, data])  # no other page is opened
    assert said_of_picture(page) == "A digit is found."
    assert answer(page) == "7"
    assert page.locator("[data-part=answer]").inner_text().startswith("The network reads a 7")
    steps = page.locator("[data-part=steps] canvas")
    assert steps.count() == 5
    assert len({label.get_attribute("aria-label") for label in steps.all()}) == 5
    assert [canvas.evaluate("(c) => c.width > 10") for canvas in steps.all()] == [True] * 5
    page.locator("[data-part=clear]").click()
    assert steps.count() == 0
    assert answer(page) is None


@pytest.mark.parametrize(
    ("name", "word"),
    [("two.png", "more than one digit"), ("blank.png", "no digit"), ("text.png", "no picture")],
)
def test_a_picture_without_one_digit_is_refused_with_a_word(page, files, name, word):
    page.locator("[data-part=file]").set_input_files(files / "seven.png")
    assert said_of_picture(page) == "A digit is found."
    page.evaluate("document.querySelector('[data-part=said]').textContent = ''")
    page.locator("[data-part=file]").set_input_files(files / name)
    assert word in said_of_picture(page)
    assert page.locator("[data-part=said]").get_attribute("aria-live") == "polite"
    assert answer(page) is None
    assert page.locator("[data-part=steps] canvas").count() == 0


def test_the_page_with_a_picture_on_it_is_accessible(page, files, axe):
    page.locator("[data-part=file]").set_input_files(files / "seven.png")
    assert said_of_picture(page) == "A digit is found."
    assert axe(page) == []


def test_a_picture_is_taken_by_the_camera_where_there_is_a_finger(page, visit):
    assert not page.locator("[data-part=camera]").is_visible()
    made = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    camera = made.open(PAGE).locator("[data-part=camera]")
    assert camera.is_visible()
    assert camera.get_attribute("capture") == "environment"


def test_what_is_far_from_all_digits_is_doubted_aloud(page):
    """A horizontal line by keyboard; an upright one is a 1."""
    said = page.locator("[data-part=answer]")
    page.locator("[data-part=pad]").focus()
    for key in ["ArrowLeft"] * 6 + [" "] + ["ArrowRight"] * 12 + [" "]:
        page.keyboard.press(key)
    answer(page)
    assert page.evaluate(DOUBT) == "true"
    assert said.inner_text().startswith("None of the ten looks likely. The network, which must")
    page.keyboard.press("Escape")
    for key in ["ArrowUp"] * 6 + [" "] + ["ArrowDown"] * 12 + [" "]:
        page.keyboard.press(key)
    answer(page)
    assert page.evaluate(DOUBT) == "false"
    assert said.inner_text().startswith("The network reads a 1")


# ------------------------------------------------------------------------------ drawing


def test_redrawn_test_images_are_read(page, test_images):
    wrong, doubted = [], []
    for image, label in zip(test_images.images[:DRAWN], test_images.labels[:DRAWN], strict=True):
        draw(page, image)
        if answer(page) != str(label):
            wrong.append(label)
        if page.evaluate(DOUBT) == "true":
            doubted.append(label)
    assert DRAWN - len(wrong) >= AT_LEAST, f"{len(wrong)} of {DRAWN} were read wrong: {wrong}"
    assert len(doubted) <= AT_MOST_DOUBTED, doubted


def test_drawing_by_finger_is_read_and_does_not_scroll(visit, test_images):
    made = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = made.open(PAGE)
    box = box_of(page)
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        points = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    where = "[scrollX, scrollY, document.querySelector('main').scrollTop]"
    before = page.evaluate(where)
    right = 0
    some = slice(0, BY_FINGER)
    for image, label in zip(test_images.images[some], test_images.labels[some], strict=True):
        page.evaluate("document.querySelector('[data-part=clear]').click()")
        for line in strokes(image):
            points = on_pad(box, line)
            send("touchStart", points[0])
            for point in points[1:]:
                send("touchMove", point)
            send("touchEnd")
        right += answer(page) == str(label)
    assert right >= BY_FINGER - 1
    assert page.evaluate(where) == before
    # beside the pad a finger scrolls as ever
    x, y = box["x"] + 20, box["y"] - 20
    send("touchStart", (x, y))
    for k in range(1, 20):
        send("touchMove", (x, y - 10 * k))
    send("touchEnd")
    until(page, lambda: page.evaluate(where) != before)
    assert made.faults == []


def ink(page, part):
    """How dark each pixel of a canvas is, from 0 to 255."""
    values = page.evaluate(
        """(part) => {
          const canvas = document.querySelector(`[data-part=${part}]`);
          const { width, height } = canvas;
          const copy = new OffscreenCanvas(width, height).getContext("2d");
          copy.drawImage(canvas, 0, 0);
          const { data } = copy.getImageData(0, 0, width, height);
          return [height, [...data].filter((_, i) => i % 4 === 3)];
        }""",
        part,
    )
    return np.array(values[1]).reshape(values[0], -1)


@pytest.mark.parametrize("touch", [False, True])
def test_the_page_fits_the_narrowest_phones(visit, touch):
    page = visit(viewport={"width": 320, "height": 800}, has_touch=touch).open(PAGE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_dot_is_seen_on_the_pad(page):
    """By mouse and by keyboard, as wide as a line."""
    box = box_of(page)
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    assert answer(page) is not None
    dot = ink(page, "pad") > 127
    rows, columns = np.nonzero(dot)
    assert np.ptp(rows) + 1 == pytest.approx(36, abs=2)  # 18 units of two pixels
    assert dot.sum() == pytest.approx(np.pi * 18**2, rel=0.05)
    assert [rows.mean(), columns.mean()] == pytest.approx([140, 140], abs=3)
    seen = ink(page, "seen")  # and in the network's image, in the middle
    assert seen.shape == (28, 28)
    assert seen.sum() / 255 == pytest.approx(np.pi * 1.3**2, rel=0.15)
    assert seen[13:16, 13:16].sum() == seen.sum()
    page.locator("[data-part=pad]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    page.locator("[data-part=clear]").focus()  # the pad shows no cursor
    assert (ink(page, "pad") > 127).sum() == pytest.approx(2 * dot.sum(), rel=0.05)


def test_clearing_ends_the_stroke_that_is_drawn(page):
    """What the pointer still does before it is lifted is no stroke, and no error."""
    box = box_of(page)
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 90)
    page.keyboard.press("Escape")
    page.mouse.move(box["x"] + 120, box["y"] + 60)
    page.mouse.up()
    assert answer(page) is None
    assert ink(page, "pad").max() == 0


def test_a_second_finger_changes_nothing(visit, test_images):
    """It rests, moves and is lifted while the first one draws; so does a palm before it."""
    made = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = made.open(PAGE)
    box = box_of(page)
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    line = on_pad(box, max(strokes(test_images.images[0]), key=len))
    rest = np.array([box["x"] + 0.85 * box["width"], box["y"] + 0.85 * box["height"]])
    send("touchStart", (0, line[0]))
    send("touchStart", (0, line[0]), (1, rest))
    for k, point in enumerate(line[1:-3]):
        send("touchMove", (0, point), (1, rest + k % 3))
    send("touchEnd", (0, line[-4]))
    for point in line[-3:]:
        send("touchMove", (0, point))
    send("touchEnd")
    assert answer(page) == "7"
    drawn = ink(page, "pad")
    assert drawn.any()
    assert not drawn[420:, 420:].any()  # the corner where the finger rests
    # a finger that rests beside the pad, the primary one, does not keep another from drawing
    page.evaluate("document.querySelector('[data-part=clear]').click()")
    beside = (box["x"] + 20, box["y"] - 20)
    send("touchStart", (0, beside))
    send("touchStart", (0, beside), (1, line[0]))
    for point in line[1:]:
        send("touchMove", (0, beside), (1, point))
    send("touchEnd", (0, beside))
    send("touchEnd")
    assert answer(page) == "7"
    assert made.faults == []


def test_drawing_by_keyboard_is_read_and_announced(page):
    said = page.locator("[data-part=answer]")
    assert said.get_attribute("aria-live") == "polite"
    assert said.inner_text() == "Draw a digit, or pick a test image."
    page.locator("[data-part=pad]").focus()
    for key in ["ArrowUp"] * 6 + [" "] + ["ArrowDown"] * 12 + [" "]:
        page.keyboard.press(key)
    assert answer(page) == "1"
    assert said.inner_text().startswith("The network reads a 1, with a probability of ")
    page.keyboard.press("Backspace")
    assert answer(page) is None
    assert said.inner_text() == "Draw a digit, or pick a test image."


def test_test_image_and_a_step_by_keyboard(page):
    button = page.locator(".draw-tests button").nth(15)
    label = button.get_attribute("aria-label")
    assert label.startswith("Test image 16: a 7")
    button.focus()
    page.keyboard.press("Enter")
    assert answer(page) == "7"
    page.locator("[data-part=label]").select_option("3")
    page.locator("[data-part=rate]").select_option("0.0001")
    losses = page.locator("[data-part=losses]")
    assert losses.get_attribute("aria-live") == "polite"
    page.locator("[data-part=step]").focus()
    for _ in range(4):
        page.keyboard.press("Enter")
    text = losses.inner_text()
    values = [float(value) for value in text.removeprefix("Loss for a 3: ").split(" → ")]
    assert len(values) == 5
    assert all(np.diff(values) < 0)
    page.locator("[data-part=restore]").click()
    assert losses.inner_text() == ""
    assert answer(page) == "7"


def test_page_without_scripts_says_so(visit):
    page = visit(java_script_enabled=False).open(PAGE, settle=False)
    assert page.locator("noscript strong").inner_text() == "The pad needs JavaScript."
    assert not page.locator("#draw-demo").is_visible()
