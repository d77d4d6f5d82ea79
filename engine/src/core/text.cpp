// SPDX-License-Identifier: Apache-2.0
#include "core/text.h"

#include <locale>
#include <sstream>

namespace vitq {

void append(std::string& text, std::string_view part) {
  text += part;
}

void append(std::string& text, char part) {
  text += part;
}

void append(std::string& text, double part) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out << part;
  text += out.str();
}

}  // namespace vitq
