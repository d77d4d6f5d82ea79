# SPDX-License-Identifier: Apache-2.0
"""vitq.ray on a local cluster of three nodes: whatever dies when, each image has the row that one process gives it.

Needs ray, pyarrow and NumPy, VITQ_LIBRARY (libvitq.so) and VITQ_PROGRAMS (the folder of the programs).
"""

import contextlib
import json
import logging
import os
import signal
import sys
import tempfile
import unittest
from pathlib import Path

import pyarrow.parquet
import ray
import ray.data
import vitq
import vitq.ray
from ray import cluster_utils

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from test_vitq import GOLDENS, bitmap, photo, program  # noqa: E402

IMAGES, SHARD = 600, 10
BROKEN = "0123.bmp"


def workers_of(node):
    """The processes of a node that are at work."""
    raylet = node.all_processes["raylet"][0].process.pid
    children = Path(f"/proc/{raylet}/task/{raylet}/children").read_text().split()
    return [int(pid) for pid in children if b"ray::answers" in Path(f"/proc/{pid}/cmdline").read_bytes()]


class Cluster(unittest.TestCase):
    """A head without CPUs and two nodes of one CPU, and images of which one is broken."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.photos = cls.folder / "photos"
        cls.photos.mkdir()
        for index in range(IMAGES // 2):
            pixels = photo(index % 37, 150 + index % 11, 200)
            (cls.photos / f"{index:04}.bmp").write_bytes(bitmap(pixels))
        (cls.photos / BROKEN).write_bytes(b"no image")
        cls.paths = [str(path) for path in sorted(cls.photos.iterdir())]
        head = {"num_cpus": 0, "include_dashboard": False}
        cls.cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
        cls.addClassCleanup(cls.cluster.shutdown)
        cls.nodes = [cls.cluster.add_node(num_cpus=1) for _ in range(2)]
        ray.init(cls.cluster.address, log_to_driver=False)
        cls.addClassCleanup(ray.shutdown)
        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.WARNING)

    def model(self, name="hf_vit"):
        path = self.folder / f"{name}.safetensors"
        if not path.exists():
            vitq.convert(GOLDENS / name, path)
        return path

    def rows(self, output):
        """By path, of which each may be there once."""
        rows = pyarrow.parquet.read_table(output).to_pylist()
        paths = [row.pop("path") for row in rows]
        self.assertEqual(len(set(paths)), len(paths))
        return dict(zip(paths, rows))

    def expected(self, paths, ask):
        """The rows that one process gives, of which ask(path) answers the columns of one."""
        rows = {}
        for path in paths:
            with contextlib.suppress(vitq.Error):
                rows[path] = {"error": None, **ask(path)}
        with self.assertRaises(vitq.Error) as raised:
            ask(str(self.photos / BROKEN))
        columns = next(iter(rows.values()))
        rows[str(self.photos / BROKEN)] = {**dict.fromkeys(columns), "error": str(raised.exception)}
        return rows

    def classes(self, path, k=5):
        found = self.opened.classify(path, k)
        return {"id": [each.id for each in found], "label": [each.label for each in found],
                "score": [each.score for each in found]}


    def test_a_worker_and_a_node_that_are_killed_cost_no_row(self):
        photos, killed = self.folder / "large", []  # that keep both nodes at work for seconds
        photos.mkdir()
        for seed in range(4):
            (self.folder / f"{seed}.bmp").write_bytes(bitmap(photo(seed, 1200, 1600)))
        for index in range(IMAGES):
            (photos / f"{index:04}.bmp").symlink_to(self.folder / f"{index % 4}.bmp")

        def kill(progress):
            if progress.done >= 100 and not killed and workers_of(self.nodes[0]):
                killed.append(workers_of(self.nodes[0]))
                for pid in killed[0]:
                    os.kill(pid, signal.SIGKILL)
            elif progress.done >= 200 and len(killed) == 1 and workers_of(self.nodes[1]):
                killed.append(self.nodes.pop(1))
                self.cluster.remove_node(killed[1], allow_graceful=False)

        output = self.folder / "deaths"
        summary = vitq.ray.infer(self.model(), photos, output, shard=SHARD, progress=kill)
        self.assertEqual(len(killed), 2)
        self.assertEqual(summary[:3], (IMAGES, 0, 0))
        self.opened = vitq.load(self.model(), threads=1)
        expected = [{"error": None, **self.classes(self.folder / f"{seed}.bmp")} for seed in range(4)]
        self.assertEqual(self.rows(output), {str(path): expected[int(path.stem) % 4] for path in photos.iterdir()})

    def test_an_image_that_takes_its_workers_down_stands_alone(self):
        def deadly(places):
            if 5 in places:
                os._exit(1)
            return list(places)

        work = ray.remote(num_cpus=1, max_retries=0)(deadly)
        found = {tuple(places): answer for places, answer in vitq.ray.results(work.remote, 8, 4, 2)}
        self.assertIsInstance(found.pop((5,)), ray.exceptions.WorkerCrashedError)
        self.assertEqual(found, {places: list(places) for places in ((0, 1, 2, 3), (4,), (6, 7))})

    def test_what_no_image_is_to_blame_for_is_raised(self):
        work = ray.remote(num_cpus=1)(lambda places: places)

        def cancelled(places):
            reference = work.remote(places)
            ray.cancel(reference)
            return reference

        with self.assertRaises(ray.exceptions.TaskCancelledError):
            list(vitq.ray.results(cancelled, 8, 4, 2))

    def test_a_job_that_broke_off_goes_on_where_it_was(self):
        class Broken(Exception):
            pass

        def break_off(progress):
            if progress.done >= 40:
                raise Broken

        output, paths = self.folder / "resumed", self.paths[100:180]
        with self.assertRaises(Broken):
            vitq.ray.infer(self.model(), paths, output, k=2, shard=SHARD, progress=break_off)
        self.assertEqual(len(self.rows(output)), 40)
        (output / ".part-000004.parquet.unfinished").write_bytes(b"what a lost process leaves")
        for images, skipped in ((40, 40), (0, 80)):
            summary = vitq.ray.infer(self.model(), paths, output, k=2, shard=SHARD)
            self.assertEqual((summary.images, summary.skipped), (images, skipped))
        self.opened = vitq.load(self.model(), threads=1)
        self.assertEqual(self.rows(output), self.expected(paths, lambda path: self.classes(path, 2)))
        for model, k in ((self.model(), 3), (self.model("hf_deit"), 2)):
            with self.assertRaisesRegex(vitq.ArgumentError, "part-000000.parquet: found the answers of another model"):
                vitq.ray.infer(model, paths, output, k=k)

    def test_files_are_added_behind_the_last_one(self):
        schema = vitq.ray._schema_of(self.model(), 5, 0.5)
        output = self.folder / "parts"

        def added(*paths):
            with vitq.ray.Parts(output, schema) as parts:
                table = pyarrow.Table.from_pylist([{"path": path, "error": "none"} for path in paths], schema)
                return parts.write(table)["path"].to_pylist()

        self.assertEqual(added("a", "b", "a"), ["a", "b"])
        (output / "part-000000.parquet").rename(output / "part-1000000.parquet")
        self.assertEqual(added("c"), ["c"])
        self.assertEqual(added("c", "d"), ["d"])
        names = [f"part-{number}.parquet" for number in (1000000, 1000001, 1000002)]
        self.assertEqual(sorted(path.name for path in output.glob("*.parquet")), names)
        self.assertEqual(sorted(self.rows(output)), ["a", "b", "c", "d"])

    def test_objects_and_features_are_those_of_one_process(self):
        paths = self.paths[120:126]
        detector, tower = self.model("hf_detr"), self.model("hf_dinov2")
        vitq.ray.infer(detector, paths, self.folder / "objects", threshold=0.1, shard=2)
        opened = vitq.load(detector, threads=1)

        def objects(path):
            found = opened.detect(path, 0.1)
            return {name: [list(getattr(each, name)) if name == "box" else getattr(each, name) for each in found]
                    for name in ("id", "label", "score", "box")}

        self.assertEqual(self.rows(self.folder / "objects"), self.expected(paths, objects))
        vitq.ray.infer(tower, paths, self.folder / "features")
        opened_tower = vitq.load(tower, threads=1)
        self.assertEqual(self.rows(self.folder / "features"),
                         self.expected(paths, lambda path: {"features": opened_tower.features(path).tolist()}))

    def test_a_dataset_gives_the_rows_of_its_paths(self):
        paths = self.paths[110:130]
        dataset = ray.data.read_binary_files(paths, include_paths=True)
        vitq.ray.infer(self.model(), paths[:5], self.folder / "dataset", shard=4)
        summary = vitq.ray.infer(self.model(), dataset, self.folder / "dataset", shard=4)
        self.assertEqual(summary[:3], (15, 1, 5))
        found = self.rows(self.folder / "dataset")
        self.opened = vitq.load(self.model(), threads=1)
        broken = found[str(self.photos / BROKEN)]
        self.assertRegex(broken.pop("error"), "^bytes: ")
        expected = self.expected(paths, self.classes)
        expected[str(self.photos / BROKEN)].pop("error")
        self.assertEqual(found, expected)

    def test_what_cannot_be_done_is_refused(self):
        output = self.folder / "refused"
        with self.assertRaises(OSError):
            vitq.ray.infer(self.folder / "no model", self.photos, output)
        with self.assertRaisesRegex(vitq.ArgumentError, "shard is 0"):
            vitq.ray.infer(self.model(), self.photos, output, shard=0)
        with self.assertRaisesRegex(vitq.ArgumentError, "UTF-8"):
            vitq.ray.infer(self.model(), [os.fsdecode(b"\xff.png")], output)
        with vitq.ray.Parts(output, vitq.ray._schema_of(self.model(), 5, 0.5)):
            with self.assertRaisesRegex(vitq.ArgumentError, "another job"):
                vitq.ray.infer(self.model(), self.photos, output)


    def test_counts_of_shards_are_those_of_the_program(self):
        labels = self.folder / "labels"
        lines = [f"{Path(path).name}\t{index % 10}\n" for index, path in enumerate(self.paths[:203])]
        labels.write_text("".join(lines))
        found = vitq.ray.evaluate(self.model(), self.photos, labels, shard=30, keep_going=True)
        self.assertEqual([each["path"] for each in found["failed"]], [str(self.photos / BROKEN)])
        self.assertEqual(found, vitq.evaluate(self.model(), self.photos, labels, keep_going=True))
        labels.write_text("".join(line for line in lines if not line.startswith(BROKEN)))
        told = json.loads(program("vit_eval", self.model(), "--images", self.photos, "--labels", labels, "-f", "json"))
        self.assertGreater(told["right"], 0)
        for name in ("images", "right", "top1", "top5"):
            self.assertEqual(found[name], told[name])
        with self.assertRaisesRegex(vitq.FormatError, BROKEN):
            vitq.ray.evaluate(self.model(), self.paths[120:130], [0] * 10)

    def test_evaluation_takes_and_refuses_what_one_process_does(self):
        paths, labels = self.paths[:9], list(range(9))
        for batch in (0, 3):
            self.assertEqual(vitq.ray.evaluate(self.model(), paths, labels, batch=batch),
                             vitq.evaluate(self.model(), paths, labels, batch=batch))
        empty = self.folder / "empty"
        empty.write_text("")
        for evaluate in (vitq.evaluate, vitq.ray.evaluate):
            with self.assertRaisesRegex(vitq.ArgumentError, "empty: found no row"):
                evaluate(self.model(), self.photos, empty)
            for batch in (-1, 2**64):
                with self.assertRaisesRegex(vitq.ArgumentError, "batch is"):
                    evaluate(self.model(), paths, labels, batch=batch)

    def test_cocos_figures_of_shards_are_those_of_the_program(self):
        model = vitq.load(self.model("hf_detr"), threads=1)
        annotations = self.folder / "annotations.json"
        names = model.info["labels"] or [str(index) for index in range(model.info["classes"])]
        paths = self.paths[:23]
        objects = []
        for index, path in enumerate(paths):  # some of what is found, moved a little
            for found in model.detect(path, 0.0)[:4]:
                x0, y0, x1, y1 = found.box
                objects.append({"id": len(objects) + 1, "image_id": index + 1, "category_id": found.id, "iscrowd": 0,
                                "bbox": [x0 + index % 5, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0)})
        annotations.write_text(json.dumps({
            "images": [{"id": index + 1, "file_name": Path(path).name} for index, path in enumerate(paths)],
            "categories": [{"id": index, "name": name} for index, name in enumerate(names)],
            "annotations": objects}))
        shards = []
        found = vitq.ray.evaluate(self.model("hf_detr"), self.photos, coco=annotations, shard=1, workers=2,
                                  progress=shards.append)
        self.assertEqual(len(shards), 8)  # four a worker, each of which reads the annotations
        told = json.loads(program("vit_eval", self.model("hf_detr"), "--images", self.photos, "--coco", annotations,
                                  "-f", "json"))
        self.assertGreater(found["AP"], 0)
        for name in ("model", "images_per_second"):
            told.pop(name)
        self.assertEqual(found, {**told, "failed": []})


if __name__ == "__main__":
    unittest.main()
