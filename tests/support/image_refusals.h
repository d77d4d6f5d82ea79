// SPDX-License-Identifier: Apache-2.0
// That image files made by hand are refused, and for which reason.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/image_files.h"
#include "support/malformed.h"
#include "vitq/error.h"
#include "vitq/image.h"

namespace vitq::test {

inline Image decode(std::string_view file) {
  return decode_image(bytes_of(file), "p", Exif::kApply);
}

struct Broken {
  std::string file;
  std::string_view reason;  // what the message must say
};

inline void check_malformed(const std::vector<Broken>& cases) {
  for (const Broken& broken : cases) {
    const Refusal refusal = refusal_of([&] { (void)decode(broken.file); });
    CHECK(refusal.fault == Fault::kMalformed);
    check_parts(refusal.message, {"p: ", broken.reason});
  }
}

template <typename Expected>
void check_refused(const std::string& file, std::string_view reason) {
  std::string message = "nothing";
  try {
    (void)decode(file);
  } catch (const Expected& error) {
    message = error.what();
  } catch (const Error& error) {
    message = std::string("the wrong kind: ") + error.what();
  }
  CHECK_MESSAGE(message.starts_with("p: "), message);
  check_parts(message, {reason});
}

}  // namespace vitq::test
