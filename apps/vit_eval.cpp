// SPDX-License-Identifier: Apache-2.0
// vit_eval: how many of labelled images a model gets right, how near its answers are to those of
// another, and how well a detector finds annotated objects.
#include <iostream>
#include <optional>

#include "args.h"
#include "eval_report.h"
#include "evaluate_detection.h"
#include "find_model.h"
#include "range_check.h"

using namespace vitq;

namespace {

const apps::Program kProgram = {
    .name = "vit_eval",
    .purpose =
        "Classifies labelled images and counts what is right: a folder of folders, one for each\n"
        "class (named by label or id, or all classes in sorted order), or a list of files with\n"
        "class ids. EXIF orientation is ignored, as training code does. With --against, a folder "
        "of\n"
        "images without classes will do. With --coco, detectors: average precision and recall, "
        "as\n"
        "pycocotools counts them.",
    .examples =
        "  vit_eval deit.safetensors --images imagenet/val\n"
        "  vit_eval deit.safetensors --images val --labels val.tsv --format json\n"
        "  vit_eval deit.safetensors --images val --preprocessor preprocessor_config.json "
        "--limit 500\n"
        "  vit_eval deit.int8.safetensors --against deit.safetensors --images val\n"
        "  vit_eval detr.safetensors --coco instances_val2017.json --images val2017\n"};

struct Options {
  std::string model;
  std::string against;
  std::string images;
  std::string labels;
  std::string coco;
  std::string preprocessor;
  std::size_t limit = 0;  // 0: all
  std::int64_t batch = 8;
  bool check_range = false;
  std::string format = "text";
  bool each = false;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("MODEL", options.model, "The model file, or the name of an installed one")
      ->required();
  auto* against =
      app.add_option("--against", options.against,
                     "Compare with this model, image by image: as a rule the float model that "
                     "MODEL was made from");
  app.add_option("--images", options.images, "The folder of images")->required();
  auto* labels =
      app.add_option("--labels", options.labels,
                     "Lines of file<TAB>class id, files relative to the folder of images");
  auto* batch = app.add_option("-b,--batch", options.batch, "Images at a time (default 8)")
                    ->check(CLI::Range(1, 1024));
  auto* range =
      app.add_flag("--check-range", options.check_range,
                   "Say, on standard error, which layers' static ranges the images do not fit");
  app.add_option("--coco", options.coco, "Detectors: the objects in the images, in COCO's JSON")
      ->excludes(against)
      ->excludes(labels)
      ->excludes(range)
      ->excludes(batch);
  app.add_option("--preprocessor", options.preprocessor,
                 "Prepare images as this preprocessor_config.json says, not as the model");
  app.add_option("--limit", options.limit, "At most so many images, spread evenly over all")
      ->check(CLI::PositiveNumber);
  app.add_flag("--each", options.each,
               "With --against and --format json: the divergence of each image as well")
      ->needs(against);
  app.add_option("--format", options.format, "text (default) or json")
      ->check(CLI::IsMember({"text", "json"}));
}

std::vector<apps::LabelledImage> find_images(const Options& options, Model& model) {
  const std::int64_t classes = apps::class_count(model);
  std::vector<apps::LabelledImage> images;
  if (options.labels.empty() && !options.against.empty()) {
    images = apps::find_unlabelled(options.images);
  }
  if (!options.labels.empty()) {
    images = apps::read_label_list(options.labels, options.images, classes);
  } else if (images.empty()) {
    apps::ClassFolders found = apps::find_class_folders(options.images, model.info(), classes);
    std::cerr << "vit_eval: class folders matched " << found.matching << '\n';
    images = std::move(found.images);
  }
  return options.limit == 0 ? images : apps::spread(images, options.limit);
}

Model load(const std::string& path, const Options& options, const SessionOptions& session) {
  Model model = Model::load(apps::find_model(path), {.session = session, .lower = {}});
  if (!options.preprocessor.empty()) {
    model.set_preprocess(preprocess_from_huggingface(Json::read(options.preprocessor)));
  }
  return model;
}

apps::DetectionReport evaluate_detection(const Options& options, const SessionOptions& session) {
  const apps::CocoTruth all = apps::read_coco_truth(options.coco);
  Model model = load(options.model, options, session);
  apps::DetectionReport report = apps::evaluate_detection(
      model, options.limit == 0 ? all : apps::spread(all, options.limit), options.images);
  report.model = options.model;
  return report;
}

apps::Evaluation evaluate(const Options& options, const SessionOptions& session) {
  Model model = load(options.model, options, session);
  const std::vector<apps::LabelledImage> images = find_images(options, model);
  apps::EvaluateOptions how = {.batch = options.batch, .threads = session.threads};
  std::optional<apps::RangeCheck> check;
  if (options.check_range) {
    check.emplace(apps::find_model(options.model), session);
    how.watch = [&check](const Tensor& input) { check->add(input); };
  }
  apps::Evaluation result = {.model = options.model, .against = options.against};
  result.each = options.each;
  result.labelled = images.front().label != apps::kNoLabel;
  if (options.against.empty()) {
    result.accuracy = apps::evaluate(model, images, how);
  } else {
    Model reference = load(options.against, options, session);
    const apps::Pair pair = apps::evaluate_pair(model, reference, images, how);
    result.accuracy = pair.model;
    result.reference = pair.reference;
    result.comparison = pair.comparison;
  }
  if (check) std::cerr << check->report();
  return result;
}

int run(apps::Args& args) {
  Options options;
  declare(args.app(), options);
  args.add_backend();
  args.parse();
  const auto print = [&options](const auto& result) {
    std::cout << (options.format == "json" ? apps::to_json(result).dump(2) + "\n"
                                           : apps::to_text(result));
  };
  if (options.coco.empty()) {
    print(evaluate(options, args.session()));
  } else {
    print(evaluate_detection(options, args.session()));
  }
  return apps::kOk;
}

}  // namespace

int main(int argc, char** argv) {
  return apps::run_program(kProgram, argc, argv, run);
}
