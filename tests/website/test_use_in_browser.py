"""The page in its users' hands: fingers, keys, screen readers, light and dark, installed."""

import cv2
import numpy as np
import pytest

from tests.chromium import CHROMIUM, Tab
from tests.tiny_networks import PERSON, halves
from tests.waiting import wait_for
from tests.website.page import FIGURES, files_with, open_picture, pixel, press, segment, segmented

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium")

CONTROLS = "button, select, summary, input, canvas"
A_FINGER = 44
"""CSS pixels that Apple's guidelines and WCAG's level AAA ask for."""


@pytest.fixture
def phone(page):
    """The page on a phone's screen, upright."""
    page.resize(390, 844, phone=True)
    yield page
    page.say("Emulation.clearDeviceMetricsOverride")


def type_key(tab: Tab, key: str) -> None:
    """Press a key, and let it go."""
    for kind in ("keyDown", "keyUp"):
        tab.say("Input.dispatchKeyEvent", type=kind, key=key, text=key if kind == "keyDown" else "")


def test_a_picture_can_be_dropped(page):
    content = cv2.imencode(".png", halves(PERSON, 0))[1].tobytes()
    page.run(
        f"document.body.dispatchEvent(new DragEvent('drop', "
        f"{{ dataTransfer: {files_with(content, 'image/png')}, bubbles: true, cancelable: true }}))"
    )
    page.wait("!document.getElementById('segment').hidden")
    frame, labels = segment(page)

    assert np.array_equal(frame, halves(PERSON, 0))
    assert (labels[:, :40] == PERSON).all()


def test_a_file_that_is_no_picture_is_one_sentence(page):
    page.run(f"""(() => {{
      const input = document.getElementById("file");
      input.files = {files_with(b"no picture", "image/png")}.files;
      input.dispatchEvent(new Event("change"));
    }})()""")
    page.wait("document.getElementById('message').textContent.includes('no picture that the browser can read')")


def test_a_sample_is_opened_by_its_button(page):
    page.run("document.querySelector('#samples button').click()")
    page.wait("!document.getElementById('segment').hidden")
    frame, _ = segment(page)

    assert frame.shape == (720, 1280, 3)


def test_keys_do_what_the_window_s_keys_do(page):
    open_picture(page, halves(PERSON, 0))
    type_key(page, "v")
    page.run("document.getElementById('figures').replaceChildren()")
    type_key(page, "s")
    page.wait(f"{FIGURES}.includes('ms')")
    painted = pixel(page, 0.8, 0.5)
    type_key(page, "r")
    type_key(page, "x")

    assert page.run("document.getElementById('style').value") == "mask"
    assert painted == [0, 0, 0]
    assert pixel(page, 0.8, 0.5) != [0, 0, 0]
    assert page.run("document.getElementById('mirror').checked")


def test_a_snapshot_of_a_cut_out_is_a_transparent_picture(page, tmp_path):
    page.say("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.run("document.getElementById('style').value = 'cutout'")
    segmented(page, halves(PERSON, 0))
    press(page, "snapshot")
    file = wait_for(lambda: list(tmp_path.glob("deeplab.png")))[0]
    picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)

    assert picture.shape == (*halves(PERSON, 0).shape[:2], 4)
    assert (picture[:, :30, 3] == 255).all() and (picture[:, -30:, 3] == 0).all()
    assert (picture[:, :30, :3] == halves(PERSON, 0)[:, :30]).all()


def test_every_control_has_a_name_for_screen_readers(page):
    open_picture(page, halves(PERSON, 0))
    page.run("document.getElementById('classes').open = true")
    nodes = page.say("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "checkbox", "combobox", "slider", "ColorWell", "img", "image", "DisclosureTriangle"}
    controls = [node for node in nodes if not node["ignored"] and node["role"]["value"] in roles]

    assert len(controls) > 20
    assert [node["role"]["value"] for node in controls if not node["name"]["value"].strip()] == []


def test_a_phone_s_controls_are_as_large_as_a_finger_and_none_lies_outside(phone):
    open_picture(phone, halves(PERSON, 0))
    phone.run("document.getElementById('classes').open = true")
    small = phone.run(f"""[...document.querySelectorAll("button, select, summary, input, label:has(input)")]
      .filter((each) => each.offsetParent && !each.matches("label input[type=checkbox]"))
      .map((each) => [each.id || each.outerHTML.slice(0, 60), each.getBoundingClientRect()])
      .filter(([, box]) => Math.min(box.width, box.height) < {A_FINGER})
      .map(([name, box]) => `${{name}} ${{box.width}}x${{box.height}}`)""")

    broken = phone.run("""[...document.querySelectorAll("#class-list span")]
      .filter((each) => each.scrollHeight > 1.5 * parseFloat(getComputedStyle(each).lineHeight))
      .map((each) => each.textContent)""")

    assert small == []
    assert broken == []
    assert phone.run("document.documentElement.scrollWidth") == 390


def test_a_phone_s_figures_stand_on_one_line_each(phone):
    segmented(phone, halves(PERSON, 0))
    broken = phone.run("""[...document.querySelectorAll("#figures div")].filter((row) => {
      if (row.lastChild.textContent.endsWith(" ms")) row.lastChild.textContent = "12345 ms";
      return row.scrollWidth > row.clientWidth || row.clientHeight > 1.5 * parseFloat(getComputedStyle(row).lineHeight);
    }).map((row) => row.textContent)""")

    assert broken == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read_in_light_and_dark(page, scheme):
    page.say("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    pairs = page.run("""["body", "footer p", "#look label", "button.tutorial", "summary"].map((place) => {
      const style = getComputedStyle(document.querySelector(place));
      const ground = [style.backgroundColor, getComputedStyle(document.body).backgroundColor];
      return [place, style.color, ground.find((colour) => colour !== "rgba(0, 0, 0, 0)")];
    })""")
    page.say("Emulation.setEmulatedMedia", features=[])
    grounds = {place: luminance(ground) for place, _, ground in pairs}

    assert (grounds["body"] < 0.2) == (scheme == "dark")
    assert [place for place, text, ground in pairs if contrast(luminance(text), luminance(ground)) < 4.5] == []


def luminance(colour: str) -> float:
    """WCAG's relative luminance of a colour such as rgb(1, 2, 3)."""
    channels = [int(each) / 255 for each in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    """WCAG's contrast of two luminances."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def test_the_page_can_be_installed(page):
    manifest = page.say("Page.getAppManifest")

    assert manifest["errors"] == []
    assert page.say("Page.getInstallabilityErrors")["installabilityErrors"] == []
