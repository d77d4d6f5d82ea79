# SPDX-License-Identifier: Apache-2.0
"""Models are measured on images: by themselves, and against another."""

import ctypes
import json
import os
import re
from typing import Any, Optional, Sequence, Union

from . import _library
from ._errors import ArgumentError
from ._images import is_single, paths_of
from ._library import call, fitting, path_bytes, texts
from ._model import Model, opened
from ._results import Result

_Path = Union[str, os.PathLike]
_Images = Union[_Path, Sequence[_Path]]
_Labels = Union[_Path, Sequence[int]]

USUAL_BATCH = 8  # what a batch of 0 stands for


def evaluate(model: Union[Model, _Path, None], images: _Images, labels: Optional[_Labels] = None, *,
             coco: Optional[_Path] = None, batch: int = 8, threads: int = 0, keep_going: bool = False,
             ignore_unmatched: bool = False) -> dict[str, Any]:
    """Counts what a model gets right, as vit_eval does: EXIF orientation is ignored.

    images: a folder or paths. labels: for classifiers, the class id of each path (-1: unknown), or a file with lines
    of path<TAB>id, paths relative to the folder `images`. coco: for detectors, the objects in the images of that
    folder, in COCO's JSON; with ignore_unmatched, categories that are no class of the model are left out. keep_going:
    images that cannot be read are left out. threads: 0: as many as this process may use.
    Answers "images", "failed" ({"path", "error"} of each image left out), and "right", "right_of5", "top1" and "top5"
    (percent), or "objects", "AP", "AP50" and so on (shares of one, None where there is no object).
    Raises FormatError where the model does not do this, ArgumentError for labels that do not fit, UnreadableError.
    """
    require_one(labels, coco)
    with opened(model, threads) as network:
        if coco is None:
            return with_shares(counts(network, *labelled(images, labels), batch, threads, keep_going))
        found = objects(network, images, coco, threads, keep_going, ignore_unmatched)
        return figures(network, coco, [found], ignore_unmatched)


def compare(model: Union[Model, _Path, None], reference: Union[Model, _Path], images: _Images,
            labels: Optional[_Labels] = None, *, batch: int = 8, threads: int = 0,
            keep_going: bool = False) -> dict[str, Any]:
    """Says how far a model's answers are from those of another, as a rule the float one that it was made from.

    The arguments are those of evaluate(); labels are for classifiers, and not needed.
    Answers "images", "failed", and of classifiers "agreement" (percent), "logit_snr_db" (None where the logits are the
    same), "kl" (nats) and "kl_of_each" image, with labels also "right", "right_of5", the reference's "top1", "lost",
    "won" and "mcnemar_p"; of detectors "objects" (the reference's), "found", "further", "agreement" (of queries),
    "logit_snr_db", "kl", "box_error" and "kl_of_each"; of networks without a head "feature_snr_db", "mean_cosine",
    "neighbour_agreement" and "cosine_of_each". What parts of the images add up is in "sums".
    Raises what evaluate() raises, FormatError for models that cannot be compared.
    """
    paths, classes = (paths_of(images), None) if labels is None else labelled(images, labels)
    options = _options(classes, batch, threads, keep_going)
    given, result = texts([path_bytes(path) for path in paths]), Result()
    with opened(model, threads) as network, opened(reference, threads) as other:
        call("compare", network.handle, other.handle, given, len(paths), ctypes.byref(options), result.out())
    return json.loads(result.text())


def require_one(labels, coco):
    if (labels is None) == (coco is None):
        raise ArgumentError("evaluate() takes one of labels and coco")


def labelled(images, labels):
    """Paths and the class ids of each."""
    if is_single(labels) and isinstance(labels, (str, os.PathLike)):
        with open(labels, encoding="utf-8") as file:
            rows = [line.rstrip("\r\n").split("\t") for line in file if line.strip()]
        for number, row in enumerate(rows, 1):
            if len(row) < 2 or not re.fullmatch("-?[0-9]+", row[1]):
                raise ArgumentError(f"{os.fspath(labels)}: row {number}: expected path<TAB>class id")
        if not rows:
            raise ArgumentError(f"{os.fspath(labels)}: found no row, expected path<TAB>class id")
        return [os.path.join(images, row[0]) for row in rows], [int(row[1]) for row in rows]
    paths = paths_of(images)
    if len(labels) != len(paths) or not paths:
        raise ArgumentError(f"labels has {len(labels)} elements, expected one for each of {len(paths)} images")
    return paths, [int(label) for label in labels]


def counts(model, paths, labels, batch, threads, keep_going):
    """What vitq_evaluate() answers: counts that add up."""
    options = _options(labels, batch, threads, keep_going)
    result = Result()
    call("evaluate", model.handle, texts([path_bytes(path) for path in paths]), len(paths), ctypes.byref(options),
         result.out())
    return json.loads(result.text())


def with_shares(counted):
    for name, part in (("top1", "right"), ("top5", "right_of5")):
        counted[name] = 100.0 * counted[part] / counted["images"] if counted["images"] else None
    return counted


def objects(model, folder, coco, threads, keep_going, ignore_unmatched, first=0, count=0):
    """What is found in the annotated images from `first` on: a text that figures() takes, and what failed."""
    options = _library.CocoOptions(first=first, count=count, threads=threads, keep_going=int(keep_going),
                                   ignore_unmatched=int(ignore_unmatched))
    result = Result()
    call("coco_detect", model.handle, path_bytes(coco), path_bytes(folder), ctypes.byref(options), result.out())
    return {"found": result.text(), "failed": json.loads(result.text())["failed"]}


def figures(model, coco, parts, ignore_unmatched):
    """COCO's figures of what was found in all parts of the images, and what failed."""
    found = [part["found"].encode() for part in parts]
    options, result = _library.CocoOptions(ignore_unmatched=int(ignore_unmatched)), Result()
    call("coco_figures", model.handle, path_bytes(coco), texts(found), len(found),
         ctypes.byref(options), result.out())
    return {**json.loads(result.text()), "failed": [each for part in parts for each in part["failed"]]}


def _options(labels, batch, threads, keep_going):
    array = None
    if labels is not None:
        checked = (fitting(f"labels[{index}]", label, ctypes.c_int64) for index, label in enumerate(labels))
        array = (ctypes.c_int64 * len(labels))(*checked)
    return _library.MeasureOptions(labels=array, batch=batch, threads=threads, keep_going=int(keep_going))
