// SPDX-License-Identifier: Apache-2.0
#include "find_model.h"

#include <cstdlib>

#include "vitq/error.h"

namespace vitq::apps {

namespace {

std::filesystem::path installed(const std::string& name) {
  std::error_code unknown;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return program.parent_path().parent_path() / "share" / "vitq" / (name + ".safetensors");
}

std::filesystem::path find_default() {
  if (const char* named = std::getenv("VITQ_MODEL"); named != nullptr && *named != '\0') {
    return named;
  }
  std::filesystem::path model = installed("default");
  if (std::filesystem::exists(model)) return model;
  throw FileError(Fault::kUnreadable, model.string(),
                  "there is no default model; name one with -m MODEL or VITQ_MODEL, and make it of "
                  "a checkpoint with vit_convert CHECKPOINT -o MODEL");
}

}  // namespace

std::filesystem::path find_model(const std::filesystem::path& named) {
  if (named.empty()) return find_default();
  const bool bare = !named.has_parent_path() && !std::filesystem::exists(named);
  if (!bare) return named;
  std::filesystem::path model = installed(named.string());
  return std::filesystem::exists(model) ? model : named;
}

}  // namespace vitq::apps
