// SPDX-License-Identifier: Apache-2.0
// vit_eval: how many of labelled pictures a model gets right.
#include <iostream>
#include <optional>

#include "args.h"
#include "evaluate.h"
#include "table.h"

using namespace vitq;

namespace {

const apps::Program kProgram = {
    .name = "vit_eval",
    .purpose =
        "Classifies labelled pictures and counts what is right: a folder of folders, one for each\n"
        "class (named by label or id, or all classes in sorted order), or a list of files with\n"
        "class ids. EXIF orientation is ignored, as training code does.",
    .examples =
        "  vit_eval deit.safetensors --images imagenet/val\n"
        "  vit_eval deit.safetensors --images val --labels val.tsv --format json\n"
        "  vit_eval deit.safetensors --images val --preprocessor preprocessor_config.json "
        "--limit 500\n"};

struct Options {
  std::string model;
  std::string images;
  std::string labels;
  std::string preprocessor;
  std::size_t limit = 0;  // 0: all
  std::int64_t batch = 8;
  std::string format = "text";
};

void declare(CLI::App& app, Options& options) {
  app.add_option("MODEL", options.model, "The model file")->required();
  app.add_option("--images", options.images, "The folder of pictures")->required();
  app.add_option("--labels", options.labels,
                 "Lines of file<TAB>class id, files relative to the folder of pictures");
  app.add_option("--preprocessor", options.preprocessor,
                 "Prepare pictures as this preprocessor_config.json says, not as the model");
  app.add_option("--limit", options.limit, "At most so many pictures, spread evenly over all")
      ->check(CLI::PositiveNumber);
  app.add_option("-b,--batch", options.batch, "Pictures at a time (default 8)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--format", options.format, "text (default) or json")
      ->check(CLI::IsMember({"text", "json"}));
}

std::vector<apps::LabelledImage> find_images(const Options& options, Model& model) {
  const std::int64_t classes = apps::class_count(model);
  std::vector<apps::LabelledImage> images;
  if (options.labels.empty()) {
    apps::ClassFolders found = apps::find_class_folders(options.images, model.info(), classes);
    std::cerr << "vit_eval: class folders matched " << found.matching << '\n';
    images = std::move(found.images);
  } else {
    images = apps::read_label_list(options.labels, options.images, classes);
  }
  return options.limit == 0 ? images : apps::spread(images, options.limit);
}

double percent(std::int64_t hits, std::int64_t of) {
  return 100.0 * static_cast<double>(hits) / static_cast<double>(of);
}

void print_text(const apps::Accuracy& a) {
  const auto line = [&a](std::int64_t hits) {
    const apps::Interval interval = apps::wilson(hits, a.images);
    return apps::fixed(percent(hits, a.images), 2) + " %  (" + std::to_string(hits) +
           "; 95 % interval " + apps::fixed(100.0 * interval.low, 2) + " to " +
           apps::fixed(100.0 * interval.high, 2) + ")\n";
  };
  std::cout << "images             " << a.images << "\ntop-1              " << line(a.right)
            << "top-5              " << line(a.right_of5) << "images per second  "
            << apps::fixed(static_cast<double>(a.images) / a.seconds, 1) << '\n';
}

void print_json(const apps::Accuracy& a, const Options& options) {
  const apps::Interval interval = apps::wilson(a.right, a.images);
  Json range = Json::array();
  range.push(100.0 * interval.low).push(100.0 * interval.high);
  Json json = Json::object();
  json.set("model", options.model).set("images", a.images);
  json.set("top1", percent(a.right, a.images)).set("top5", percent(a.right_of5, a.images));
  json.set("top1_interval", range);
  json.set("images_per_second", static_cast<double>(a.images) / a.seconds);
  std::cout << json.dump(2) << '\n';
}

int run(apps::Args& args) {
  Options options;
  declare(args.app(), options);
  args.add_backend();
  args.parse();
  const SessionOptions session = args.session();
  Model model = Model::load(options.model, {.session = session, .lower = {}});
  if (!options.preprocessor.empty()) {
    model.set_preprocess(preprocess_from_huggingface(Json::read(options.preprocessor)));
  }
  const std::vector<apps::LabelledImage> images = find_images(options, model);
  const apps::Accuracy accuracy = apps::evaluate(model, images, options.batch, session.threads);
  if (options.format == "json") {
    print_json(accuracy, options);
  } else {
    print_text(accuracy);
  }
  return apps::kOk;
}

}  // namespace

int main(int argc, char** argv) {
  return apps::run_program(kProgram, argc, argv, run);
}
