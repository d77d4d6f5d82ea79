# SPDX-License-Identifier: Apache-2.0
"""What the tests of the page do again and again."""
import pathlib
import unittest

import browser

TREE = pathlib.Path(__file__).resolve().parents[2]
PAGE = TREE / "apps/page"
PHOTO = TREE / "docs/images/samples/kingfisher.jpg"
SCENE = TREE / "docs/images/scenes/scene_1.png"
DESKTOP = (1280, 800)
PHONE = (375, 700)
# Everything that can be pressed, dragged or typed into, and is there to see.
USABLE = "button, select, input"
SHOWN = "[...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility() && !e.disabled)"


class PageCase(unittest.TestCase):
    url = None
    screenshots = None

    @classmethod
    def setUpClass(cls):
        cls.page = browser.Browser()
        cls.addClassCleanup(cls.page.close)

    def setUp(self):
        self.page.resize(*DESKTOP)
        self.page.dark(False)
        self.open()

    def tearDown(self):
        self.assertEqual(self.page.complaints(), [])

    def open(self):
        self.page.go(self.url)
        self.page.complaints()
        self.page.wait("a model", lambda: self.page.run("return document.querySelector('#model').value"))

    def names(self, ability):
        """The models that can do this, of those the page offers."""
        return self.page.run_async("import('./answers.js').then(({ answers }) => answers.models())"
                                   ".then((models) => models.filter((m) => m.answers.includes(arguments[0])))"
                                   ".then((models) => done(models.map((m) => m.name)))", ability)

    def show(self, image, model=None, other=None):
        if model:
            self.choose("#model", model)
        if other is not None:
            self.choose("#other", other)
        self.page.type("#file", str(image))
        self.page.wait(image.name, lambda: self.photo().startswith(image.name))
        self.answered(2 if other else 1)

    def photo(self):
        return self.page.run("return document.querySelector('.photo')?.getAttribute('aria-label') ?? ''")

    def choose(self, selector, value):
        self.page.run("const list = document.querySelector(arguments[0]); list.value = arguments[1];"
                      "list.dispatchEvent(new Event('change', { bubbles: true }))", selector, value)

    def answered(self, panes=1):
        done = ".pane[aria-busy=false] .answer > *:last-child"
        self.page.wait("an answer", lambda: len(self.page.all(done)) == panes)

    def view(self, name):
        self.page.run("document.querySelector(`[name=view][value=${arguments[0]}]`).click()", name)
        caption = "return [...document.querySelectorAll('figcaption')].every(e => e.textContent)"
        self.page.wait(f"a caption of {name}", lambda: self.page.run(caption))

    def shot(self, name):
        """Takes pictures in light and dark, wide and narrow, and finds nothing that leaves a narrow page."""
        for size, width in ((DESKTOP, "wide"), (PHONE, "narrow")):
            for shade in ("light", "dark"):
                self.page.resize(*size)
                self.page.dark(shade == "dark")
                if self.screenshots:
                    self.page.screenshot(self.screenshots / f"{name}_{width}_{shade}.png")
        reach = self.page.run("return document.documentElement.scrollWidth")
        self.assertLessEqual(reach, PHONE[0], f"{name}: the page scrolls sideways on a phone")
        small = self.page.run("return " + SHOWN + ".filter(e => !e.closest('fieldset') && !e.matches('.unseen')"
                              " && e.getBoundingClientRect().height < 43).map(e => e.outerHTML)", USABLE)
        self.assertEqual(small, [], f"{name}: fingers need 44 pixels")
        self.page.resize(*DESKTOP)
        self.page.dark(False)

    def need(self, ability, count=1):
        names = self.names(ability)
        if len(names) < count:
            self.skipTest(f"fewer than {count} models can {ability}")
        return names

    def overlay(self):
        """How many colours the overlay has."""
        return self.page.run("const c = document.querySelector('.overlay'); if (c.hidden) return 0;"
                             "const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
                             "return new Set(new Uint32Array(p.buffer)).size")
