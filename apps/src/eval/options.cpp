// SPDX-License-Identifier: Apache-2.0
#include "eval/options.h"

#include <CLI/CLI.hpp>

#include "common/image_inputs.h"

namespace vitq::apps {

namespace {

// Which images, and how they are prepared.
void declare_images(CLI::App& app, EvalJob& job) {
  app.add_flag("--keep-going", job.keep_going,
               "Leave out images that cannot be read, name them at the end, and exit with 1");
  app.add_option("--preprocessor", job.preprocessor,
                 "Prepare images as this preprocessor_config.json says, not as the model");
  add_image_limits(app, job.image_limits);
  app.add_option("--limit", job.limit, "At most so many images, spread evenly over all")
      ->check(CLI::PositiveNumber);
}

}  // namespace

void declare(CLI::App& app, EvalJob& job) {
  app.add_option("MODEL", job.model, "The model file, or the name of an installed one")->required();
  auto* against =
      app.add_option("--against", job.against,
                     "Compare with this model, image by image: as a rule the float model that "
                     "MODEL was made from");
  app.add_option("--images", job.images, "The folder of images")->required();
  auto* labels = app.add_option(
      "--labels", job.labels, "Lines of file<TAB>class id, files relative to the folder of images");
  auto* neighbours =
      app.add_option("--knn", job.neighbours,
                     "Models without a head: count what is right by the vote of so many nearest "
                     "neighbours among the other images, each with the weight exp(cosine / 0.07)")
          ->check(CLI::Range(1, 1'000'000));
  auto* batch = app.add_option("-b,--batch", job.batch, "Images at a time (default 8)")
                    ->check(CLI::Range(1, 1024));
  auto* range =
      app.add_flag("--check-range", job.check_range,
                   "Say, on standard error, which layers' static ranges the images do not fit");
  app.add_option("--classes", job.classes,
                 "Names of the classes, in place of the model's: one line for each class, or lines "
                 "of id<TAB>...<TAB>name; folders may have any of a line's names");
  auto* coco =
      app.add_option("--coco", job.coco, "Detectors: the objects in the images, in COCO's JSON")
          ->excludes(against)
          ->excludes(labels)
          ->excludes(neighbours)
          ->excludes(range)
          ->excludes(batch);
  app.add_flag("--ignore-unmatched", job.ignore_unmatched,
               "With --coco: leave out categories that are no class of the model")
      ->needs(coco);
  declare_images(app, job);
  app.add_flag(
         "--each", job.each,
         "With --against and --format json: the divergence of each image as well, or of features "
         "the cosine")
      ->needs(against);
  app.add_option("-f,--format", job.format, "text (default) or json")
      ->check(CLI::IsMember({"text", "json"}));
}

}  // namespace vitq::apps
