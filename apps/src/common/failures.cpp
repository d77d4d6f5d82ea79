// SPDX-License-Identifier: Apache-2.0
#include "common/failures.h"

#include <iostream>

namespace vitq::apps {

Exit Failures::tell(const std::string& program, std::size_t of) const {
  if (messages_.empty()) return kOk;
  std::cerr << program << ": " << count() << " of " << of << " images were left out:\n";
  for (const std::string& message : messages_) std::cerr << "  " << message << '\n';
  return kSomeFailed;
}

}  // namespace vitq::apps
