// SPDX-License-Identifier: Apache-2.0
#include "infer/dump.h"

#include "vitq/error.h"

namespace vitq::apps {

Dump::Dump(const std::filesystem::path& folder, const std::vector<std::string>& names,
           Overwrite overwrite) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw FileError(Fault::kUnreadable, folder.string(), error.message());
  for (const std::string& name : names) stacks_.emplace_back(folder / (name + ".npy"), overwrite);
}

void Dump::finish() const {
  for (const NpyStack& stack : stacks_) stack.finish();
}

}  // namespace vitq::apps
