// SPDX-License-Identifier: Apache-2.0
#include "default_model.h"

#include <cstdlib>

#include "vitq/error.h"

namespace vitq::apps {

std::filesystem::path find_default_model() {
  if (const char* named = std::getenv("VITQ_MODEL"); named != nullptr && *named != '\0') {
    return named;
  }
  std::error_code unknown;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  const std::filesystem::path model =
      program.parent_path().parent_path() / "share" / "vitq" / "default.safetensors";
  if (std::filesystem::exists(model)) return model;
  throw FileError(Fault::kUnreadable, model.string(),
                  "there is no default model; name one with -m MODEL or VITQ_MODEL, and make it of "
                  "a checkpoint with vit_convert CHECKPOINT -o MODEL");
}

}  // namespace vitq::apps
