// SPDX-License-Identifier: Apache-2.0
// vit_inspect: what is in a model file or checkpoint.
#include "common/args.h"
#include "inspect/run.h"

using namespace vitq;

namespace {

const apps::Program kProgram = {
    .name = "vit_inspect",
    .purpose =
        "Shows what is in a model file that vit_convert has made: the network, its preprocessing\n"
        "and its tensors; of any other safetensors file or shard index the tensors and metadata.\n"
        "Compares two forms of one network layer by layer.",
    .examples =
        "  vit_inspect deit.safetensors\n"
        "  vit_inspect deit.safetensors --verify -f json\n"
        "  vit_inspect deit.safetensors --graph dot | dot -Tsvg > deit.svg\n"
        "  vit_inspect --compare deit.safetensors deit.int8.safetensors cat.jpg\n"};

int run(apps::Args& args) {
  apps::InspectJob job;
  apps::declare(args.app(), job);
  args.parse();
  job.threads = args.session().threads;
  return apps::run(job);
}

}  // namespace

int main(int argc, char** argv) {
  return apps::run_program(kProgram, argc, argv, run);
}
