// SPDX-License-Identifier: Apache-2.0
// The tables of docs/checkpoints.md are those of the schemas.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "docs/documents.h"
#include "vitq/model_schemas.h"
#include "vitq/preprocess_schemas.h"

using namespace vitq;
using namespace vitq::test;

namespace {

constexpr std::string_view kHeading = "## Keys\n";

constexpr std::string_view kIntroduction = R"(
A key is *honoured*: the network or its preprocessing is built as it says. Or it has *no effect*: its origin does not
read it at inference, or it repeats what tensors show. Or only these *values* are computed, and others are refused;
null counts as absent. A key that is in no table is reported when a file is converted, and not read.

These tables are made from the schemas in `models/src` and `engine/src/vision`.
)";

std::string in_words(const ConfigKey& key) {
  if (key.use == ConfigKey::Use::kHonoured) return "honoured";
  if (key.use == ConfigKey::Use::kNoEffect) return "no effect";
  if (key.allowed == "[]") return "absent";
  std::string values;
  for (const Json& value : Json::parse(key.allowed, "schema").items())
    values += (values.empty() ? "`" : ", `") + value.dump() + "`";
  return values;
}

// Keys without effect for one reason share a line.
bool same_line(const ConfigKey& a, const ConfigKey& b) {
  return a.use == ConfigKey::Use::kNoEffect && b.use == a.use && a.note == b.note;
}

std::string table_of(const ConfigSchema& schema) {
  std::string text =
      "\n### " + std::string(schema.name) + "\n\n| key | values | |\n|---|---|---|\n";
  for (std::size_t i = 0; i < schema.keys.size(); ++i) {
    const ConfigKey& key = schema.keys[i];
    text += "| `" + std::string(key.name) + "`";
    while (i + 1 < schema.keys.size() && same_line(key, schema.keys[i + 1]))
      text += ", `" + std::string(schema.keys[++i].name) + "`";
    text += " | " + in_words(key) + " | " + std::string(key.note) + " |\n";
  }
  return text;
}

}  // namespace

TEST_CASE("the tables of keys in the documents are those of the schemas") {
  std::string wanted(kHeading);
  wanted += kIntroduction;
  for (const ConfigSchema* schema : model_schemas()) wanted += table_of(*schema);
  for (const ConfigSchema& schema : preprocess_schemas()) wanted += table_of(schema);
  const std::string text = contents_of(kRoot / "docs" / "checkpoints.md");
  const std::size_t start = std::min(text.find(kHeading), text.size());
  CHECK_MESSAGE(text.substr(start) == wanted, "docs/checkpoints.md should end with:\n", wanted);
}
