// SPDX-License-Identifier: Apache-2.0
// Whatever preprocessing is accepted from a configuration can be stored and read back, the same.
#include "vitq/preprocess.h"

#include "fuzz/target.h"
#include "vitq/error.h"

namespace {

template <typename Read>
bool reads(const vitq::Json& json, const Read& read) {
  try {
    const vitq::Preprocess preprocess = read(json);
    const std::string stored = preprocess.to_json().dump();
    const auto again = vitq::Preprocess::from_json(vitq::Json::parse(stored, "stored"));
    if (!(again == preprocess)) __builtin_trap();
    return true;
  } catch (const vitq::UnsupportedError&) {
  } catch (const vitq::FileError& error) {
    if (std::string_view(error.what()).starts_with("stored")) __builtin_trap();
  }
  return false;
}

}  // namespace

void check(std::span<const std::uint8_t> input) {
  const vitq::Json json = vitq::Json::parse(as_text(input), "input");
  bool huggingface = false;
  for (const char* type : {"vit", "deit", "detr"}) {
    const auto read = [&](const vitq::Json& file) {
      return vitq::preprocess_from_huggingface(file, type);
    };
    huggingface = reads(json, read) || huggingface;
  }
  const bool timm = reads(json, vitq::preprocess_from_timm);
  const bool own = reads(json, vitq::Preprocess::from_json);
  if (!huggingface && !timm && !own) json.fail("no preprocessing");
}
