# SPDX-License-Identifier: Apache-2.0
"""An installed wheel answers as its own programs do, byte for byte: wheel.py ROOT_OF_THE_TREE"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

begun = time.perf_counter()
import numpy as np

with_numpy = time.perf_counter()
import vitq

imported = time.perf_counter()


def check(model_file, image):
    """What the model (the default where there is no file) answers to run() is what vit_infer writes down."""
    model = vitq.load(model_file) if model_file else vitq.load()
    answers = model.run(model.prepare([image]))
    with tempfile.TemporaryDirectory() as folder:
        named = ["-m", model_file] if model_file else []
        command = [sys.executable, "-m", "vitq", "infer", *named, image, "--dump", folder]
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
        for output, values in answers.items():
            dumped = np.load(Path(folder) / f"{output}.npy")
            assert values.tobytes() == dumped.tobytes(), f"{model}: {output} differs from that of vit_infer"
    print(f"{model}: {', '.join(answers)} have the bytes of vit_infer --dump")


root = Path(sys.argv[1])
check(None, root / "docs/images/samples/kingfisher.jpg")
with tempfile.TemporaryDirectory() as work:
    detector = Path(work) / "detr.safetensors"
    vitq.convert(root / "models/pretrained/detr-small", detector)
    check(detector, root / "docs/images/scenes/scene_1.png")
print(f"import vitq takes {1e3 * (imported - with_numpy):.0f} ms, and NumPy {1e3 * (with_numpy - begun):.0f} ms")
