// SPDX-License-Identifier: Apache-2.0
// The keys that PretrainedConfig of transformers 4 and 5 gives every config.json, and the list of
// all schemas.
#include <array>
#include <map>

#include "schemas.h"
#include "vitq/model_schemas.h"

namespace vitq {
namespace {

using enum ConfigKey::Use;

constexpr std::string_view kBookkeeping = "names files, classes or versions";
constexpr std::string_view kOutputs = "says what is returned, and in which form";
constexpr std::string_view kText = "is for networks that write text";

constexpr std::array kKeys = {
    ConfigKey{"pruned_heads", kFixed, "[{}]", "heads are not pruned on loading"},
    ConfigKey{"quantization_config", kFixed, "[]", "weights that transformers quantized"},
    ConfigKey{"_attn_implementation", kNoEffect, {}, kBookkeeping},
    ConfigKey{"_attn_implementation_autoset", kNoEffect, {}, kBookkeeping},
    ConfigKey{"_commit_hash", kNoEffect, {}, kBookkeeping},
    ConfigKey{"_name_or_path", kNoEffect, {}, kBookkeeping},
    ConfigKey{"_num_labels", kNoEffect, {}, kBookkeeping},
    ConfigKey{"architectures", kNoEffect, {}, kBookkeeping},
    ConfigKey{"attn_implementation", kNoEffect, {}, kBookkeeping},
    ConfigKey{"auto_map", kNoEffect, {}, kBookkeeping},
    ConfigKey{"finetuning_task", kNoEffect, {}, kBookkeeping},
    ConfigKey{"label2id", kNoEffect, {}, kBookkeeping},
    ConfigKey{"name_or_path", kNoEffect, {}, kBookkeeping},
    ConfigKey{"num_labels", kNoEffect, {}, kBookkeeping},
    ConfigKey{"task_specific_params", kNoEffect, {}, kBookkeeping},
    ConfigKey{"tokenizer_class", kNoEffect, {}, kBookkeeping},
    ConfigKey{"transformers.js_config", kNoEffect, {}, kBookkeeping},
    ConfigKey{"transformers_version", kNoEffect, {}, kBookkeeping},
    ConfigKey{"dtype", kNoEffect, {}, kShown},
    ConfigKey{"torch_dtype", kNoEffect, {}, kShown},
    ConfigKey{"chunk_size_feed_forward", kNoEffect, {}, "computes the same piece by piece"},
    ConfigKey{"output_attentions", kNoEffect, {}, kOutputs},
    ConfigKey{"output_hidden_states", kNoEffect, {}, kOutputs},
    ConfigKey{"return_dict", kNoEffect, {}, kOutputs},
    ConfigKey{"torchscript", kNoEffect, {}, kOutputs},
    ConfigKey{"use_return_dict", kNoEffect, {}, kOutputs},
    ConfigKey{"gradient_checkpointing", kNoEffect, {}, kOfTraining},
    ConfigKey{"initializer_range", kNoEffect, {}, kOfTraining},
    ConfigKey{"tf_legacy_loss", kNoEffect, {}, kOfTraining},
    ConfigKey{"use_bfloat16", kNoEffect, {}, kOfTraining},
    ConfigKey{"add_cross_attention", kNoEffect, {}, kText},
    ConfigKey{"bad_words_ids", kNoEffect, {}, kText},
    ConfigKey{"begin_suppress_tokens", kNoEffect, {}, kText},
    ConfigKey{"bos_token_id", kNoEffect, {}, kText},
    ConfigKey{"cross_attention_hidden_size", kNoEffect, {}, kText},
    ConfigKey{"decoder_start_token_id", kNoEffect, {}, kText},
    ConfigKey{"diversity_penalty", kNoEffect, {}, kText},
    ConfigKey{"do_sample", kNoEffect, {}, kText},
    ConfigKey{"early_stopping", kNoEffect, {}, kText},
    ConfigKey{"encoder_no_repeat_ngram_size", kNoEffect, {}, kText},
    ConfigKey{"eos_token_id", kNoEffect, {}, kText},
    ConfigKey{"exponential_decay_length_penalty", kNoEffect, {}, kText},
    ConfigKey{"forced_bos_token_id", kNoEffect, {}, kText},
    ConfigKey{"forced_eos_token_id", kNoEffect, {}, kText},
    ConfigKey{"is_decoder", kNoEffect, {}, kText},
    ConfigKey{"is_encoder_decoder", kNoEffect, {}, kText},
    ConfigKey{"length_penalty", kNoEffect, {}, kText},
    ConfigKey{"max_length", kNoEffect, {}, kText},
    ConfigKey{"min_length", kNoEffect, {}, kText},
    ConfigKey{"no_repeat_ngram_size", kNoEffect, {}, kText},
    ConfigKey{"num_beam_groups", kNoEffect, {}, kText},
    ConfigKey{"num_beams", kNoEffect, {}, kText},
    ConfigKey{"num_return_sequences", kNoEffect, {}, kText},
    ConfigKey{"output_past", kNoEffect, {}, kText},
    ConfigKey{"output_scores", kNoEffect, {}, kText},
    ConfigKey{"pad_token_id", kNoEffect, {}, kText},
    ConfigKey{"prefix", kNoEffect, {}, kText},
    ConfigKey{"remove_invalid_values", kNoEffect, {}, kText},
    ConfigKey{"repetition_penalty", kNoEffect, {}, kText},
    ConfigKey{"return_dict_in_generate", kNoEffect, {}, kText},
    ConfigKey{"sep_token_id", kNoEffect, {}, kText},
    ConfigKey{"suppress_tokens", kNoEffect, {}, kText},
    ConfigKey{"temperature", kNoEffect, {}, kText},
    ConfigKey{"tie_encoder_decoder", kNoEffect, {}, kText},
    ConfigKey{"tie_word_embeddings", kNoEffect, {}, kText},
    ConfigKey{"top_k", kNoEffect, {}, kText},
    ConfigKey{"top_p", kNoEffect, {}, kText},
    ConfigKey{"typical_p", kNoEffect, {}, kText},
    ConfigKey{"use_cache", kNoEffect, {}, kText},
};

}  // namespace

constinit const ConfigSchema kTransformersSchema = {"transformers, every config.json", kKeys};

std::vector<const ConfigSchema*> model_schemas() {
  return {&kVitSchema,        &kDinov2Schema,       &kTowerSchema,  &kPairSchema,
          &kYolosSchema,      &kDetrSchema,         &kResNetSchema, &kTimmBackboneSchema,
          &kTimmResNetSchema, &kTransformersSchema, &kTimmSchema,   &kTimmArgumentsSchema};
}

std::vector<std::string> check_config(const Family& family, const Json& source) {
  std::vector<std::string> unknown;
  if (family.config_parts == nullptr) return unknown;
  for (const ConfigPart& part : family.config_parts(source)) {
    std::map<std::string, std::size_t> absent;  // in how many schemas
    for (const ConfigSchema* schema : part.schemas) {
      for (const std::string& place : check_keys(part.object, *schema)) ++absent[place];
    }
    for (const auto& [place, count] : absent) {
      if (count == part.schemas.size()) unknown.push_back(place);
    }
  }
  return unknown;
}

}  // namespace vitq
