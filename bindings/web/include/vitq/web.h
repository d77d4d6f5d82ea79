/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What JavaScript calls beside the C interface (vitq/c.h), whose rules hold here too.
 */
#ifndef VITQ_WEB_H
#define VITQ_WEB_H

#include "vitq/c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Tells the instructions that kernels use: "simd128" or "relaxed_simd". */
VITQ_API const char* vitq_web_isa(void);

/* An image in memory. */
typedef struct vitq_web_image {
  const uint8_t* bytes; /* pixels [height][width][3] where there is a size, else those of a file */
  size_t count;
  int32_t width, height;
} vitq_web_image;

/* Says of a model in JSON what vitq_model_info() does, and "answers": what it can be asked.
 *
 * bytes: the size of its file. result: receives the text. Errors: VITQ_USAGE. */
VITQ_API vitq_status vitq_web_describe(vitq_model model, size_t bytes, vitq_result* result);

/* Asks a model about an image.
 *
 * question: an object in JSON with "kind" ("classify", "detect", "features", "attention" or
 * "components"), "model" and "image" (what the answer calls them), and by kind "top", "threshold"
 * or "query". result: receives the answer in JSON, as vit_infer and vit_serve give it. Errors:
 * VITQ_UNSUPPORTED if the model does not answer such a question, and those of vitq_classify(). */
VITQ_API vitq_status vitq_web_ask(vitq_model model, const char* question,
                                  const vitq_web_image* image, vitq_result* result);

#ifdef __cplusplus
}
#endif

#endif
