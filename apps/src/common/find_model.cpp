// SPDX-License-Identifier: Apache-2.0
#include "common/find_model.h"

#include <cstdlib>

#include "vitq/error.h"

namespace vitq::apps {

namespace {

// They lie beside the folder of this program. Where the system does not tell which program this is,
// they are expected where this build would be installed.
std::filesystem::path installed_models() {
  std::error_code unknown;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  if (unknown) return VITQ_INSTALLED_MODELS;
  return program.parent_path().parent_path() / "share" / "vitq";
}

std::filesystem::path installed(const std::string& name) {
  return installed_models() / (name + ".safetensors");
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
