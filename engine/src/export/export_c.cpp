// SPDX-License-Identifier: Apache-2.0
#include "vitq/export_c.h"

#include <algorithm>
#include <map>

#include "core/text.h"
#include "export/c_text.h"
#include "kernels/integer_only/c/kernels.h"
#include "kernels/integer_only/describe.h"
#include "plan/fixed_point.h"
#include "vitq/error.h"

namespace vitq {
namespace {

constexpr std::string_view kLicense = "// SPDX-License-Identifier: Apache-2.0\n";

// An output of the plan by the values that it is converted from.
struct Answer {
  std::string name;
  View values;
  std::size_t step = 0;  // after which they are there
};

void require_bytes(const Plan& plan) {
  if (plan.inputs.size() == 1 && plan.inputs[0].dtype == DType::kU8) return;
  throw UnsupportedError("C of integers alone takes one image of bytes");
}

class Exporter {
 public:
  Exporter(const Plan& plan, const std::string& title) : plan_(plan), title_(title) {
    require_bytes(plan);
    for (const Step& step : plan.steps) add(step);
    name_constants();
  }

  ExportedC exported() const {
    return {.header = header(),
            .source = source(),
            .arrays = cat(kLicense, "// The constants of ", title_, ".\n", arrays_),
            .steps = static_cast<std::int64_t>(steps_.size()),
            .constant_bytes = constant_bytes_,
            .memory_bytes = words_of(plan_.arena_bytes) * 8 + words_of(room_) * 8};
  }

 private:
  void add(const Step& step) {
    if (const auto* answer = std::get_if<step::ToFloat>(&step.op)) {
      answers_.push_back({output_name(step.out), answer->x, steps_.size()});
      return;
    }
    const std::optional<VitqStep> described = describe(step);
    if (!described) {
      throw UnsupportedError(cat("step '", step.name, "' (", name_of(step.op),
                                 ") computes on floats; C takes an integer-only model"));
    }
    room_ = std::max<std::int64_t>(room_, vitq_kernels_baseline()->room(&*described));
    steps_.push_back(cat("    // ", step.name, "\n    ", c_initializer(*described), ",\n"));
  }

  std::string output_name(const View& view) const {
    for (const PlanOutput& output : plan_.outputs) {
      if (output.view.buffer == view.buffer) return output.name;
    }
    return {};
  }

  // Those that share their storage are one array.
  void name_constants() {
    std::map<const std::byte*, std::string> names;
    for (const Buffer& buffer : plan_.buffers) {
      if (buffer.home != Buffer::Home::kConstant) continue;
      const Tensor& constant = plan_.constants[static_cast<std::size_t>(buffer.offset)];
      std::string& name = names[constant.data()];
      if (name.empty()) {
        name = cat("constant_", names.size() - 1);
        arrays_ += c_array(name, constant);
        constant_bytes_ += static_cast<std::int64_t>(constant.bytes());
      }
      constants_[buffer.offset] = name;
    }
  }

  static std::int64_t words_of(std::int64_t bytes) {
    return std::max<std::int64_t>((bytes + 7) / 8, 1);
  }

  std::string address_of(const Buffer& buffer) const {
    switch (buffer.home) {
      case Buffer::Home::kArena: return cat("(VitqByte*)arena + ", buffer.offset);
      case Buffer::Home::kConstant:
        return cat("(VitqByte*)(uintptr_t)", constants_.at(buffer.offset));
      case Buffer::Home::kInput: break;
    }
    return "0";
  }

  std::string signature() const {
    std::string text = "void vitq_model_run(const uint8_t* image";
    for (const Answer& answer : answers_) text += cat(", int32_t* ", answer.name);
    return text + ")";
  }

  std::string header() const {
    std::string text = cat(kLicense, "// ", title_, ", on integers alone.\n");
    text += "#ifndef VITQ_MODEL_H\n#define VITQ_MODEL_H\n\n#include <stdint.h>\n\n";
    text += cat("// The image is ", plan_.inputs[0].shape.str(),
                " bytes. Answers are integers, of which 2^", kFraction, " are 1:\n");
    for (const Answer& answer : answers_) {
      text += cat("// ", answer.name, " are ", answer.values.dims.str(), ".\n");
    }
    text += "// Only one call may run at a time, since its memory is static.\n";
    return text + signature() + ";\n\n#endif\n";
  }

  std::string source() const {
    std::string text =
        cat(kLicense, "// ", title_, ", on integers alone.\n#include \"model.h\"\n\n",
            c_functions(), "\n#include \"arrays.h\"\n\n");
    text += cat("static uint64_t arena[", words_of(plan_.arena_bytes), "];\n");
    text += cat("static uint64_t room[", words_of(room_), "];\n\nstatic VitqByte* buffers[] = {\n");
    for (const Buffer& buffer : plan_.buffers) text += cat("    ", address_of(buffer), ",\n");
    text += "};\n\nstatic const struct VitqStep steps[] = {\n";
    for (const std::string& step : steps_) text += step;
    return text + "};\n\n" + run();
  }

  std::string run() const {
    std::string text =
        "static void run(int32_t begin, int32_t end) {\n"
        "  for (int32_t i = begin; i < end; ++i) {\n"
        "    vitq_run(&steps[i], buffers, 0, vitq_parts(&steps[i]), (VitqByte*)room);\n"
        "  }\n"
        "}\n\n";
    text += signature() + " {\n";
    for (std::size_t i = 0; i < plan_.buffers.size(); ++i) {
      if (plan_.buffers[i].home != Buffer::Home::kInput) continue;
      text += cat("  buffers[", i, "] = (VitqByte*)(uintptr_t)image;\n");
    }
    std::size_t done = 0;
    for (const Answer& answer : answers_) {
      text += cat("  run(", done, ", ", answer.step, ");\n");
      text += cat("  memcpy(", answer.name, ", (int32_t*)(void*)buffers[", answer.values.buffer,
                  "] + ", answer.values.offset, ", ", answer.values.dims.elements() * 4, ");\n");
      done = answer.step;
    }
    return text + "}\n";
  }

  const Plan& plan_;
  std::string title_;
  std::vector<std::string> steps_;
  std::vector<Answer> answers_;
  std::map<std::int64_t, std::string> constants_;  // by index
  std::string arrays_;
  std::int64_t constant_bytes_ = 0;
  std::int64_t room_ = 0;
};

}  // namespace

ExportedC export_c(const Plan& plan, const std::string& title) {
  return Exporter(plan, title).exported();
}

}  // namespace vitq
