"""The network on the first page: it learns as the page opens, and stands as it has learned."""

import json

import pytest

LEARNS = ".landing-learns"
SHOWN = f"""() => [...document.querySelectorAll("{LEARNS} li")].map((one) => [
  Number(one.dataset.digit), Number(one.querySelector("b").textContent),
  one.classList.contains("wrong")])"""
LAST = f"""() => {{
  const box = document.querySelector("{LEARNS}");
  const stages = JSON.parse(box.querySelector("script").textContent);
  return Number(box.dataset.stage) === stages.length - 1;
}}"""


def stages(page):
    return json.loads(page.locator(f"{LEARNS} script").text_content())


def check(page, stage):
    """What is shown is that stage, and its marks are right."""
    shown = page.evaluate(SHOWN)
    assert [answer for _, answer, _ in shown] == stage["says"]
    assert all(wrong == (digit != answer) for digit, answer, wrong in shown)
    for part in ("seen", "share"):
        assert page.locator(f"{LEARNS} [data-part={part}]").text_content() == stage[part]


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_network_learns_and_ends_as_the_page_was_built(visit, motion):
    made = visit(reduced_motion=motion)
    page = made.open("index.html")
    moved = page.locator(LEARNS).get_attribute("data-stage") is not None
    assert moved == (motion != "reduce")
    check(page, stages(page)[-1])
    page.locator(LEARNS).get_by_role("button", name="Again").focus()
    page.keyboard.press("Enter")
    check(page, stages(page)[0])
    page.wait_for_function(LAST)
    check(page, stages(page)[-1])
    assert made.faults == []


def test_without_scripts_it_has_learned(visit):
    page = visit(java_script_enabled=False).open("index.html", settle=False)
    says = [int(one) for one in page.locator(f"{LEARNS} li b").all_text_contents()]
    assert says == stages(page)[-1]["says"]
    assert page.locator(f"{LEARNS} button").is_hidden()


def test_it_gets_better(visit):
    shares = [int(s["share"].rstrip("%")) for s in stages(visit().open("index.html"))]
    assert shares[0] < 30 < 90 < shares[-1] == max(shares)
