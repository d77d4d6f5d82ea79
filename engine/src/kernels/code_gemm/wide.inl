// SPDX-License-Identifier: Apache-2.0
// The tiles of gemm.inl on codes of 16 bits, which is how this namespace holds codes. It has
// defined kWideName.

static constexpr WideCodeGemm kWideGemm = {
    .name = kWideName,
    .a_bytes = a_bytes,
    .b_bytes = b_bytes,
    .multiply = multiply,
    .pack_a_row = pack_a_row<std::int16_t>,
    .pack_b_column = pack_b_column<std::int16_t>,
    .pack_b_row = pack_b_row<std::int16_t>,
};

const WideCodeGemm& wide_table() {
  return kWideGemm;
}
