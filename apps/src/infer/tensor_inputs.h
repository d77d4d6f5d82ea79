// SPDX-License-Identifier: Apache-2.0
// Images may come as prepared tensors, with the masks of their padding.
#pragma once

#include <filesystem>
#include <vector>

#include "common/answer.h"

namespace vitq::apps {

// Reads a .npy file of floats or bytes. Throws FileError, also for values that are not finite.
Tensor read_tensor(const std::filesystem::path& path);

// Gives each answer the size of what is not padding in its mask, of [N, H, W].
void take_sizes(const Tensor& mask, std::vector<Answer>& answers);

}  // namespace vitq::apps
