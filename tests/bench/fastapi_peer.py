# SPDX-License-Identifier: Apache-2.0
"""What people put a network behind HTTP with: FastAPI, Pillow and ONNX Runtime.

The environment has MODEL, an .onnx, and THREADS, those of one run. `uvicorn fastapi_peer:app` serves it.
"""

import io
import os

import numpy as np
import onnxruntime
from fastapi import FastAPI, UploadFile
from PIL import Image

SIZE, RESIZED = 224, 256
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(os.environ["THREADS"])
session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
app = FastAPI()


def prepared(data):
    image = Image.open(io.BytesIO(data)).convert("RGB")
    share = RESIZED / min(image.size)
    image = image.resize([round(side * share) for side in image.size], Image.BICUBIC)
    left, top = ((side - SIZE) // 2 for side in image.size)
    pixels = np.asarray(image.crop((left, top, left + SIZE, top + SIZE)), np.float32) / 255
    return ((pixels - MEAN) / STD).transpose(2, 0, 1)[None]


# Not async: FastAPI runs it on a pool of threads, so that the loop is free for others.
@app.post("/classify")
def classify(image: UploadFile):
    logits = session.run(None, {name: prepared(image.file.read())})[0][0]
    scores = np.exp(logits - logits.max())
    scores /= scores.sum()
    return {"predictions": [{"id": int(i), "score": float(scores[i])} for i in np.argsort(-scores)[:5]]}
