// SPDX-License-Identifier: Apache-2.0
// What bits do to the network's answers: the losses that an assignment of bits (vitq/pareto.h) adds
// up. Measured: the KL divergence between the answers of the float network and of one with a
// quantized group of layers, on images that nothing was calibrated on. Or the paper's score.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vitq/quantizer.h"

namespace vitq {

// Which layers share a choice of bits.
enum class Grain : std::uint8_t {
  kLayer,   // each for itself; attentions are left to the options
  kModule,  // all between two sums of the residual stream
};

constexpr int kFloatBits = 32;

// Bits to choose.
struct Candidate {
  int weights = kFloatBits;
  int activations = 0;  // 0: as many as the options say; of a module as many as of the weights

  friend bool operator==(const Candidate&, const Candidate&) = default;
  // By the bits of weights, then of activations.
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return std::pair(a.weights, a.activations) < std::pair(b.weights, b.activations);
  }
};

// What is searched, and by which losses.
struct SearchSpace {
  Grain grain = Grain::kLayer;
  // All different, of 2 to 8 bits, those of weights rising; then perhaps kFloatBits.
  std::vector<Candidate> bits = {{4}, {5}, {6}, {7}, {8}};
  std::string score = "measured";
  bool timed = false;  // whether to measure how long layers take, too
};

// The names of the losses there are.
std::vector<std::string_view> score_names();

struct BitsLoss {
  std::optional<Bits> bits;  // none: float
  std::int64_t bytes = 0;    // that lie in the file
  double loss = 0.0;
  std::int64_t nanoseconds = 0;  // for one image on one thread, if it was timed
};
// Of the weights.
int bits_of(const BitsLoss& choice);
// Of both operands; none: float.
std::optional<Bits> bits_of(const Candidate& candidate, const QuantizeOptions& options,
                            Grain grain);

struct Sensitivities {
  struct Group {
    std::string name;
    std::vector<std::string> layers;  // and attentions
    std::int64_t weights = 0;         // elements
    std::vector<BitsLoss> choices;    // loss: with only this group quantized, all others in float
  };

  std::vector<Group> groups;      // whose bits are free, in the order of the graph
  std::vector<BitsLoss> uniform;  // loss: the KL of the whole network; bytes: of these groups
  std::int64_t rest_bytes = 0;    // of the rest of a file: other tensors, the header, the scheme
  std::int64_t rest_nanoseconds = 0;  // of all other steps
  std::string cpu;                    // whose times these are; empty if nothing was timed
  TokenWeightsFound token_weights;    // of the images that were quantized with

  Json to_json() const;
  // Throws FileError for what to_json() does not write.
  static Sensitivities from_json(const Json& json);
};

// The CPU this runs on and the instruction set in use: times of another are no times of this one.
std::string this_cpu();

// Of the layers that none of the options' rules names; the options' bits of weights do not count.
// Quantizes the network once for each candidate, on at most 32 of the images; as many others
// judge. Throws UnsupportedError if there is only one image, no such layer or no such score.
Sensitivities measure_sensitivities(const Network& network, const CalibrationSet& calibration,
                                    const Recipe& recipe, const QuantizeOptions& options,
                                    const SearchSpace& space);

// The KL that the judging images find when the network is quantized by these options on the other
// ones: comparable with Sensitivities::uniform. Takes less time with the row weights found there.
double judged_kl(const Network& network, const CalibrationSet& calibration, const Recipe& recipe,
                 QuantizeOptions options);

}  // namespace vitq
