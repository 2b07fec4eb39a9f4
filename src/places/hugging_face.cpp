#include "places/hugging_face.h"

#include <algorithm>

#include <fmt/format.h>

#include "conventions/embeddings.h"
#include "conventions/names.h"
#include "conventions/transformers.h"
#include "model/cache_tensors.h"
#include "places/config_keys.h"
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
    if (key == "_class_name" && model.architecture.empty() && !value.get_string().get(fact)) {  // diffusers writes that
      model.architecture = std::string(fact.substr(0, 200));
      return;
    }
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

// An output layer that is the embedding, though the file holds both: told by the configuration alone.
void tie_embeddings(Model& model) {
  Index input = kNone;
  Index output = kNone;
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const Tensor& tensor = model.tensors[i];
    if (tensor.name != "weight" || tensor.tied_to != kNone || tensor.rank != 2) continue;
    const std::string_view owner = model.modules[tensor.module].name;
    Index* place = conventions::is_text_embedding(owner)     ? &input
                   : conventions::is_output_embedding(owner) ? &output
                                                             : nullptr;
    if (place == nullptr) continue;
    if (*place != kNone) return;  // several of them: which belong together is not told
    *place = static_cast<Index>(i);
  }
  if (input == kNone || output == kNone) return;
  // What is tied stands behind its original.
  const Index original = std::min(input, output);
  Tensor& tied = model.tensors[std::max(input, output)];
  const Tensor& first = model.tensors[original];
  const bool is_same = tied.dtype == first.dtype && std::equal(model.shape_begin(tied), model.shape_end(tied),
                                                               model.shape_begin(first), model.shape_end(first));
  if (!is_same) {
    model.notes.push_back({"config-contradicts", model.path_of(tied),
                           fmt::format("differs in shape or dtype from {}, though config.json ties them "
                                       "(tie_word_embeddings); both are counted",
                                       model.path_of(first))});
    return;
  }
  tied.tied_to = original;
  tied.stored_apart = true;
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
  if (model.config.tied_embeddings) tie_embeddings(model);
  if (model.config.cache.element_bytes == 0) take_dtype_of_embedding(model);
  CacheFacts facts = keys.cache_facts();
  facts.architecture = model.architecture;
  if (facts.model_type.empty()) facts.model_type = conventions::type_of_class(model.architecture);
  settle_cache(facts, model);
}

}  // namespace weigh
