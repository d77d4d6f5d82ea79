// SPDX-License-Identifier: Apache-2.0
// `tier_digests fast` or `tier_digests reference` runs the networks of the tree on codes, on images
// of the tree. It prints for each a name and the digest (XXH3) of all bytes of its outputs. The
// environment says which tier they run on, so this is a program: a process has one tier for life.
// What it prints on any CPU is in tests/golden/digests.txt.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/safetensors.h"
#include "support/naive_scheme.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/model.h"

namespace {

using namespace vitq;
namespace fs = std::filesystem;

const fs::path kTree = fs::path(VITQ_TEST_FILES).parent_path();

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Photographs, whose decoding and resizing count as well.
std::vector<Image> samples() {
  std::vector<Image> images;
  for (const fs::path& path : sorted_entries(kTree / "docs" / "images" / "samples")) {
    images.push_back(read_image(path, Exif::kApply));
  }
  return images;
}

class Digests {
 public:
  explicit Digests(Backend backend) : backend_(backend) {}

  // The network of a file, on so many photographs.
  void print(const std::string& name, const fs::path& file, std::size_t count = 1) const {
    const Model model =
        Model::load(file, {.session = {.threads = 2, .backend = backend_}, .lower = {}});
    safetensors::Checksum checksum;
    for (const Image& image : std::span(images_).first(count)) {
      for (const Tensor& output : model.run(model.prepare({&image, 1}))) {
        checksum.add({output.data(), output.bytes()});
      }
    }
    std::cout << name << ' ' << checksum.hex() << '\n';
  }

  // The network of a checkpoint, quantized, on one of them.
  void print(const fs::path& checkpoint, int bits) const {
    print_quantized(checkpoint.filename().string() + " W" + std::to_string(bits), checkpoint, bits,
                    {});
  }

  // The same with other bits of activations, too.
  void print(const fs::path& checkpoint, int bits, const QParams& activation) const {
    print_quantized(checkpoint.filename().string() + " W" + std::to_string(bits) + "A" +
                        std::to_string(activation.bits),
                    checkpoint, bits, activation);
  }

  // The same with few bits of activations: rows are clipped, but for those of output tokens.
  void print_few_bits(const fs::path& checkpoint) const {
    QParams activation;
    activation.bits = 4;
    activation.output_token_bits = 8;
    activation.clip = {0.03125F, 0.125F};
    print_quantized(checkpoint.filename().string() + " W4A4", checkpoint, 4, activation);
  }

 private:
  void print_quantized(const std::string& name, const fs::path& checkpoint, int bits,
                       const QParams& activation) const {
    const test::TempFolder temp;
    const fs::path plain = temp.path() / "float.safetensors";
    const fs::path quantized = temp.path() / "codes.safetensors";
    const Converted source = convert(checkpoint, {});
    write_safetensors(plain, source.weights, Overwrite::kNo);
    const Model model = Model::load(plain);
    write_safetensors(
        quantized,
        test::naive_quantized(source.weights, model.graph(), source.info, bits, activation),
        Overwrite::kNo);
    print(name, quantized);
  }

  Backend backend_;
  std::vector<Image> images_ = samples();
};

void print_all(Backend backend) {
  const Digests digests(backend);
  const fs::path pretrained = kTree / "models" / "pretrained";
  digests.print("default", pretrained / "vit-cifar10" / "int8.safetensors", 3);
  for (const int bits : {8, 7, 6, 4}) digests.print(pretrained / "vit-cifar10", bits);
  digests.print_few_bits(pretrained / "vit-cifar10");
  // Products of digits: of one operand, of the other, and of both.
  digests.print(pretrained / "vit-cifar10", 8, {.bits = 12});
  digests.print(pretrained / "vit-cifar10", 12, {});
  digests.print(pretrained / "vit-cifar10", 14, {.bits = 10, .output_token_bits = 16});
  digests.print(pretrained / "vit-cifar10", 16, {.bits = 16});
  digests.print(pretrained / "detr-small", 8);
  digests.print(pretrained / "detr-small", 10, {.bits = 12});
  for (const fs::path& golden : sorted_entries(kTree / "tests" / "golden" / "models")) {
    // Others do not say what they are.
    if (fs::exists(golden / "config.json")) digests.print(golden, 8);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    print_all(std::string_view(argv[1]) == "reference" ? Backend::kReference : Backend::kFast);
  } catch (const std::exception& error) {
    std::cerr << "tier_digests: error: " << error.what() << '\n';
    return 1;
  }
  return std::cout.flush() ? 0 : 1;
}
