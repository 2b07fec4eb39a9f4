#include "formats/hugging_face.h"

#include <array>

#include <fmt/format.h>

#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::string_view kName = "config.json";
constexpr std::array<std::string_view, 4> kFacts = {"model_type", "torch_dtype", "dtype", "transformers_version"};

void read_facts(Source& source, const Limits& limits, Model& model) {
  if (source.size() > limits.json_file_bytes) {
    throw Error(
        ErrorKind::limit, source.label(),
        fmt::format("has {} bytes, more than {} (limit json_file_bytes)", source.size(), limits.json_file_bytes));
  }
  json::Text text;
  text.read(source, 0, source.size());
  json::Parser parser;
  json::Document document(parser, text, source.label());
  document.for_each_member([&](std::string_view key, json::Value value) {
    std::string_view fact;
    if (key == "architectures") {
      json::Array names = value.get_array().value();
      for (auto name : names) {
        if (!model.architecture.empty()) break;
        model.architecture = std::string(std::string_view(name.get_string().value()).substr(0, 200));
      }
    }
    for (std::string_view wanted : kFacts)
      if (key == wanted && !value.get_string().get(fact)) model.metadata.emplace_back(key, fact.substr(0, 200));
  });
}

}  // namespace

void read_config(const Folder& folder, const ReadOptions& options, Model& model) {
  if (!folder.contains(kName)) return;
  try {
    read_facts(*folder.open(kName), options.limits, model);
  } catch (const Error& error) {
    model.notes.push_back({"config", std::string(kName), error.message()});
  }
}

}  // namespace weigh
