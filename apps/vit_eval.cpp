// SPDX-License-Identifier: Apache-2.0
// vit_eval: how many images a model gets right, and how near its answers are to another's.
// It does the same for features, and tells how well a detector finds objects.
#include "common/args.h"
#include "eval/run.h"

using namespace vitq;

namespace {

const apps::Program kProgram = {
    .name = "vit_eval",
    .purpose =
        "Classifies labelled images and counts what is right: a folder of folders, one for each\n"
        "class (named by label or id, or all classes in sorted order; --classes FILE gives names,\n"
        "such as ImageNet's synsets), or a list of files with\n"
        "class ids. EXIF orientation is ignored, as training code does. With --against, a folder "
        "of\n"
        "images without classes will do. With --coco, detectors: average precision and recall, "
        "as\n"
        "pycocotools counts them; with --against, what they find in any images. With --knn or\n"
        "--against, models without a head: by their features.",
    .examples =
        "  vit_eval deit.safetensors --images imagenet/val\n"
        "  vit_eval deit.safetensors --images val --labels val.tsv --format json\n"
        "  vit_eval deit.safetensors --images val --preprocessor preprocessor_config.json "
        "--limit 500\n"
        "  vit_eval vit.safetensors --images imagenette --classes classes.tsv --keep-going\n"
        "  vit_eval deit.int8.safetensors --against deit.safetensors --images val\n"
        "  vit_eval dinov2.safetensors --knn 20 --images imagenette\n"
        "  vit_eval dinov2.int8.safetensors --against dinov2.safetensors --images photos\n"
        "  vit_eval detr.safetensors --coco instances_val2017.json --images val2017\n"
        "  vit_eval detr.int8.safetensors --against detr.safetensors --images val2017\n"};

int run(apps::Args& args) {
  apps::EvalJob job;
  apps::declare(args.app(), job);
  args.add_backend();
  args.parse();
  job.session = args.session();
  return apps::run(job);
}

}  // namespace

int main(int argc, char** argv) {
  return apps::run_program(kProgram, argc, argv, run);
}
