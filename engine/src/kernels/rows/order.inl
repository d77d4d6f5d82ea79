// SPDX-License-Identifier: Apache-2.0
// The greater and the lesser of two, as x86's maxps and minps have them. It is a part of a tier, as
// rows.inl is. Of a positive and a negative zero tiers may take another one: no result tells them
// apart.

using Part = float __attribute__((vector_size(4 * kVector)));

static inline float greater(float a, float b) {
  return a > b ? a : b;
}
static inline float lesser(float a, float b) {
  return a < b ? a : b;
}
static inline Part greater_part(Part a, Part b) {
  return a > b ? a : b;
}
static inline Part lesser_part(Part a, Part b) {
  return a < b ? a : b;
}
