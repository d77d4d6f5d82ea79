// SPDX-License-Identifier: Apache-2.0
// A program around may have a locale with thousands separators and decimal commas.
#include <doctest/doctest.h>

#include <locale>

#include "support/temp_folder.h"
#include "vitq/vitq.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

struct Grouped : std::numpunct<char> {
  char do_thousands_sep() const override { return '.'; }
  char do_decimal_point() const override { return ','; }
  std::string do_grouping() const override { return "\1"; }
};

class GroupedLocale {
 public:
  GroupedLocale() : before_(std::locale::global(std::locale(std::locale(), new Grouped))) {}
  ~GroupedLocale() { std::locale::global(before_); }
  GroupedLocale(const GroupedLocale&) = delete;
  GroupedLocale& operator=(const GroupedLocale&) = delete;

 private:
  std::locale before_;
};

// Converts, writes, quantizes and asks a model; answers all bytes that were written.
std::string work(const fs::path& folder) {
  const fs::path golden = fs::path(VITQ_TEST_FILES) / "golden" / "models" / "hf_vit";
  const Converted made = convert(golden, {});
  const fs::path model = folder / "model.safetensors";
  write_model(model, made.info, made.weights, Overwrite::kYes);
  std::vector<Image> images(2, make_image(40, 30));
  for (std::size_t i = 0; i < images[1].rgb.size(); ++i) {
    images[0].rgb[i] = static_cast<std::uint8_t>(i * i / 7);
    images[1].rgb[i] = static_cast<std::uint8_t>(i / 5);
  }
  const QuantizedModel quantized = quantize_model(model, images);
  const fs::path integers = folder / "int8.safetensors";
  write_model(integers, quantized.info, quantized.weights, Overwrite::kYes);
  CHECK(Model::load(integers).classify(images[0], 1).size() == 1);
  return test::contents_of(model) + test::contents_of(integers);
}

}  // namespace

TEST_CASE("models are written and read the same whatever the global locale") {
  const TempFolder temp;
  const std::string usual = work(temp.path());
  const GroupedLocale grouped;
  CHECK(work(temp.path()) == usual);
}
