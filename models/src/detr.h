// SPDX-License-Identifier: Apache-2.0
// This header has the configuration and dialects of DETR and its kin.
#pragma once

#include "resnet.h"
#include "vitq/family.h"

namespace vitq {

struct DetrConfig {
  ResNetConfig backbone;
  std::int64_t dim = 256;
  std::int64_t heads = 8;          // of the encoder
  std::int64_t decoder_heads = 8;  // of both attentions
  Act act = Act::kRelu;            // of the feed-forward layers
  // transformers normalizes the hidden state after every decoder layer if auxiliary_loss is set.
  bool normalize_each = false;
  // Norms come before their layers and not after them, and the encoder ends in one.
  bool normalize_first = false;
  std::int64_t ffn = 2048;          // of the encoder's layers
  std::int64_t decoder_ffn = 2048;  // of the decoder's
  std::int64_t encoder_layers = 6;
  std::int64_t decoder_layers = 6;
  std::int64_t queries = 100;
  std::int64_t classes = 91;  // the ids in use and the holes between them, without "no object"

  // The canonical form is that of model files. Throws FileError for values that are outside the
  // documented limits or contradict each other.
  static DetrConfig from_json(const Json& json);
  Json to_json() const;
};

// Whether the last logit of a query means that it found nothing.
enum class NoObject { kNo, kYes };

// Finds sizes in the shapes of canonically named weights, and the rest in config.json. Where that
// says nothing there are 8 heads and no dilation.
DetrConfig configure_detr(const Weights& weights, const Json& source, NoObject no_object);

// Answers a usual input of one image. They take any size.
Shape detr_image_shape(const Json& config);

// Says which schemas list the keys of transformers' config.json.
std::vector<ConfigPart> detr_config_parts(const Json& source);

extern const std::span<const Dialect> kDetrDialects;
extern const Family kDetr;
extern const Family kConditionalDetr;

}  // namespace vitq
