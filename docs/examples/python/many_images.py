# SPDX-License-Identifier: Apache-2.0
"""Shows all images of a folder to a model, on the cluster that RAY_ADDRESS names or on this machine:

    python many_images.py MODEL IMAGES ANSWERS
"""

import sys

import vitq.ray

summary = vitq.ray.infer(sys.argv[1], sys.argv[2], sys.argv[3], k=3)
print(f"{summary.images} images, {summary.failed} failed, {summary.images / summary.seconds:.0f} a second")
