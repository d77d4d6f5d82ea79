// SPDX-License-Identifier: Apache-2.0
// Images and tensors are shown to a network.
#include <limits>

#include "ask.h"
#include "vitq/error.h"
#include "vitq/graph.h"

namespace vitq::c {

namespace {

Image pixels_of(const vitq_image& image) {
  constexpr std::int64_t kChannels = 3;
  const std::int64_t line = kChannels * image.width;
  const std::int64_t apart = image.row_bytes == 0 ? line : image.row_bytes;
  if (image.width < 1 || image.height < 1) {
    throw ArgumentError("image->width x image->height is " + std::to_string(image.width) + " x " +
                        std::to_string(image.height));
  }
  if (apart < line) {
    throw ArgumentError("image->row_bytes is " + std::to_string(apart) +
                        ", less than a row of pixels (" + std::to_string(line) + ")");
  }
  Image result = make_image(image.width, image.height);
  for (int y = 0; y < image.height; ++y) std::copy_n(image.rgb + y * apart, line, result.row(y));
  return result;
}

Image image_of(const vitq_image* given) {
  required(given, "image");
  const vitq_image image = known_part(given, "image");
  const int kinds =
      int{image.path != nullptr} + int{image.bytes != nullptr} + int{image.rgb != nullptr};
  if (kinds != 1) {
    throw ArgumentError("an image has one of path, bytes and rgb, found " + std::to_string(kinds));
  }
  if (image.path != nullptr) return read_image(image.path, Exif::kApply);
  if (image.rgb != nullptr) return pixels_of(image);
  const auto* bytes = static_cast<const std::byte*>(image.bytes);
  return decode_image({bytes, image.byte_count}, "bytes", Exif::kApply);
}

// Borrows the caller's memory for the call.
Tensor tensor_of(const vitq_tensor* given) {
  required(given, "input");
  const vitq_tensor tensor = known_part(given, "input");
  const bool floats = tensor.dtype == VITQ_F32;
  if (!floats && tensor.dtype != VITQ_U8) {
    throw ArgumentError("input->dtype is " + std::to_string(tensor.dtype) +
                        ", expected VITQ_F32 or VITQ_U8");
  }
  if (tensor.rank < 0 || tensor.rank > VITQ_MAX_RANK) {
    throw ArgumentError("input->rank is " + std::to_string(tensor.rank) + ", expected 4");
  }
  const std::span<const std::int64_t> dims(tensor.shape, static_cast<std::size_t>(tensor.rank));
  for (const std::int64_t extent : dims) {
    if (extent < 1) throw ArgumentError("input->shape has the extent " + std::to_string(extent));
  }
  auto* data = static_cast<std::byte*>(const_cast<void*>(tensor.data));  // is only read
  required(data, "input->data");
  const DType dtype = floats ? DType::kF32 : DType::kU8;
  const Shape shape(dims);
  if (reinterpret_cast<std::uintptr_t>(data) % size_of(dtype) == 0) {
    return Tensor::borrow(shape, dtype, data, nullptr);
  }
  Tensor copy(shape, dtype);
  std::memcpy(copy.data(), data, copy.bytes());
  return copy;
}

}  // namespace

}  // namespace vitq::c

vitq_status vitq_prepare(vitq_model model, const vitq_image* images, size_t count,
                         vitq_result* result) {
  return vitq::c::ask(model, result, [&](const vitq::Model& network, vitq::c::Result& found) {
    if (count == 0) throw vitq::c::ArgumentError("count is 0, expected 1 at least");
    vitq::c::required(images, "images");
    // Whatever this library knows of an image, the caller's lie so far apart as they say.
    const auto* bytes = reinterpret_cast<const std::byte*>(images);
    std::vector<vitq::Image> pixels;
    for (size_t i = 0; i < count; ++i) {
      const auto* each = reinterpret_cast<const vitq_image*>(bytes + i * images->size);
      pixels.push_back(network.info().preprocess.pixels(vitq::c::image_of(each)));
    }
    found.add("input", network.input_of(pixels));
  });
}

vitq_status vitq_run(vitq_model model, const vitq_tensor* input, vitq_result* result) {
  return vitq::c::ask(model, result, [&](const vitq::Model& network, vitq::c::Result& found) {
    std::vector<vitq::Tensor> outputs = network.run(vitq::c::tensor_of(input));
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      found.add(network.graph().outputs()[i].name, std::move(outputs[i]));
    }
  });
}

vitq_status vitq_classify(vitq_model model, const vitq_image* image, int64_t k,
                          vitq_result* result) {
  return vitq::c::ask(model, result, [&](const vitq::Model& network, vitq::c::Result& found) {
    if (k < 1) throw vitq::c::ArgumentError("k is " + std::to_string(k) + ", expected 1 at least");
    found.set(network.classify(vitq::c::image_of(image), static_cast<std::size_t>(k)));
  });
}

vitq_status vitq_detect(vitq_model model, const vitq_image* image, float threshold,
                        vitq_result* result) {
  return vitq::c::ask(model, result, [&](const vitq::Model& network, vitq::c::Result& found) {
    if (!(threshold >= 0.0F && threshold <= 1.0F)) {
      throw vitq::c::ArgumentError("threshold is " + std::to_string(threshold) +
                                   ", expected 0 to 1");
    }
    found.set(network.detect(vitq::c::image_of(image), threshold));
  });
}

vitq_status vitq_features(vitq_model model, const vitq_image* image, vitq_result* result) {
  return vitq::c::ask(model, result, [&](const vitq::Model& network, vitq::c::Result& found) {
    vitq::ImageFeatures features = network.features(vitq::c::image_of(image));
    found.add("features", std::move(features.pooled));
    found.add("tokens", std::move(features.tokens));
  });
}
