# SPDX-License-Identifier: Apache-2.0
"""Names what is in an image, and makes an int8 model: classify.py IMAGE [CHECKPOINT FOLDER_OF_IMAGES]"""

import sys

import vitq

model = vitq.load()  # the default model; a path opens any other
for found in model.classify(sys.argv[1], k=3):
    print(f"{found.score:.3f}  {found.label}")

if len(sys.argv) == 4:
    vitq.convert(sys.argv[2], "float.safetensors")
    vitq.quantize("float.safetensors", sys.argv[3], "int8.safetensors",
                  progress=lambda at: print(f"{at.index + 1} of {at.count}: {at.layer}"))
    own = vitq.load("int8.safetensors", threads=1)
    logits = own.run(own.prepare([sys.argv[1]]))["logits"]  # a NumPy array [1, classes]
    print(own, logits.shape)
