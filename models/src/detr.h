// SPDX-License-Identifier: Apache-2.0
// DETR's configuration and dialects.
#pragma once

#include "resnet.h"
#include "vitq/family.h"

namespace vitq {

struct DetrConfig {
  ResNetConfig backbone;
  std::int64_t dim = 256;
  std::int64_t heads = 8;
  std::int64_t ffn = 2048;
  std::int64_t encoder_layers = 6;
  std::int64_t decoder_layers = 6;
  std::int64_t queries = 100;
  std::int64_t classes = 91;  // the ids in use and the holes between them, without "no object"

  // Canonical form, as stored in model files. Throws FileError for values outside the documented
  // limits or that contradict each other.
  static DetrConfig from_json(const Json& json);
  Json to_json() const;
};

// Sizes from the shapes of canonically named weights, heads and dilation from config.json; 8 heads
// and no dilation where it says nothing.
DetrConfig configure_detr(const Weights& weights, const Json& source);

extern const std::span<const Dialect> kDetrDialects;
extern const Family kDetr;

}  // namespace vitq
