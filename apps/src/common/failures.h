// SPDX-License-Identifier: Apache-2.0
// What could not be read with --keep-going is told at the end.
#pragma once

#include <string>
#include <vector>

#include "common/args.h"
#include "vitq/error.h"

namespace vitq::apps {

class Failures {
 public:
  void add(const Error& error) { messages_.emplace_back(error.what()); }
  std::size_t count() const { return messages_.size(); }

  // Lists all on standard error in the program's name. Answers the exit code.
  Exit tell(const std::string& program, std::size_t of) const;

 private:
  std::vector<std::string> messages_;
};

}  // namespace vitq::apps
