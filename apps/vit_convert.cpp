// SPDX-License-Identifier: Apache-2.0
// vit_convert: from a checkpoint as timm, Hugging Face or Facebook publish it to a model file.
#include "common/args.h"
#include "convert/run.h"

using namespace vitq;

namespace {

const apps::Program kProgram = {
    .name = "vit_convert",
    .purpose =
        "Makes a model file of a checkpoint: a safetensors file, a shard index\n"
        "(model.safetensors.index.json), or a folder with model.safetensors, config.json and\n"
        "preprocessor_config.json as the Hugging Face hub has them.",
    .examples =
        "  vit_convert google-vit-base/ -o vit.safetensors\n"
        "  vit_convert deit_tiny.safetensors --preset fb-deit --labels classes.tsv \\\n"
        "      -o deit.safetensors\n"
        "  vit_convert clip/ --head embeddings.npy --labels classes.txt -o zero_shot.safetensors\n"
        "  vit_convert my.safetensors --arch vit --heads 6 --preprocessor pre.json "
        "-o my_vit.safetensors\n"};

int run(apps::Args& args) {
  apps::ConvertJob job;
  apps::declare(args.app(), job);
  args.add_force();
  args.parse();
  job.overwrite = args.overwrite();
  return apps::run(job);
}

}  // namespace

int main(int argc, char** argv) {
  return apps::run_program(kProgram, argc, argv, run);
}
