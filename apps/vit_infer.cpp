// SPDX-License-Identifier: Apache-2.0
// vit_infer: what a network says of images.
#include "common/args.h"
#include "infer/run.h"

using namespace vitq;

namespace {

const apps::Program kProgram = {
    .name = "vit_infer",
    .purpose =
        "Names what is in images, finds the objects in them, or gives their features, by a model\n"
        "file that vit_convert or vit_quantize has made.",
    .examples =
        "  vit_infer -m deit.safetensors cat.jpg\n"
        "  vit_infer -m deit.safetensors photos/ --recursive -b 8 -f csv -o photos.csv\n"
        "  curl -s https://example.org/cat.jpg | vit_infer -m deit.safetensors -f json -\n"
        "  vit_infer -m deit.safetensors cat.jpg --attention cat.png --method rollout\n"
        "  vit_infer -m detr-small scene.png --threshold 0.7 --annotate found.png\n"
        "  vit_infer -m detr-small scene.png --attention looked.png --query 3\n"
        "  vit_infer -m detr.safetensors coco/val2017 -f coco -o results.json\n"
        "  vit_infer -m dinov2.safetensors photos/ --features features.npy --tokens tokens.npy\n"
        "  vit_infer -m dinov2.safetensors cat.jpg --pca parts.png\n"
        "  vit_infer -m deit.safetensors --tensor input.npy --dump out\n"};

int run(apps::Args& args) {
  apps::InferJob job;
  apps::declare(args.app(), job);
  args.add_backend();
  args.add_force();
  args.parse();
  job.overwrite = args.overwrite();
  job.session = args.session();
  return apps::run(job);
}

}  // namespace

int main(int argc, char** argv) {
  return apps::run_program(kProgram, argc, argv, run);
}
