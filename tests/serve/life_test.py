# SPDX-License-Identifier: Apache-2.0
"""How vit_serve starts, reloads and ends. VITQ_PROGRAMS is the folder of the programs."""

import concurrent.futures
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

from server import PROGRAMS, SAMPLES, Server, comparable, eventually, infer

CAT = SAMPLES[0].read_bytes()


class Life(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.model = pathlib.Path(folder.name) / "net.safetensors"
        shutil.copy(PROGRAMS.parent / "share/vitq/default.safetensors", self.model)

    def test_a_stop_answers_what_was_accepted(self):
        with Server(PROGRAMS, self.model, "--max-delay-us", 2500000) as server:
            idle = server.connect()
            idle.request("GET", "/v2/health/ready")
            idle.getresponse().read()
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                asked = [pool.submit(server.json, "POST", "/v1/classify", CAT) for _ in range(3)]
                eventually(lambda: b'queued_images{model="net"} 3'
                           in server.ask("GET", "/metrics")[2])
                self.assertEqual(server.stop(), 0)
                self.assertEqual([one.result()[0] for one in asked], [200, 200, 200])
            with self.assertRaises(OSError):
                server.ask("GET", "/v2/health/live")
            self.assertEqual(server.log[-1], "vit_serve: stopped\n")

    def test_reloads_lose_nothing(self):
        expected = infer(PROGRAMS, "default", SAMPLES[0])
        with Server(PROGRAMS, self.model) as server:
            def version():
                return server.json("GET", "/v2/models/net")[1]["versions"]

            def ask(_):
                status, answer = server.json("POST", "/v1/classify?model=net", CAT)
                return status == 200 and comparable(answer) == expected

            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                asked = pool.map(ask, range(150))
                server.signal(signal.SIGHUP)
                eventually(lambda: version() == ["2"])
                status, answer = server.json("POST", "/v2/repository/models/net/load")
                self.assertEqual((status, answer), (200, {"name": "net", "version": "3"}))
                self.assertTrue(all(asked))
            # Even somebody who writes over the file in place harms nobody.
            self.model.write_bytes(b"broken")
            server.signal(signal.SIGHUP)
            eventually(lambda: any('"not loaded"' in line for line in list(server.log)))
            status, answer = server.json("POST", "/v2/repository/models/net/load")
            self.assertEqual(status, 500)
            self.assertIn("stays as it is", answer["error"])
            self.assertEqual(version(), ["3"])
            self.assertTrue(ask(0))
            status, _ = server.json("POST", "/v2/repository/models/net/load",
                                    headers={"Origin": "http://elsewhere"})
            self.assertEqual(status, 403)

    def test_names(self):
        with Server(PROGRAMS, f"a={self.model}", f"b={self.model}") as server:
            _, answer = server.json("GET", "/v1/models")
            self.assertEqual([model["name"] for model in answer["models"]], ["a", "b"])
            _, answer = server.json("POST", "/v2/repository/index")
            self.assertEqual([model["state"] for model in answer], ["READY", "READY"])

    def test_command_lines_that_are_refused(self):
        with Server(PROGRAMS, self.model) as server:
            for arguments, code, part in (
                    ([self.model, "--port", server.port], 2, "cannot listen on 127.0.0.1"),
                    ([self.model, "--bind", "localhost"], 2, "no address"),
                    ([self.model, self.model, "--port", 0], 2, "two models have the name"),
                    ([f"a/b={self.model}", "--port", 0], 2, "a model's name is of"),
                    (["nowhere.safetensors", "--port", 0], 3, "nowhere.safetensors"),
                    ([SAMPLES[0], "--port", 0], 4, SAMPLES[0].name),
                    ([self.model, "--token-file", self.model, "--port", 0], 3, "the token"),
                    ([self.model, "--max-batch", 16], 2, "--max-batch")):
                with self.subTest(arguments=arguments):
                    ended = subprocess.run([PROGRAMS / "vit_serve", *map(str, arguments)],
                                           capture_output=True, text=True, timeout=30)
                    self.assertEqual(ended.returncode, code, ended.stderr)
                    self.assertIn(part, ended.stderr)


if __name__ == "__main__":
    unittest.main()
