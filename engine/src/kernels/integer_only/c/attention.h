// SPDX-License-Identifier: Apache-2.0
// Attention on codes, head by head: the product of queries and keys, the softmax and the product
// with the values.
#ifndef VITQ_ATTENTION_H
#define VITQ_ATTENTION_H

#include "kernels/integer_only/c/linear.h"

static inline struct VitqColumns vitq_columns_in(const int32_t* memory, ptrdiff_t n) {
  const struct VitqColumns columns = {memory, memory + n, memory + 2 * n, memory + 3 * n};
  return columns;
}
static inline int32_t* vitq_head_row(VitqByte* const* buffers, struct VitqView view,
                                     const int32_t* strides, const struct VitqHead* head,
                                     int32_t token) {
  return vitq_values_at(buffers, view) + head->image * strides[0] + head->head * strides[1] +
         token * strides[2];
}
static inline const int32_t* vitq_of_head(const struct VitqAttention* s, VitqByte* const* buffers,
                                          struct VitqView view, const struct VitqHead* head) {
  return vitq_is(view) ? vitq_values_at(buffers, view) + head->head * s->channels : NULL;
}

// Key j: its codes, and the column that turns sums into scores.
static inline void vitq_code_key(const struct VitqAttention* s, VitqByte* const* buffers,
                                 const struct VitqHead* head, int32_t j, int8_t* codes) {
  const int32_t* score = vitq_of_head(s, buffers, s->q_score, head);
  vitq_smooth(vitq_head_row(buffers, s->k, s->k_strides, head, j),
              vitq_of_head(s, buffers, s->k_offset, head),
              vitq_of_head(s, buffers, s->k_factor, head), s->channels, head->row);
  const struct VitqRow row =
      vitq_encode_signed(head->row, s->channels, vitq_bits_of(&s->k_bits, j), codes);
  int32_t* column = head->key_columns + j;
  vitq_set_column((uint64_t)row.scale * (uint64_t)s->multiplier,
                  row.exponent - s->shift - kVitqFraction, column, column + s->keys);
  int32_t sum = 0;
  int64_t added = 0;
  for (int32_t c = 0; c < s->channels; ++c) {
    sum += codes[c];
    added += (int64_t)score[c] * codes[c];
  }
  column[2 * s->keys] = sum;
  // The lowest 8 bits of the sum are far below what a score's code can tell.
  const int32_t shift = vitq_max(vitq_min(column[s->keys] - 8, 62), 1);
  column[3 * s->keys] = vitq_times(vitq_narrow(added >> 8), column[0], shift);
}

static inline struct VitqRow vitq_code_query(const struct VitqAttention* s,
                                             VitqByte* const* buffers, const struct VitqHead* head,
                                             int32_t i, uint8_t* codes) {
  vitq_smooth(vitq_head_row(buffers, s->q, s->q_strides, head, i),
              vitq_of_head(s, buffers, s->q_offset, head),
              vitq_of_head(s, buffers, s->q_factor, head), s->channels, head->row);
  return vitq_encode(head->row, s->channels, vitq_bits_of(&s->q_bits, i), codes);
}

// From sums with all keys to codes of the softmax.
static inline struct VitqRow vitq_code_scores(const struct VitqAttention* s,
                                              VitqByte* const* buffers, const struct VitqHead* head,
                                              const struct VitqSums* sums, uint8_t* codes) {
  vitq_finish(sums->sums, vitq_columns_in(head->key_columns, s->keys), sums->codes, s->keys,
              head->row);
  if (vitq_is(s->hidden)) {
    const int32_t* hidden = vitq_values_at(buffers, s->hidden) + head->image * s->hidden_stride;
    vitq_add_rows(head->row, hidden, s->keys, head->row);
  }
  return vitq_softmax(head->row, s->keys, vitq_bits_of(&s->p_bits, sums->row), codes);
}

static inline int vitq_is_hidden(const struct VitqAttention* s, VitqByte* const* buffers,
                                 const struct VitqHead* head, int32_t j) {
  if (!vitq_is(s->hidden)) return 0;
  return vitq_values_at(buffers, s->hidden)[head->image * s->hidden_stride + j] != 0;
}

// Means of all channels of the values over the keys that are no padding.
static inline void vitq_find_means(const struct VitqAttention* s, VitqByte* const* buffers,
                                   const struct VitqHead* head, int32_t* means) {
  int32_t count = 0;
  for (int32_t c = 0; c < s->values; ++c) head->sums[c] = 0;
  for (int32_t j = 0; j < s->keys; ++j) {
    if (vitq_is_hidden(s, buffers, head, j)) continue;
    const int32_t* v = vitq_head_row(buffers, s->v, s->v_strides, head, j);
    for (int32_t c = 0; c < s->values; ++c) head->sums[c] += v[c];
    ++count;
  }
  for (int32_t c = 0; c < s->values; ++c) means[c] = vitq_mean(head->sums[c], vitq_max(count, 1));
}

// The column and the coder of each channel of the values.
static inline void vitq_find_values(const struct VitqAttention* s, VitqByte* const* buffers,
                                    const struct VitqHead* head) {
  const int32_t n = s->values;
  int32_t* column = head->value_columns;
  int32_t* means = column + 3 * n;
  int32_t* most = head->row;
  vitq_find_means(s, buffers, head, means);
  for (int32_t c = 0; c < n; ++c) most[c] = 1;
  for (int32_t j = 0; j < s->keys; ++j) {
    if (vitq_is_hidden(s, buffers, head, j)) continue;
    const int32_t* v = vitq_head_row(buffers, s->v, s->v_strides, head, j);
    for (int32_t c = 0; c < n; ++c) {
      most[c] = vitq_max(most[c], vitq_max(v[c] - means[c], means[c] - v[c]));
    }
  }
  for (int32_t c = 0; c < n; ++c) {
    const struct VitqRow row = vitq_row_of((uint32_t)most[c], s->v_bits);
    vitq_set_column((uint64_t)row.scale, row.exponent, column + c, column + n + c);
    column[2 * n + c] = 0;
    head->coders[c] = vitq_coder_of(row, s->v_bits);
  }
}

// Codes of value j. Nothing of what is hidden comes through.
static inline void vitq_code_value(const struct VitqAttention* s, VitqByte* const* buffers,
                                   const struct VitqHead* head, int32_t j, int8_t* codes) {
  const int32_t* v = vitq_head_row(buffers, s->v, s->v_strides, head, j);
  const int32_t* means = head->value_columns + 3 * s->values;
  const int hidden = vitq_is_hidden(s, buffers, head, j);
  for (int32_t c = 0; c < s->values; ++c) {
    codes[c] = (int8_t)(hidden ? 0 : vitq_part(v[c] - means[c], head->coders[c], 0));
  }
}

static inline void vitq_put_attended(const struct VitqAttention* s, VitqByte* const* buffers,
                                     const struct VitqHead* head, const struct VitqSums* sums) {
  vitq_finish(sums->sums, vitq_columns_in(head->value_columns, s->values), sums->codes, s->values,
              vitq_head_row(buffers, s->y, s->y_strides, head, sums->row));
}

// Sums of a query's codes with all keys', and of a softmax's codes with all values'.
static inline void vitq_mix(const uint8_t* p, const int8_t* v, int32_t keys, int32_t n,
                            int32_t* sums) {
  for (int32_t c = 0; c < n; ++c) sums[c] = 0;
  for (int32_t j = 0; j < keys; ++j, v += n) {
    for (int32_t c = 0; c < n; ++c) sums[c] += (int32_t)p[j] * v[c];
  }
}

// Parts of the memory of vitq_run_attention, in bytes from its beginning, which is aligned to 8.
struct VitqAttentionRoom {
  ptrdiff_t key_columns, value_columns, coders, row, sums32, k_codes, v_codes, codes, bytes;
};
static inline struct VitqAttentionRoom vitq_room_of_attention(const struct VitqAttention* s) {
  struct VitqAttentionRoom room;
  const ptrdiff_t keys = s->keys;
  const ptrdiff_t longest = vitq_max(vitq_max(s->keys, s->channels), s->values);
  room.key_columns = 8 * (ptrdiff_t)s->values;
  room.value_columns = room.key_columns + 16 * keys;
  room.coders = room.value_columns + 16 * (ptrdiff_t)s->values;
  room.row = room.coders + (ptrdiff_t)sizeof(struct VitqCoder) * s->values;
  room.sums32 = room.row + 4 * longest;
  room.k_codes = room.sums32 + 4 * longest;
  room.v_codes = room.k_codes + keys * s->channels;
  room.codes = room.v_codes + keys * s->values;
  room.bytes = room.codes + longest;
  return room;
}

static inline struct VitqHead vitq_head_in(const struct VitqAttention* s, int32_t index,
                                           VitqByte* memory) {
  const struct VitqAttentionRoom room = vitq_room_of_attention(s);
  const struct VitqHead head = {index / s->heads,
                                index % s->heads,
                                (int64_t*)(void*)memory,
                                (int32_t*)(void*)(memory + room.key_columns),
                                (int32_t*)(void*)(memory + room.value_columns),
                                (struct VitqCoder*)(void*)(memory + room.coders),
                                (int32_t*)(void*)(memory + room.row)};
  return head;
}

// Heads [begin, end) of all images.
static inline void vitq_run_attention(const struct VitqAttention* s, VitqByte* const* buffers,
                                      int32_t begin, int32_t end, VitqByte* memory) {
  const struct VitqAttentionRoom room = vitq_room_of_attention(s);
  int32_t* sums = (int32_t*)(void*)(memory + room.sums32);
  int8_t* k = (int8_t*)(void*)(memory + room.k_codes);
  int8_t* v = (int8_t*)(void*)(memory + room.v_codes);
  uint8_t* codes = (uint8_t*)(void*)(memory + room.codes);
  for (int32_t index = begin; index < end; ++index) {
    const struct VitqHead head = vitq_head_in(s, index, memory);
    vitq_find_values(s, buffers, &head);
    for (int32_t j = 0; j < s->keys; ++j) {
      vitq_code_key(s, buffers, &head, j, k + j * s->channels);
      vitq_code_value(s, buffers, &head, j, v + j * s->values);
    }
    for (int32_t i = 0; i < s->queries; ++i) {
      struct VitqSums result = {sums, vitq_code_query(s, buffers, &head, i, codes), i};
      vitq_product(codes, k, s->keys, s->channels, sums);
      result.codes = vitq_code_scores(s, buffers, &head, &result, codes);
      vitq_mix(codes, v, s->keys, s->values, sums);
      vitq_put_attended(s, buffers, &head, &result);
    }
  }
}

#endif
