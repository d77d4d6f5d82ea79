# SPDX-License-Identifier: Apache-2.0
"""Many images on many machines, by Ray: `pip install vitq[ray]`.

    import ray, vitq.ray

    ray.init("auto")
    vitq.ray.infer("default", "photos", "answers")  # Parquet files with a row for each image

Work is cut into shards, each of them a task of one CPU. A worker opens the model once. Models and images lie under
the same paths on all nodes.
"""

import hashlib
import json
import os
import sys
import time
from typing import Any, Callable, NamedTuple, Optional, Sequence, Union

import pyarrow
import ray

from ._answers import COLUMNS, answers, answers_to_batch, counts_of, objects_in
from ._errors import ArgumentError
from ._images import paths_of
from ._measuring import USUAL_BATCH, figures, labelled, require_one, with_shares
from ._model import file_of, load
from ._parts import Parts
from ._shards import Line, Progress, cpus, remote, results, start

__all__ = ["Progress", "Summary", "evaluate", "infer"]

_Path = Union[str, os.PathLike]
_READS = 4  # of the annotations, by each worker


class Summary(NamedTuple):
    """What a job did: images that it took, those of them that failed, those that had rows before, and seconds."""

    images: int
    failed: int
    skipped: int
    seconds: float


def infer(model: Optional[_Path], images: Union[_Path, Sequence[_Path], "ray.data.Dataset"], output: _Path, *,
          k: int = 5, threshold: float = 0.5, workers: int = 0, shard: int = 64,
          progress: Optional[Callable[[Progress], Any]] = None) -> Summary:
    """Shows images to a model, and writes what it answers to Parquet files in the folder `output`.

    model: a model file, or the name of an installed model; None: the default one. images: a folder, paths, or a
    Dataset with a column "path" and as a rule "bytes" (of a file) or "image" (u8 [height, width, 3]). k, threshold: as
    in Model.classify() and Model.detect(). workers: how many at a time; 0: as many as the cluster has CPUs. shard:
    images a task. progress: is told of each shard that is done; without it, a terminal shows a line.

    Each path gets one row: "path"; "error", null as a rule; and lists by falling score "id", "label" and "score", of
    detectors "box", too (left, top, right, bottom in pixels); or of a network without a head "features" f32 [F]. An
    image that cannot be read is a row with its error. Paths that have rows in `output` are left out: a job that broke
    off goes on where it was, and a lost worker or node loses and doubles no row.
    Raises UnreadableError and FormatError for the model, and ArgumentError where `output` has answers of another one.
    """
    _require_counts(shard, workers)
    began = time.monotonic()
    schema = _schema_of(model, k, threshold)
    question = {"model": model, "k": k, "threshold": threshold, "schema": schema}
    progress = progress or Line()
    start()
    with Parts(output, schema) as parts:
        if _is_dataset(images):
            total, skipped = None, len(parts.paths)
            tables = _tables_of_dataset(images, question, workers, shard, frozenset(parts.paths))
        else:
            paths = _texts(paths_of(images))
            waiting = [path for path in paths if path not in parts.paths]
            total, skipped = len(waiting), len(paths) - len(waiting)
            tables = _tables_of_paths(waiting, question, workers, shard)
        done = failed = 0
        for table in tables:
            table = parts.write(table)
            done += table.num_rows
            failed += table.num_rows - table["error"].null_count
            progress(Progress(done, total, failed, time.monotonic() - began))
    return Summary(done, failed, skipped, time.monotonic() - began)


def evaluate(model: Optional[_Path], images: Union[_Path, Sequence[_Path]],
             labels: Union[_Path, Sequence[int], None] = None, *, coco: Optional[_Path] = None, batch: int = 8,
             keep_going: bool = False, ignore_unmatched: bool = False, workers: int = 0, shard: int = 64,
             progress: Optional[Callable[[Progress], Any]] = None) -> dict[str, Any]:
    """Counts what a model gets right as vitq.evaluate() does, on many machines: with the same answer, bit for bit.

    workers, shard, progress: as in infer(); the shard is rounded up to whole batches, so that a float network gets the
    batches that one process gives it. With coco= each task reads all annotations: there a shard is a quarter of a
    worker's images at least. The other arguments and the answer are those of vitq.evaluate().
    Raises what that raises.
    """
    require_one(labels, coco)
    _require_counts(shard, workers)
    start()
    asked = {"model": model, "images": images, "coco": coco, "batch": batch, "keep_going": keep_going,
             "ignore_unmatched": ignore_unmatched}
    if coco is None:
        if batch < 0:
            raise ArgumentError(f"batch is {batch}, expected 0 at least")
        pairs = list(zip(*labelled(images, labels)))
        whole_batches = _shares(shard, batch or USUAL_BATCH) * (batch or USUAL_BATCH)
        return with_shares(_summed(_of_shards(counts_of, pairs, asked, workers, whole_batches, progress)))
    with open(coco, "rb") as file:
        places = range(len(json.load(file)["images"]))
    shard = max(shard, _shares(len(places), _READS * (workers or cpus())))
    found = _of_shards(objects_in, places, asked, workers, shard, progress)
    with load(model, threads=1) as network:
        return figures(network, coco, found, ignore_unmatched)


def _of_shards(function, items, asked, workers, shard, progress):
    """What function(shard, asked) answers of each shard, in their order. Where one failed, its error is raised."""
    began, progress, found, done, failed = time.monotonic(), progress or Line(), {}, 0, 0
    work, asked = remote(function), ray.put(asked)
    submit = lambda places: work.remote(items[places.start:places.stop], asked)  # noqa: E731
    for places, answer in results(submit, len(items), shard, workers):
        if isinstance(answer, Exception):
            raise answer
        found[places.start] = answer
        done += len(places)
        failed += len(answer["failed"])
        progress(Progress(done, len(items), failed, time.monotonic() - began))
    return [found[first] for first in sorted(found)]


def _shares(count, size):
    """How many of a size hold so many."""
    return -(-count // size)


def _summed(parts):
    """Counts of all shards, and the images that they left out."""
    return {key: sum((part[key] for part in parts), [] if key == "failed" else 0) for key in parts[0]}


def _require_counts(shard, workers):
    if shard < 1 or workers < 0:
        raise ArgumentError(f"shard is {shard}, expected 1 at least, and workers {workers}, 0 at least")


def _schema_of(path, k, threshold):
    """The columns of the answers. Its metadata tells which model and question they are of."""
    with load(path, threads=1) as model:
        task = model.info["task"]
    with open(file_of(path), "rb") as file:  # the header has the checksum of the rest
        header = file.read(int.from_bytes(file.read(8), "little"))
    options = {"classification": {"k": k}, "detection": {"threshold": threshold}, "features": {}}[task]
    asked = {"task": task, "model": hashlib.sha256(header).hexdigest(), **options}
    fields = [("path", pyarrow.string()), ("error", pyarrow.string()), *COLUMNS[task]]
    return pyarrow.schema(fields, metadata={"vitq": json.dumps(asked)})


def _is_dataset(images):
    known = sys.modules.get("ray.data")  # needs pandas, too, and is there where the caller has a Dataset
    return known is not None and isinstance(images, known.Dataset)


def _texts(paths):
    """The paths, each of them once."""
    for path in paths:
        try:
            path.encode()
        except UnicodeEncodeError:
            raise ArgumentError(f"{path!r}: Parquet takes paths in UTF-8 only") from None
    return list(dict.fromkeys(paths))


def _tables_of_paths(paths, question, workers, shard):
    answer, asked = remote(answers), ray.put(question)
    submit = lambda places: answer.remote(paths[places.start:places.stop], asked)  # noqa: E731
    for places, table in results(submit, len(paths), shard, workers):
        if isinstance(table, Exception):
            row = {"path": paths[places.start], "error": f"its worker died: {type(table).__name__}"}
            table = pyarrow.Table.from_pylist([row], question["schema"])
        yield table


def _tables_of_dataset(dataset, question, workers, shard, skip):
    answered = dataset.map_batches(
        answers_to_batch, fn_kwargs={"question": question, "skip": skip}, batch_size=shard, batch_format="numpy",
        num_cpus=1, concurrency=workers or None, zero_copy_batch=True)
    return answered.iter_batches(batch_size=None, batch_format="pyarrow")
