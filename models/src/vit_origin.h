// SPDX-License-Identifier: Apache-2.0
// What the config.json of a vision transformer says that no tensor shows. transformers writes its
// classes' arguments. timm names an architecture, of which its code knows the arguments.
#pragma once

#include <optional>
#include <string>

#include "vit.h"
#include "vitq/resample.h"

namespace vitq {

struct VitOrigin {
  bool transformers = false;  // else timm or Facebook
  std::string name;           // model_type or architecture, or empty
  Json keys;                  // the object that states sizes, such as CLIP's vision_config

  std::optional<ImageSize> image = {};
  std::optional<std::int64_t> heads = {};
  std::optional<std::int64_t> registers = {};
  float eps = 1e-6F;
  Act act = Act::kGelu;
  std::optional<VitConfig::Pool> pool = {};  // of a network without classes, or of timm
  bool no_norm = false;                      // no last norm
  bool classifier = false;                   // it is said to have one
  bool projection = false;                   // and so is a projection
  Resampling resampling = Resampling::kAntialiased;

  bool is(std::string_view type) const { return transformers && name == type; }
  bool named(std::string_view part) const { return name.find(part) != std::string::npos; }
};

// Throws UnsupportedError for an activation or an architecture that is none of ours.
VitOrigin vit_origin(const Json& source);

// Whether this is the name of a network that a VitConfig describes.
bool is_timm_vit(std::string_view architecture);
bool is_transformers_vit(std::string_view model_type);

}  // namespace vitq
