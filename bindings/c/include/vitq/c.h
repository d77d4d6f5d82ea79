// SPDX-License-Identifier: Apache-2.0
/*
 * The C interface of vitq: what other languages call. Link libvitq.so.
 *
 * Errors. A function returns a status. Where it is not VITQ_OK, nothing was handed out, and
 * vitq_last_error() says in words what is wrong. No exception ever leaves the library.
 *
 * Handles. Models and results are numbers, of which none is used twice; 0 is none. A number that
 * is no open handle, such as one that was closed before, is VITQ_USAGE and does no harm.
 *
 * Memory. What is passed in belongs to the caller, and is read during the call alone. What a
 * result points at belongs to the result, and lives until it is freed.
 *
 * Structs. The first field of each is its size in bytes, which the caller sets to sizeof. All
 * other fields may be left 0, which stands for the default. So a program runs with a library whose
 * structs have grown, and with an older one as long as it leaves the fields 0 that are new.
 *
 * Strings are UTF-8 and end with a 0. Paths are strings. Every function may be called from any
 * number of threads at a time, on the same handles too.
 */
#ifndef VITQ_C_H
#define VITQ_C_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VITQ_API __attribute__((visibility("default")))

/* What a call came to. The programs exit with the same numbers. */
typedef enum vitq_status {
  VITQ_OK = 0,
  VITQ_CANCELLED = 1,   /* progress was told to stop */
  VITQ_USAGE = 2,       /* an argument or an environment variable is wrong */
  VITQ_UNREADABLE = 3,  /* a file is missing or unreadable, or may not be overwritten */
  VITQ_UNSUPPORTED = 4, /* a file is malformed or of an unsupported kind, its weights do not fit,
                           or the model cannot do this */
  VITQ_MISMATCH = 5,    /* a checksum or format version does not match */
  VITQ_LIMIT = 6,       /* out of memory, or a documented limit is exceeded */
  VITQ_INTERNAL = 70    /* a bug of the library */
} vitq_status;

typedef uint64_t vitq_model;  /* a network that is ready to run */
typedef uint64_t vitq_result; /* what a call answers */

/* The version of the library that is linked: major * 10000 + minor * 100 + patch. */
VITQ_API uint32_t vitq_version(void);

/* Says what was wrong with the last call of this thread that failed. It is empty if none did, and
 * never null. It holds until the thread's next call that fails. */
VITQ_API const char* vitq_last_error(void);

/* ---- Models ---- */

typedef struct vitq_load_options {
  size_t size;
  int32_t threads;  /* that share one run; 0: as many as this process may use */
  int32_t verify;   /* not 0: the file's checksum is checked */
  const char* name; /* what messages call bytes in memory; null: "bytes" */
} vitq_load_options;

/* Opens a model file (docs/file_format.md).
 *
 * path: the file. options: null for the defaults. model: receives the handle, which
 * vitq_model_close() gives back.
 * Errors: VITQ_UNREADABLE, VITQ_UNSUPPORTED, VITQ_MISMATCH, VITQ_LIMIT, VITQ_USAGE. */
VITQ_API vitq_status vitq_model_load(const char* path, const vitq_load_options* options,
                                     vitq_model* model);

/* Opens a model file whose bytes lie in memory. They are copied.
 *
 * bytes: `count` of them. The rest is as in vitq_model_load(). */
VITQ_API vitq_status vitq_model_load_bytes(const void* bytes, size_t count,
                                           const vitq_load_options* options, vitq_model* model);

/* Closes a model. Calls that are under way in other threads end as if it were open, and results
 * live on.
 *
 * Errors: VITQ_USAGE if it is not open. */
VITQ_API vitq_status vitq_model_close(vitq_model model);

/* Says what the model is, in JSON: "task" ("classification", "detection" or "features"), "classes",
 * "input" (the shape for one image), "pixels" (whether the network reads u8), "outputs" (names and
 * shapes), and the file's description: "family", "config", "preprocess", "labels", "scores",
 * "source" and "quantization".
 *
 * json: receives the text, which lives as long as the model is open.
 * Errors: VITQ_USAGE. */
VITQ_API vitq_status vitq_model_info(vitq_model model, const char** json);

/* ---- Results ---- */

typedef enum vitq_dtype { VITQ_F32 = 0, VITQ_U8 = 1 } vitq_dtype;

#define VITQ_MAX_RANK 8

/* A dense array, row by row. */
typedef struct vitq_tensor {
  size_t size;
  const char* name; /* of results; of no meaning elsewhere */
  int32_t dtype;    /* a vitq_dtype */
  int32_t rank;
  int64_t shape[VITQ_MAX_RANK];
  const void* data;
} vitq_tensor;

/* A class with its score: a probability, or of a regression the value itself. */
typedef struct vitq_class {
  int64_t id;
  const char* label;
  float score;
} vitq_class;

/* An object in an image. The box is in pixels of that image, from its upper left corner, and is not
 * clipped to it. */
typedef struct vitq_object {
  int64_t id; /* of its class */
  const char* label;
  float score;          /* a probability */
  float x0, y0, x1, y1; /* left, top, right, bottom */
  int64_t query;        /* the row of the network's outputs that it comes from */
} vitq_object;

/* These four say what a result holds. A kind of thing that it does not hold has the count 0.
 *
 * items, text: receive what lives until the result is freed. count: receives how many there are.
 * Errors: VITQ_USAGE. */
VITQ_API vitq_status vitq_result_tensors(vitq_result result, const vitq_tensor** items,
                                         size_t* count);
VITQ_API vitq_status vitq_result_classes(vitq_result result, const vitq_class** items,
                                         size_t* count);
VITQ_API vitq_status vitq_result_objects(vitq_result result, const vitq_object** items,
                                         size_t* count);
VITQ_API vitq_status vitq_result_text(vitq_result result, const char** text);

/* Frees a result.
 *
 * Errors: VITQ_USAGE if it is not there. */
VITQ_API vitq_status vitq_result_free(vitq_result result);

/* ---- Images and networks ---- */

/* An image is one of three: a file, a file's bytes, or pixels. Of files, EXIF orientation turns the
 * image. */
typedef struct vitq_image {
  size_t size;
  const char* path;  /* JPEG, PNG, WebP, BMP or GIF */
  const void* bytes; /* the same in memory */
  size_t byte_count;
  const uint8_t* rgb; /* [height][width][3] */
  int32_t width, height;
  int64_t row_bytes; /* from one row of pixels to the next; 0: 3 * width */
} vitq_image;

/* Makes images what the network takes: a tensor "input" [N, 3, H, W], u8 pixels where the model
 * reads them and f32 elsewhere.
 *
 * images: `count` of them, 1 at least; of a network that takes any size, all must come to one size.
 * Errors: VITQ_USAGE, and those of reading images: VITQ_UNREADABLE, VITQ_UNSUPPORTED and
 * VITQ_LIMIT. */
VITQ_API vitq_status vitq_prepare(vitq_model model, const vitq_image* images, size_t count,
                                  vitq_result* result);

/* Runs the network.
 *
 * input: [N, 3, H, W] as vitq_prepare() makes it, u8 where the network reads pixels and else f32.
 * result: receives the outputs as tensors with their names, all f32 [N, ...].
 * Errors: VITQ_USAGE for another shape or type; VITQ_LIMIT; VITQ_UNSUPPORTED if an output is
 * infinite or no number. */
VITQ_API vitq_status vitq_run(vitq_model model, const vitq_tensor* input, vitq_result* result);

/* Names the k most probable classes of an image, by falling score.
 *
 * result: receives the classes. Errors: VITQ_UNSUPPORTED if the model does not classify, and those
 * of vitq_prepare() and vitq_run(). */
VITQ_API vitq_status vitq_classify(vitq_model model, const vitq_image* image, int64_t k,
                                   vitq_result* result);

/* Finds the objects in an image with at least the probability `threshold`, by falling score.
 *
 * result: receives the objects. Errors: VITQ_UNSUPPORTED if the model does not detect, and those of
 * vitq_prepare() and vitq_run(). */
VITQ_API vitq_status vitq_detect(vitq_model model, const vitq_image* image, float threshold,
                                 vitq_result* result);

/* Describes an image by a network without a head.
 *
 * result: receives the tensors "features" f32 [F], of the whole image, and "tokens" f32 [h, w, C],
 * of each patch. Errors: VITQ_UNSUPPORTED if the model gives no features, and those of
 * vitq_prepare() and vitq_run(). */
VITQ_API vitq_status vitq_features(vitq_model model, const vitq_image* image, vitq_result* result);

/* Names the images in a folder and the folders below it, sorted. Hidden files are left out; links
 * are followed, and no folder is looked into twice.
 *
 * result: receives a text in JSON: "images" (paths), "left_out" (in words what else was there) and
 * "endings" (in words those of images). Errors: VITQ_UNREADABLE, VITQ_USAGE. */
VITQ_API vitq_status vitq_find_images(const char* folder, vitq_result* result);

/* ---- Making models ---- */

typedef struct vitq_convert_options {
  size_t size;
  const char* family;   /* null: recognized */
  int64_t image_height; /* positions are resampled for this size; 0: as the checkpoint has it */
  int64_t image_width;
  int64_t heads;            /* where neither shapes nor config.json say it */
  const char* preset;       /* of preprocessing, such as "timm", "hf" or "fb" */
  const char* preprocessor; /* preprocessor_config.json; null: the one beside the checkpoint */
  const char* labels;       /* a file with a class a line; null: from config.json */
  const char* head;         /* for a network of features, .npy or .safetensors (docs/models.md) */
  int32_t overwrite;        /* not 0: `output` may exist */
} vitq_convert_options;

/* Makes a model file of a checkpoint.
 *
 * checkpoint: a safetensors file, a shard index, or a folder that holds one of them. options: null
 * for the defaults. result: receives a text in JSON: "family", "dialect", "assumptions" (what no
 * file stated), "choices", "ignored" (tensors) and "unknown_keys". It may be null.
 * Errors: VITQ_UNREADABLE, VITQ_UNSUPPORTED, VITQ_MISMATCH, VITQ_LIMIT, VITQ_USAGE. `output` is
 * written whole or not at all. */
VITQ_API vitq_status vitq_convert(const char* checkpoint, const char* output,
                                  const vitq_convert_options* options, vitq_result* result);

typedef struct vitq_progress {
  size_t size;
  const char* layer;
  int64_t index, count; /* this layer, from 0, and how many there are */
  double seconds;       /* since the start */
  double seconds_left;  /* estimated */
} vitq_progress;

/* Is told of each layer, on the thread that called. Answers not 0 to stop. */
typedef int (*vitq_progress_function)(const vitq_progress* progress, void* user);

typedef struct vitq_quantize_options {
  size_t size;
  const char* recipe;      /* a recipe's name; null: "default" */
  int32_t weight_bits;     /* 2 to 16; 0: the recipe's, 7 of "default" */
  int32_t activation_bits; /* 2 to 16; 0: the recipe's, 8 of "default" */
  int64_t limit;           /* so many of the images at most; 0: 128 */
  int32_t threads;         /* 0: as many as this process may use */
  int64_t memory_bytes;    /* activations beyond it go to a temporary file; 0: 2 GiB */
  int32_t overwrite;       /* not 0: `output` may exist */
  vitq_progress_function progress;
  void* user; /* is handed to progress() */
} vitq_quantize_options;

/* Makes an int8 model file of a float one and images like those that it will be shown. The same
 * files give the same bytes.
 *
 * images: `count` paths, 1 at least. Null with a count of 0: `limit` images are generated, for
 * where there are none; those of the network's own serve it better. options: null for the defaults.
 * result: receives a text in JSON: "images" (how many were calibrated on) and "layers" (name, bits,
 * error of each). It may be null.
 * Errors: VITQ_CANCELLED, VITQ_UNREADABLE, VITQ_UNSUPPORTED, VITQ_MISMATCH, VITQ_LIMIT, VITQ_USAGE.
 * `output` is written whole or not at all. */
VITQ_API vitq_status vitq_quantize(const char* model, const char* const* images, size_t count,
                                   const char* output, const vitq_quantize_options* options,
                                   vitq_result* result);

#ifdef __cplusplus
}
#endif

#include "vitq/c_measure.h"

#endif
