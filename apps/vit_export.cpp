// SPDX-License-Identifier: Apache-2.0
// vit_export: a quantized model as C99 that runs on integers alone, without dependencies.
#include "common/args.h"
#include "export/run.h"

using namespace vitq;

namespace {

const apps::Program kProgram = {
    .name = "vit_export",
    .purpose =
        "Writes a quantized model as C99 for processors without an FPU: model.h, model.c and\n"
        "arrays.h. It computes on integers alone, from the bytes of an image to the answers, in\n"
        "static memory, and gives the bits that models of vit_quantize --integer-only give here.",
    .examples =
        "  vit_export deit.int8.safetensors -o deit/\n"
        "  vit_export detr.int8.safetensors -o detr/ --image-size 160\n"
        "  gcc -std=c99 -O3 -c deit/model.c\n"};

int run(apps::Args& args) {
  apps::ExportJob job;
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
