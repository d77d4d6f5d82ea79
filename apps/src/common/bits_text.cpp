// SPDX-License-Identifier: Apache-2.0
#include "common/bits_text.h"

namespace vitq::apps {

std::string bits_text(std::optional<int> weights, int activations,
                      std::optional<int> output_tokens) {
  std::string text = weights ? "w" + std::to_string(*weights) : "";
  text += "a" + std::to_string(activations);
  if (!output_tokens || *output_tokens == activations) return text;
  return text + " (output tokens a" + std::to_string(*output_tokens) + ")";
}

}  // namespace vitq::apps
