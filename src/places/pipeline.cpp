#include "places/pipeline.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/shown.h"
#include "conventions/model_name.h"
#include "model/joined.h"
#include "places/directory.h"
#include "places/read.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::string_view kIndex = "model_index.json";

struct Component {
  std::string name;
  std::string type;
};

struct Pipeline {
  std::vector<Component> components;
  std::string type;
  std::string version;
};

// The class of ["library", "Class", …]; "" where it is null or no such list.
std::string class_in(json::Array list) {
  std::string type;
  std::size_t place = 0;
  for (auto item : list) {
    std::string_view text;
    if (place++ == 1 && !item.get_string().get(text)) type = text.substr(0, kShownText);
  }
  return type;
}

Pipeline read_index(Source& source, const Limits& limits) {
  json::File file(source, limits);
  Pipeline pipeline;
  file.document().for_each_member([&](std::string_view key, json::Value value) {
    std::string_view fact;
    if (key == "_class_name" || key == "_diffusers_version") {
      if (!value.get_string().get(fact))
        (key == "_class_name" ? pipeline.type : pipeline.version) = fact.substr(0, kShownText);
      return;
    }
    json::Array list;
    if (key.starts_with('_') || value.get_array().get(list)) return;
    const std::string name(key);
    if (std::string type = class_in(list); !type.empty()) pipeline.components.push_back({name, std::move(type)});
    if (pipeline.components.size() > limits.sections)
      throw Error(ErrorKind::limit, source.label(),
                  fmt::format("names more than {} components (limit sections)", limits.sections));
  });
  return pipeline;
}

// Whether a class has no weights, to judge by its name: for components that are not there.
bool is_named_without_weights(std::string_view type) {
  constexpr std::array<std::string_view, 5> kWords = {"Scheduler", "Tokenizer", "Processor", "FeatureExtractor",
                                                      "Guider"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return type.find(word) != std::string_view::npos; });
}

class PipelineReading {
 public:
  PipelineReading(Folder& folder, const ReadOptions& options, Model& model)
      : folder_(folder), options_(options), model_(model), joined_(model, options.limits), folders_(folder.folders()) {}

  void run() {
    const Pipeline pipeline = read_index(*folder_.open(kIndex), options_.limits);
    model_.format = "diffusers";
    model_.architecture = pipeline.type;
    if (!pipeline.version.empty()) model_.metadata.emplace_back("diffusers", pipeline.version);
    for (const Component& component : pipeline.components) add(component);
    model_.kind = fmt::format("{} component{}", joined_.parts(), joined_.parts() == 1 ? "" : "s");
    note_surplus(pipeline);
  }

 private:
  void add(const Component& component) {
    if (!is_there(component.name)) {
      const bool has_weights = !is_named_without_weights(component.type);
      note("missing-component", component.name + "/",
           fmt::format(
               "is not there, though {} names it{}", kIndex,
               has_weights ? "; its weights are not counted. Download it, or take the totals as lower bounds" : ""));
      if (has_weights) joined_.add_unknown(component.name, component.type);
      return;
    }
    const std::unique_ptr<Folder> inside = folder_.enter(component.name);
    const std::size_t models = plan_directory(*inside).models.size();
    if (models == 1) {
      Model part;
      part.source = inside->label();
      read_directory(*inside, options_, part);
      joined_.add(std::move(part), component.name, component.type);
    } else if (models > 1) {
      leave_out(component, "holds several models side by side");
    } else if (const std::string variants = models_below(*inside); !variants.empty()) {
      leave_out(component, fmt::format("holds several models in folders ({})", variants));
    } else if (inside->contains("config.json")) {  // which what has no weights does not have
      note("missing-component", component.name + "/",
           "has a config.json but no weights. Download them, or take the totals as lower bounds");
      joined_.add_unknown(component.name, component.type);
    }
  }

  // Of several, nobody but the user knows which one is used.
  void leave_out(const Component& component, const std::string& why) {
    note("several-models", component.name + "/",
         why + "; none is counted, so the totals are lower bounds. 'weigh' on the folder lists them");
    joined_.add_unknown(component.name, component.type);
  }

  bool is_there(const std::string& name) const {
    const std::string first = name.substr(0, name.find('/'));
    (void)folder_.contains(name);  // which refuses a name that leaves the folder
    return std::binary_search(folders_.begin(), folders_.end(), first);
  }

  static std::string models_below(const Folder& folder) {
    std::string names;
    for (const std::string& name : folder.folders())
      if (!plan_directory(*folder.enter(name)).models.empty()) names += (names.empty() ? "" : ", ") + name;
    return names;
  }

  void note_surplus(const Pipeline& pipeline) {
    for (const std::string& name : folder_.names()) {
      if (model_ending(name).empty() || is_surely_no_model(name)) continue;
      note("surplus-component", name, "lies beside the components and is not counted");
    }
    for (const std::string& name : folders_) {
      const bool is_named = std::any_of(pipeline.components.begin(), pipeline.components.end(),
                                        [&](const Component& component) { return component.name == name; });
      if (is_named || name.starts_with('.') || plan_directory(*folder_.enter(name)).models.empty()) continue;
      note("surplus-component", name + "/",
           fmt::format("holds weights, but {} does not name it; it is not counted", kIndex));
    }
  }

  void note(const char* code, std::string place, std::string message) {
    model_.notes.push_back({code, std::move(place), std::move(message)});
  }

  Folder& folder_;
  const ReadOptions& options_;
  Model& model_;
  Joined joined_;
  std::vector<std::string> folders_;
};

}  // namespace

bool matches_pipeline(const Folder& folder) { return folder.contains(kIndex); }

void read_pipeline(Folder& folder, const ReadOptions& options, Model& model) {
  PipelineReading(folder, options, model).run();
}

}  // namespace weigh
