// SPDX-License-Identifier: Apache-2.0
// vit_quantize: from a float model file to one that runs on integers.
#include "common/args.h"
#include "quantize/run.h"

using namespace vitq;

namespace {

const apps::Program kProgram = {
    .name = "vit_quantize",
    .purpose =
        "Makes an integer model of a float model file, calibrated on images. The same inputs\n"
        "give the same file, byte for byte; with --budget-ms, which measures this CPU, only with\n"
        "the same --stats-in.",
    .examples =
        "  vit_quantize deit.safetensors --calib photos/ -o deit.int8.safetensors\n"
        "  vit_quantize deit.safetensors -o deit.int8.safetensors\n"
        "  vit_quantize deit.safetensors --dry-run --weight-bits 6 --keep head\n"
        "  vit_quantize deit.safetensors --calib photos/ -o deit.w4.safetensors \\\n"
        "      --weight-bits 4 --set 'qkv$=w6a8' --report report.html\n"
        "  vit_quantize deit.safetensors --calib photos/ -o deit.small.safetensors \\\n"
        "      --budget-mb 3.8 --stats-out stats.json\n"};

int run(apps::Args& args) {
  apps::QuantizeJob job;
  apps::declare(args.app(), job);
  args.add_force();
  args.parse();
  job.command = args.command();
  job.overwrite = args.overwrite();
  job.threads = args.session().threads;
  return apps::run(job);
}

}  // namespace

int main(int argc, char** argv) {
  return apps::run_program(kProgram, argc, argv, run);
}
