#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "formats/keras/layouts.h"

namespace weigh::keras {
namespace {

constexpr std::string_view kVariables = "vars";
// Keras 2.12 to 2.14 called it by the name of the attribute that it looked into.
constexpr std::string_view kOldLayers = "_layer_checkpoint_dependencies";

class SavedReader {
 public:
  explicit SavedReader(Assembler& assembler) : assembler_(assembler), store_(assembler.store()) {}

  void run() {
    Step root{0, assembler_.has_config() ? 0 : kNothing, Store::root(), ""};
    open_.push_back(root);
    while (!open_.empty()) {
      const Step step = open_.back();
      open_.pop_back();
      look_at(step);
    }
    for (const auto& [module, kernel, item] : twins_) add_twin(module, kernel, item);
    for (const Pending& pending : pending_) settle(pending);
    if (const std::size_t optimizer = store_.find(Store::root(), "optimizer"); optimizer != kNothing)
      assembler_.add_optimizer(optimizer);
  }

 private:
  struct Step {
    Index module = 0;
    std::size_t node = kNothing;   // its configuration
    std::size_t group = kNothing;  // its group in the file
    std::string_view hint;         // its class by the name of the group
  };
  // A layer that the configuration names and the file has no variables of.
  struct Pending {
    Index module = 0;
    std::size_t node = 0;
  };
  struct Twin {
    Index module = 0;
    std::string name;
    std::size_t item = 0;
  };

  void look_at(const Step& step) {
    if (step.group != kNothing) add_variables(step);
    const std::size_t first = open_.size();
    std::set<std::size_t> used;
    if (step.node != kNothing) add_configured(step, used);
    if (step.group != kNothing) add_others(step, used);
    std::reverse(open_.begin() + static_cast<std::ptrdiff_t>(first), open_.end());
  }

  void add_variables(const Step& step) {
    const std::size_t group = store_.find(step.group, kVariables);
    if (group == kNothing) return;
    std::vector<std::size_t> items;
    for (const std::size_t item : store_[group].children)
      if (store_[item].is_data_set) items.push_back(item);
    std::sort(items.begin(), items.end(), [&](std::size_t a, std::size_t b) { return number_of(a) < number_of(b); });
    std::vector<Variable> variables;
    if (step.node != kNothing) variables = variables_of(assembler_.node(step.node));
    if (step.node == kNothing && !step.hint.empty()) variables = variables_of_class(step.hint, items.size());
    const bool are_known = variables.size() == items.size();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Variable* variable = are_known && !variables[i].name.empty() ? &variables[i] : nullptr;
      const std::string_view name = variable != nullptr ? variable->name : std::string_view(store_[items[i]].name);
      if (variable != nullptr && variable->is_of_layer) {
        twins_.push_back({step.module, std::string(name), items[i]});
      } else {
        assembler_.add_tensor(step.module, name, items[i], variable, step.node);
      }
    }
  }

  std::uint64_t number_of(std::size_t item) const {
    const std::string& name = store_[item].name;
    std::uint64_t number = UINT64_MAX;
    std::from_chars(name.data(), name.data() + name.size(), number);
    return number;
  }

  // A wrapper that keeps the kernel of its layer once more.
  void add_twin(Index module, const std::string& name, std::size_t item) {
    const Model& model = assembler_.model();
    const Index layer = model.modules[module].first_child;
    Index original = layer == kNone ? kNone : model.modules[layer].first_tensor;
    while (original != kNone && model.tensors[original].name != name) original = model.tensors[original].next;
    const bool is_same = original != kNone && model.tensors[original].rank == store_[item].shape.size() &&
                         std::equal(model.shape_begin(model.tensors[original]),
                                    model.shape_end(model.tensors[original]), store_[item].shape.begin());
    if (!is_same) {
      assembler_.add_tensor(module, name, item, nullptr, kNothing);
    } else {
      assembler_.add_tie(module, name, item, original);
    }
  }

  void add_configured(const Step& step, std::set<std::size_t>& used) {
    std::map<std::string, std::map<std::string, std::size_t>> names;  // by list: how often each name was given
    for (const std::size_t child : assembler_.node(step.node).children) {
      const ConfigNode& node = assembler_.node(child);
      const bool is_listed = node.key == "layers" || node.key == "cells";
      const std::size_t group =
          is_listed ? find_listed(step.group, node, names[node.key], used) : find_attribute(step.group, node.key);
      if (group != kNothing) used.insert(group);
      const std::string name = is_listed || group == kNothing ? std::string() : label(group);
      const Index module = assembler_.add_module(step.module, name.empty() ? node.name : name, node.class_name);
      const bool is_empty = group == kNothing || store_[group].data_sets == 0;
      if (is_empty && !node.is_model && assembler_.will_have_variables(child)) {
        pending_.push_back({module, child});
      } else {
        note_first(node, module);
        open_.push_back({module, child, group, ""});
      }
    }
  }

  // By its name, where the file tells names; else by its class and how many of it came before.
  std::size_t find_listed(std::size_t group, const ConfigNode& node, std::map<std::string, std::size_t>& names,
                          const std::set<std::size_t>& used) {
    std::string wanted = snake_case(node.class_name.substr(node.class_name.rfind('>') + 1));
    const std::size_t before = names[wanted]++;
    if (before > 0) wanted += fmt::format("_{}", before);
    const std::size_t list = list_of(group, node.key);
    if (list == kNothing) return kNothing;
    const std::size_t found = store_.find(list, wanted);
    if (found != kNothing && !used.contains(found)) {
      const std::string name = label(found);
      if (name.empty() || name == node.name) return found;
    }
    const auto named = labels_of(list).find(node.name);
    return named == labels_of(list).end() || used.contains(named->second) ? kNothing : named->second;
  }

  std::size_t list_of(std::size_t group, std::string_view key) const {
    if (group == kNothing) return kNothing;
    const std::size_t list = store_.find(group, key);
    return list == kNothing && key == "layers" ? store_.find(group, kOldLayers) : list;
  }

  // Attributes of a class of Keras 2 begin with an underscore more often than those of Keras 3.
  std::size_t find_attribute(std::size_t group, const std::string& key) const {
    if (group == kNothing) return kNothing;
    const std::size_t found = store_.find(group, key);
    return found == kNothing ? store_.find(group, "_" + key) : found;
  }

  const std::map<std::string, std::size_t>& labels_of(std::size_t list) {
    const auto [place, is_new] = labels_.try_emplace(list);
    if (is_new)
      for (const std::size_t child : store_[list].children) place->second.emplace(label(child), child);
    return place->second;
  }

  std::string label(std::size_t group) {
    const std::size_t variables = store_.find(group, kVariables);
    return variables == kNothing ? std::string() : store_.text(variables, "name");
  }

  // Groups that no configuration tells of: attributes of a class that is somebody's own, or there is none at all.
  void add_others(const Step& step, std::set<std::size_t>& used) {
    const bool is_list = store_.find(step.group, kVariables) == kNothing;
    for (const std::size_t child : store_[step.group].children) {
      const Item& item = store_[child];
      if (item.name == kVariables || used.contains(child) || is_no_layer(step, item)) continue;
      if (item.is_data_set) {
        assembler_.add_tensor(step.module, item.name, child, nullptr, kNothing);
      } else if (item.name == "layers" || item.name == kOldLayers || item.name == "cells") {
        for (const std::size_t layer : item.children)
          if (!used.contains(layer)) add_other(step, layer, true);
      } else if (is_list || item.data_sets > 0) {
        add_other(step, child, is_list);
      }
    }
  }

  // Seeds and metrics are no weights by Keras's count; an optimizer has a section.
  static bool is_no_layer(const Step& step, const Item& item) {
    const bool is_root = step.group == Store::root();
    return item.name == "seed_generator" || (is_root && (item.name == "optimizer" || item.name == "metrics"));
  }

  void add_other(const Step& step, std::size_t group, bool is_listed) {
    const std::string name = label(group);
    const std::string_view hint = is_listed ? class_of_name(store_[group].name) : std::string_view();
    const Index module = assembler_.add_module(step.module, name.empty() ? store_[group].name : name, hint);
    open_.push_back({module, kNothing, group, hint});
  }

  void note_first(const ConfigNode& node, Index module) { first_.try_emplace({node.class_name, node.name}, module); }

  // A layer that was built, but whose variables are not in its group, was saved where the model holds it first.
  void settle(const Pending& pending) {
    const ConfigNode& node = assembler_.node(pending.node);
    const auto first = first_.find({node.class_name, node.name});
    if (node.is_built && first != first_.end()) {
      assembler_.model().modules[pending.module].alias_of = first->second;
    } else {
      assembler_.add_unbuilt(pending.module, pending.node);
      if (node.is_built) note_first(node, pending.module);  // its weights are elsewhere
    }
  }

  Assembler& assembler_;
  Store& store_;
  std::vector<Step> open_;
  std::vector<Pending> pending_;
  std::vector<Twin> twins_;
  std::map<std::pair<std::string, std::string>, Index> first_;  // layers with variables, by class and name
  std::map<std::size_t, std::map<std::string, std::size_t>> labels_;
};

}  // namespace

void read_saved(Assembler& assembler) { SavedReader(assembler).run(); }

}  // namespace weigh::keras
