# SPDX-License-Identifier: Apache-2.0
"""vitq.ray on a local cluster of three nodes: whatever dies when, each image has the row that one process gives it.

Needs ray, pyarrow and NumPy, VITQ_LIBRARY (libvitq.so) and VITQ_PROGRAMS (the folder of the programs).
"""

import os
import signal
import sys
import tempfile
import unittest
from pathlib import Path

import pyarrow.parquet
import ray
import vitq
import vitq.ray
from ray.cluster_utils import Cluster

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from test_vitq import GOLDENS, bitmap, photo, program  # noqa: E402

IMAGES, SHARD = 600, 10


def workers_of(node):
    """The processes of a node that run tasks or wait for them."""
    raylet = node.all_processes["raylet"][0].process.pid
    children = Path(f"/proc/{raylet}/task/{raylet}/children").read_text().split()
    return [int(pid) for pid in children if b"answers" in Path(f"/proc/{pid}/cmdline").read_bytes()]


class Cases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        cls.addClassCleanup(cls.cluster.shutdown)
        cls.nodes = [cls.cluster.add_node(num_cpus=1) for _ in range(2)]
        ray.init(cls.cluster.address, log_to_driver=False)
        cls.addClassCleanup(ray.shutdown)
        cls.photos = cls.folder / "photos"
        cls.photos.mkdir()
        for index in range(IMAGES):
            (cls.photos / f"{index:04}.bmp").write_bytes(bitmap(photo(index % 37, 150 + index % 11, 200)))
        (cls.photos / "0123.bmp").write_bytes(b"no image")
        cls.model = cls.converted("hf_vit")

    @classmethod
    def converted(cls, name):
        path = cls.folder / f"{name}.safetensors"
        vitq.convert(GOLDENS / name, path)
        return path

    def rows(self, output):
        """By path, of which each may be there once."""
        rows = pyarrow.parquet.read_table(output).to_pylist()
        paths = [row.pop("path") for row in rows]
        self.assertEqual(len(set(paths)), len(paths))
        return dict(zip(paths, rows))

    def expected(self, path):
        try:
            found = vitq.load(self.model, threads=1).classify(path)
        except vitq.Error as error:
            return {"error": str(error), "id": None, "label": None, "score": None}
        return {"error": None, "id": [each.id for each in found], "label": [each.label for each in found],
                "score": [each.score for each in found]}

    def check_all(self, output):
        rows = self.rows(output)
        paths = [str(path) for path in sorted(self.photos.iterdir())]
        self.assertEqual(sorted(rows), paths)
        for path in paths:
            self.assertEqual(rows[path], self.expected(path))


class Deaths(Cases):
    def test_a_worker_and_a_node_that_are_killed_cost_no_row(self):
        killed = []

        def kill(progress):
            if progress.done >= 100 and not killed:
                killed.append([pid for node in self.nodes for pid in workers_of(node)])
                for pid in killed[0]:
                    os.kill(pid, signal.SIGKILL)
            if progress.done >= 300 and len(killed) == 1:
                killed.append(self.nodes[0])
                self.cluster.remove_node(self.nodes.pop(0), allow_graceful=False)

        output = self.folder / "deaths"
        summary = vitq.ray.infer(self.model, self.photos, output, shard=SHARD, progress=kill)
        self.assertEqual(len(killed), 2)
        self.assertGreater(len(killed[0]), 0)
        self.assertEqual(summary[:3], (IMAGES, 1, 0))
        self.check_all(output)


if __name__ == "__main__":
    unittest.main()
