// SPDX-License-Identifier: Apache-2.0
// Exported C is compiled, run, and compared with the engine bit for bit.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

#include "support/integer_only_models.h"
#include "vitq/error.h"
#include "vitq/export_c.h"
#include "vitq/session.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// A program around an exported model: from an image in one file to all answers in another.
std::string harness(const std::vector<Tensor>& answers, std::int64_t bytes) {
  std::string text = "#include <stdio.h>\n#include \"model.h\"\n";
  text += "static uint8_t image[" + std::to_string(bytes) + "];\n";
  std::string names;
  std::string writes;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string name = "a" + std::to_string(i);
    const std::string count = std::to_string(answers[i].shape().elements());
    text += "static int32_t " + name + "[" + count + "];\n";
    names += ", " + name;
    writes += "  fwrite(" + name + ", 4, " + count + ", stdout);\n";
  }
  return text + "int main(void) {\n  if (fread(image, 1, sizeof image, stdin) != sizeof image) " +
         "return 1;\n  vitq_model_run(image" + names + ");\n" + writes + "  return 0;\n}\n";
}

// What the compiled C answers, of which 2^16 are 1.
std::vector<float> compiled_answers(const ExportedC& exported, const Tensor& image,
                                    const std::vector<Tensor>& answers) {
  const TempFolder temp;
  temp.file("model.h", exported.header);
  temp.file("model.c", exported.source);
  temp.file("arrays.h", exported.arrays);
  temp.file("main.c", harness(answers, image.shape().elements()));
  const auto* bytes = reinterpret_cast<const char*>(image.data());
  temp.file("image", {bytes, image.bytes()});
  const std::string line = "cd " + temp.path().string() +
                           " && " VITQ_C_COMPILER
                           " -std=c99 -Wall -Wextra -Werror -ffreestanding -O1 -c model.c"
                           " && " VITQ_C_COMPILER
                           " -std=c99 main.c model.o -o model"
                           " && " VITQ_EMULATOR " ./model <image >answers";
  REQUIRE(std::system(line.c_str()) == 0);
  const std::string found = contents_of(temp.path() / "answers");
  REQUIRE(found.size() % sizeof(std::int32_t) == 0);
  std::vector<std::int32_t> integers(found.size() / sizeof(std::int32_t));
  std::memcpy(integers.data(), found.data(), found.size());
  std::vector<float> values;
  for (const std::int32_t integer : integers) {
    values.push_back(std::ldexp(static_cast<float>(integer), -16));
  }
  return values;
}

}  // namespace

TEST_CASE("exported C compiles without warnings and gives the engine's bits") {
  for (const std::string name : {"timm_vit", "timm_deit_distilled", "timm_average",
                                 "hf_dinov2_swiglu", "hf_detr", "hf_detr_dc5"}) {
    const IntegerOnlyModel made(name, 7);
    const Model model = made.open();
    const Tensor image = made.noise(model, 1);
    std::vector<Tensor> answers;
    std::vector<float> expected;
    for (const Tensor& answer : model.run(image)) {
      answers.push_back(answer.clone());
      expected.insert(expected.end(), answer.as<float>().begin(), answer.as<float>().end());
    }
    CAPTURE(name);
    const ExportedC exported = export_c(model.session(image.shape()).plan(), name);
    CHECK(compiled_answers(exported, image, answers) == expected);
    CHECK(exported.memory_bytes > 0);
  }
}

TEST_CASE("a plan on floats is refused, by the step that would need them") {
  const IntegerOnlyModel made("timm_vit", 8);
  const Session integer = Model::load(made.file).session();
  CHECK_THROWS_WITH_AS(export_c(integer.plan(), "x"), doctest::Contains("computes on floats"),
                       UnsupportedError);
  const Session plain = Model::load(made.plain).session();
  CHECK_THROWS_WITH_AS(export_c(plain.plan(), "x"), doctest::Contains("one image of bytes"),
                       UnsupportedError);
}
