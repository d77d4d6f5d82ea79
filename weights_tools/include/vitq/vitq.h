// SPDX-License-Identifier: Apache-2.0
// This header has all that an embedder needs. It opens models and asks them, makes models of
// checkpoints and int8 models of float ones, and compares them. Link vitq::weights_tools.
#pragma once

#include "vitq/attention.h"
#include "vitq/compare_detectors.h"
#include "vitq/compare_features.h"
#include "vitq/compare_models.h"
#include "vitq/convert.h"
#include "vitq/error.h"
#include "vitq/evaluate.h"
#include "vitq/image.h"
#include "vitq/labels.h"
#include "vitq/model.h"
#include "vitq/model_file.h"
#include "vitq/npy.h"
#include "vitq/quantize_model.h"
#include "vitq/tensor.h"
