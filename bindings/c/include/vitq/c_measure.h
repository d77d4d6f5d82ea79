// SPDX-License-Identifier: Apache-2.0
/*
 * The part of the C interface that measures models on images. vitq/c.h includes it, and says what
 * holds for all functions.
 */
#ifndef VITQ_C_MEASURE_H
#define VITQ_C_MEASURE_H

#include "vitq/c.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vitq_measure_options {
  size_t size;
  const int64_t* labels; /* the class id of each image; -1: unknown; null: all are unknown */
  int64_t batch;         /* images at a time; 0: 8 */
  int32_t threads;       /* that read images and run networks; 0: as many as this process may use */
  int32_t keep_going;    /* not 0: images that cannot be read are left out and told in "failed" */
} vitq_measure_options;

/* Counts the images whose class a model names right. EXIF orientation is ignored, as training code
 * does.
 *
 * images: `count` paths, 1 at least. options: null for the defaults. result: receives a text in
 * JSON: "images" (how many were read), "right", "right_of5" (the class is among the five most
 * probable) and "failed" (for each image left out "path" and "error"). These add up: counts of
 * parts of the images are those of all.
 * Errors: VITQ_UNSUPPORTED if the model does not classify, and those of vitq_prepare() and
 * vitq_run(). */
VITQ_API vitq_status vitq_evaluate(vitq_model model, const char* const* images, size_t count,
                                   const vitq_measure_options* options, vitq_result* result);

/* Says how far a model's answers are from those of another, as a rule the float one that it was
 * made from. EXIF orientation is ignored. Each image is shown to both, prepared as each needs it.
 *
 * images, options: as in vitq_evaluate(); labels are for classifiers. result: receives a text in
 * JSON: "images", "failed", and unless all failed:
 *   classifiers: "agreement" (percent), "logit_snr_db" (null where the logits are the same), "kl"
 *     (nats), "kl_of_each" (image); with labels "right" and "right_of5" of the model, "top1"
 *     (percent), "lost", "won" and "mcnemar_p" of the reference against it;
 *   detectors: "objects" (the reference's, of a probability of 0.5 and more), "found" (of them),
 *     "further", "agreement" of queries, "logit_snr_db", "kl", "box_error" (share of the image),
 *     "kl_of_each";
 *   networks of features: "feature_snr_db", "mean_cosine", "neighbour_agreement", "cosine_of_each";
 *   and all "sums", which add up over parts of the images.
 * Errors: VITQ_UNSUPPORTED if the two cannot be compared, and those of vitq_evaluate(). */
VITQ_API vitq_status vitq_compare(vitq_model model, vitq_model reference, const char* const* images,
                                  size_t count, const vitq_measure_options* options,
                                  vitq_result* result);

typedef struct vitq_coco_options {
  size_t size;
  int64_t first;      /* vitq_coco_detect(): the images from this one on, by rising id */
  int64_t count;      /* so many of them; 0: all that follow */
  int32_t threads;    /* 0: as many as this process may use */
  int32_t keep_going; /* not 0: images that cannot be read are left out and told in "failed" */
  int32_t ignore_unmatched; /* not 0: categories that are no class of the model are left out */
} vitq_coco_options;

/* Looks for objects in annotated images. EXIF orientation is ignored.
 *
 * annotations: the objects in the images, in COCO's JSON. folder: where the images lie. options:
 * null for the defaults. result: receives a text in JSON: "images" (ids of those that were read),
 * "results" (COCO's list of detections: for each query its best class) and "failed".
 * Errors: VITQ_UNSUPPORTED if the model does not detect or its classes are not the categories,
 * VITQ_MISMATCH if an image has another size than annotated, and those of vitq_prepare(). */
VITQ_API vitq_status vitq_coco_detect(vitq_model model, const char* annotations, const char* folder,
                                      const vitq_coco_options* options, vitq_result* result);

/* Counts how well objects were found, by COCO's twelve figures.
 *
 * model: knows the classes. found: `count` texts of vitq_coco_detect(), of parts that have no image
 * in common. However the images were cut into parts, the figures are the same, bit for bit.
 * result: receives a text in JSON: "images", "objects", the figures "AP", "AP50" and so on as
 * shares of one (null where there is no object), and "AP_by_category". Errors: VITQ_UNSUPPORTED for
 * texts that do not fit, and those of vitq_coco_detect(). */
VITQ_API vitq_status vitq_coco_figures(vitq_model model, const char* annotations,
                                       const char* const* found, size_t count,
                                       const vitq_coco_options* options, vitq_result* result);

#ifdef __cplusplus
}
#endif

#endif
