# SPDX-License-Identifier: Apache-2.0
"""What the page says when the server is busy, wants a token, breaks off or is not there. The stub is the server."""
import unittest

import stub_server
from case import PAGE, PHOTO, SCENE, PageCase

# How the console of the browser begins, which writes every failed request down.
EXPECTED = ("/v1/", "net::ERR_", "Failed to load resource")


class FailuresTest(PageCase):
    def setUp(self):
        self.server = stub_server.Server(PAGE)
        self.addCleanup(self.server.close)
        self.url = self.server.address
        super().setUp()

    def tearDown(self):
        complaints = [each for each in self.page.complaints() if not any(part in each for part in EXPECTED)]
        self.assertEqual(complaints, [])

    def fail_with(self, failure):
        self.server.failure = failure
        self.page.type("#file", str(PHOTO))
        return self.page.wait("words", lambda: self.page.text(".pane [role=alert] p"))

    def recover(self):
        self.server.failure = ""
        self.page.wait("a button", lambda: self.page.all(".pane [role=alert] button:enabled"))
        self.page.click(".pane [role=alert] button")
        self.answered()
        self.assertEqual(self.page.text(".failure"), "")
        self.assertIn("pane", self.page.run("return document.activeElement.className"))
        self.assertIn("cat", self.page.text(".bars"))

    def test_a_busy_server_is_asked_again_when_it_says(self):
        self.assertEqual(self.fail_with("busy"), "The queue is full.")
        self.assertIn("Try again in", self.page.text(".pane [role=alert] button"))
        self.assertEqual(self.page.all(".pane [role=alert] button:enabled"), [])
        self.shot("busy")
        self.recover()

    def test_a_refusal_is_shown_as_the_server_says_it(self):
        self.assertEqual(self.fail_with("refused"), "photo.jpg: not an image that is known.")
        self.assertEqual(self.page.all(".bars"), [])
        self.shot("refused")
        self.recover()

    def test_what_is_no_answer_is_said_to_be_none(self):
        self.assertEqual(self.fail_with("broken"), "The server answered with something that is not JSON.")
        self.recover()
        self.assertIn("broke off", self.fail_with("cut"))
        self.recover()
        self.assertEqual(self.fail_with("empty"), "The server's answer has no predictions.")
        self.recover()

    def test_a_token_is_asked_for_and_kept(self):
        self.assertEqual(self.fail_with("token"), "A token is needed.")
        self.assertEqual(self.page.run("return document.activeElement.id"), "token")
        self.shot("token")
        self.page.type("#token", "wrong")
        self.page.press("enter")
        self.page.wait("the form again", lambda: self.page.run("return document.activeElement.id") == "token")
        self.page.type("#token", "secret")
        self.page.press("enter")
        self.answered()
        self.assertEqual(self.page.all("#token-form:not([hidden])"), [])
        self.open()
        self.show(PHOTO)

    def test_a_list_of_models_may_need_a_token(self):
        self.page.run("sessionStorage.clear()")
        self.server.failure = "token"
        self.page.go(self.url)
        self.page.wait("words", lambda: "token" in (self.page.text("#trouble") or ""))
        self.page.type("#token", "secret")
        self.page.press("enter")
        self.page.wait("a model", lambda: self.page.run("return document.querySelector('#model').value"))
        self.assertEqual(self.page.text("#trouble"), "")

    def test_models_are_listed_later_for_a_picture_that_came_before(self):
        self.server.failure = "busy"
        self.page.go(self.url)
        self.page.wait("words", lambda: self.page.text("#trouble"))
        self.page.type("#file", str(PHOTO))
        self.page.wait("a button", lambda: self.page.all("#trouble button:enabled"))
        self.server.failure = ""
        self.page.click("#trouble button")
        self.answered()

    def test_a_server_that_is_gone_is_said_to_be_gone(self):
        self.server.close()
        self.assertIn("does not answer", self.fail_with(""))
        self.shot("gone")

    def test_a_newer_picture_cancels_the_questions_of_the_older(self):
        self.page.run("window.signals = []; const ask = window.fetch;"
                      "window.fetch = (...all) => { window.signals.push(all[1].signal); return ask(...all); };")
        self.server.failure = "slow"
        self.page.type("#file", str(PHOTO))
        self.page.wait("a question", lambda: self.page.run("return window.signals.length"))
        self.server.failure = ""
        self.page.type("#file", str(SCENE))
        self.answered()
        self.assertEqual(self.page.run("return window.signals.map(s => s.aborted)"), [True, False])
        self.assertIn("scene_1", self.photo())

    def test_two_models_are_asked_one_after_the_other(self):
        self.server.failure = "slow"
        self.show(PHOTO, "exact", "small")
        self.assertEqual(self.server.most_at_once, 1)
        self.assertEqual([query["model"] for _, query in self.server.asked], ["exact", "small"])
        self.assertEqual(self.page.text(".verdict"), "Both say cat. Scores differ by at most 10.00 points, for cat.")
        changes = self.page.run("return [...document.querySelectorAll('.scores td:last-child')]"
                                ".map(e => e.textContent)")
        self.assertEqual(changes, ["−10.00", "+3.33", "+3.33", "+3.33"])

    def test_models_are_measured_in_turns(self):
        self.show(PHOTO, "exact", "small")
        self.server.asked.clear()
        self.page.click(".measure")
        self.page.wait("medians", lambda: "medians of 10" in self.page.text(".timings"))
        self.assertEqual([query["model"] for _, query in self.server.asked], 10 * ["exact", "small"])
        self.assertEqual(self.server.most_at_once, 1)
        self.assertIn("The network5.004.000.80", self.page.text(".timings"))

    def test_boxes_of_two_models_are_matched(self):
        self.show(SCENE, "finder", "finder-small")
        self.assertEqual(self.page.text(".verdict"), "Together they find 2 boxes, of which both find 1. "
                         "Scores differ by at most 20.00 points, for cat.")
        self.shot("matched")

    def test_features_of_two_models_have_a_cosine(self):
        # Of each twelve numbers six are 1/2 and six are 1, one of which is turned round: 5.5 / 7.5.
        self.show(SCENE, "describer", "describer-small")
        self.assertIn("have the cosine 0.73333.", self.page.text(".verdict"))
        self.shot("cosine")

    def test_models_that_answer_different_questions_are_compared_by_time(self):
        self.show(SCENE, "describer", "exact")
        self.assertIn("only their times", self.page.text(".verdict"))
        self.assertIn("The network", self.page.text(".timings"))

    def test_boxes_lie_where_the_answer_says(self):
        self.show(SCENE, "finder")
        places = self.page.run("const f = document.querySelector('.frame').getBoundingClientRect();"
                               "return [...document.querySelectorAll('.box')].map((box) => {"
                               "const b = box.getBoundingClientRect(); const s = 160 / f.width;"
                               "return [b.left - f.left, b.top - f.top, b.right - f.left, b.bottom - f.top]"
                               ".map(x => Math.round(x * s)); })")
        self.assertEqual(places, [box for _, score, box, _ in stub_server.BOXES if score >= 0.5])

    def test_a_query_is_asked_for_its_attention(self):
        self.show(SCENE, "finder")
        self.view("attention")
        self.page.run("document.querySelectorAll('.boxes-list button')[1].click()")
        self.page.wait("another question", lambda: len(self.server.asked) == 3)
        self.assertEqual([query.get("query") for _, query in self.server.asked], [None, "7", "2"])

    def test_attention_is_brightest_where_the_weight_is(self):
        self.show(PHOTO, "exact")
        self.view("attention")
        for layer, head in ((1, 2), (4, 1)):
            self.page.run("for (const [id, value] of Object.entries(arguments[0])) {"
                          "const slider = document.getElementById(id); slider.value = value;"
                          "slider.dispatchEvent(new Event('input')); }",
                          {"layer": layer, "head": head})
            self.page.wait("the map", lambda: f"layer {layer}, by head {head}" in self.page.text("figcaption"))
            # Colours at the centres of the patches, of which glow() makes the brightest the most yellow.
            brightest = self.page.run(
                "const c = document.querySelector('.overlay'); const g = c.getContext('2d'); const sums = [];"
                "for (let i = 0; i < 16; ++i) { const [x, y] = [i % 4, Math.floor(i / 4)].map(p =>"
                "Math.round((p + .5) * c.width / 4)); const [r, green] = g.getImageData(x, y, 1, 1).data;"
                "sums.push(r + green); } return sums.indexOf(Math.max(...sums))")
            self.assertEqual(brightest, 3 * (layer - 1) + head - 1)

    def test_overlays_lie_on_what_the_network_saw(self):
        self.show(SCENE, "exact")
        for view in ("attention", "components"):
            self.view(view)
            shares = self.page.run("const [p, o] = ['.picture', '.overlay'].map(s =>"
                                   "document.querySelector(s).getBoundingClientRect());"
                                   "return [o.left - p.left, o.top - p.top, o.width, o.height]"
                                   ".map(x => Math.round(160 * x / p.width))")
            self.assertEqual(shares, stub_server.CROP)

    def test_a_measured_time_is_the_median(self):
        measured = self.page.run_async(
            "const times = [9, 1, 2, 4];"
            "const again = async () => ({ answer: { timing_ms: {} }, passed: times.pop() });"
            "import('./measure.js').then((m) => m.measureInTurns([{ again }], 4)).then(done)")
        self.assertEqual(measured, [{"passed": 3}])

    def test_matching_takes_each_box_once(self):
        box = [0, 0, 10, 10]
        first = [{"id": 1, "label": "", "score": 0.9, "box": box}, {"id": 2, "label": "", "score": 0.8, "box": box}]
        second = [{"id": 1, "label": "", "score": 0.7, "box": [0, 0, 10, 8]},
                  {"id": 1, "label": "", "score": 0.6, "box": [0, 0, 10, 9]},
                  {"id": 2, "label": "", "score": 0.5, "box": [0, 0, 10, 4]}]
        pairs = self.page.run_async("import('./matching.js').then((m) =>"
                                    "done(m.matchDetections(arguments[0], arguments[1])))", first, second)
        self.assertEqual([(pair["id"], pair["a"], pair["b"]) for pair in pairs],
                         [(1, 0.9, 0.6), (2, 0.8, None), (1, None, 0.7), (2, None, 0.5)])


if __name__ == "__main__":
    unittest.main()
