// SPDX-License-Identifier: Apache-2.0
// This says in one word which bits a layer or an attention has.
#pragma once

#include <optional>
#include <string>

namespace vitq::apps {

// "w7a8"; without weights, as of an attention, "a8"; "w4a4 (output tokens a8)" where those have
// other bits.
std::string bits_text(std::optional<int> weights, int activations,
                      std::optional<int> output_tokens);

}  // namespace vitq::apps
