#include "places/sentence_transformer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/shown.h"
#include "model/joined.h"
#include "places/directory.h"
#include "places/read.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::string_view kModules = "modules.json";

struct ChainedModule {
  std::string name;
  std::string path;  // of its folder; "" for the directory itself
  std::string type;  // without its package
};

std::string text_of(json::Value& value) {
  std::string_view text;
  return value.get_string().get(text) ? "" : std::string(text.substr(0, kShownText));
}

std::vector<ChainedModule> chained_modules(const Folder& folder, const Limits& limits) {
  const std::unique_ptr<Source> source = folder.open(kModules);
  json::File file(*source, limits);
  std::vector<ChainedModule> modules;
  file.document().for_each_element([&](json::Value& element) {
    if (modules.size() == limits.sections)
      throw Error(ErrorKind::limit, source->label(),
                  fmt::format("names more than {} modules (limit sections)", limits.sections));
    ChainedModule& module = modules.emplace_back();
    file.document().each(element.get_object().value(), [&](std::string_view key, json::Value& value) {
      if (key == "name") module.name = text_of(value);
      if (key == "path") module.path = text_of(value);
      if (key == "type") module.type = text_of(value);
    });
    module.type.erase(0, module.type.rfind('.') + 1);
  });
  return modules;
}

bool has_weights(const Folder& folder, const ChainedModule& module) {
  const bool is_there = module.path.find('/') == std::string::npos &&
                        std::binary_search(folder.folders().begin(), folder.folders().end(), module.path);
  return is_there && plan_directory(*folder.enter(module.path)).models.size() == 1;
}

}  // namespace

bool matches_sentence_transformer(const Folder& folder) {
  if (!folder.contains(kModules)) return false;
  try {
    const std::vector<ChainedModule> modules = chained_modules(folder, Limits());
    return std::any_of(modules.begin(), modules.end(), [&](const ChainedModule& module) {
      return !module.path.empty() && has_weights(folder, module);
    });
  } catch (const Error&) {
    return false;  // whoever called it so meant something else
  }
}

void read_sentence_transformer(Folder& folder, const ReadOptions& options, Model& model) {
  model.format = "sentence-transformers";
  model.architecture = "SentenceTransformer";
  Joined joined(model, options.limits);
  for (const ChainedModule& module : chained_modules(folder, options.limits)) {
    const bool is_here = module.path.empty();
    if (!is_here && !has_weights(folder, module)) continue;  // pooling and the like
    const std::unique_ptr<Folder> inside = is_here ? nullptr : folder.enter(module.path);
    Folder& place = is_here ? folder : *inside;
    Model part;
    part.source = place.label();
    read_directory(place, options, part);
    // Folders of modules lie beside the first, but they are counted.
    if (is_here) std::erase_if(part.notes, [](const Note& note) { return note.code == "beside"; });
    joined.add(std::move(part), module.name, module.type);
  }
  model.kind = fmt::format("{} module{} with weights", joined.parts(), joined.parts() == 1 ? "" : "s");
}

}  // namespace weigh
