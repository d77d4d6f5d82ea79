// SPDX-License-Identifier: Apache-2.0
// Limits that an image exceeds are told with its name.
#pragma once

#include <string>

#include "vitq/error.h"

namespace vitq {

// Answers what `work` answers. If the image exceeds a limit, the error is thrown with its name.
template <typename Work>
auto with_context(const std::string& image, const Work& work) {
  try {
    return work();
  } catch (const LimitError& error) {
    throw LimitError(image + ": " + error.what());
  }
}

}  // namespace vitq
