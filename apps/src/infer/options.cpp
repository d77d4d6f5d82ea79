// SPDX-License-Identifier: Apache-2.0
#include "infer/options.h"

#include <CLI/CLI.hpp>
#include <map>

#include "common/args.h"
#include "common/image_inputs.h"

namespace vitq::apps {

namespace {

void declare_inputs(CLI::App& app, InferJob& job) {
  auto* images =
      app.add_option("IMAGE", job.images,
                     "JPEG, PNG, WebP, BMP or GIF files (its first frame), folders of them, "
                     "or - for standard input");
  app.add_option(
      "-m,--model", job.model,
      "The model file, or the name of an installed one (detr-small); otherwise VITQ_MODEL "
      "or the installed default");
  auto* tensor =
      app.add_option("--tensor", job.tensor,
                     "A prepared [N, 3, H, W] as .npy in place of images: uint8 pixels where "
                     "the model reads them, else float32")
          ->excludes(images);
  app.add_option("--mask", job.mask,
                 "With --tensor, for detectors: float32 [N, H, W] as .npy, 1 where a pixel belongs "
                 "to its image and 0 where it is padding")
      ->needs(tensor);
  app.add_flag("--recursive", job.recursive, "Look into the folders of folders, too");
  app.add_flag("--keep-going", job.keep_going, "Go on after an image that cannot be read");
  app.add_option("-b,--batch", job.batch, "Images that go through the network together")
      ->check(CLI::Range(1, 1024));
}

void declare_images(CLI::App& app, InferJob& job) {
  const std::map<std::string, Exif> choices = {{"apply", Exif::kApply}, {"ignore", Exif::kIgnore}};
  app.add_option("--exif", job.exif, "The orientation stored in photos: apply or ignore")
      ->transform(CLI::CheckedTransformer(choices));
  add_image_limits(app, job.image_limits);
  app.add_option("--preprocessor", job.preprocessor,
                 "Preprocessing from a preprocessor_config.json of Hugging Face");
  app.add_option("--size", job.size,
                 "Networks that take any size: bring the shorter side to so many pixels, not to as "
                 "many as the model says")
      ->check(CLI::Range(1, 16'384));
  app.add_option("--max-size", job.longest,
                 "The same: but the longer side to no more than so many (within rounding)")
      ->check(CLI::Range(1, 16'384));
  app.add_option("--labels", job.labels,
                 "Class names: one line for each class, or lines of id<TAB>...<TAB>name");
}

void declare_answers(CLI::App& app, InferJob& job) {
  const std::map<std::string, Format> formats = {{"text", Format::kText},
                                                 {"json", Format::kJson},
                                                 {"jsonl", Format::kJsonl},
                                                 {"csv", Format::kCsv},
                                                 {"coco", Format::kCoco}};
  app.add_option("-k,--topk", job.top, "Classifiers: how many classes to name (default 5)")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--threshold", job.threshold,
                 "Detectors: name objects of at least this probability (default 0.5)")
      ->check(finite_in(0.0, 1.0));
  app.add_option("-f,--format", job.format,
                 "text, json, jsonl or csv; coco (detectors): COCO's list of results")
      ->transform(CLI::CheckedTransformer(formats));
  auto* coco = app.add_option(
      "--coco", job.coco,
      "With -f coco: an annotations file, whose ids of images (by name) and of categories (by the "
      "classes' names) the results have; otherwise an image's name must be its number");
  app.add_flag("--ignore-unmatched", job.ignore_unmatched,
               "With --coco: go on where a category is no class of the model")
      ->needs(coco);
  app.add_option("-o,--output", job.output, "A file for the answers");
  app.add_option("--annotate", job.annotate,
                 "Detectors: the image with its boxes, a PNG to write; for several images a "
                 "folder of them");
  app.add_flag("--timing", job.timing, "Milliseconds of each stage with each answer");
}

void declare_features(CLI::App& app, FeatureJob& job) {
  app.add_option("--features", job.features,
                 "Models without a head: an .npy to write, float32 [images, F], a row for each "
                 "image that could be read");
  app.add_option("--tokens", job.tokens,
                 "The same of the patch tokens after the last norm, [images, h, w, C]");
  app.add_option("--pca", job.pca,
                 "A PNG to write: the image in the colours of the first three principal components "
                 "of its patch tokens");
}

void declare_inspection(CLI::App& app, InferJob& job) {
  app.add_flag("--explain", job.explain, "The network's steps and the kernels that run them");
  app.add_flag("--profile", job.profile, "The time of each step, on standard error");
  app.add_flag("--check-range", job.check_range,
               "Which layers' static ranges the images do not fit, on standard error");
  app.add_option("--dump", job.dump, "A folder for input.npy and each output, as logits.npy");
  AttentionJob& attention = job.attention;
  auto* output = app.add_option("--attention", attention.output,
                                "A PNG to write: where the class token looks in the image; "
                                "detectors: where the queries look that found the objects");
  app.add_option("--method", attention.method, "Attention of the last layer, or rollout of all")
      ->check(CLI::IsMember({"last", "rollout"}));
  app.add_option("--layer", attention.layer,
                 "Attention of this layer (detectors: of the decoder), or rollout up to it, from 0")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--head", attention.head, "Attention of this head, from 0; otherwise the mean")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--query", attention.query,
                 "Detectors: attention of this query, from 0; otherwise of all objects found")
      ->needs(output)
      ->check(CLI::NonNegativeNumber);
}

}  // namespace

void declare(CLI::App& app, InferJob& job) {
  declare_inputs(app, job);
  declare_images(app, job);
  declare_answers(app, job);
  declare_features(app, job.features);
  declare_inspection(app, job);
}

void require_sense(const InferJob& job) {
  const bool anything = !job.images.empty() || !job.tensor.empty() || job.explain;
  if (!anything) throw UsageError("no image is named (see --help)");
  if (!job.coco.empty() && job.format != Format::kCoco) {
    throw UsageError("--coco says which ids -f coco writes");
  }
  const AttentionJob& attention = job.attention;
  const bool chosen = attention.head || attention.layer || attention.method != "last";
  if (chosen && attention.output.empty()) {
    throw UsageError("--head, --layer and --method say what --attention draws");
  }
  if (job.tensor.empty()) return;
  const bool of_images = !job.annotate.empty() || !attention.output.empty() || job.timing ||
                         !job.features.pca.empty() || job.format == Format::kCoco;
  if (of_images) {
    throw UsageError(
        "--annotate, --attention, --pca, --timing and -f coco are for images, not --tensor");
  }
}

// Features have neither classes nor boxes.
void require_sense_of_features(const InferJob& job) {
  if (job.top) throw UsageError("-k is for classifiers; this model gives features");
  if (!job.labels.empty()) {
    throw UsageError("--labels is for models that name classes; this model gives features");
  }
  if (job.format == Format::kCsv) {
    throw UsageError("--format csv is for classes and boxes; --features writes an .npy");
  }
}

void require_sense(const InferJob& job, Task task) {
  if (task == Task::kDetection && job.top)
    throw UsageError("-k is for classifiers; see --threshold");
  if (task == Task::kDetection && job.attention.method != "last")
    throw UsageError("--method rollout is for classifiers");
  if (task != Task::kFeatures && job.features.wanted()) {
    throw UsageError("--features, --tokens and --pca are for models without a head; see --dump");
  }
  if (task == Task::kDetection) return;
  if (task == Task::kFeatures) require_sense_of_features(job);
  if (job.attention.query) throw UsageError("--query is for detectors; see --head and --layer");
  if (job.threshold) throw UsageError("--threshold is for detectors; see -k");
  if (!job.annotate.empty()) throw UsageError("--annotate is for detectors; see --attention");
  if (job.format == Format::kCoco) throw UsageError("--format coco is for detectors");
}

}  // namespace vitq::apps
