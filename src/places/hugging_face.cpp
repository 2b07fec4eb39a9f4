#include "places/hugging_face.h"

#include <algorithm>

#include <fmt/format.h>

#include "conventions/embeddings.h"
#include "conventions/names.h"
#include "conventions/transformers.h"
#include "model/cache_tensors.h"
#include "places/config_keys.h"
#include "places/ties.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::string_view kName = "config.json";
constexpr std::string_view kModelOpt = "hf_quant_config.json";
constexpr Names kFacts("model_type", "torch_dtype", "dtype", "transformers_version");

ConfigKeys read_facts(Source& source, const Limits& limits, Model& model) {
  json::File file(source, limits);
  json::Document& document = file.document();
  ConfigKeys keys;
  document.for_each_member([&](std::string_view key, json::Value value) {
    std::string_view fact;
    if (key == "architectures") {
      json::Array names = value.get_array().value();
      for (auto name : names) {
        if (!model.architecture.empty()) break;
        model.architecture = std::string(std::string_view(name.get_string().value()).substr(0, 200));
      }
      return;
    }
    if (key == "_class_name" && model.architecture.empty() && !value.get_string().get(fact))  // diffusers writes that
      model.architecture = std::string(fact.substr(0, 200));
    if (kFacts.contains(key) && !value.get_string().get(fact)) model.metadata.emplace_back(key, fact.substr(0, 200));
    keys.add(document, key, value);
  });
  return keys;
}

// What ModelOpt says of its quantisation; its later versions say it in config.json, too.
void add_quantization(Source& source, const Limits& limits, ConfigKeys& keys) {
  json::File file(source, limits);
  file.document().for_each_member([&](std::string_view key, json::Value value) {
    if (key == "quantization") keys.add(file.document(), "quantization_config", value);
  });
}

// A model whose configuration names no dtype computes in that of its embedding, which is not quantised as a rule.
void take_dtype_of_embedding(Model& model) {
  for (const Tensor& tensor : model.tensors) {
    if (tensor.name != "weight" || tensor.rank != 2 ||
        !conventions::is_text_embedding(model.modules[tensor.module].name))
      continue;
    const DType dtype = tensor.dtype;
    if (dtype == DType::float32 || dtype == DType::bfloat16 || dtype == DType::float16)
      model.config.cache.element_bytes = bits(dtype) / 8;
    return;
  }
}

// What the files of weights say themselves of how they are packed, beside what the configuration says.
void add_recorded(const QuantizationConfig& recorded, QuantizationConfig& config) {
  if (config.bits == 0) config.bits = recorded.bits;
  if (config.group_size == 0) config.group_size = recorded.group_size;
  if (config.method.empty()) config.method = recorded.method;
  if (config.layers.empty()) config.layers = recorded.layers;
}

// What is wrong with a file of the configuration is noted: the tensors are there without it.
template <class Work>
void attempt(std::string_view name, Model& model, Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    model.notes.push_back({"config", std::string(name), error.message()});
  }
}

}  // namespace

void read_config(const Folder& folder, const ReadOptions& options, Model& model) {
  if (!folder.contains(kName)) return;
  const QuantizationConfig recorded = model.config.quantization;
  ConfigKeys keys;
  attempt(kName, model, [&] {
    keys = read_facts(*folder.open(kName), options.limits, model);
    model.config = keys.config();
  });
  if (model.config.quantization.method.empty() && folder.contains(kModelOpt)) {
    attempt(kModelOpt, model, [&] {
      add_quantization(*folder.open(kModelOpt), options.limits, keys);
      model.config = keys.config();
    });
  }
  add_recorded(recorded, model.config.quantization);
  tie_embeddings(model);
  if (model.config.cache.element_bytes == 0) take_dtype_of_embedding(model);
  CacheFacts facts = keys.cache_facts();
  facts.architecture = model.architecture;
  if (facts.model_type.empty()) facts.model_type = conventions::type_of_class(model.architecture);
  settle_cache(facts, model);
}

}  // namespace weigh
