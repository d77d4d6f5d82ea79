// SPDX-License-Identifier: Apache-2.0
// What the bits of each layer do to the network's answers: the losses that an assignment of bits
// (vitq/pareto.h) adds up. Measured, not modelled: the KL divergence between the answers of the
// float network and of one with a quantized layer, on images that nothing was calibrated on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vitq/quantizer.h"

namespace vitq {

// Compares networks with the float one on some images.
class Judge {
 public:
  // Keeps the images and the float network's answers. The network has to outlive it.
  Judge(const Network& network, const CalibrationSet& images);
  ~Judge();

  // KL(softmax(float) || softmax(other)) over the last axis of the first output in nats, the mean
  // over its rows and the images. Runs on one thread; may be called by several.
  double kl(const Weights& weights, const Scheme& scheme) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

struct BitsLoss {
  int bits = 0;            // of the weights
  std::int64_t bytes = 0;  // that lie in the file
  double kl = 0.0;
};

struct Sensitivities {
  struct Layer {
    std::string name;
    std::int64_t weights = 0;       // elements
    std::vector<BitsLoss> choices;  // kl: with only this layer quantized, all others in float
  };

  std::vector<Layer> layers;      // whose bits are free, in the order of the graph
  std::vector<BitsLoss> uniform;  // kl: of the whole network; bytes: of these layers
  std::int64_t rest_bytes = 0;    // of the rest of a file: other tensors, the header, the scheme

  Json to_json() const;
  // Throws FileError for what to_json() does not write.
  static Sensitivities from_json(const Json& json);
};

// Of the layers that none of the options' rules names, at 4 to 8 bits; the options' bits of weights
// do not count. Quantizes the network once for each number of bits, on at most 32 of the images;
// as many others judge. Throws UnsupportedError if there is only one image, or no such layer.
Sensitivities measure_sensitivities(const Network& network, const CalibrationSet& calibration,
                                    const Recipe& recipe, const QuantizeOptions& options);

// The KL that the judging images find when the network is quantized by these options on the other
// ones: comparable with Sensitivities::uniform.
double judged_kl(const Network& network, const CalibrationSet& calibration, const Recipe& recipe,
                 const QuantizeOptions& options);

}  // namespace vitq
