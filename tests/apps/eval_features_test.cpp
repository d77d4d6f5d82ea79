// SPDX-License-Identifier: Apache-2.0
// vit_eval and vit_quantize on networks without a head: neighbours, comparison, budgets.
#include <cmath>

#include "features.h"
#include "vitq/compare_features.h"
#include "vitq/json.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// A network of features, and eight images in two folders of four.
struct Desk {
  TempFolder temp;
  std::string model = make_headless(temp);
  std::vector<LabelledImage> images;

  Desk() {
    for (int i = 0; i < 8; ++i) {
      const std::string folder = i < 4 ? "photos/ants" : "photos/bees";
      fs::create_directories(temp.path() / folder);
      images.push_back({write_image(temp, folder + "/" + std::to_string(i) + ".png", i), i / 4});
    }
  }
  std::string path(const std::string& name) const { return (temp.path() / name).string(); }
  std::string quantized(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {
        model, "--calib", path("photos/ants"), "-o", path("int8.safetensors"), "--force"};
    all.insert(all.end(), more.begin(), more.end());
    const Result made = run("vit_quantize", all);
    REQUIRE_MESSAGE(made.code == 0, made.err);
    return made.err;
  }
  Json eval(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"-f", "json"});
    const Result result = run("vit_eval", arguments);
    REQUIRE_MESSAGE(result.code == 0, result.err);
    return Json::parse(result.out, "report");
  }
};

}  // namespace

TEST_CASE("top-1 by neighbours is that of the features, whichever way the labels come") {
  const Desk desk;
  FeatureRows rows = features_of(Model::load(desk.model), desk.images);
  const auto right = right_by_neighbours(rows, 3);
  const Json folders = desk.eval({desk.model, "--knn", "3", "--images", desk.path("photos")});
  CHECK(folders.at("images").integer(8, 8) == 8);
  CHECK(folders.at("neighbours").integer(3, 3) == 3);
  CHECK(folders.at("right").integer(0, 8) == right);
  CHECK(folders.at("knn_top1").number() == doctest::Approx(12.5 * static_cast<double>(right)));

  std::string list;
  for (const LabelledImage& image : desk.images) {
    list += fs::relative(image.path, desk.path("photos")).string() + "\t" +
            std::to_string(900 + image.label) + "\n";
  }
  const Json listed = desk.eval({desk.model, "--knn", "3", "--images", desk.path("photos"),
                                 "--labels", desk.temp.file("list.tsv", list), "-b", "3"});
  CHECK(listed.at("right").integer(0, 8) == right);
  const Result text = run("vit_eval", {desk.model, "--knn", "3", "--images", desk.path("photos")});
  CHECK(text.out.find("each image among the others") != std::string::npos);
  CHECK(text.out.find("(" + std::to_string(right) + ";") != std::string::npos);
}

TEST_CASE("a quantized network's features are compared with those of the float one") {
  const Desk desk;
  desk.quantized();
  const Json report = desk.eval({desk.path("int8.safetensors"), "--against", desk.model, "--images",
                                 desk.path("photos/bees"), "--each"});
  const Json against = report.at("against");
  CHECK(against.at("feature_snr_db").number() > 20.0);
  CHECK(against.at("mean_cosine").number() > 0.99);
  CHECK(against.at("mean_cosine").number() < 1.0);
  CHECK(against.at("neighbour_agreement").number() >= 50.0);
  CHECK(!report.contains("knn_top1"));
  double sum = 0.0;
  const std::vector<Json> each = against.at("cosine_of_each").items();
  REQUIRE(each.size() == 4);
  for (const Json& cosine : each) sum += cosine.number() / 4.0;
  CHECK(sum == doctest::Approx(against.at("mean_cosine").number()));
  const Json sums = against.at("sums");
  const double ratio = sums.at("reference_energy").number() / sums.at("error_energy").number();
  CHECK(10.0 * std::log10(ratio) == doctest::Approx(against.at("feature_snr_db").number()));

  const Result both = run("vit_eval", {desk.path("int8.safetensors"), "--against", desk.model,
                                       "--knn", "2", "--images", desk.path("photos")});
  CHECK_MESSAGE(both.code == 0, both.err);
  for (const char* part : {"top-1", "its top-1", "feature SNR", "mean cosine", "same nearest"}) {
    CHECK(both.out.find(part) != std::string::npos);
  }
  const Json same =
      desk.eval({desk.model, "--against", desk.model, "--images", desk.path("photos/ants")});
  CHECK(!same.at("against").find("feature_snr_db"));
  CHECK(same.at("against").at("neighbour_agreement").number() == 100.0);
}

TEST_CASE("budgets of bits are judged by the relative error of features") {
  const Desk desk;
  const std::string wide = desk.quantized({"--max-drop", "0.2", "--report", desk.path("w.html")});
  const auto wide_bytes = fs::file_size(desk.path("int8.safetensors"));
  CHECK(wide.find("relative error") != std::string::npos);
  CHECK(wide.find("KL") == std::string::npos);
  const std::string page = contents_of(desk.path("w.html"));
  CHECK(page.find("relative error from the float model") != std::string::npos);
  CHECK(page.find("KL ") == std::string::npos);
  desk.quantized({"--max-drop", "0.002"});
  CHECK(fs::file_size(desk.path("int8.safetensors")) > wide_bytes);
}

TEST_CASE("the layers of a network without a head are compared up to both outputs") {
  const Desk desk;
  desk.quantized();
  const Result result = run("vit_inspect", {"--compare", desk.model, desk.path("int8.safetensors"),
                                            desk.images[0].path.string()});
  REQUIRE_MESSAGE(result.code == 0, result.err);
  CHECK(result.out.find("\nfeatures") != std::string::npos);
  CHECK(result.out.find("\ntokens") != std::string::npos);
}

TEST_CASE("questions that features cannot answer are refused, and so is a classifier among them") {
  const Desk desk;
  const std::string classifier = make_model(desk.temp);
  const auto refused = [&](std::vector<std::string> arguments, int code, const std::string& part) {
    arguments.insert(arguments.end(), {"--images", desk.path("photos")});
    check_refused(run("vit_eval", arguments), code, part);
  };
  refused({desk.model}, 2, "--knn K counts");
  refused({classifier, "--knn", "2"}, 2, "names classes");
  refused({desk.model, "--against", classifier}, 4, "not features");
  refused(
      {classifier, "--against", desk.model, "--labels", desk.temp.file("l.tsv", "ants/0.png\t1\n")},
      4, "does not classify");
  refused({desk.model, "--knn", "2", "--classes", desk.path("c.txt")}, 2, "--classes");
  refused({desk.model, "--coco", desk.temp.file("c.json", R"({"images": [], "categories": [],
           "annotations": []})")},
          4, "");
  check_refused(run("vit_eval", {desk.model, "--knn", "2", "--images", desk.path("photos/ants")}),
                2, "--knn takes labels");
}
