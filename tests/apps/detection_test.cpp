// SPDX-License-Identifier: Apache-2.0
// Detectors as a user runs them: what vit_infer prints and draws.
#include <algorithm>
#include <fstream>

#include "draw/annotate.h"
#include "draw/canvas.h"
#include "run.h"
#include "vitq/json.h"
#include "vitq/npy.h"

using namespace vitq;
using namespace vitq::test;

namespace {

Detection found(std::int64_t id, const Box& box) {
  return {.id = id, .label = "class", .score = 0.9F, .box = box, .query = 0};
}

int differing_pixels(const Image& a, const Image& b) {
  int count = 0;
  for (std::size_t i = 0; i < a.rgb.size(); i += 3) {
    count += std::equal(&a.rgb[i], &a.rgb[i] + 3, &b.rgb[i]) ? 0 : 1;
  }
  return count;
}

}  // namespace

TEST_CASE("vit_infer prints the same boxes in JSON, CSV and COCO's results") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string image = write_image(temp, "000000000042.png", 0);
  const auto answer = [&](const std::string& format) {
    const Result result = run("vit_infer", {"-m", model, image, "--threshold", "0", "-f", format});
    REQUIRE_MESSAGE(result.code == 0, result.err);
    return result.out;
  };
  const Json json = Json::parse(answer("json"), "answer");
  CHECK(json.at("task").string() == "detection");
  const std::vector<Json> objects = json.at("detections").items();
  REQUIRE(!objects.empty());
  const std::vector<Json> results = Json::parse(answer("coco"), "results").items();
  REQUIRE(results.size() == objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const std::vector<float> box = objects[i].at("box").floats();
    const std::vector<float> sides = results[i].at("bbox").floats();
    CHECK(results[i].at("image_id").integer(0, 1000) == 42);
    CHECK(results[i].at("category_id").integer(0, 1000) == objects[i].at("id").integer(0, 1000));
    CHECK(results[i].at("score").number() == objects[i].at("score").number());
    CHECK(sides[0] == box[0]);
    CHECK(sides[2] == box[2] - box[0]);
  }
  const std::string csv = answer("csv");
  CHECK(csv.starts_with("image,rank,id,label,score,x0,y0,x1,y1\n"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') ==
        static_cast<std::ptrdiff_t>(objects.size()) + 1);
}

TEST_CASE("an image's boxes do not depend on its neighbours") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string image = write_image(temp, "a.png", 0);
  const std::string like = write_image(temp, "b.png", 1);
  Image other = make_image(33, 52);
  write_png(temp.path() / "c.png", other, Overwrite::kNo);
  const std::vector<std::string> options = {"-m", model, "--threshold", "0", "-f", "csv"};
  const auto answer = [&](std::vector<std::string> images) {
    images.insert(images.begin(), options.begin(), options.end());
    return run("vit_infer", std::move(images)).out;
  };
  const std::string alone = answer({image});
  const std::string together = answer({"-b", "3", image, (temp.path() / "c.png").string(), like});
  CHECK(alone.size() > 100);
  CHECK(together.starts_with(alone));
}

TEST_CASE("images of any shape get an answer or a reason") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  for (const auto& [width, height] : {std::pair(3000, 1), std::pair(1, 3000), std::pair(1, 1)}) {
    CAPTURE(width);
    const Image strip = make_image(width, height);
    const std::string file = (temp.path() / "strip.png").string();
    write_png(file, strip, Overwrite::kYes);
    const Result result = run("vit_infer", {"-m", model, file, "--format", "json"});
    CHECK_MESSAGE((result.code == 0 || result.err.find("strip.png") != std::string::npos),
                  result.err);
  }
  const std::string line = (temp.path() / "line.png").string();
  write_png(line, make_image(1, 10000), Overwrite::kYes);
  check_refused(run("vit_infer", {"-m", model, line}), 6, "line.png: an image of 1 x 10000");
}

TEST_CASE("a size that the memory cannot hold is refused with the image's name") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string file = (temp.path() / "square.png").string();
  write_png(file, make_image(30, 30), Overwrite::kYes);
  const std::string other = (temp.path() / "line.png").string();
  write_png(other, make_image(300, 3), Overwrite::kYes);
  const std::vector<std::string> huge = {"-m", model, "--size", "9000", "--max-size", "9000"};
  const auto with = [&huge](std::vector<std::string> more) {
    more.insert(more.begin(), huge.begin(), huge.end());
    return run("vit_infer", more);
  };
  const Result refused = with({file});
  check_refused(refused, 6, "square.png: an input of this size needs ");
  CHECK(refused.err.find(" MB for intermediate results; there are ") != std::string::npos);
  const Result on = with({file, other, "--keep-going", "-f", "jsonl"});
  CHECK_MESSAGE(on.code == 1, on.err);
  CHECK(on.out.find("square.png: an input of this size") != std::string::npos);
  CHECK(on.out.find("line.png") != std::string::npos);
}

TEST_CASE("a class without a name is called by its number") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string image = write_image(temp, "a.png", 0);
  const std::string labels = (temp.path() / "labels.txt").string();
  std::ofstream(labels) << "2\tcat\n";
  const Result result =
      run("vit_infer", {"-m", model, image, "--threshold", "0", "--labels", labels});
  REQUIRE_MESSAGE(result.code == 0, result.err);
  CHECK(result.out.find("class_") != std::string::npos);
}

TEST_CASE("--size sets what a detector sees, and is refused where one size is all there is") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string image = write_image(temp, "a.png", 0);  // 40 x 30
  const auto seen = [&](const std::vector<std::string>& options) {
    const fs::path folder = temp.path() / "dump";
    std::vector<std::string> all = {"-m", model, image, "--force", "--dump", folder.string()};
    all.insert(all.end(), options.begin(), options.end());
    REQUIRE(run("vit_infer", all).code == 0);
    return read_npy(folder / "input.npy").shape();
  };
  CHECK(seen({"--size", "60"}) == Shape{1, 3, 60, 80});
  CHECK(seen({"--size", "60", "--max-size", "64"}) == Shape{1, 3, 48, 64});
  check_refused(run("vit_infer", {"-m", make_model(temp), image, "--size", "60"}), 2, "--size");
}

TEST_CASE("vit_infer draws an image for each input and refuses two of one name") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string image = write_image(temp, "a.png", 0);
  const std::string drawn = (temp.path() / "drawn.png").string();
  CHECK(run("vit_infer", {"-m", model, image, "--annotate", drawn}).code == 0);
  CHECK(read_image(drawn, Exif::kIgnore).height == 480);
  check_refused(run("vit_infer", {"-m", model, image, "--annotate", drawn}), 3, drawn);
  const std::string folder = (temp.path() / "folder").string();
  check_refused(run("vit_infer", {"-m", model, image, image, "--annotate", folder}), 2,
                "two images");
}

TEST_CASE("boxes and names stay within the image and leave the rest as it is") {
  const Image plain = make_image(600, 500);
  CHECK(apps::annotate(plain, {}).rgb == plain.rgb);
  const std::vector<Detection> objects = {found(0, {-50.0F, -50.0F, 700.0F, 600.0F}),
                                          found(1, {590.0F, 2.0F, 598.0F, 10.0F})};
  const Image drawn = apps::annotate(plain, objects);
  CHECK(drawn.width == 600);
  const int changed = differing_pixels(plain, drawn);
  CHECK(changed > 1000);
  CHECK(changed < 40'000);
}

TEST_CASE("a letter takes the room that was said, in one question mark beyond ASCII") {
  const apps::Area one = apps::text_area("A", 2.0);
  CHECK(one.width == 14);
  CHECK(one.height == 18);
  CHECK(apps::text_area("\xC3\xA9\xE2\x82\xAC", 2.0).width == apps::text_area("??", 2.0).width);
  const auto inked = [](std::string_view text, int width) {
    Image image = make_image(width, 40);
    apps::Area at = apps::text_area(text, 2.0);
    apps::draw_text(image, at, text, {255, 255, 255});
    return differing_pixels(image, make_image(width, 40));
  };
  CHECK(inked(" ", 20) == 0);
  CHECK(inked("I", 20) > 20);
  // The last column of the last letter is there, too.
  CHECK(inked("||", 40) == 2 * inked("|", 40));
  CHECK(inked("MM", 40) == 2 * inked("M", 40));
}
