// SPDX-License-Identifier: Apache-2.0
// Heads of one's own: networks of features become classifiers, linear or zero-shot.
#include <cmath>

#include "features.h"
#include "vitq/json.h"
#include "vitq/model.h"
#include "vitq/model_file.h"

using namespace vitq;
using namespace vitq::test;

namespace {

constexpr std::int64_t kFeatures = 24;

Tensor tensor_of(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor(shape, DType::kF32);
  REQUIRE(values.size() == tensor.as<float>().size());
  std::copy(values.begin(), values.end(), tensor.as<float>().begin());
  return tensor;
}

// Three text embeddings of length 1.
Tensor embeddings() {
  Tensor rows({3, kFeatures}, DType::kF32);
  const std::span<float> values = rows.as<float>();
  for (std::size_t row = 0; row < 3; ++row) {
    double energy = 0.0;
    for (std::size_t c = 0; c < kFeatures; ++c) {
      values[row * kFeatures + c] = static_cast<float>(std::sin(static_cast<double>(7 * c + row)));
      energy += std::pow(static_cast<double>(values[row * kFeatures + c]), 2.0);
    }
    for (std::size_t c = 0; c < kFeatures; ++c) {
      values[row * kFeatures + c] /= static_cast<float>(std::sqrt(energy));
    }
  }
  return rows;
}

struct Desk {
  TempFolder temp;
  fs::path checkpoint = headless_checkpoint(temp);
  std::string model = path("with_head.safetensors");

  std::string path(const std::string& name) const { return (temp.path() / name).string(); }
  std::string npy(const std::string& name, const Tensor& tensor) const {
    write_npy(path(name), tensor, Overwrite::kYes);
    return path(name);
  }
  std::string safetensors(const std::string& name,
                          const std::vector<std::pair<std::string, Tensor>>& tensors) const {
    Weights weights;
    for (const auto& [key, tensor] : tensors) weights.tensors[key] = tensor;
    write_safetensors(path(name), weights, Overwrite::kYes);
    return path(name);
  }
  Result convert(const std::string& head, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {checkpoint, "--head", head, "-o", model, "--force"};
    all.insert(all.end(), more.begin(), more.end());
    return run("vit_convert", all);
  }
  // The logits of both recorded inputs.
  std::vector<float> logits() const {
    const Tensor found = Model::load(model).run(recorded().at("input"))[0];
    return {found.as<float>().begin(), found.as<float>().end()};
  }
  // Features of the same network without a head, times the rows, in double.
  std::vector<double> expected(const Tensor& rows, double scale, double bias) const {
    const Tensor features = Model::load(make_headless(temp)).run(recorded().at("input"))[0];
    std::vector<double> logits;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto x = features.as<float>().subspan(kFeatures * i, kFeatures);
      double energy = 0.0;
      for (const float v : x) energy += static_cast<double>(v) * static_cast<double>(v);
      for (std::int64_t row = 0; row < rows.shape()[0]; ++row) {
        const auto w =
            rows.as<float>().subspan(static_cast<std::size_t>(kFeatures * row), kFeatures);
        double sum = 0.0;
        for (std::size_t c = 0; c < kFeatures; ++c) {
          sum += static_cast<double>(x[c]) * static_cast<double>(w[c]);
        }
        logits.push_back(scale * sum / std::sqrt(energy) + bias);
      }
    }
    return logits;
  }
};

void check_close(const std::vector<float>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  double largest = 0.0;
  for (const double v : expected) largest = std::max(largest, std::abs(v));
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(std::abs(static_cast<double>(found[i]) - expected[i]) < 1e-5 * largest);
  }
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the head that was taken off, put on again, gives the recorded logits") {
  const Desk desk;
  const Weights weights = read_safetensors(golden("hf_vit") / "model.safetensors");
  const std::string head = desk.safetensors(
      "head.safetensors",
      {{"weight", weights.at("classifier.weight")}, {"bias", weights.at("classifier.bias")}});
  const Result made = desk.convert(head);
  REQUIRE_MESSAGE(made.code == 0, made.err);
  CHECK(has(made.err, "10 classes, linear\n"));
  const Tensor logits = recorded().at("logits");
  check_close(desk.logits(), {logits.as<float>().begin(), logits.as<float>().end()});
  // The names in config.json are of a head that is not there.
  CHECK(Model::load(desk.model).info().labels.empty());
}

TEST_CASE("rows of length 1 are a zero-shot head: cosines times CLIP's scale") {
  const Desk desk;
  const std::string labels = desk.temp.file("labels.txt", "ant\nbee\ncat\n");
  const Result made = desk.convert(desk.npy("rows.npy", embeddings()), {"--labels", labels});
  REQUIRE_MESSAGE(made.code == 0, made.err);
  CHECK(has(made.err, "3 classes, zero-shot"));
  CHECK(has(made.err, "assumed        a logit scale of 100"));
  check_close(desk.logits(), desk.expected(embeddings(), 100.0, 0.0));
  const Result named =
      run("vit_infer", {"-m", desk.model, write_image(desk.temp, "a.png", 1), "-f", "json"});
  REQUIRE_MESSAGE(named.code == 0, named.err);
  double sum = 0.0;
  for (const Json& each : Json::parse(named.out, "answer").at("predictions").items()) {
    sum += each.at("score").number();
  }
  CHECK(sum == doctest::Approx(1.0));
  CHECK(has(named.out, "\"cat\""));
}

TEST_CASE("the scale is that of the head's file, and with a bias the classes have sigmoids") {
  const Desk desk;
  const Tensor log_scale = tensor_of({}, {std::log(20.0F)});
  const std::string own = desk.safetensors(
      "own.safetensors", {{"text_embeds", embeddings()}, {"logit_scale", log_scale}});
  const Result made = desk.convert(own);
  REQUIRE_MESSAGE(made.code == 0, made.err);
  CHECK(!has(made.err, "assumed        a logit scale"));
  check_close(desk.logits(), desk.expected(embeddings(), 20.0, 0.0));

  const std::string siglip =
      desk.safetensors("siglip.safetensors", {{"text_embeds", embeddings()},
                                              {"logit_scale", log_scale},
                                              {"logit_bias", tensor_of({1}, {-3.0F})}});
  REQUIRE(desk.convert(siglip).code == 0);
  check_close(desk.logits(), desk.expected(embeddings(), 20.0, -3.0));
  CHECK(Model::load(desk.model).info().scores == Scores::kSigmoid);
}

TEST_CASE("whole CLIPs and SigLIPs lend their scale and bias, as transformers computes logits") {
  for (const char* name : {"hf_clip", "hf_siglip"}) {
    CAPTURE(name);
    const TempFolder temp;
    const bool siglip = std::string_view(name) == "hf_siglip";
    const Weights record = read_safetensors(golden(name) / "expected.safetensors");
    const Tensor features = record.at("features");
    const Weights checkpoint = read_safetensors(golden(name) / "model.safetensors");
    const auto number = [&checkpoint](const char* key) {
      return static_cast<double>(checkpoint.at(key).as<float>()[0]);
    };
    const auto width = static_cast<std::size_t>(features.shape()[1]);
    Tensor rows({3, features.shape()[1]}, DType::kF32);
    for (std::size_t i = 0; i < 3; ++i) {  // two ones: cosines of pairs of features
      rows.as<float>()[i * width + i] = rows.as<float>()[i * width + i + 3] = std::sqrt(0.5F);
    }
    const fs::path head = temp.path() / "rows.npy";
    write_npy(head, rows, Overwrite::kNo);
    const Converted made = convert(read_checkpoint(golden(name)), {.head = head});
    for (const std::string& assumption : made.assumptions) CHECK(!has(assumption, "logit scale"));
    CHECK(made.info.scores == (siglip ? Scores::kSigmoid : Scores::kSoftmax));
    const fs::path model = temp.path() / "model.safetensors";
    write_safetensors(model, made.weights, Overwrite::kNo);
    const Tensor logits = Model::load(model).run(record.at("input"))[0];
    std::vector<double> wanted;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto x = features.as<float>().subspan(i * width, width);
      double energy = 0.0;
      for (const float v : x) energy += static_cast<double>(v) * static_cast<double>(v);
      for (std::size_t row = 0; row < 3; ++row) {
        const double sum = static_cast<double>(x[row]) + static_cast<double>(x[row + 3]);
        const double cosine = std::sqrt(0.5) * sum / std::sqrt(energy);
        wanted.push_back(std::exp(number("logit_scale")) * cosine +
                         (siglip ? number("logit_bias") : 0.0));
      }
    }
    check_close({logits.as<float>().begin(), logits.as<float>().end()}, wanted);
  }
}

TEST_CASE("a network with a head of one's own is quantized and evaluated as any classifier") {
  const Desk desk;
  REQUIRE(desk.convert(desk.npy("rows.npy", embeddings())).code == 0);
  fs::create_directories(desk.path("photos"));
  for (int i = 0; i < 6; ++i) write_image(desk.temp, "photos/" + std::to_string(i) + ".png", i);
  const std::string int8 = desk.path("int8.safetensors");
  const Result made = run("vit_quantize", {desk.model, "--calib", desk.path("photos"), "-o", int8});
  REQUIRE_MESSAGE(made.code == 0, made.err);
  const Result compared = run(
      "vit_eval", {int8, "--against", desk.model, "--images", desk.path("photos"), "-f", "json"});
  REQUIRE_MESSAGE(compared.code == 0, compared.err);
  CHECK(Json::parse(compared.out, "report").at("against").at("logit_snr_db").number() > 15.0);
}

TEST_CASE("a head that does not fit is refused with both sizes, and nothing is written") {
  const Desk desk;
  const auto refused = [&](const std::string& head, int code, const std::string& part) {
    check_refused(desk.convert(head), code, part);
    CHECK(!fs::exists(desk.model));
  };
  refused(desk.npy("wide.npy", Tensor({3, 25}, DType::kF32)), 4, "[classes, 24]");
  refused(desk.npy("cube.npy", Tensor({3, 2, 24}, DType::kF32)), 4, "[3, 2, 24]");
  refused(desk.npy("none.npy", Tensor({0, 24}, DType::kF32)), 4, "[0, 24]");
  refused(desk.safetensors("two.safetensors", {{"a", embeddings()}, {"b", embeddings()}}), 4,
          "beside another");
  refused(desk.safetensors("bias.safetensors",
                           {{"weight", embeddings()}, {"bias", Tensor({4}, DType::kF32)}}),
          4, "bias is [4]");
  refused(desk.safetensors("long.safetensors", {{"rows", Tensor({3, 24}, DType::kF32)},
                                                {"logit_scale", tensor_of({1}, {4.6F})}}),
          4, "normalize");
  refused(desk.safetensors("scale.safetensors",
                           {{"rows", embeddings()}, {"logit_scale", tensor_of({1}, {100.0F})}}),
          4, "expected its logarithm");
  refused(desk.path("missing.npy"), 3, "missing.npy");
  refused(desk.temp.file("head.pt", ""), 3, ".safetensors");
  const std::string labels = desk.temp.file("labels.txt", "ant\nbee\n");
  check_refused(desk.convert(desk.npy("rows.npy", embeddings()), {"--labels", labels}), 4,
                "3 classes");
  check_refused(
      run("vit_convert", {golden("hf_vit"), "--head", desk.path("rows.npy"), "-o", desk.model}), 4,
      "this one has a head");
}
