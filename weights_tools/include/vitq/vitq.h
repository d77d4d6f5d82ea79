// SPDX-License-Identifier: Apache-2.0
// All that an embedder needs: models and their answers, checkpoints into models, float models into
// int8 ones, and how far the one is from the other. Link vitq::weights_tools.
#pragma once

#include "vitq/compare_models.h"
#include "vitq/convert.h"
#include "vitq/error.h"
#include "vitq/evaluate.h"
#include "vitq/image.h"
#include "vitq/model.h"
#include "vitq/model_file.h"
#include "vitq/npy.h"
#include "vitq/quantize_model.h"
#include "vitq/tensor.h"
