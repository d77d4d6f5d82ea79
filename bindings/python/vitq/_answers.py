# SPDX-License-Identifier: Apache-2.0
"""What workers of Ray run: rows of answers for images, and counts of what is right."""

import functools

import pyarrow

from ._errors import ArgumentError, Error
from ._measuring import counts, objects
from ._model import load

_PREDICTIONS = [("id", pyarrow.list_(pyarrow.int64())), ("label", pyarrow.list_(pyarrow.string())),
                ("score", pyarrow.list_(pyarrow.float32()))]
COLUMNS = {
    "classification": _PREDICTIONS,
    "detection": [*_PREDICTIONS, ("box", pyarrow.list_(pyarrow.list_(pyarrow.float32(), 4)))],
    "features": [("features", pyarrow.list_(pyarrow.float32()))],
}


@functools.lru_cache(maxsize=1)
def _opened(path):
    return load(path, threads=1)


def answers(paths, question, images=None):
    """A table with a row for each path. `images` are what lies there, where that is known."""
    model = _opened(question["model"])
    rows = [_row(model, path, image, question) for path, image in zip(paths, paths if images is None else images)]
    return pyarrow.Table.from_pylist(rows, question["schema"])


def counts_of(pairs, asked):
    """What evaluate() counts in the images of pairs (path, class id)."""
    paths, labels = zip(*pairs)
    return counts(_opened(asked["model"]), paths, labels, asked["batch"], 1, asked["keep_going"])


def objects_in(places, asked):
    """What evaluate() finds in a range of the annotated images."""
    return objects(_opened(asked["model"]), asked["images"], asked["coco"], 1, asked["keep_going"],
                   asked["ignore_unmatched"], places.start, len(places))


def answers_to_batch(batch, question, skip):
    if "path" not in batch:
        raise ArgumentError(f'the Dataset has the columns {", ".join(batch)}, expected "path" among them; '
                            "read_images() and read_binary_files() give it with include_paths=True")
    paths = [str(path) for path in batch["path"]]
    images = batch.get("bytes", batch.get("image", paths))
    kept = [index for index, path in enumerate(paths) if path not in skip]
    return answers([paths[index] for index in kept], question, [images[index] for index in kept])


def _row(model, path, image, question):
    try:
        return {"path": path, "error": None, **_answer(model, image, question)}
    except Error as error:
        return {"path": path, "error": str(error)}


def _answer(model, image, question):
    task = model.info["task"]
    if task == "features":
        return {"features": model.features(image)}
    found = (model.classify(image, question["k"]) if task == "classification"
             else model.detect(image, question["threshold"]))
    names = COLUMNS[task]
    return {name: [getattr(each, name) for each in found] for name, _ in names}
