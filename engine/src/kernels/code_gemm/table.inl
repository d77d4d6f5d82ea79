// SPDX-License-Identifier: Apache-2.0
// The tiles of gemm.inl on codes of 8 bits. The namespace has defined kName.

static constexpr CodeGemm kGemm = {
    .name = kName,
    .a_bytes = a_bytes,
    .b_bytes = b_bytes,
    .multiply = multiply,
    .pack_a_row = pack_a_row<std::uint8_t>,
    .pack_b_column = pack_b_column<std::int8_t>,
    .pack_b_row = pack_b_row<std::int8_t>,
};

const CodeGemm& table() {
  return kGemm;
}
