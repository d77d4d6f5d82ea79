/* SPDX-License-Identifier: Apache-2.0
 * Names what is in an image, in C99: classify MODEL IMAGE */
#include <stdio.h>
#include <vitq/c.h>

static int fail(void) {
  fprintf(stderr, "%s\n", vitq_last_error());
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: classify MODEL IMAGE\n");
    return 2;
  }
  vitq_model model = 0;
  if (vitq_model_load(argv[1], NULL, &model) != VITQ_OK) return fail();

  /* The first field of a struct is its size. All others may be left 0. */
  vitq_image image = {sizeof(image)};
  image.path = argv[2];
  vitq_result result = 0;
  const vitq_class* classes = NULL;
  size_t count = 0;
  if (vitq_classify(model, &image, 5, &result) != VITQ_OK) return fail();
  if (vitq_result_classes(result, &classes, &count) != VITQ_OK) return fail();
  for (size_t i = 0; i < count; ++i) printf("%g %s\n", classes[i].score, classes[i].label);

  /* What the result points at ends with it. */
  vitq_result_free(result);
  vitq_model_close(model);
  return 0;
}
