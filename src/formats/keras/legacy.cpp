#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/digits.h"
#include "formats/keras/layouts.h"

#include "weigh/error.h"

namespace weigh::keras {
namespace {

// "kernel:0" is TensorFlow's name of the first output of what makes the variable.
std::string_view without_output(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return name;
  return is_number(name.substr(colon + 1)) ? name.substr(0, colon) : name;
}

class LegacyReader {
 public:
  explicit LegacyReader(Assembler& assembler) : assembler_(assembler), store_(assembler.store()) {}

  void run() {
    const std::size_t inner = store_.find(Store::root(), "model_weights");
    const std::size_t weights = inner == kNothing ? Store::root() : inner;
    if (assembler_.has_config()) add_configured();
    for (const std::string& name : store_.texts(weights, "layer_names")) read_layer(weights, name);
    if (store_.find(weights, "top_level_model_weights") != kNothing)
      read_weights(store_.find(weights, "top_level_model_weights"), {0, assembler_.has_config() ? 0 : kNothing});
    add_unbuilt();
    if (const std::size_t optimizer = store_.find(Store::root(), "optimizer_weights"); optimizer != kNothing)
      assembler_.add_optimizer(optimizer);
  }

 private:
  struct Place {
    Index module = 0;
    std::size_t node = kNothing;
  };

  // The layers of the configuration, with all in them, before any weight: in the order of the model.
  void add_configured() {
    std::vector<Place> open = {{0, 0}};
    for (std::size_t i = 0; i < open.size(); ++i) {
      const Place place = open[i];
      for (const std::size_t child : assembler_.node(place.node).children) {
        const ConfigNode& node = assembler_.node(child);
        const Index module = assembler_.add_module(place.module, node.name, node.class_name);
        children_.emplace(std::pair(place.module, node.name), Place{module, child});
        open.push_back({module, child});
      }
    }
  }

  void read_layer(std::size_t weights, const std::string& name) {
    const std::size_t group = store_.find_path(weights, name);
    if (group == kNothing) {
      throw Error(
          ErrorKind::corrupt, assembler_.model().source,
          fmt::format("the layer '{}' is listed, but has no group; is the file incomplete?", name.substr(0, 200)));
    }
    const Place layer = child(Place{0, kNothing}, name);
    if (read_weights(group, layer) == 0 && layer.node != kNothing) empty_.push_back(layer);
  }

  std::size_t read_weights(std::size_t group, const Place& layer) {
    const std::vector<std::string> names = store_.texts(group, "weight_names");
    for (const std::string& name : names) {
      const std::size_t item = store_.find_path(group, name);
      if (item == kNothing || !store_[item].is_data_set) {
        throw Error(ErrorKind::corrupt, assembler_.model().source,
                    fmt::format("the layer '{}' lists the weight '{}', which is not there; is the file incomplete?",
                                store_[group].name.substr(0, 200), name.substr(0, 200)));
      }
      add_weight(name, item, layer);
    }
    return names.size();
  }

  // Along the path to the layer in the layer that it is of: names of scopes that are no layers come before the layer's
  // own and are dropped; what follows it and is no layer that is known becomes one. Names of layers may hold slashes.
  void add_weight(std::string_view path, std::size_t item, Place place) {
    const std::size_t last = path.rfind('/');
    const std::string_view name = without_output(last == std::string_view::npos ? path : path.substr(last + 1));
    std::string_view scopes = last == std::string_view::npos ? std::string_view() : path.substr(0, last);
    std::vector<std::string_view> rest;
    while (!scopes.empty()) {
      const bool is_model = place.node != kNothing && assembler_.node(place.node).is_model;
      const std::string_view own = assembler_.model().modules[place.module].name;
      std::size_t length = 0;
      if (!own.empty() && is_prefix(own, scopes)) {
        length = own.size();
        rest.clear();
      } else if (rest.empty() || is_model) {
        length = find_child(scopes, place);
        if (length > 0) rest.clear();
      }
      if (length == 0) {
        length = std::min(scopes.find('/'), scopes.size());
        if (length > 0) rest.push_back(scopes.substr(0, length));
      }
      scopes.remove_prefix(std::min(length + 1, scopes.size()));
    }
    for (const std::string_view part : rest) place = child(place, part);
    if (rest.empty()) place = owner_of(place, name);
    add(place, name, item);
  }

  static bool is_prefix(std::string_view name, std::string_view path) {
    return path.starts_with(name) && (path.size() == name.size() || path[name.size()] == '/');
  }

  // The longest beginning of the path that is a layer in this one, which then is the place; 0 where there is none.
  std::size_t find_child(std::string_view scopes, Place& place) const {
    constexpr int kMostSlashes = 8;
    std::size_t longest = 0;
    Place found;
    std::size_t end = 0;
    for (int i = 0; i < kMostSlashes && end < scopes.size(); ++i) {
      end = std::min(scopes.find('/', end + 1), scopes.size());
      const auto child = children_.find(std::pair(place.module, std::string(scopes.substr(0, end))));
      if (child == children_.end()) continue;
      longest = end;
      found = child->second;
    }
    if (longest > 0) place = found;
    return longest;
  }

  // Older files keep the weights of a wrapped layer, or of a cell, under the name of the outer one.
  Place owner_of(const Place& place, std::string_view name) const {
    if (place.node == kNothing || find_variable(place.node, name)) return place;
    Place owner = place;
    for (const std::size_t child : assembler_.node(place.node).children) {
      if (!find_variable(child, name)) continue;
      if (owner.module != place.module) return place;  // several would do
      owner = children_.at(std::pair(place.module, assembler_.node(child).name));
    }
    return owner;
  }

  std::optional<Variable> find_variable(std::size_t node, std::string_view name) const {
    for (Variable& variable : variables_of(assembler_.node(node)))
      if (variable.name == name || (variable.name == "kernel" && name == "depthwise_kernel")) return variable;
    return std::nullopt;
  }

  void add(const Place& place, std::string_view name, std::size_t item) {
    const auto variable = place.node == kNothing ? std::nullopt : find_variable(place.node, name);
    assembler_.add_tensor(place.module, name, item, variable ? &*variable : nullptr, place.node);
  }

  Place child(const Place& parent, std::string_view name) {
    const auto [found, is_new] = children_.try_emplace(std::pair(parent.module, std::string(name)));
    if (is_new) found->second = {assembler_.add_module(parent.module, name, ""), kNothing};
    return found->second;
  }

  void add_unbuilt() {
    for (const Place& layer : empty_) {
      const ConfigNode& node = assembler_.node(layer.node);
      if (!node.is_model && node.children.empty() && assembler_.will_have_variables(layer.node))
        assembler_.add_unbuilt(layer.module, layer.node);
    }
  }

  Assembler& assembler_;
  Store& store_;
  std::map<std::pair<Index, std::string>, Place> children_;
  std::vector<Place> empty_;  // layers without a weight
};

}  // namespace

void read_legacy(Assembler& assembler) { LegacyReader(assembler).run(); }

}  // namespace weigh::keras
