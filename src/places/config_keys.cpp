#include "places/config_keys.h"

#include <algorithm>
#include <array>

namespace weigh {
namespace {

constexpr unsigned kDeepest = 6;             // objects in objects: quantization_config.config_groups.group_0.weights
constexpr std::size_t kMostKeys = 20'000;    // a configuration has hundreds
constexpr std::size_t kLongestList = 4'096;  // one number for each layer
constexpr std::size_t kLongestText = 200;

// Where a model of more than text keeps what its language model is.
constexpr std::array<std::string_view, 8> kTextObjects = {
    "text_config.",       "llm_config.", "language_config.", "language_model_config.", "thinker_config.text_config.",
    "text_model_config.", "decoder.",    "model_config."};

// "W4A16_AWQ": weights of 4 bits.
unsigned bits_of_algorithm(std::string_view name) {
  const bool is_told = name.size() > 2 && name[0] == 'W' && name[1] >= '1' && name[1] <= '8' && name[2] == 'A';
  return is_told ? static_cast<unsigned>(name[1] - '0') : 0;
}

unsigned at_most_64(std::uint64_t bits) { return static_cast<unsigned>(std::min<std::uint64_t>(64, bits)); }

}  // namespace

void ConfigKeys::add(json::Document& document, std::string_view key, json::Value& value) {
  add(document, std::string(key), value, 0);
}

void ConfigKeys::add(json::Document& document, const std::string& path, json::Value& value, unsigned depth) {
  if (numbers_.size() + texts_.size() + lists_.size() > kMostKeys) return;
  switch (value.type().value()) {
    case simdjson::ondemand::json_type::object:
      if (depth == kDeepest) return;
      document.each(value.get_object().value(), [&](std::string_view key, json::Value& member) {
        add(document, path + "." + std::string(key), member, depth + 1);
      });
      return;
    case simdjson::ondemand::json_type::array: return add_list(path, value.get_array().value());
    case simdjson::ondemand::json_type::number: {
      std::uint64_t number = 0;
      if (!value.get_uint64().get(number)) numbers_[path] = number;
      return;
    }
    case simdjson::ondemand::json_type::boolean:
      numbers_[path] =
          value.raw_json_token().starts_with('t') ? 1 : 0;  // get_bool() wants tables that the program lacks
      return;
    case simdjson::ondemand::json_type::string: {
      std::string_view text;
      if (!value.get_string().get(text)) texts_[path] = std::string(text.substr(0, kLongestText));
      return;
    }
    default: return;
  }
}

void ConfigKeys::add_list(const std::string& path, json::Array list) {
  for (auto item : list) {
    if (lists_[path].size() >= kLongestList) return;
    std::uint64_t number = 0;
    std::string_view text;
    if (!item.get_uint64().get(number)) {
      lists_[path].push_back(number);
    } else if (!item.get_string().get(text) && words_[path].size() < 64) {
      ++words_[path][std::string(text.substr(0, kLongestText))];
    }
  }
}

template <class T>
const T* ConfigKeys::find(const std::map<std::string, T, std::less<>>& values,
                          std::initializer_list<std::string_view> keys) const {
  for (std::string_view object : kTextObjects)
    for (std::string_view key : keys)
      if (auto found = values.find(std::string(object) + std::string(key)); found != values.end())
        return &found->second;
  for (std::string_view key : keys)
    if (auto found = values.find(key); found != values.end()) return &found->second;
  return nullptr;
}

std::uint64_t ConfigKeys::number(std::initializer_list<std::string_view> keys) const {
  if (const std::uint64_t* found = find(numbers_, keys)) return *found;
  const std::vector<std::uint64_t>* list = find(lists_, keys);  // one number for each layer
  const bool is_one = list != nullptr && !list->empty() &&
                      std::all_of(list->begin(), list->end(), [&](std::uint64_t n) { return n == list->front(); });
  return is_one ? list->front() : 0;
}

std::string_view ConfigKeys::text(std::initializer_list<std::string_view> keys) const {
  const std::string* found = find(texts_, keys);
  return found == nullptr ? std::string_view() : *found;
}

std::uint64_t ConfigKeys::agreed(std::string_view begin, std::string_view end) const {
  std::uint64_t number = 0;
  for (const auto& [key, value] : numbers_) {
    if (!key.starts_with(begin) || !key.ends_with(end)) continue;
    if (number != 0 && number != value) return 0;
    number = value;
  }
  return number;
}

QuantizationConfig ConfigKeys::quantization() const {
  QuantizationConfig config;
  config.bits = at_most_64(
      number({"quantization_config.bits", "quantization_config.w_bit", "quantization.bits", "quantization_config.nbits",
              "quantization_config.weights.nbits", "quantization_config.quant_config.weight_quant_params.nbits"}));
  config.group_size =
      number({"quantization_config.group_size", "quantization.group_size", "quantization_config.q_group_size",
              "quantization_config.quant_config.weight_quant_params.group_size"});
  for (std::string_view groups : {"quantization_config.config_groups.", "compression_config.config_groups."}) {
    if (config.bits == 0) config.bits = at_most_64(agreed(groups, ".weights.num_bits"));
    if (config.group_size == 0) config.group_size = agreed(groups, ".weights.group_size");
    const std::vector<std::pair<std::string, Packing>> each =
        packings(groups, ".weights.num_bits", ".weights.group_size");
    for (std::size_t i = 0; each.size() > 1 && i < each.size(); ++i) config.groups.push_back(each[i].second);
  }
  // One number for all modules, unless patterns of their names give others.
  const std::uint64_t all = number({"quantization_config.num_bits"});
  const std::vector<std::pair<std::string, Packing>> patterns =
      packings("quantization_config.module_quant_configs.", ".num_bits", ".group_size");
  const bool is_one =
      std::all_of(patterns.begin(), patterns.end(), [&](const auto& p) { return p.second.bits == all; });
  if (config.bits == 0 && is_one) config.bits = at_most_64(all);
  config.layers = packings("quantization.", ".bits", ".group_size");
  std::sort(config.layers.begin(), config.layers.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  config.method = text({"quantization_config.quant_method"});
  if (config.bits == 0) config.bits = bits_of_algorithm(text({"quantization_config.quant_algo"}));
  return config;
}

std::vector<std::pair<std::string, Packing>> ConfigKeys::packings(std::string_view begin, std::string_view bits,
                                                                  std::string_view group_size) const {
  std::vector<std::pair<std::string, Packing>> all;
  for (auto i = numbers_.lower_bound(begin); i != numbers_.end() && i->first.starts_with(begin); ++i) {
    const std::string_view key = i->first;
    if (key.size() <= begin.size() + bits.size() || !key.ends_with(bits)) continue;
    const std::string name(key.substr(begin.size(), key.size() - begin.size() - bits.size()));
    const auto group = numbers_.find(std::string(begin) + name + std::string(group_size));
    all.emplace_back(name, Packing{at_most_64(i->second), group == numbers_.end() ? 0 : group->second});
  }
  return all;
}

ExpertsConfig ConfigKeys::experts() const {
  ExpertsConfig config;
  const std::initializer_list<std::string_view> routed = {
      "n_routed_experts", "num_routed_experts", "num_local_experts",          "num_experts",
      "moe_num_experts",  "n_experts",          "ffn_config.moe_num_experts", "num_moe_experts"};
  const std::initializer_list<std::string_view> chosen = {"num_experts_per_tok",
                                                          "num_experts_per_token",
                                                          "moe_k",
                                                          "moe_topk",
                                                          "moe_top_k",
                                                          "n_experts_per_token",
                                                          "num_selected_experts",
                                                          "top_k_experts",
                                                          "ffn_config.moe_top_k",
                                                          "num_activated_experts",
                                                          "moe_router_topk",
                                                          "experts_per_token"};
  if (const std::vector<std::uint64_t>* list = find(lists_, routed); list != nullptr && list->size() <= 16) {
    config.pools = *list;
  } else if (const std::uint64_t all = number(routed); all > 1) {
    config.pools = {all};
  }
  config.per_token = number(chosen);
  config.shared = number({"n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts"});
  if (config.shared == 0 && number({"shared_expert_intermediate_size"}) != 0) config.shared = 1;
  return config;
}

CacheConfig ConfigKeys::cache(std::uint64_t layers) const {
  CacheConfig config;
  config.layers = layers;
  const std::uint64_t heads = number({"num_attention_heads", "n_head", "n_heads"});
  config.key_value_heads = number({"num_key_value_heads", "num_kv_heads", "n_head_kv", "num_query_groups",
                                   "multi_query_group_num", "attn_config.kv_n_heads"});
  if (config.key_value_heads == 0) config.key_value_heads = heads;
  config.head_size = number({"head_dim", "kv_channels", "attention_head_dim"});
  const std::uint64_t width = number({"hidden_size", "n_embd", "d_model"});
  if (config.head_size == 0 && heads != 0 && width % heads == 0) config.head_size = width / heads;
  if (const std::uint64_t rank = number({"kv_lora_rank"}); rank != 0 && rank < (1U << 30)) {
    const std::uint64_t rotary = number({"qk_rope_head_dim"});
    if (rotary < (1U << 30)) config.latent = rank + rotary;
  }
  config.context =
      number({"max_position_embeddings", "n_positions", "max_sequence_length", "seq_length", "max_seq_len"});
  const bool is_sliding = !find(numbers_, {"use_sliding_window"}) || number({"use_sliding_window"}) != 0;
  config.window = is_sliding ? number({"sliding_window"}) : 0;
  if (const auto* kinds = find(words_, {"layer_types"})) {
    const auto count = [&](std::string_view kind) {
      const auto found = kinds->find(kind);
      return found == kinds->end() ? 0 : found->second;
    };
    config.sliding_layers = config.window == 0 ? 0 : count("sliding_attention");
    config.layers = std::min(
        layers, count("full_attention") + count("sliding_attention") + count("attention") + count("chunked_attention"));
  } else {
    // Of so many layers one attends; the others keep a state of one size, however long the text is.
    const std::uint64_t interval = number({"full_attention_interval", "attn_layer_period"});
    if (interval > 1) config.layers = layers / interval;
    config.sliding_layers = config.window == 0 ? 0 : config.layers;
  }
  const std::string_view dtype = text({"torch_dtype", "dtype"});
  config.element_bytes = dtype == "float32" ? 4 : dtype == "bfloat16" || dtype == "float16" ? 2 : 0;
  return config;
}

Config ConfigKeys::config() const {
  Config config;
  config.quantization = quantization();
  config.experts = experts();
  config.layers = number({"num_hidden_layers", "n_layer", "n_layers", "num_layers"});
  config.cache = cache(config.layers);
  config.predicting_layers =
      number({"num_nextn_predict_layers", "mtp_num_layers", "num_mtp_modules", "num_mtp_layers"});
  // Of a model with towers its own word counts before that of its text part, whose class may only have a default.
  const auto own = numbers_.find("tie_word_embeddings");
  config.tied_embeddings = (own != numbers_.end() ? own->second : number({"tie_word_embeddings"})) != 0;
  return config;
}

}  // namespace weigh
