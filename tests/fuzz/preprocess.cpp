// SPDX-License-Identifier: Apache-2.0
// Whatever preprocessing is accepted from a configuration can be stored and read back, the same.
#include "vitq/preprocess.h"

#include "vitq/error.h"

namespace {

template <typename Read>
void try_reading(const vitq::Json& json, const Read& read) {
  try {
    const vitq::Preprocess preprocess = read(json);
    const std::string stored = preprocess.to_json().dump();
    const auto again = vitq::Preprocess::from_json(vitq::Json::parse(stored, "stored"));
    if (!(again == preprocess)) __builtin_trap();
  } catch (const vitq::UnsupportedError&) {
  } catch (const vitq::FileError& error) {
    if (std::string_view(error.what()).starts_with("stored")) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const vitq::Json json = vitq::Json::parse(text, "input");
    try_reading(json, vitq::preprocess_from_huggingface);
    try_reading(json, vitq::preprocess_from_timm);
    try_reading(json, vitq::Preprocess::from_json);
  } catch (const vitq::Error&) {
  }
  return 0;
}
