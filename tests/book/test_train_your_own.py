"""The page "Train your own": the package trains in the browser, and the reader has the network.

What the browser learns is read from the file that the page saves, and compared with what CPython
learns from the same settings and seed.
"""

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import takewhile

import numpy as np
import pytest

from mnist_gd.activations import sigmoid
from mnist_gd.data import examples, load_mnist
from mnist_gd.layers import LinearLayer
from mnist_gd.losses import cross_entropy_with_logits
from mnist_gd.networks import MultiLayerNetwork, Network, SingleLayerNetwork
from mnist_gd.training import Settings
from tests.book.conftest import ROOT, give_up, until
from tests.book.test_draw_a_digit import box_of, draw, ink

PAGE = "train_your_own.html"
SECONDS = 20  # for a training with the settings that the page begins with
DIGITS = 10  # of the reader's, drawn
ROUNDING = 2e-5  # of float32, over the steps of an epoch; weights are some hundredths

sys.path.append(str(ROOT / "book/_extra/run"))
import train_kernel  # noqa: E402


def network_of(size=784, hidden=16, outputs=10, seed=3):
    rng = np.random.default_rng(seed)
    return SingleLayerNetwork(size, hidden, outputs, loss=cross_entropy_with_logits, rng=rng)


def trained_by_the_package(images, hidden, seed, **settings):
    rng = np.random.default_rng(seed)
    network = SingleLayerNetwork(784, hidden, 10, loss=cross_entropy_with_logits, rng=rng)
    x, y = (part[:images] for part in examples("ten", "training"))
    network.train(x, y, rng=rng, track_training=False, **settings)
    return network


def largest_difference(first, second):
    pairs = zip(first.parameters, second.parameters, strict=True)
    return max(np.abs(a - b).max() for a, b in pairs)


# ------------------------------------------------------------------- without a browser


def test_the_loop_is_that_of_the_package():
    settings = {"batch_size": 32, "learning_rate": 0.1, "epochs": 2}
    assert train_kernel.begin(images=1_000, hidden=8, seed=5, **settings) == {
        "sizes": [784, 8, 10]
    }
    events = list(iter(train_kernel.advance, None))
    network = trained_by_the_package(1_000, 8, 5, **settings)
    assert largest_difference(network, train_kernel.network) < 1e-6
    fresh = network_of(hidden=8, seed=5)
    assert largest_difference(network, fresh) > 0.01  # there was something to learn
    first, last = events[0], events[-1]
    np.testing.assert_array_equal(first["weights"], train_kernel._weights(fresh))
    np.testing.assert_array_equal(last["weights"], train_kernel._weights(train_kernel.network))
    assert [last["done"], last["total"], last["batches"]] == [64, 64, 32]
    assert {32, 64} <= {event["done"] for event in events if event["accuracy"] is not None}


def test_a_watched_training_tells_as_often_as_it_is_asked():
    x, y = (part[:2_000] for part in examples("ten", "training"))

    def told(every):
        rng = np.random.default_rng(0)
        settings = Settings(batch_size=50, learning_rate=0.1, epochs=1, rng=rng)
        return list(train_kernel.watch(network_of(), x, y, settings, every=every))

    rarely, always = told(np.inf), told(0)
    assert [event["done"] for event in always] == list(range(41))
    assert all(event["accuracy"] is not None for event in rarely)
    # the losses that it tells are means of those since the last time
    each = [event["loss"] for event in always[1:]]
    ends = [event["done"] for event in rarely]
    means = [np.mean(each[a:b]) for a, b in zip(ends[:-1], ends[1:], strict=True)]
    np.testing.assert_allclose([event["loss"] for event in rarely[1:]], means)


def test_what_cannot_be_is_refused_in_words(tmp_path, monkeypatch):
    settings = {"images": 100, "hidden": 4, "batch_size": 10, "epochs": 1, "seed": 1}
    for wrong in ({"learning_rate": 0}, {"learning_rate": 0.1, "epochs": 0}):
        (name,) = wrong.keys() - {"learning_rate"} or {"learning_rate"}
        assert name in train_kernel.begin(**settings | wrong)["refused"]
    for seed in (-1, 1.5, float("nan")):
        refused = train_kernel.begin(**settings | {"seed": seed}, learning_rate=0.1)["refused"]
        assert refused.startswith("seed must be ")
    train_kernel.begin(**settings, learning_rate=1e30)
    *_, last = takewhile(lambda event: event, (train_kernel.advance() for _ in range(9)))
    assert re.fullmatch("The training diverged, .* finite.* Try a smaller rate.", last["refused"])
    monkeypatch.setattr(train_kernel, "network", None)
    for lost in (train_kernel.advance(), train_kernel.save(), train_kernel.judge(part="test")):
        assert "train or load" in lost["refused"]


def files(folder):
    """Files that the page does not take, and what it says of each."""
    rng = np.random.default_rng(0)
    (folder / "notes.npz").write_text("no network", encoding="utf-8")
    network_of(size=5).save(folder / "five.npz")
    network_of(outputs=3).save(folder / "three.npz")
    layers = [LinearLayer(784, 4, sigmoid, rng=rng), LinearLayer(4, 10, rng=rng)]
    Network(layers, loss=cross_entropy_with_logits).save(folder / "curved.npz")
    return {
        "notes.npz": "path must be a file made by save, but notes.npz is not",
        "five.npz": "five.npz must go from 784 pixels to 10 digits",
        "three.npz": "three.npz must go from 784 pixels to 10 digits",
        "curved.npz": "curved.npz must have ReLU in its hidden layers",
    }


def test_a_wrong_file_is_refused_and_changes_nothing(tmp_path):
    good = network_of()
    good.save(tmp_path / "good.npz")
    loaded = train_kernel.load(name="good.npz", content=(tmp_path / "good.npz").read_bytes())
    assert loaded["sizes"] == [784, 16, 10]
    for name, words in files(tmp_path).items():
        content = (tmp_path / name).read_bytes()
        assert train_kernel.load(name=name, content=content)["refused"].startswith(words)
        assert largest_difference(train_kernel.network, good) == 0


def test_mistakes_are_those_of_which_it_is_surest():
    network = trained_by_the_package(1_000, 8, 5, batch_size=20, learning_rate=0.1, epochs=1)
    train_kernel.network = network
    found = train_kernel.judge(part="validation")
    x, y = examples("ten", "validation")
    answers, sure = network.predict(x), network.predict_proba(x).max(axis=1)
    assert found["wrong"] == (answers != y).sum()
    assert found["accuracy"] == pytest.approx(network.evaluate(x, y))
    shown = found["images"].reshape(-1, 784)
    assert (network.predict(shown) != found["labels"]).all()
    least = np.sort(sure[answers != y])[-train_kernel.MISTAKES]
    assert network.predict_proba(shown).max(axis=1).min() >= least - 1e-5


# ---------------------------------------------------------------------- in the browser


@pytest.fixture(scope="module")
def runtime(book):
    """The pages of this build can run Python."""
    if not (book / "runtime" / "contents.json").is_file():
        give_up("the book is built without the browser's Python: python book/runtime.py")


def part(page, name):
    return page.locator(f"#train-own [data-part={name}]")


def said(page):
    return part(page, "said").inner_text()


def rest(page, seconds=300):
    """Wait until the page is done with what it was asked for."""
    page.locator("#train-own[data-state=ready]").wait_for(timeout=1000 * seconds)


def processor_seconds():
    """Of all processes that this one has started, the browser's among them."""
    table = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,cputimes="], capture_output=True, encoding="utf-8"
    )
    rows = [tuple(map(int, line.split())) for line in table.stdout.splitlines()]
    below = {os.getpid()}
    for _ in range(9):  # generations
        below |= {pid for pid, parent, _ in rows if parent in below}
    return sum(seconds for pid, _, seconds in rows if pid in below and pid != os.getpid())


def right_so_far(page):
    return float(part(page, "accuracy-now").inner_text().rstrip("%") or 0)


def press(page, name):
    part(page, name).click()
    rest(page)


def choose(page, **settings):
    for name, value in settings.items():
        control = page.locator(f"#train-{name}")
        if name == "seed":
            control.fill(str(value))
        else:
            control.select_option(str(value))


@contextmanager
def saved(page, folder):
    """The file that the page saves."""
    with page.expect_download() as download:
        press(page, "save")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    yield path


def network_in(page, folder):
    with saved(page, folder) as path:
        return SingleLayerNetwork.load(path)


def load(page, path):
    page.evaluate("document.getElementById('train-own').dataset.state = 'asked'")
    part(page, "file").set_input_files(path)
    rest(page)


@pytest.fixture(scope="module")
def wide(runtime, new_visit):
    visit = new_visit(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    visit.open(PAGE)
    yield visit
    visit.context.close()


@pytest.fixture(scope="module")
def before(wide, axe):
    """What there is before anything is pressed."""
    return {
        "urls": list(wide.urls),
        "axe": axe(wide.page),
        "cost": part(wide.page, "cost").inner_text(),
        "bytes": int(wide.page.locator("meta[name=runtime]").get_attribute("content")),
    }


@pytest.fixture(scope="module")
def awake(before, wide, tmp_path_factory):
    """The page has loaded a network, and Python for it, but no image yet."""
    path = tmp_path_factory.mktemp("given") / "mine.npz"
    network_of(hidden=12).save(path)
    load(wide.page, path)
    assert said(wide.page) == "mine.npz is loaded: 784-12-10. Draw a digit into it."
    return wide


@pytest.fixture(scope="module")
def trained(awake):
    """The page has trained with the settings that it begins with; how, and how long it took."""
    page = awake.page
    page.evaluate(
        """() => {
          const texts = (window.texts = { said: [], left: [] });
          for (const name of Object.keys(texts)) {
            const part = document.querySelector(`#train-own [data-part=${name}]`);
            new MutationObserver(() => texts[name].push(part.textContent)).observe(part, {
              childList: true,
            });
          }
        }"""
    )
    start, used = time.monotonic(), processor_seconds()
    press(page, "train")
    seconds = {"wall": time.monotonic() - start, "processor": processor_seconds() - used}
    return page.evaluate("window.texts") | {"seconds": seconds, "visit": awake}


@pytest.fixture
def page(trained):
    yield trained["visit"].page
    assert trained["visit"].faults == []


def test_nothing_is_loaded_before_it_is_asked_for(before):
    loaded = [url for url in before["urls"] if re.search(r"runtime/|python\.js|worker|\.py$", url)]
    assert loaded == []
    archives = (ROOT / "mnist_gd/mnist").glob("*.gz")
    total = before["bytes"] + sum(path.stat().st_size for path in archives)
    assert f"loads {total / 1e6:.1f} MB, once" in before["cost"]
    assert before["axe"] == []


def test_ninety_per_cent_in_time(page, trained, tmp_path):
    """From the press, with Python there but no image read: all the way to the last sentence.

    Where others use the machine too, what the browser computed counts, not what it waited.
    """
    press(page, "test")
    accuracy = float(page.locator("#train-own").get_attribute("data-tested"))
    print(f"{accuracy:.2%} on the test images, seconds: {trained['seconds']}")
    assert accuracy >= 0.90
    assert 1 <= min(trained["seconds"].values()) < SECONDS
    test = load_mnist(dtype="uint8").test
    network = network_in(page, tmp_path)
    assert network.evaluate(test.images, test.labels) == pytest.approx(accuracy, abs=2e-4)
    words = f"Of the 10,000 test images {accuracy:.1%} are read right."
    assert part(page, "tested").inner_text().startswith(words)
    assert part(page, "test").get_attribute("aria-disabled") == "true"  # once


def test_it_tells_how_far_it_is(trained):
    for epoch in (1, 2, 3):
        told = [text for text in trained["said"] if text.startswith(f"Epoch {epoch} of 3: ")]
        assert len(told) == 1
        assert re.fullmatch(r".*: \d\d\.\d% right\.", told[0])
    assert any(re.fullmatch(r"about .* s left", text) for text in trained["left"])
    assert len(trained["said"]) < 10  # a screen reader is told of epochs, not of steps
    assert re.match(r"Trained in \d+(\.\d)? s\. Of the 10,000 .* 9\d\.\d%", trained["said"][-1])


def test_weights_after_an_epoch_are_those_of_cpython(page, tmp_path):
    settings = {"hidden": 16, "batch_size": 100, "learning_rate": 0.1, "epochs": 1, "seed": 7}
    for images in (1_000, 10_000):
        choose(page, images=images, **settings)
        press(page, "train")
        ours = network_in(page, tmp_path)
        theirs = trained_by_the_package(images, **settings)
        difference = largest_difference(ours, theirs)
        print(f"{images} images: weights differ by {difference:.1e}")
        assert difference < ROUNDING
        assert largest_difference(theirs, network_of(seed=7)) > 0.01


def answered(page):
    """The ten shares that the page shows, and the image that they are of."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    shares = part(page, "bars").locator(".draw-share").all_inner_texts()
    return [float(share.rstrip("%")) / 100 for share in shares], ink(page, "seen").ravel()


def test_drawn_digits_are_read_as_the_package_reads_them(page, tmp_path):
    choose(page, images=10_000, hidden=64, batch_size=20, learning_rate=0.1, epochs=3, seed=1)
    press(page, "train")
    network = network_in(page, tmp_path)
    test = load_mnist(dtype="uint8").test
    right = 0
    for image, label in zip(test.images[:DIGITS], test.labels[:DIGITS], strict=True):
        draw(page, image)
        shares, seen = answered(page)
        expected = network.predict_proba(seen[None].astype(np.uint8))[0]
        np.testing.assert_allclose(shares, expected, atol=0.01)  # the canvas rounds the image
        right += part(page, "board").get_attribute("data-answer") == str(label)
    assert right >= DIGITS - 2
    # whole pixels: a validation image that it misreads
    for button in part(page, "pictures").locator("button").all()[:3]:
        button.click()
        shares, seen = answered(page)
        expected = network.predict_proba(seen[None].astype(np.uint8))[0]
        np.testing.assert_allclose(shares, expected, atol=6e-4)  # a tenth of a per cent is shown
        label = int(button.get_attribute("aria-label")[-1])
        answer = int(part(page, "board").get_attribute("data-answer"))
        assert answer == expected.argmax() != label


def test_saved_and_loaded_it_is_the_same(page, tmp_path):
    with saved(page, tmp_path) as path:
        before = path.read_bytes()
        network = SingleLayerNetwork.load(path)
        choose(page, images=100, epochs=1)
        press(page, "train")
        load(page, path)
    assert said(page).startswith(f"network.npz is loaded: 784-{network.layers[0].output_size}-10.")
    part(page, "clear").click()
    with saved(page, tmp_path) as path:
        assert largest_difference(SingleLayerNetwork.load(path), network) == 0
        assert path.read_bytes() == before


def test_networks_of_the_book_can_be_loaded(page, tmp_path):
    network = MultiLayerNetwork(
        784, 20, hidden_layers=3, loss=cross_entropy_with_logits, rng=np.random.default_rng(0)
    )
    network.save(tmp_path / "deep.npz")
    load(page, tmp_path / "deep.npz")
    assert said(page) == "deep.npz is loaded: 784-20-20-20-10. Draw a digit into it."
    box = box_of(page)
    page.mouse.click(box["x"] + 100, box["y"] + 100)
    shares, seen = answered(page)
    expected = network.predict_proba(seen[None].astype(np.uint8))[0]
    np.testing.assert_allclose(shares, expected, atol=0.01)


def test_a_wrong_file_is_refused_on_the_page(page, tmp_path):
    good = network_of()
    good.save(tmp_path / "good.npz")
    load(page, tmp_path / "good.npz")
    for name, words in files(tmp_path).items():
        load(page, tmp_path / name)
        assert said(page).startswith(words)
    assert largest_difference(network_in(page, tmp_path), good) == 0


def reached(page):
    """The share of the training that is done."""
    return part(page, "bar").evaluate("bar => bar.value")


def test_stop_keeps_what_was_learned(page, tmp_path):
    choose(page, images=50_000, hidden=16, batch_size=100, learning_rate=0.1, epochs=20, seed=2)
    part(page, "train").click()
    until(page, lambda: reached(page) > 0.02)  # 20,000 images
    press(page, "stop")
    assert said(page).startswith("Stopped after ")
    network = network_in(page, tmp_path)
    validation = examples("ten", "validation")
    accuracy = float(page.locator("#train-own").get_attribute("data-accuracy"))
    assert network.evaluate(*validation) == pytest.approx(accuracy, abs=2e-4)
    assert accuracy > 0.6
    # it goes on from there, in the same row of the table
    rows = part(page, "rows").locator("tr")
    count = rows.count()
    assert part(page, "stop").inner_text() == "Go on"
    share = reached(page)
    part(page, "stop").click()
    until(page, lambda: reached(page) > share)
    press(page, "stop")
    assert largest_difference(network_in(page, tmp_path), network) > 1e-3
    assert rows.count() == count


def test_no_seed_is_refused_by_its_name(page):
    for seed in ("", "-1", "1.5"):
        choose(page, images=100, hidden=4, epochs=1, seed=seed)
        press(page, "train")
        assert said(page).startswith("seed must be ")
    choose(page, seed=1)


def test_no_barrier_after_a_training(page, axe):
    choose(page, images=100, hidden=4, epochs=1)
    press(page, "train")
    assert axe(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_by_keyboard(runtime, visit, axe, scheme):
    made = visit(
        viewport={"width": 390, "height": 844}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = made.open(PAGE)
    assert axe(page) == []
    choose(page, images=50_000, hidden=4, epochs=20)
    part(page, "train").focus()
    page.keyboard.press("Enter")
    until(page, lambda: part(page, "curves").is_visible() and right_so_far(page) > 0)
    assert page.evaluate("document.activeElement.dataset.part") == "train"  # focus is not lost
    assert axe(page) == []
    assert part(page, "answer").get_attribute("aria-live") == "off"  # while it changes by itself
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    rest(page)
    assert said(page).startswith("Stopped after ")
    part(page, "pad").focus()
    for key in ["ArrowUp"] * 6 + [" "] + ["ArrowDown"] * 12 + [" "]:
        page.keyboard.press(key)
    assert part(page, "answer").inner_text().startswith("The network reads a ")
    assert part(page, "answer").get_attribute("aria-live") == "polite"
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # each sign has a colour of its own
    colours = page.evaluate(
        """() => {
          const canvas = document.querySelector("[data-part=weights]");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const seen = new Set();
          for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3] === 255) { seen.add([...data.slice(at, at + 3)].join()); }
          }
          return seen.size;
        }"""
    )
    assert 1 <= colours <= 2
    assert made.faults == []


def test_from_a_file_it_says_how(runtime, open_live):
    page = open_live("train_your_own")
    assert "make serve" in said(page)
    assert not part(page, "controls").is_visible()
    assert not part(page, "files").is_visible()


def test_without_python_for_the_browser_it_says_so(book, visit):
    made = visit()

    def without(route):
        answer = route.fetch()
        body = re.sub(r'<meta name="runtime"[^>]*>', "", answer.text())
        route.fulfill(response=answer, body=body)

    made.page.route(f"**/{PAGE}", without)
    page = made.open(PAGE)
    assert said(page).startswith("This copy of the book was built without Python")
    assert not part(page, "controls").is_visible()
    assert made.faults == []


def test_on_paper_the_figure_stands_for_it(book, visit):
    page = visit().open(PAGE)
    assert page.locator("#train-own").is_visible()
    page.emulate_media(media="print")
    assert not page.locator("#train-own").is_visible()
    assert page.locator("#fig-train-own svg").is_visible()
