"""The page in headless Chromium: pictures and styles, and that it asks nothing of anybody else."""

import json
import shutil

import pytest

from tests.chromium import CHROMIUM
from tests.tiny_networks import PERSON, halves
from tests.website.page import MESSAGE, READY, chromium, open_page, open_picture, pixel, press, segment, segmented

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium")


def test_segment_paints_the_picture_and_restart_takes_the_paint_off(page):
    picture = halves(PERSON, 0)
    page.run("document.getElementById('style').value = 'mask'")
    labels = segmented(page, picture)

    assert (labels[:, :40] == PERSON).all() and (labels[:, -40:] == 0).all()
    assert pixel(page, 0.2, 0.5) == [255, 0, 0]
    assert pixel(page, 0.8, 0.5) == [0, 0, 0]

    press(page, "restart")
    assert pixel(page, 0.8, 0.5) == picture[36, 100, ::-1].tolist()


@pytest.mark.parametrize(
    ("style", "person", "rest"),
    [
        ("blend", [255, 0, 0], [90, 90, 90]),
        ("mask", [255, 0, 0], [0, 0, 0]),
        ("outline", [255, 0, 0], [90, 90, 90]),
        ("blur", [255, 0, 0], [90, 90, 90]),
        ("replace", [255, 0, 0], [0, 177, 64]),
        ("cutout", [255, 0, 0], [204, 204, 204]),
    ],
)
def test_every_style_paints(page, style, person, rest):
    page.run(f"document.getElementById('style').value = '{style}'")
    segmented(page, halves(PERSON, 0))
    shown = pixel(page, 0.2, 0.5), pixel(page, 0.88, 0.5)

    assert shown[0] == person
    assert shown[1] in (rest, [153, 153, 153] if style == "cutout" else rest)


def test_a_picture_opened_before_the_network_is_there_can_be_segmented_when_it_is(tiny_site, serve, tmp_path):
    served = serve(tiny_site)
    served.held.add("/network/tiny.onnx")
    listening = "document.querySelector('#samples button') !== null"
    with chromium(tmp_path / "profile", served.address, until=listening) as tab:
        open_picture(tab, halves(PERSON, 0))
        early = tab.run("document.getElementById('segment').disabled"), tab.run(MESSAGE)
        served.held.clear()
        tab.wait(READY)

        assert (segment(tab)[1][:, :40] == PERSON).all()
    assert early[0] and early[1].endswith("…")


def test_classes_may_have_any_name(tiny_site, serve, tmp_path):
    site = shutil.copytree(tiny_site, tmp_path / "site")
    facts = json.loads((site / "site.json").read_text())
    facts["classes"][1:4] = ["constructor", "__proto__", "<b>bold</b>"]
    (site / "site.json").write_text(json.dumps(facts))
    with chromium(tmp_path / "profile", serve(site).address) as tab:
        rows = tab.run("""[...document.querySelectorAll("#class-list li")].slice(1, 4)
          .map((row) => [row.textContent, row.querySelector("input").checked])""")

    assert rows == [["constructor", False], ["__proto__", False], ["<b>bold</b>", False]]


def test_a_picture_opened_while_another_is_segmented_takes_its_place(page):
    open_picture(page, halves(PERSON, 0))
    press(page, "segment")
    labels = segmented(page, halves(0, PERSON))

    assert (labels[:, -40:] == PERSON).all()
    assert page.run(MESSAGE) == ""


def test_a_class_that_is_switched_off_is_not_painted(page):
    page.run("document.getElementById('style').value = 'mask'")
    segmented(page, halves(PERSON, 0))
    page.run(f"document.querySelectorAll('#class-list input[type=checkbox]')[{PERSON}].click()")
    page.wait("document.getElementById('picture').getContext('2d').getImageData(20, 36, 1, 1).data[0] === 0")

    assert pixel(page, 0.2, 0.5) == [0, 0, 0]


def test_a_class_is_painted_in_the_colour_that_is_chosen_for_it(page):
    page.run("document.getElementById('style').value = 'mask'")
    segmented(page, halves(PERSON, 0))
    page.run(f"""(() => {{
      const colour = document.querySelectorAll("#class-list input[type=color]")[{PERSON}];
      colour.value = "#1020f0";
      colour.dispatchEvent(new Event("change"));
    }})()""")
    page.wait("document.getElementById('picture').getContext('2d').getImageData(20, 36, 1, 1).data[2] === 0xf0")

    assert pixel(page, 0.2, 0.5) == [0x10, 0x20, 0xF0]
    assert pixel(page, 0.8, 0.5) == [0, 0, 0]


def test_nothing_is_asked_of_anybody_else(tiny_site, serve, tmp_path):
    served = serve(tiny_site)
    # The browser begins to note what is asked for when a tab is there.
    with chromium(tmp_path / "profile", served.address + "icon-192.png", until="true") as tab:
        open_page(tab, served.address)
        segmented(tab, halves(PERSON, 0))
        asked = tab.requests

    assert len(asked) > 8
    assert [url for url in asked if not url.startswith((served.address, "blob:", "data:"))] == []


def test_the_page_speaks_chinese(tiny):
    address, tab = tiny
    open_page(tab, f"{address}?lang=zh")

    assert tab.run("document.getElementById('camera').textContent") == "摄像头"
    assert tab.run("document.documentElement.lang") == "zh"
    assert "人" in tab.run("document.getElementById('class-list').textContent")
