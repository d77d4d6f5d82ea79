// SPDX-License-Identifier: Apache-2.0
// This keeps tensors of a run as .npy files in a folder, for comparison with Python.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "infer/npy_stack.h"

namespace vitq::apps {

class Dump {
 public:
  // Makes the folder if it is not there, for a file NAME.npy of each name. Throws FileError if the
  // folder cannot be made, or if one of the files is there already and may not be overwritten.
  Dump(const std::filesystem::path& folder, const std::vector<std::string>& names,
       Overwrite overwrite);

  // Appends [n, ...] to the tensor of that index in `names`.
  void add(std::size_t index, const Tensor& tensor) { stacks_[index].add(tensor); }
  // Writes all files.
  void finish() const;

 private:
  std::vector<NpyStack> stacks_;
};

}  // namespace vitq::apps
