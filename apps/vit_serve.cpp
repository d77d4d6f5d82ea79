// SPDX-License-Identifier: Apache-2.0
// vit_serve: models behind HTTP, and a page to try them.
#include "common/args.h"
#include "serve/run.h"

using namespace vitq;

namespace {

const apps::Program kProgram = {
    .name = "vit_serve",
    .purpose =
        "Answers over HTTP what networks say of images: by /v1/classify, /v1/detect, "
        "/v1/features,\n"
        "by the Open Inference Protocol (/v2), and on a page for browsers (/). SIGTERM stops it\n"
        "after the last answer, SIGHUP reads the model files anew.",
    .examples =
        "  vit_serve deit.safetensors detr-small\n"
        "  vit_serve float=deit.safetensors int8=deit-w7a8.safetensors --port 9000\n"
        "  curl --data-binary @cat.jpg 'localhost:8000/v1/classify?model=deit&top=3'\n"
        "  curl -F image=@scene.png 'localhost:8000/v1/detect?model=detr-small'\n"
        "  vit_serve deit.safetensors --bind 0.0.0.0 --token-file token.txt --quiet\n"};

int run(apps::Args& args) {
  apps::ServeJob job;
  apps::declare(args.app(), job);
  args.add_backend();
  args.parse();
  job.session = args.session();
  return apps::run(std::move(job));
}

}  // namespace

int main(int argc, char** argv) {
  return apps::run_program(kProgram, argc, argv, run);
}
