// SPDX-License-Identifier: Apache-2.0
#include "generated_images.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace vitq {
namespace {

using Color = std::array<float, 3>;

// Numbers that are the same everywhere; those of <random>'s distributions are not.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : random_(seed) {}
  float uniform(float min, float max) {
    constexpr float kSteps = 1 << 24;
    return min + (max - min) * (static_cast<float>(random_() >> 40) / kSteps);
  }
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  // About normal, of deviation 1: three uniform numbers.
  float bell() {
    float sum = uniform(-1.0F, 1.0F);
    sum += uniform(-1.0F, 1.0F);
    sum += uniform(-1.0F, 1.0F);
    return sum;
  }

 private:
  std::mt19937_64 random_;
};

// Light, and two differences of colors that vary less.
Color color_of(float light, float blue_yellow, float red_green) {
  return {light + blue_yellow * 0.35F + red_green * 0.3F, light - red_green * 0.4F,
          light - blue_yellow * 0.35F + red_green * 0.2F};
}

// A rough surface: noise of every octave, stronger where it is coarser.
class Surface {
 public:
  Surface(int width, int height, Numbers& numbers) : width_(width) {
    values_.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 0.0F);
    const float fading = numbers.uniform(0.5F, 0.8F);
    float strength = 0.5F;
    for (int cell = std::max(width, height) / 2; cell >= 1; cell /= 2, strength *= fading) {
      add_octave(height, cell, strength, numbers);
    }
  }
  float at(int x, int y) const { return values_[index(x, y)]; }

 private:
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) +
           static_cast<std::size_t>(x);
  }
  void add_octave(int height, int cell, float strength, Numbers& numbers) {
    const int across = width_ / cell + 2;
    const int down = height / cell + 2;
    std::vector<float> grid(static_cast<std::size_t>(across) * static_cast<std::size_t>(down));
    for (float& v : grid) v = strength * numbers.bell();
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width_; ++x) {
        const float fx = static_cast<float>(x % cell) / static_cast<float>(cell);
        const float fy = static_cast<float>(y % cell) / static_cast<float>(cell);
        const float* corner = grid.data() + (y / cell) * across + x / cell;
        const float above = corner[0] + fx * (corner[1] - corner[0]);
        const float below = corner[across] + fx * (corner[across + 1] - corner[across]);
        values_[index(x, y)] += above + fy * (below - above);
      }
    }
  }

  int width_;
  std::vector<float> values_;
};

// A disc, or a rectangle that is turned by any angle.
struct Leaf {
  float x, y, radius;
  bool disc;
  float along_x, along_y, narrowness;  // of a rectangle: a direction, and its width by its length
  Color color;
  float roughness;

  bool covers(float px, float py) const {
    const float dx = px - x;
    const float dy = py - y;
    if (disc) return dx * dx + dy * dy < radius * radius;
    const float along = dx * along_x + dy * along_y;
    const float across = dy * along_x - dx * along_y;
    return std::abs(along) < radius && std::abs(across) < radius * narrowness;
  }
};

class Painter {
 public:
  Painter(int width, int height, Numbers& numbers)
      : image_(make_image(width, height)),
        numbers_(numbers),
        free_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), true),
        left_(free_.size()) {
    for (int i = 0; i < 3; ++i) surfaces_.emplace_back(width, height, numbers);
  }

  // The leaf on top comes first. The last one lies under everything.
  Image paint() {
    constexpr int kLeaves = 3000;
    for (int i = 0; i < kLeaves && left_ > 0; ++i) draw(leaf());
    Leaf ground = leaf();
    ground.disc = true;
    ground.radius = 4.0F * static_cast<float>(image_.width + image_.height);
    draw(ground);
    return std::move(image_);
  }

 private:
  // Radii of density r^-3, which looks the same at every scale.
  float radius() {
    const float least = 3.0F;
    const float most = 0.7F * static_cast<float>(std::max(image_.width, image_.height));
    const float share = least / most;
    return least / std::sqrt(1.0F - numbers_.uniform(0.0F, 1.0F) * (1.0F - share * share));
  }

  Leaf leaf() {
    Leaf leaf = {};
    leaf.radius = radius();
    leaf.x = numbers_.uniform(-0.2F, 1.2F) * static_cast<float>(image_.width);
    leaf.y = numbers_.uniform(-0.2F, 1.2F) * static_cast<float>(image_.height);
    leaf.disc = numbers_.below(3) == 0;
    const float dx = numbers_.uniform(-1.0F, 1.0F);
    const float dy = numbers_.uniform(-1.0F, 1.0F);
    const float length = std::sqrt(dx * dx + dy * dy) + 1e-6F;
    leaf.along_x = dx / length;
    leaf.along_y = dy / length;
    leaf.narrowness = numbers_.uniform(0.2F, 1.0F);
    const float light = 118.0F + 55.0F * numbers_.bell();
    const float blue_yellow = 45.0F * numbers_.bell();
    const float red_green = 25.0F * numbers_.bell();
    leaf.color = color_of(light, blue_yellow, red_green);
    leaf.roughness = numbers_.uniform(2.0F, 45.0F);
    return leaf;
  }

  void draw(const Leaf& leaf) {
    const Surface& surface = surfaces_[numbers_.below(surfaces_.size())];
    const float reach = leaf.radius * 1.5F;  // holds a square's corners
    const auto edge = [](float v, int end) {
      return static_cast<int>(std::clamp(v, 0.0F, static_cast<float>(end)));
    };
    const int right = edge(leaf.x + reach, image_.width);
    const int bottom = edge(leaf.y + reach, image_.height);
    const int left = edge(leaf.x - reach, image_.width);
    for (int y = edge(leaf.y - reach, image_.height); y < bottom; ++y) {
      for (int x = left; x < right; ++x) color(leaf, x, y, surface.at(x, y));
    }
  }

  // If the leaf covers the pixel, and none before it does.
  void color(const Leaf& leaf, int x, int y, float rough) {
    const auto pixel = static_cast<std::size_t>(y) * static_cast<std::size_t>(image_.width) +
                       static_cast<std::size_t>(x);
    if (!free_[pixel] || !leaf.covers(static_cast<float>(x), static_cast<float>(y))) return;
    free_[pixel] = false;
    --left_;
    for (std::size_t c = 0; c < leaf.color.size(); ++c) {
      const float v = leaf.color[c] + leaf.roughness * rough;
      image_.rgb[pixel * 3 + c] = static_cast<std::uint8_t>(std::clamp(v, 0.0F, 255.0F));
    }
  }

  Image image_;
  Numbers& numbers_;
  std::vector<Surface> surfaces_;
  std::vector<bool> free_;
  std::size_t left_;
};

}  // namespace

Image generated_image(std::size_t index, int width, int height) {
  Numbers numbers(index);
  return Painter(width, height, numbers).paint();
}

}  // namespace vitq
