"""The live figures: their formulas against the package, and their pages in a browser.

The formulas are tested on an empty page that only loads the scripts; what a reader does with
mouse, finger and keyboard on the built pages, opened from the disk.
"""

import numpy as np
import pytest

from mnist_gd import activations
from mnist_gd.activations import with_options
from mnist_gd.gradient_descent import DivergenceError, minimize
from mnist_gd.layers import LinearLayer, initial_weights
from tests.book.conftest import give_up, let_draw

ABOVE_ZERO = 1e-300  # what no longer has all its digits in float64 is not compared


# --------------------------------------------------------------------- the step size


def quadratic(curvatures):
    curvatures = np.array(curvatures)
    return lambda x: 0.5 * np.sum(curvatures * x**2), lambda x: curvatures * x


def walk(live_scripts, curvatures, start, rate, steps, momentum=0.0):
    return live_scripts.evaluate(
        "([c, start, ...rest]) => descent.minimize(descent.valley(c), start, ...rest)",
        [curvatures, start, rate, steps, momentum],
    )


@pytest.mark.parametrize(
    ("curvatures", "start", "rate", "momentum"),
    [
        ([1.0, 10.0], [3.0, 1.0], 0.03, 0.0),  # creeps
        ([1.0, 10.0], [3.0, 1.0], 0.1, 0.0),  # 1/L
        ([1.0, 10.0], [-2.7, 0.4], 2 / 11, 0.0),  # the fastest
        ([1.0, 10.0], [3.0, -1.0], 0.2, 0.0),  # swings for ever
        ([1.0, 10.0], [3.0, 1.0], 0.26, 0.0),  # diverges
        ([1.0, 1.0], [1.3, 1.1], 1.0, 0.0),  # arrives in one step
        ([1.0, 100.0], [3.0, 0.3], (2 / 11) ** 2, (9 / 11) ** 2),  # the heavy ball's best
        ([1.0, 37.0], [0.1, 2.0], 0.02, 0.95),
        ([1.0, 100.0], [3.0, 1.0], 0.05, 0.3),  # diverges with momentum
    ],
)
def test_path_is_that_of_minimize(live_scripts, curvatures, start, rate, momentum):
    here = walk(live_scripts, curvatures, start, rate, 200, momentum)
    there = minimize(*quadratic(curvatures), np.array(start), rate, 200, momentum=momentum)
    assert here["left"] is None
    # without an absolute tolerance: the last digits of very large and very small numbers too
    for name in ("points", "values"):
        ours, theirs = np.array(here[name], dtype=float), getattr(there, name)
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=ABOVE_ZERO)


@pytest.mark.parametrize(("rate", "momentum"), [(0.26, 0.0), (0.5, 0.0), (0.6, 0.4)])
def test_both_leave_the_finite_numbers_at_the_same_step(live_scripts, rate, momentum):
    here = walk(live_scripts, [1.0, 10.0], [3.0, 1.0], rate, 5000, momentum)
    with pytest.raises(DivergenceError, match=rf"^step {here['left']} left"):
        minimize(*quadratic([1, 10]), np.array([3.0, 1.0]), rate, 5000, momentum=momentum)
    assert len(here["points"]) == len(here["values"]) == here["left"]


def factor(curvature, rate, momentum):
    """The larger root of equation eq-momentum-polynomial."""
    return np.abs(np.roots([1, -(1 + momentum - rate * curvature), momentum])).max()


@pytest.mark.parametrize("momentum", [0.0, 0.2, 0.7, 0.95])
@pytest.mark.parametrize("kappa", [1.0, 4.0, 60.0])
def test_prediction_and_marks_are_the_formulas(live_scripts, kappa, momentum):
    marks = live_scripts.evaluate("(a) => descent.marks(...a)", [1, kappa, momentum])
    if momentum == 0:
        assert marks["calm"] == 1 / kappa
        assert marks["limit"] == 2 / kappa
        assert marks["best"] == 2 / (1 + kappa)

    def rho(rate):
        return max(factor(1, rate, momentum), factor(kappa, rate, momentum))

    def predict(rate, start=(2.0, 1.0)):
        return live_scripts.evaluate(
            "([c, s, r, m]) => descent.predict(c, s, r, m)",
            [[1, kappa], list(start), rate, momentum],
        )

    for rate in np.linspace(0.03, 1.2, 40) * marks["limit"]:
        assert predict(rate)["rho"] == pytest.approx(rho(rate), abs=1e-7)
        assert rho(rate) >= rho(marks["best"]) - 1e-7  # nothing is faster
    # just beside the marks another course is foretold, and it is what happens
    assert predict(0.999 * marks["calm"])["kind"] == "calm"
    assert predict(1.001 * marks["calm"])["kind"] == "swings"
    assert predict(0.999 * marks["limit"])["kind"] == "swings"
    assert predict(marks["limit"])["kind"] == "forever"
    assert predict(1.001 * marks["limit"])["kind"] == "diverges"
    calm = walk(live_scripts, [1, kappa], [2.0, 1.0], 0.999 * marks["calm"], 300, momentum)
    swings = walk(live_scripts, [1, kappa], [2.0, 1.0], 1.5 * marks["calm"], 300, momentum)
    assert np.min(calm["points"]) >= 0 > np.min(np.array(swings["points"])[:, 1])
    below = walk(live_scripts, [1, kappa], [2.0, 1.0], 0.99 * marks["limit"], 3000, momentum)
    above = walk(live_scripts, [1, kappa], [2.0, 1.0], 1.01 * marks["limit"], 3000, momentum)
    assert below["values"][-1] < 1e-6 * below["values"][0]
    assert above["values"][-1] > 1e6 * above["values"][0]
    # a start on an axis knows one curvature only
    floor = predict(1.5 * marks["limit"], (2.0, 0.0))
    assert floor["rho"] == pytest.approx(factor(1, 1.5 * marks["limit"], momentum), abs=1e-7)
    assert predict(0.1, (0, 0))["kind"] == "there"


def test_steps_are_counted_as_they_are_walked(live_scripts):
    for rate, momentum in [(0.03, 0.0), (0.15, 0.0), (0.05, 0.5)]:
        counted = live_scripts.evaluate(
            "(a) => descent.stepsCounted(...a)", [[1, 10], [3, 1], rate, momentum]
        )
        run = minimize(*quadratic([1, 10]), np.array([3.0, 1.0]), rate, 500, momentum=momentum)
        lengths = np.linalg.norm(run.points, axis=1)
        assert counted == np.argmax(lengths <= 1e-3 * lengths[0]) > 10
    assert live_scripts.evaluate("descent.stepsPredicted(0.1)") == 3
    assert live_scripts.evaluate("descent.stepsPredicted(0)") == 1


# ----------------------------------------------------------------------- activations


def tanh(z):
    return np.tanh(z)


tanh.backward = lambda grad_output, z: 4 * activations.sigmoid.backward(grad_output, 2 * z)

FUNCTIONS = {
    ("relu", 0.01): activations.relu,
    ("leaky", 0.01): activations.leaky_relu,
    ("leaky", 0.3): with_options(activations.leaky_relu, negative_slope=0.3),
    ("sigmoid", 0.01): activations.sigmoid,
    ("tanh", 0.01): tanh,
    ("identity", 0.01): activations.identity,
}


@pytest.mark.parametrize(("name", "slope"), FUNCTIONS)
def test_values_and_derivatives_are_those_of_the_package(live_scripts, name, slope):
    z = np.concatenate([[-1e3, -700.0, 0.0, 700.0, 1e3], np.linspace(-40, 40, 1601)])
    here = live_scripts.evaluate(
        """([name, slope, z]) => {
          const { f, derivative } = activation.activations[name];
          return [z.map((x) => f(x, slope)), z.map((x) => derivative(x, slope))];
        }""",
        [name, slope, z.tolist()],
    )
    function = FUNCTIONS[name, slope]
    there = function(z), function.backward(np.ones_like(z), z)
    for ours, theirs in zip(here, there, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=ABOVE_ZERO)


@pytest.mark.parametrize("times", [0.5, 1.0, 8.0])
@pytest.mark.parametrize(("name", "slope"), FUNCTIONS)
def test_gradient_through_layers_is_that_of_the_package(live_scripts, name, slope, times):
    drawn = live_scripts.evaluate(
        """([name, slope, times]) => {
          const network = activation.drawNetwork(7);
          const { rectifier } = activation.activations[name];
          return {
            sizes: activation.gradientSizes(network, name, { slope, times }),
            spread: activation.spread({ rectifier }),
            layers: network.layers.map((weights) => [...weights]),
            inputs: [...network.inputs],
            gradient: [...network.gradient],
          };
        }""",
        [name, slope, times],
    )
    function = FUNCTIONS[name, slope]
    layers = []
    for weights in drawn["layers"]:
        layer = LinearLayer(64, 64, function, rng=np.random.default_rng(0), dtype=np.float64)
        layer.weights = times * drawn["spread"] * np.reshape(weights, (64, 64))
        layers.append(layer)
    signal = np.reshape(drawn["inputs"], (-1, 64))
    for layer in layers:
        signal = layer.forward(signal)
    gradient = np.reshape(drawn["gradient"], (-1, 64))
    arrived, sizes = np.sqrt(np.mean(gradient**2)), []
    for layer in reversed(layers):
        gradient = layer.backward(gradient)
        sizes.append(np.sqrt(np.mean(gradient**2)) / arrived)
    np.testing.assert_allclose(drawn["sizes"], sizes, rtol=1e-12)
    # weights as wide as the package draws them, and normal
    package = initial_weights(64, 64, function, rng=np.random.default_rng(1))
    assert drawn["spread"] == pytest.approx(package.std(), rel=0.05)
    normals = np.ravel(drawn["layers"])
    assert abs(normals.mean()) < 0.02
    assert np.quantile(normals, [0.025, 0.16, 0.5, 0.84, 0.975]) == pytest.approx(
        [-1.96, -0.994, 0, 0.994, 1.96], abs=0.03
    )


def test_numbers_are_written_for_readers(live_scripts):
    write = {0: "0", 0.25: "0.250", -3.5: "−3.500", 1974.556: "1975", 2.1e-7: "2.1 × 10⁻⁷"}
    for value, text in write.items():
        assert live_scripts.evaluate("(value) => liveChart.number(value)", value) == text


# -------------------------------------------------------------------- a reader's hands


def part(page, figure, name):
    return page.locator(f"#{figure} [data-part={name}]")


def verdict(page, figure="live-valley"):
    return part(page, figure, "verdict").inner_text()


def drag(page, locator, begin, end):
    """Press at one place of an element, move, let go; places are shares of its size."""
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    x, y = ([box[k] + share * box[s] for share in (begin[i], end[i])]
            for i, (k, s) in enumerate([("x", "width"), ("y", "height")]))  # fmt: skip
    page.mouse.move(x[0], y[0])
    page.mouse.down()
    page.mouse.move(x[1], y[1], steps=4)
    page.mouse.up()
    let_draw(page)


def test_valley_answers_to_slider_drag_and_keyboard(open_live):
    page = open_live("gradient_descent")
    figure = page.locator("#live-valley")
    figure.wait_for()
    assert "swinging from wall to wall" in verdict(page)
    rate = part(page, "live-valley", "rate")
    map_ = part(page, "live-valley", "map")
    announced = part(page, "live-valley", "announced")
    # the slider, by keyboard: past 2/L, and back below 1/L
    rate.focus()
    page.keyboard.press("End")
    let_draw(page)
    assert verdict(page).startswith("Diverges")
    assert announced.inner_text().startswith("Diverges")
    page.keyboard.press("Home")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    let_draw(page)
    assert verdict(page) == "Converges without swinging."
    part(page, "live-valley", "fastest").click()
    let_draw(page)
    assert "ρ = 0.818" in part(page, "live-valley", "details").inner_text()  # 9/11
    # the start, by mouse
    drag(page, map_, (0.9, 0.2), (0.1, 0.8))
    label = map_.get_attribute("aria-label")
    assert "x minus 2.9" in label
    assert "y minus" in label
    # and by keyboard: to the floor of the valley, where a rate that diverged converges
    rate.focus()
    page.keyboard.press("End")
    let_draw(page)
    assert verdict(page).startswith("Diverges")
    map_.focus()
    for _ in range(40):
        if map_.get_attribute("aria-label").endswith("y 0.0"):
            break
        page.keyboard.press("ArrowUp")
        let_draw(page)
    assert verdict(page) == "Converges without swinging."
    assert "only μ counts" in announced.inner_text()
    part(page, "live-valley", "reset").click()
    let_draw(page)
    assert "x 3.0, y 1.0" in map_.get_attribute("aria-label")


def test_valley_draws_the_path_that_it_computes(open_live):
    page = open_live("gradient_descent")
    page.locator("#live-valley").wait_for()
    drawn = page.evaluate(
        """() => {
          const map = document.querySelector("#live-valley [data-part=map]");
          const unit = map.clientWidth / 7.2;
          const points = map.querySelector(".path").getAttribute("points").split(" ");
          return points.map((pair) => pair.split(",").map(Number)).map(([x, y]) =>
            [(x - map.clientWidth / 2) / unit, (map.clientHeight / 2 - y) / unit]);
        }"""
    )
    run = minimize(*quadratic([1, 10]), np.array([3.0, 1.0]), 0.15, 60)
    np.testing.assert_allclose(drawn, run.points, atol=0.02 / 40)  # a fraction of a pixel


def test_activation_answers_to_choice_slider_and_drag(open_live):
    page = open_live("activations")
    figure = page.locator("#live-activation")
    figure.wait_for()
    name = "live-activation"
    assert "sigmoid the gradient fades" in verdict(page, name)
    leak = part(page, name, "leak")
    assert leak.is_hidden()
    figure.locator("input[value=sigmoid]").focus()
    page.keyboard.press("ArrowLeft")  # to the leaky rectifier
    let_draw(page)
    assert leak.is_visible()
    assert "keeps its size" in verdict(page, name)
    assert "keeps its size" in part(page, name, "announced").inner_text()
    part(page, name, "slope").focus()
    page.keyboard.press("End")  # slope 1: nothing is off, and the weights of He are too large
    let_draw(page)
    assert "grows" in verdict(page, name)
    figure.locator("input[value=tanh]").check()
    let_draw(page)
    assert "hyperbolic tangent the gradient fades slowly" in verdict(page, name)
    figure.locator("input[value=relu]").check()
    drag(page, part(page, name, "curve"), (0.9, 0.5), (0.2, 0.5))
    assert part(page, name, "slope-curve-text").inner_text() == "f′(z) = 0"
    z = part(page, name, "z")
    z.focus()
    page.keyboard.press("End")
    let_draw(page)
    assert part(page, name, "curve-text").inner_text() == "f(z) = 6.000"
    before = verdict(page, name), part(page, name, "details").inner_text()
    part(page, name, "again").click()
    let_draw(page)
    assert (verdict(page, name), part(page, name, "details").inner_text()) != before


#: Where a live figure stands, and what of it can be dragged.
PLACES = {
    "gradient_descent": ("live-valley", "map"),
    "activations": ("live-activation", "curve"),
    "losses": ("live-focal", "loss"),
    "metrics": ("live-threshold", "fours"),
    "networks": ("live-backprop", None),
    "noise": ("live-batch", "map"),
}


@pytest.mark.parametrize("name", [name for name, (_, place) in PLACES.items() if place])
def test_a_finger_moves_the_point_and_not_the_page(open_live, name):
    page = open_live(name)
    figure, place = PLACES[name]
    page.locator(f"#{figure}").wait_for()
    target = part(page, figure, place)
    target.evaluate("(element) => element.scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(300)
    before = page.evaluate("scrollY"), target.inner_html()
    box = target.bounding_box()
    x, y = box["x"] + 0.3 * box["width"], box["y"] + 0.8 * box["height"]
    session = page.context.new_cdp_session(page)
    touch = [{"x": x, "y": y}]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": touch})
    for step in range(1, 9):
        touch = [{"x": x + 6 * step, "y": y - 12 * step}]
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": touch})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(200)  # in which a page that scrolls would
    let_draw(page)
    assert page.evaluate("scrollY") == before[0]
    assert target.inner_html() != before[1]


@pytest.mark.parametrize("name", PLACES)
def test_figure_fits_and_its_controls_are_large(open_live, name):
    page = open_live(name)
    figure = page.locator(f"#{PLACES[name][0]}")
    figure.wait_for()
    sizes = page.evaluate(
        """(id) => {
          const figure = document.getElementById(id);
          const width = document.documentElement.clientWidth;
          const shown = [...figure.querySelectorAll("*")].filter((e) => e.getClientRects().length);
          return {
            wide: shown.filter((e) => !e.closest("g") && e.getBoundingClientRect().right > width)
              .map((e) => e.outerHTML.slice(0, 80)),
            low: shown.filter((e) => e.matches("button, [type=range], .live-buttons label"))
              .filter((e) => e.getBoundingClientRect().height < 44).map((e) => e.outerHTML),
          };
        }""",
        PLACES[name][0],
    )
    assert sizes == {"wide": [], "low": []}


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", PLACES)
def test_axe_finds_nothing(open_live, name, mode):
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        give_up("the live figures need axe-core for this test: the extra 'test'")
    page = open_live(name, color_scheme=mode)
    figure = PLACES[name][0]
    page.locator(f"#{figure}").wait_for()
    page.wait_for_timeout(500)  # the theme's transitions
    # The other figures have thousands of elements, each of which would be looked under.
    page.evaluate(
        """(id) => {
          for (let e = document.getElementById(id); e !== document.body; e = e.parentElement) {
            const others = [...e.parentElement.children].filter((other) => other !== e);
            others.forEach((other) => other.style.setProperty("display", "none", "important"));
          }
        }""",
        figure,
    )
    # without fetching the style sheets once more, which a page from the disk may not
    results = Axe().run(page, context=f"#{figure}", options={"preload": False})
    assert results.response["passes"]
    assert [v["id"] for v in results.response["violations"]] == []


@pytest.mark.parametrize("name", PLACES)
def test_without_script_and_on_paper_there_is_only_the_static_figure(open_live, name):
    figure = PLACES[name][0]
    page = open_live(name, java_script_enabled=False)
    assert page.locator(f"#{figure}").is_hidden()
    words = page.locator(".live-only")
    assert words.count() > 0
    assert not any(words.nth(i).is_visible() for i in range(words.count()))
    page = open_live(name)
    page.locator(f"#{figure}").wait_for()
    assert words.first.is_hidden()  # still the other page
    assert page.locator(".live-only").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator(f"#{figure}").is_hidden()
    assert page.locator(".live-only").first.is_hidden()


def test_keys_keep_their_colours_where_a_system_forces_its_own(visit):
    page = visit(forced_colors="active").open("networks.html")
    keys = page.locator(".live-key")
    keys.first.wait_for()
    colour = "(all) => all.map((e) => getComputedStyle(e, '::before').backgroundColor)"
    assert len(set(keys.evaluate_all(colour))) > 1
