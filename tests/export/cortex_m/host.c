// SPDX-License-Identifier: Apache-2.0
// The same on a machine with a C library: writes the answers, line by line.
#include <stdint.h>
#include <stdio.h>

#include "image.h"
#include "model.h"

int main(void) {
  int32_t answers[ANSWERS];
  vitq_model_run(image, answers);
  for (int i = 0; i < ANSWERS; ++i) printf("%ld\n", (long)answers[i]);
  return 0;
}
