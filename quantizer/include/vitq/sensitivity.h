// SPDX-License-Identifier: Apache-2.0
// What fewer bits do to the network's answers: the losses that an assignment of bits
// (vitq/pareto.h) adds up. The measured loss is that of Network::loss between the answers of the
// float network and those of a network with one quantized group of layers. It is measured on images
// that nothing was calibrated on. The paper's score (Liu et al., NeurIPS 2021, section 3.4) is the
// alternative.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vitq/quantizer.h"

namespace vitq {

// Which layers share a choice of bits.
enum class Grain : std::uint8_t {
  kLayer,   // each layer chooses for itself; attentions are left to the options
  kModule,  // all layers and attentions between two sums of the residual stream choose together
};

// Stands for a layer that stays in float.
constexpr int kFloatBits = 32;

// One choice of bits.
struct Candidate {
  int weights = kFloatBits;
  // 0 with Grain::kLayer: as many as the options say; with Grain::kModule: as many as `weights`.
  int activations = 0;

  friend bool operator==(const Candidate&, const Candidate&) = default;
  // Orders by the bits of weights, then by those of activations.
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return std::pair(a.weights, a.activations) < std::pair(b.weights, b.activations);
  }
};

// What is searched, and which loss counts.
struct SearchSpace {
  Grain grain = Grain::kLayer;
  // All are different and have kMinBits to kMaxBits, with the bits of weights rising; kFloatBits
  // may follow as the last one.
  std::vector<Candidate> bits = {{4}, {5}, {6}, {7}, {8}};
  std::string score = "measured";  // one of score_names()
  bool timed = false;              // whether to measure how long layers take, too

  // Whether losses are those of the answers, and no other score.
  bool measures_loss() const { return score == SearchSpace{}.score; }
};

std::vector<std::string_view> score_names();

// What one choice of bits costs.
struct BitsLoss {
  std::optional<Bits> bits;  // none: float
  std::int64_t bytes = 0;    // in the file
  double loss = 0.0;
  std::int64_t nanoseconds = 0;  // for one image on one thread; 0 if it was not timed
};
// The bits of the weights; kFloatBits for float.
int bits_of(const BitsLoss& choice);
// The bits of weights and activations that a candidate means; none for float.
std::optional<Bits> bits_of(const Candidate& candidate, const QuantizeOptions& options,
                            Grain grain);

struct Sensitivities {
  // Layers and attentions that share a choice.
  struct Group {
    std::string name;
    std::vector<std::string> layers;  // names of layers and attentions
    std::int64_t weights = 0;         // elements
    std::vector<BitsLoss> choices;    // their loss is that of this group alone, all else in float
  };

  std::vector<Group> groups;  // whose bits are free, in the order of the graph
  // All groups have the same choice. The loss is that of the whole network, and the bytes are those
  // of the groups.
  std::vector<BitsLoss> uniform;
  std::int64_t rest_bytes = 0;  // the rest of the file: other tensors, the header and the scheme
  std::int64_t rest_nanoseconds = 0;  // of all other steps
  std::string cpu;                    // on which the times were measured; empty without times
  TokenWeightsFound token_weights;    // of the images that were quantized with

  Json to_json() const;
  // Throws FileError for what to_json() does not write.
  static Sensitivities from_json(const Json& json);
};

// The CPU that this runs on, and the instruction set in use. Times of another CPU do not hold here.
std::string this_cpu();

// Measures the groups of layers that none of the options' rules names. The network is quantized
// once for each candidate, on at most 32 of the images; as many others judge the answers. The
// options' bits of weights are ignored. Throws UnsupportedError for fewer than two images, for a
// score that does not exist, and if no layer is free.
Sensitivities measure_sensitivities(const Network& network, const CalibrationSet& calibration,
                                    const Recipe& recipe, const QuantizeOptions& options,
                                    const SearchSpace& space);

// Takes the scatter out of measured losses, which a search would take for gains. Noise of rounding
// falls fourfold with each bit. So a group whose weights have w bits and activations a loses
//   p 4^-w + q 4^-a,  p, q >= 0.
// Its p and q fit all its measured losses, by least squares of relative errors. Then all groups'
// losses of one choice are scaled alike, so that they add up to what was measured. Float loses
// nothing.
void fit_losses(Sensitivities& found);

// The loss that the judging images find when the network is quantized with these
// options on the other images: comparable with Sensitivities::uniform. Options that have the token
// weights found there save the time to measure them.
double judged_loss(const Network& network, const CalibrationSet& calibration, const Recipe& recipe,
                   QuantizeOptions options);

}  // namespace vitq
