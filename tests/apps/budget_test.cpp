// SPDX-License-Identifier: Apache-2.0
// Bits by layer within a budget, as a user asks for them.
#include <algorithm>
#include <fstream>
#include <set>

#include "run.h"
#include "vitq/json.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// A model, images, and what asks for a file of it.
struct Desk {
  TempFolder temp;
  std::string model = make_model(temp);
  std::string out = path("out.safetensors");
  std::string stats = path("stats.json");

  Desk() {
    fs::create_directories(temp.path() / "calib");
    for (int i = 0; i < 8; ++i) write_image(temp, "calib/" + std::to_string(i) + ".png", i);
  }
  std::string path(const std::string& name) const { return (temp.path() / name).string(); }

  Result quantize(std::vector<std::string> more) const {
    std::vector<std::string> all = {model, "--calib", path("calib"), "-o", out, "--force"};
    all.insert(all.end(), more.begin(), more.end());
    return run("vit_quantize", std::move(all));
  }
  // Of the file of so many bits, the way the search writes it.
  std::uintmax_t bytes_at(const std::string& bits) const {
    const Result made = quantize({"--budget-bits", bits, "--stats-out", stats});
    REQUIRE_MESSAGE(made.code == 0, made.err);
    return fs::file_size(out);
  }
};

std::string megabytes(std::uintmax_t bytes) {
  return std::to_string(static_cast<double>(bytes) / 1e6);
}

}  // namespace

TEST_CASE("a file within a budget of megabytes is no larger, and uses most of it") {
  const Desk desk;
  const std::uintmax_t min = desk.bytes_at("4");
  const std::uintmax_t max = desk.bytes_at("8");
  const std::uintmax_t budget = min + (max - min) * 8 / 10;
  const Result made = desk.quantize({"--budget-mb", megabytes(budget), "--stats-out", desk.stats,
                                     "--report", desk.path("report.html")});
  REQUIRE_MESSAGE(made.code == 0, made.err);
  CHECK(fs::file_size(desk.out) <= budget);
  CHECK(fs::file_size(desk.out) > min);
  CHECK(made.err.find("bits by layer: KL ") != std::string::npos);
  CHECK(made.err.find(" bits everywhere: ") != std::string::npos);
  CHECK(contents_of(desk.path("report.html")).find("chosen") != std::string::npos);
  CHECK(run("vit_infer", {"-m", desk.out, desk.path("calib/0.png")}).code == 0);

  const std::string first = contents_of(desk.out);
  const Result again =
      desk.quantize({"--budget-mb", megabytes(budget), "--stats-in", desk.stats, "-t", "2"});
  REQUIRE_MESSAGE(again.code == 0, again.err);
  CHECK(contents_of(desk.out) == first);
}

TEST_CASE("a budget of mean bits, and of what the answers may lose") {
  const Desk desk;
  REQUIRE(desk.quantize({"--budget-bits", "4", "--stats-out", desk.stats}).code == 0);
  const Json record = Json::parse(read_safetensors(desk.out).metadata.at("vitq"), "vitq");
  const std::vector<Json> rules = record.at("quantization").at("rules").items();
  REQUIRE(!rules.empty());
  for (const Json& rule : rules) CHECK(rule.at("bits").string() == "w4a8");
  const std::uintmax_t small = fs::file_size(desk.out);

  const Result loose = desk.quantize({"--max-drop", "10", "--stats-in", desk.stats});
  REQUIRE_MESSAGE(loose.code == 0, loose.err);
  // But for what the record says of the options.
  CHECK(fs::file_size(desk.out) <= small + 64);
  const Result never = desk.quantize({"--max-drop", "1e-12", "--stats-in", desk.stats});
  CHECK(never.code == 2);
  CHECK(never.err.find("no assignment of 4 to 8 bits") != std::string::npos);
}

TEST_CASE("budgets that cannot be kept, and statistics of something else, are refused") {
  const Desk desk;
  const Result small = desk.quantize({"--budget-mb", "0.001", "--stats-out", desk.stats});
  CHECK(small.code == 2);
  CHECK(small.err.find("the smallest file there can be has") != std::string::npos);
  CHECK_FALSE(fs::exists(desk.out));
  const Result other =
      desk.quantize({"--budget-bits", "6", "--stats-in", desk.stats, "--act-bits", "6"});
  CHECK(other.code == 4);
  CHECK(other.err.find("another 'act_bits'") != std::string::npos);
  const Result unmeasured =
      desk.quantize({"--budget-bits", "6", "--stats-in", desk.stats, "--candidates", "3,6"});
  CHECK(unmeasured.code == 4);
  CHECK(unmeasured.err.find("3 bits have not been measured") != std::string::npos);
  std::string text = contents_of(desk.stats);
  text.replace(text.rfind("blocks.0.attn.qkv\""), 18, "blocks.9.attn.qkv\"");
  std::ofstream(desk.stats) << text;
  const Result strange = desk.quantize({"--budget-bits", "6", "--stats-in", desk.stats});
  CHECK(strange.code == 4);
  CHECK(strange.err.find("'blocks.9.attn.qkv' is no layer of the model") != std::string::npos);
  CHECK(desk.quantize({"--stats-in", desk.stats}).code == 2);
  CHECK(desk.quantize({"--budget-bits", "6", "--budget-mb", "1"}).code == 2);
  CHECK(desk.quantize({"--budget-bits", "1"}).code == 2);
  const Result few = desk.quantize({"--budget-bits", "3"});
  CHECK(few.code == 2);
  CHECK(few.err.find("the fewest bits that there are is 4") != std::string::npos);
}

TEST_CASE("the paper's way: its score, modules, weights and activations alike") {
  const Desk desk;
  const Result made =
      desk.quantize({"--budget-bits", "6", "--bits-by", "module", "--sensitivity", "nuclear-norm",
                     "--candidates", "4,10,float", "--report", desk.path("front.svg")});
  REQUIRE_MESSAGE(made.code == 0, made.err);
  CHECK(made.err.find("bits by layer: score nuclear-norm ") != std::string::npos);
  const Json record = Json::parse(read_safetensors(desk.out).metadata.at("vitq"), "vitq");
  for (const Json& rule : record.at("quantization").at("rules").items()) {
    const std::string bits = rule.at("bits").string();
    CHECK_MESSAGE((bits == "w4a4" || bits == "w10a10" || bits == "keep"), bits);
  }
  const std::string drawing = contents_of(desk.path("front.svg"));
  CHECK(drawing.starts_with("<svg xmlns="));
  CHECK(drawing.find("score nuclear-norm") != std::string::npos);
  CHECK(run("vit_infer", {"-m", desk.out, desk.path("calib/0.png")}).code == 0);

  CHECK(desk.quantize({"--budget-bits", "6", "--sensitivity", "nuclear-norm"}).code == 2);
  CHECK(desk.quantize({"--budget-bits", "6", "--candidates", "17"}).code == 2);
  CHECK(desk.quantize({"--bits-by", "module"}).code == 2);
}

TEST_CASE("weights and activations apart, within a budget of each") {
  const Desk desk;
  const std::vector<std::string> asked = {"--candidates", "4a5,4a8,6a5,6a8,8", "--budget-bits",
                                          "6"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), asked.begin(), asked.end());
    return desk.quantize(std::move(more));
  };
  const Result made = with({"--budget-act-bits", "6.5", "--stats-out", desk.stats, "--report",
                            desk.path("report.html")});
  REQUIRE_MESSAGE(made.code == 0, made.err);
  const Json record = Json::parse(read_safetensors(desk.out).metadata.at("vitq"), "vitq");
  std::set<std::string> seen;
  for (const Json& rule : record.at("quantization").at("rules").items()) {
    seen.insert(rule.at("bits").string());
  }
  CHECK(std::ranges::any_of(seen, [](const std::string& s) { return s.ends_with("a5"); }));
  CHECK(std::ranges::any_of(seen, [](const std::string& s) { return s.ends_with("a8"); }));
  CHECK(contents_of(desk.path("report.html")).find(">W6A5</text>") != std::string::npos);
  CHECK(run("vit_infer", {"-m", desk.out, desk.path("calib/0.png")}).code == 0);
  const std::string first = contents_of(desk.out);

  const Result again = with({"--budget-act-bits", "6.5", "--stats-in", desk.stats});
  REQUIRE_MESSAGE(again.code == 0, again.err);
  CHECK(contents_of(desk.out) == first);
  const Result never = with({"--budget-act-bits", "4", "--stats-in", desk.stats});
  CHECK(never.code == 2);
  CHECK(never.err.find("the fewest bits of activations within the budget are 5.00") !=
        std::string::npos);

  const Result unmeasured =
      desk.quantize({"--budget-bits", "6", "--stats-in", desk.stats, "--candidates", "6a5,6a7"});
  CHECK(unmeasured.code == 4);
  CHECK(unmeasured.err.find("6a7 have not been measured") != std::string::npos);
  CHECK(desk.quantize({"--budget-bits", "6", "--candidates", "6a17"}).code == 2);
  CHECK(desk.quantize({"--max-drop", "1", "--budget-act-bits", "6"}).code == 2);
  CHECK(desk.quantize({"--budget-act-bits", "6"}).code == 2);
}

TEST_CASE("a dry run shows the bits and writes nothing") {
  const Desk desk;
  const Result plan = desk.quantize({"--budget-bits", "4.5", "--dry-run"});
  REQUIRE_MESSAGE(plan.code == 0, plan.err);
  CHECK(plan.out.find("a8") != std::string::npos);
  CHECK(plan.out.find("w4a8") != std::string::npos);
  CHECK_FALSE(fs::exists(desk.out));
}

TEST_CASE("a single class has a loss, and values have their relative error") {
  // The softmax of one class is 1 whatever its logit is, so that no bits would lose anything.
  for (const auto& [name, loss] :
       {std::pair{"hf_vit_one_class", "KL "}, std::pair{"hf_vit_regression", "relative error "}}) {
    CAPTURE(name);
    Desk desk;
    desk.model = make_model(desk.temp, name);
    const Result wide = desk.quantize({"--max-drop", "10"});
    REQUIRE_MESSAGE(wide.code == 0, wide.err);
    CHECK(wide.err.find(std::string("bits by layer: ") + loss) != std::string::npos);
    const auto bytes = fs::file_size(desk.out);
    const Result narrow = desk.quantize({"--max-drop", "1e-9"});
    if (narrow.code == 0) {
      CHECK(fs::file_size(desk.out) > bytes);
    } else {
      check_refused(narrow, 2, std::string("keeps a ") + loss + "of");
    }
  }
}
