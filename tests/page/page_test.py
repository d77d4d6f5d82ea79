# SPDX-License-Identifier: Apache-2.0
"""The page in a browser, before any server of the contract: vit_serve, a page of files, or the stub.

usage: page_test.py [--url URL | --serve PROGRAM MODEL...] [--screenshots FOLDER]
"""
import argparse
import contextlib
import pathlib
import re
import struct
import sys
import tempfile
import unittest

import browser
import stub_server
from case import PAGE, PHOTO, SCENE, SHOWN, TREE, USABLE, PageCase

sys.path.append(str(TREE / "tests/serve"))
from server import Server  # noqa: E402


class PageTest(PageCase):
    def test_an_empty_page_says_what_to_do(self):
        self.assertIn("photo", self.page.text("#invitation"))
        self.assertEqual(self.page.all(".pane"), [])
        self.shot("empty")

    def test_a_photo_gets_bars_and_times(self):
        self.show(PHOTO, self.need("classify")[0])
        scores = [float(text.split()[0]) for text in self.page.texts(".bars .score")]
        self.assertGreater(len(scores), 1)
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertLessEqual(sum(scores), 100.5)
        likeliest = self.page.texts(".bars .label")[0]
        self.assertIn(likeliest, self.page.text("#status"))
        self.assertIn("The network", self.page.text(".stages"))
        # The bar of a score fills that share of its line.
        filled = self.page.run("return getComputedStyle(document.querySelector('.bar')).backgroundSize")
        self.assertAlmostEqual(float(filled.split("%")[0].removeprefix("calc(")), scores[0], delta=0.06)
        self.shot("classes")

    def test_a_detector_draws_boxes_that_the_list_selects(self):
        self.show(SCENE, self.need("detect")[0])
        boxes = len(self.page.all(".box"))
        self.assertGreater(boxes, 0)
        self.assertEqual(len(self.page.all(".boxes-list button")), boxes)
        self.page.run("document.querySelector('.boxes-list button').focus()")
        self.page.press("space")
        self.page.wait("a selected box", lambda: self.page.all(".box.selected"))
        self.assertEqual(self.page.run("return document.activeElement.getAttribute('aria-pressed')"), "true")
        self.shot("boxes")
        self.page.run("document.querySelector('#threshold').focus()")
        self.page.press("home")
        self.page.wait("more boxes", lambda: len(self.page.all(".box")) > boxes)
        self.page.press("end")
        self.page.wait("fewer boxes", lambda: len(self.page.all(".box")) <= boxes)

    def test_attention_follows_the_arrow_keys(self):
        self.show(PHOTO, self.need("attention")[0])
        self.view("attention")
        self.assertGreater(self.overlay(), 10)
        last = self.page.run("const l = document.querySelector('#layer'); l.focus(); return l.max")
        self.assertIn(f"layer {last}", self.page.text("figcaption"))
        self.assertIn("mean", self.page.text("figcaption"))
        self.page.press("left")
        self.page.wait("the layer before", lambda: f"layer {int(last) - 1}," in self.page.text("figcaption"))
        self.page.press("tab")
        self.page.press("right")
        self.page.wait("the first head", lambda: "head 1" in self.page.text("figcaption"))
        heads = self.page.run("return document.querySelector('#head').max")
        self.assertEqual(len(self.page.all(".heads canvas")), int(heads))
        self.assertEqual(len(self.page.all(".heads canvas.shown")), 1)
        self.shot("attention")

    def test_a_box_has_attention_of_its_own(self):
        name = next((name for name in self.need("detect") if name in self.names("attention")), None)
        if not name:
            self.skipTest("no detector shows attention")
        self.show(SCENE, name)
        self.view("attention")
        label = self.page.texts(".boxes-list .label")[1]
        self.page.run("document.querySelectorAll('.boxes-list button')[1].click()")
        self.page.wait("attention of the box", lambda: f"“{label}”" in self.page.text("figcaption"))
        self.shot("attention_of_box")

    def test_components_colour_the_patches(self):
        self.show(PHOTO, self.need("components")[0])
        self.view("components")
        self.assertGreater(self.overlay(), 10)
        self.shot("components")

    def test_features_are_a_strip(self):
        names = [name for name in self.need("features") if name not in self.names("classify")]
        if not names:
            self.skipTest("all models that give features classify")
        self.show(PHOTO, names[0])
        self.assertEqual(len(self.page.all("canvas.features")), 1)
        self.shot("features")

    def test_two_models_are_compared(self):
        first, second = self.need("classify", 2)[:2]
        self.show(PHOTO, first, second)
        self.page.wait("a comparison", lambda: self.page.all("#comparison:not([hidden])"))
        self.assertEqual(self.page.texts("#comparison thead")[0], f"Class{first}{second}Change")
        for row in self.page.all(".scores tbody tr"):
            a, b, change = re.findall(r"[+−]?\d+\.\d+", self.page.text_of(row))
            self.assertAlmostEqual(float(b) - float(a), float(change.replace("−", "-")), delta=0.11)
        self.assertIn("The network", self.page.text(".timings"))
        self.page.click(".measure")
        self.page.wait("medians", lambda: "medians of 10" in self.page.text(".timings"), 60)
        self.shot("comparison")
        self.choose("#other", "")
        self.answered(1)
        self.assertEqual(self.page.all("#comparison:not([hidden])"), [])

    def test_the_keyboard_reaches_everything_by_a_name(self):
        self.show(PHOTO, self.need("attention")[0])
        self.view("attention")
        self.page.run("document.activeElement.blur(); window.getSelection().removeAllRanges(); window.scrollTo(0, 0)")
        # Of radio buttons Tab reaches the chosen one, and arrows the others.
        wanted = self.page.run("return " + SHOWN + ".filter(e => e.type !== 'radio' || e.checked).length", USABLE)
        reached = []
        for _ in range(wanted):
            self.page.press("tab")
            element = self.page.active()
            self.assertNotEqual(self.page.label(element), "")
            reached.append(element)
        self.assertEqual(len(set(reached)), wanted)
        places = self.page.run("return [...arguments].map(e => [...document.querySelectorAll('*')].indexOf(e))",
                               *[{browser.ELEMENT: element} for element in reached])
        self.assertEqual(places, sorted(places), "Tab goes as the page reads")

    def test_radio_buttons_follow_the_arrow_keys(self):
        self.show(PHOTO, self.need("attention")[0])
        self.page.run("document.querySelector('[name=view]').focus()")
        self.page.press("right")
        self.page.wait("attention", lambda: self.overlay())

    def test_pictures_are_dropped_and_pasted(self):
        for name, event in {
                "dropped": "new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })",
                "pasted": "new ClipboardEvent('paste', { clipboardData: data, bubbles: true })"}.items():
            self.open()
            self.page.run_async(
                "const canvas = new OffscreenCanvas(40, 30); canvas.getContext('2d').fillRect(5, 5, 20, 20);"
                "canvas.convertToBlob().then((blob) => { const data = new DataTransfer();"
                f"data.items.add(new File([blob], '{name}.png', {{ type: 'image/png' }}));"
                f"document.body.dispatchEvent({event}); done(); }})")
            self.answered()
            self.assertEqual(self.photo(), f"{name}.png, 40 × 30 pixels")

    def test_a_photo_stands_as_its_camera_was_held(self):
        # An EXIF block of one entry, which says that the first row is on the right.
        entry = struct.pack("<HHIHH", 0x112, 3, 1, 6, 0)
        exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)
        photo = PHOTO.read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            turned = pathlib.Path(folder) / "turned.jpg"
            turned.write_bytes(photo[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + photo[2:])
            self.show(PHOTO)
            width, height = re.findall(r"\d+", self.photo())
            self.show(turned)
        self.assertEqual(re.findall(r"\d+", self.photo()), [height, width])

    def test_the_camera_takes_a_photo(self):
        self.page.click("#camera")
        self.page.wait("the camera", lambda: self.page.all(".take:enabled"))
        self.shot("camera")
        self.page.press("escape")
        self.page.wait("no dialog", lambda: not self.page.all("dialog[open]"))
        self.assertIsNone(self.page.run("return document.querySelector('video').srcObject"))
        self.page.click("#camera")
        self.page.wait("the camera", lambda: self.page.all(".take:enabled"))
        self.page.press("enter")
        self.answered()
        self.assertIn("The photo", self.photo())

    def test_what_is_no_picture_is_refused_in_words(self):
        self.show(PHOTO)
        with tempfile.NamedTemporaryFile(suffix=".txt") as file:
            file.write(b"no picture")
            file.flush()
            self.page.type("#file", file.name)
            self.page.wait("words", lambda: "no image" in (self.page.text("#trouble") or ""))
        self.assertEqual(len(self.page.all(".pane")), 1)
        self.shot("unreadable")
        self.show(SCENE)
        self.assertEqual(self.page.text("#trouble"), "")

    def test_nothing_comes_from_elsewhere(self):
        self.show(PHOTO)
        origins = self.page.run("return [...new Set(performance.getEntriesByType('resource')"
                                ".map(({ name }) => new URL(name).origin))]")
        self.assertEqual(origins, [self.page.run("return location.origin")])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url")
    parser.add_argument("--serve", nargs="+", metavar=("PROGRAM", "MODEL"),
                        help="vit_serve, and what it serves")
    parser.add_argument("--screenshots", type=pathlib.Path)
    options, rest = parser.parse_known_args()
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)
    PageCase.screenshots = options.screenshots
    with contextlib.ExitStack() as stack:
        if options.serve:
            program, models = pathlib.Path(options.serve[0]), options.serve[1:]
            served = stack.enter_context(Server(program.parent, *models))
            PageCase.url = f"http://127.0.0.1:{served.port}"
        else:
            PageCase.url = options.url or stub_server.Server(PAGE).address
        unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
