// SPDX-License-Identifier: Apache-2.0
// What goes wrong ends with the documented exit code, one message, and no file left behind.
#include <map>

#include "run.h"
#include "vitq/npy.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// A checkpoint that lacks one tensor, has one too many and one in another shape.
std::string broken_checkpoint(const TempFolder& temp) {
  Weights weights = read_safetensors(golden("timm_vit") / "model.safetensors");
  weights.tensors.erase("blocks.1.attn.proj.bias");
  weights.tensors.insert_or_assign("blocks.0.mlp.fc2.bias", Tensor({7}, DType::kF32));
  weights.tensors.insert_or_assign("blocks.0.gamma", Tensor({24}, DType::kF32));
  const fs::path folder = temp.path() / "broken";
  fs::create_directories(folder);
  fs::copy_file(golden("timm_vit") / "config.json", folder / "config.json");
  write_safetensors(folder / "model.safetensors", weights, Overwrite::kNo);
  return folder.string();
}

const std::vector<const char*> kPrograms = {"vit_bench", "vit_convert", "vit_eval",
                                            "vit_infer", "vit_inspect", "vit_quantize"};
// Arguments that are enough to be parsed.
const std::map<std::string, std::vector<std::string>> kEnough = {
    {"vit_bench", {"m"}},
    {"vit_convert", {"m", "-o", "x"}},
    {"vit_eval", {"m", "--images", "x"}},
    {"vit_infer", {"-m", "m", "x"}},
    {"vit_inspect", {"m"}},
    {"vit_quantize", {"m"}}};

}  // namespace

TEST_CASE("every program has help with examples and exit codes, and a version") {
  for (const char* program : kPrograms) {
    CAPTURE(program);
    const Result help = run(program, {"--help"});
    CHECK(help.code == 0);
    CHECK(help.out.find("Examples:\n  " + std::string(program) + " ") != std::string::npos);
    CHECK(help.out.find("  5   checksum or format version mismatch\n") != std::string::npos);
    const Result version = run(program, {"--version"});
    CHECK(version.code == 0);
    CHECK(version.out.starts_with(std::string(program) + " "));
    CHECK(version.out.find("oneDNN") != std::string::npos);
  }
}

TEST_CASE("a wrong VITQ_ISA ends with 2 and the accepted ones; help and version are told even so") {
  const TempFolder temp;
  const auto with_wrong_isa = [](const std::string& program, std::vector<std::string> arguments) {
    return run(
        {.program = program, .arguments = std::move(arguments), .environment = "VITQ_ISA=sse9"});
  };
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 0);
  check_refused(with_wrong_isa("vit_infer", {"-m", model, image}), 2,
                "VITQ_ISA is \"sse9\"; accepted are ");
  check_refused(with_wrong_isa("vit_inspect", {model}), 2, "VITQ_ISA");
  for (const char* program : kPrograms) {
    CHECK(with_wrong_isa(program, {"--help"}).code == 0);
    CHECK(with_wrong_isa(program, {"--version"}).code == 0);
  }
  const Result version = with_wrong_isa("vit_infer", {"--version"});
  CHECK(version.code == 0);
  CHECK(version.out.find("oneDNN") != std::string::npos);
  CHECK(version.out.find("VITQ_ISA") != std::string::npos);
}

TEST_CASE("a wrong command line ends with 2") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 0);
  check_refused(run("vit_infer", {"-m", model}), 2, "no image");
  check_refused(run("vit_infer", {"-m", model, image, "--format", "xml"}), 2, "xml");
  check_refused(run("vit_infer", {"-m", model, image, "-k", "0"}), 2, "--topk");
  check_refused(run("vit_infer", {"-m", model, image, "--no-such"}), 2, "--no-such");
  check_refused(run("vit_infer", {"-m", model, image, "--backend", "cuda"}), 2, "cuda");
  check_refused(run("vit_convert", {image}), 2, "--output");
  check_refused(run("vit_convert", {image, "-o", "x", "--arch", "resnet"}), 2, "resnet");
  check_refused(run("vit_inspect", {}), 2, "FILE");
}

TEST_CASE("a variable that is no number of threads ends with 2 and is named") {
  const TempFolder temp;
  const std::vector<std::string> arguments = {"-m", make_model(temp),
                                              write_image(temp, "a.png", 0)};
  for (const char* value : {"many", "0", "-1", "2x", "99999999999"}) {
    CAPTURE(value);
    check_refused(run({.program = "vit_infer",
                       .arguments = arguments,
                       .environment = "VITQ_NUM_THREADS=" + quoted(value)}),
                  2, std::string("VITQ_NUM_THREADS is \"") + value);
  }
  check_refused(run({.program = "vit_infer",
                     .arguments = arguments,
                     .environment = "VITQ_NUM_THREADS= OMP_NUM_THREADS=two"}),
                2, "OMP_NUM_THREADS");
  for (const char* program : kPrograms) {
    const auto call = [&](std::vector<std::string> options) {
      return run({.program = program,
                  .arguments = std::move(options),
                  .environment = "VITQ_NUM_THREADS= OMP_NUM_THREADS=two"});
    };
    CHECK(call({"--help"}).code == 0);
    CHECK(call({"--version"}).code == 0);
    check_refused(call(kEnough.at(program)), 2, "OMP_NUM_THREADS");
    std::vector<std::string> wrong = kEnough.at(program);
    wrong.insert(wrong.end(), {"--threads", "-1"});
    check_refused(run(program, wrong), 2, "--threads");
  }
  CHECK(run({.program = "vit_infer",
             .arguments = arguments,
             .environment = "VITQ_NUM_THREADS= OMP_NUM_THREADS=2,1"})
            .code == 0);
}

TEST_CASE("what is not there ends with 3, what is damaged with 4") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 0);
  const std::string gone = (temp.path() / "gone").string();
  check_refused(run("vit_infer", {"-m", gone, image}), 3, gone);
  check_refused(run("vit_infer", {"-m", model, gone}), 3, gone);
  check_refused(run("vit_convert", {gone, "-o", gone + "2"}), 3, gone);
  check_refused(run("vit_inspect", {gone}), 3, gone);
  fs::create_directories(temp.path() / "empty");
  check_refused(run("vit_infer", {"-m", model, (temp.path() / "empty").string()}), 3,
                "--recursive");

  const std::string half = temp.file("half.png", contents_of(image).substr(0, 200));
  check_refused(run("vit_infer", {"-m", model, half}), 4, half);
  const std::string cut = temp.file("cut.safetensors", contents_of(model).substr(0, 5000));
  check_refused(run("vit_infer", {"-m", cut, image}), 4, cut);
  check_refused(run("vit_inspect", {cut}), 4, cut);
  check_refused(run("vit_infer", {"-m", golden("timm_vit") / "model.safetensors", image}), 4,
                "vit_convert");
}

TEST_CASE("a tensor of another shape than the network's ends with 4 and names both") {
  const TempFolder temp;
  const Weights other = read_safetensors(golden("timm_vit_oblong") / "expected.safetensors");
  const std::string input = (temp.path() / "in.npy").string();
  write_npy(input, other.at("input"), Overwrite::kNo);
  check_refused(run("vit_infer", {"-m", make_model(temp), "--tensor", input}), 4,
                "[2, 3, 16, 24] is not [N, 3, 16, 16]");
}

TEST_CASE("data that differ from their checksum end with 5, and so does an unknown format") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  CHECK(run("vit_inspect", {model, "--verify"}).code == 0);
  std::string bytes = contents_of(model);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  const std::string flipped = temp.file("flipped.safetensors", bytes);
  check_refused(run("vit_inspect", {flipped, "--verify"}), 5, flipped);

  Weights weights = read_safetensors(model);
  std::string& info = weights.metadata.at("vitq");
  info.replace(info.find("\"format\":6"), 10, "\"format\":9");
  const fs::path later = temp.path() / "later.safetensors";
  write_safetensors(later, weights, Overwrite::kNo);
  check_refused(run("vit_infer", {"-m", later, write_image(temp, "a.png", 0)}), 5, "format 9");
  check_refused(run("vit_inspect", {later}), 5, "format 9");
}

TEST_CASE("an existing output is refused with 3 and unchanged, and replaced with --force") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 0);
  const std::string there = temp.file("there", "precious");
  const std::string source = golden("hf_vit").string();
  check_refused(run("vit_convert", {source, "-o", there}), 3, "--force");
  check_refused(run("vit_infer", {"-m", model, image, "-o", there}), 3, "--force");
  CHECK(contents_of(there) == "precious");
  CHECK(run("vit_convert", {source, "-o", there, "--force"}).code == 0);
  CHECK(contents_of(there) == contents_of(model));
  CHECK(run("vit_infer", {"-m", model, image, "-o", there, "--force"}).code == 0);
  CHECK(contents_of(there).starts_with(image));
}

TEST_CASE("all missing, unexpected and misshaped tensors are named in one message") {
  const TempFolder temp;
  const std::string out = (temp.path() / "out.safetensors").string();
  const Result result = run("vit_convert", {broken_checkpoint(temp), "-o", out});
  check_refused(result, 4, "blocks.1.attn.proj.bias");
  CHECK(result.err.find("blocks.0.mlp.fc2.bias") != std::string::npos);
  CHECK(result.err.find("blocks.0.gamma") != std::string::npos);
  CHECK(result.err.find("[7]") != std::string::npos);
  CHECK(!fs::exists(out));
}

TEST_CASE("preprocessing and labels that do not fit the network are refused") {
  const TempFolder temp;
  const std::string out = (temp.path() / "out.safetensors").string();
  const std::string source = golden("hf_vit");
  const std::string wide = temp.file("wide.json", R"({"size": {"height": 16, "width": 20}})");
  check_refused(run("vit_convert", {source, "-o", out, "--preprocessor", wide}), 4,
                "20 x 16, but the network takes 16 x 16");
  const std::string eleven = temp.file("labels.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n");
  const std::string message = "11 lines from 'a' to 'k', but the network has 10 classes";
  check_refused(run("vit_convert", {source, "-o", out, "--labels", eleven}), 4, message);
  check_refused(run("vit_convert", {source, "-o", out, "--labels", temp.path()}), 3,
                temp.path().string());
  CHECK(!fs::exists(out));
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 0);
  check_refused(run("vit_infer", {"-m", model, image, "--labels", eleven}), 4, message);
  check_refused(run("vit_eval", {model, "--images", temp.path(), "--classes", eleven}), 4, message);
}

TEST_CASE("what cannot be written leaves nothing behind") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 0);
  const std::ptrdiff_t before = temp.entries();
  const std::string nowhere = (temp.path() / "no" / "such" / "file").string();
  check_refused(run("vit_convert", {golden("hf_vit"), "-o", nowhere}), 3, nowhere);
  check_refused(run("vit_infer", {"-m", model, image, "-o", nowhere}), 3, nowhere);
  const std::string gone = (temp.path() / "gone.png").string();
  const std::string answers = (temp.path() / "answers.csv").string();
  check_refused(run("vit_infer", {"-m", model, image, gone, "-o", answers}), 3, gone);
  CHECK(temp.entries() == before);
}

TEST_CASE("a standard output that cannot be written ends with 3") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string line = VITQ_EMULATOR " " + quoted(VITQ_PROGRAMS "/vit_inspect") + " " +
                           quoted(model) + " >/dev/full 2>/dev/null";
  CHECK(WEXITSTATUS(std::system(line.c_str())) == 3);
}

TEST_CASE("options that would say nothing are refused") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  fs::create_directories(temp.path() / "two");
  write_image(temp, "two/a.png", 0);
  write_image(temp, "two/b.png", 1);
  const std::string two = (temp.path() / "two").string();
  const std::string map = (temp.path() / "map.png").string();
  check_refused(run("vit_infer", {"-m", model, two, "--attention", map}), 2, "one image, not 2");
  check_refused(run("vit_infer", {"-m", model, two, "--head", "1"}), 2, "--attention draws");
  check_refused(run("vit_infer", {"-m", model, "--tensor", "x.npy", "--timing"}), 2, "--tensor");
  check_refused(run("vit_infer", {"-m", model, two, "--threshold", "nan"}), 2,
                "'nan' is no number");
  check_refused(run("vit_inspect", {model, "--verify", "--compare", model, two}), 2, "--verify");
  check_refused(run("vit_inspect", {"model.safetensors.index.json", "--verify"}), 2, "--verify");
  CHECK(!fs::exists(map));
}

TEST_CASE("a model file is no checkpoint") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  check_refused(run("vit_convert", {model, "-o", (temp.path() / "again").string()}), 4,
                "is a model file already");
}

TEST_CASE("names that no file can have end with 3") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  check_refused(run("vit_infer", {"-m", model, std::string(5000, 'x')}), 3, "");
  check_refused(run("vit_infer", {"-m", std::string(5000, 'x'), "photo.jpg"}), 3, "");
}

TEST_CASE("options of the other task are refused") {
  const TempFolder temp;
  const std::string image = write_image(temp, "a.png", 0);
  const std::string detector = make_model(temp, "hf_detr");
  check_refused(run("vit_infer", {"-m", detector, image, "-k", "3"}), 2, "-k is for classifiers");
  const std::string classifier = make_model(temp);
  check_refused(run("vit_infer", {"-m", classifier, image, "--threshold", "0.5"}), 2,
                "--threshold is for detectors");
  check_refused(run("vit_infer", {"-m", classifier, image, "-f", "coco"}), 2,
                "--format coco is for detectors");
  check_refused(run("vit_infer", {"-m", detector, image, "-f", "coco", "--threshold", "0"}), 2,
                "number");
  const auto judged = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--images", temp.path().string()});
    return run("vit_eval", arguments);
  };
  check_refused(judged({detector}), 2, "--coco FILE counts");
  check_refused(judged({detector, "--against", detector, "--knn", "2"}), 2, "--knn is not for");
  check_refused(judged({detector, "--against", classifier}), 4, "does not detect");
  check_refused(judged({classifier, "--against", detector}), 4, "does not classify");
  fs::create_directories(temp.path() / "empty");
  check_refused(run("vit_eval", {detector, "--against", detector, "--images",
                                 (temp.path() / "empty").string()}),
                3, "found no .jpg");
}
