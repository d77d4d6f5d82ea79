// SPDX-License-Identifier: Apache-2.0
// vit_bench: latency, throughput, memory and load time of models, and where the time goes.
#include "bench/run.h"
#include "common/args.h"

using namespace vitq;

namespace {

const apps::Program kProgram = {
    .name = "vit_bench",
    .purpose =
        "Measures models on pixels of noise: every combination of models, batches and\n"
        "threads. The load time is that of a start; the peak of memory is that of loading and "
        "runs.",
    .examples =
        "  vit_bench deit.safetensors -t 1\n"
        "  vit_bench deit.safetensors vit.safetensors -b 1,8 -t 1,4 --format csv\n"
        "  vit_bench deit.safetensors --iters 100 --per-op\n"
        "  vit_bench deit.safetensors --neighbours 2\n"
        "  vit_bench deit.safetensors -t 1 --trace steps.json\n"};

int run(apps::Args& args) {
  apps::BenchJob job;
  apps::declare(args.app(), job);
  args.add_backend();
  args.add_force();
  args.parse();
  job.overwrite = args.overwrite();
  job.config.session = args.session();
  return apps::run(job);
}

}  // namespace

int main(int argc, char** argv) {
  return apps::run_program(kProgram, argc, argv, run);
}
