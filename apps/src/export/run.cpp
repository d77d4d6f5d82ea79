// SPDX-License-Identifier: Apache-2.0
#include "export/run.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "common/args.h"
#include "common/find_model.h"
#include "common/image_size.h"
#include "common/output.h"
#include "common/table.h"
#include "vitq/error.h"
#include "vitq/export_c.h"
#include "vitq/family.h"
#include "vitq/model.h"
#include "vitq/trace.h"

namespace vitq::apps {

namespace {

namespace fs = std::filesystem;

Shape input_of(const Model& model, const std::optional<ImageSize>& size) {
  const Shape usual = usual_input(model.info());
  return size ? Shape{1, usual[1], size->height, size->width} : usual;
}

ExportedC exported(const Model& model, const Shape& input) {
  const std::string title = std::string(family(model.info().family).title);
  return export_c(model.session(input).plan(), title);
}

}  // namespace

void declare(CLI::App& app, ExportJob& job) {
  app.add_option("MODEL", job.model, "The quantized model file, or the name of an installed one")
      ->required();
  app.add_option("-o,--output", job.folder, "The folder to write to, made if need be")->required();
  add_image_size(app, job.size, "Networks of any size: that of the image, which C has fixed");
}

int run(const ExportJob& job) {
  const fs::path path = find_model(job.model);
  const Model model = Model::load(path, {.session = {.threads = 1, .backend = Backend::kReference},
                                         .lower = {.numerics = Numerics::kIntegerOnly}});
  const ExportedC made = exported(model, input_of(model, job.size));
  std::error_code failed;
  fs::create_directories(job.folder, failed);
  if (failed) throw FileError(Fault::kUnreadable, job.folder.string(), failed.message());
  for (const char* name : {"model.h", "model.c", "arrays.h"}) {
    require_free(job.folder / name, job.overwrite);
  }
  write_file(job.folder / "model.h", made.header, job.overwrite);
  write_file(job.folder / "model.c", made.source, job.overwrite);
  write_file(job.folder / "arrays.h", made.arrays, job.overwrite);
  std::cerr << job.folder.string() << ": " << made.steps << " steps, "
            << byte_count(made.constant_bytes) << " of constants, " << byte_count(made.memory_bytes)
            << " of static memory\n";
  return kOk;
}

}  // namespace vitq::apps
