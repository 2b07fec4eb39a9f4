#include "formats/pytorch/module_tree.h"

#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "formats/pytorch/lazy.h"
#include "formats/pytorch/module_walk.h"

#include "weigh/error.h"

namespace weigh::pytorch {
namespace {

// __dict__ of a module. A torch.fx.GraphModule is a call with it: reduce_graph_module(dict, imports).
Entries module_attributes(Value module) {
  if (Entries attributes = attributes_of(module); !attributes.empty()) return attributes;
  std::span<const Value> arguments = arguments_of(module);
  return arguments.empty() ? Entries() : mapping_entries(arguments[0]);
}

bool has_module_attributes(Value value) {
  if (!value.is(Kind::object)) return false;
  const Entries attributes = module_attributes(value);
  auto has = [&](std::string_view name) { return !pickle::find(attributes, name).is(Kind::none); };
  return has("_parameters") && has("_buffers") && has("_modules");
}

bool is_compiled(Value module) {
  return class_of(module) == "torch._dynamo.eval_frame OptimizedModule" && !arguments_of(module).empty() &&
         has_module_attributes(arguments_of(module)[0]);
}

class Tree {
 public:
  explicit Tree(Assembler& assembler) : assembler_(assembler), model_(assembler.model()), shapes_(assembler) {}

  void add(Value root, Index index) {
    walk_depth_first(Open{{root, index, Value(), kNone, ""}, 0},
                     [this](const Open& open, std::vector<Open>& children) { add_one(open, children); });
  }

 private:
  struct Open {
    Layer layer;
    std::uint32_t depth;
  };

  void add_one(const Open& open, std::vector<Open>& children) {
    const auto [seen, is_new] = seen_.emplace(open.layer.module.identity(), open.layer.index);
    if (!is_new) return be_alias(model_.modules[open.layer.index], seen->second);
    if (is_compiled(open.layer.module)) return add_compiled(open, children);
    const Entries attributes = module_attributes(open.layer.module);
    describe(model_.modules[open.layer.index], open.layer.module, attributes);
    add_tensors(open, pickle::find(attributes, "_parameters"), Role::parameter);
    add_tensors(open, pickle::find(attributes, "_buffers"), Role::buffer);
    if (open.depth >= assembler_.limits().module_depth) {
      throw Error(ErrorKind::limit, model_.source,
                  fmt::format("nests modules deeper than {} (limit module_depth)", assembler_.limits().module_depth));
    }
    for (const auto& [key, child] : mapping_entries(pickle::find(attributes, "_modules")))
      if (key.is(Kind::string) && is_module(child)) add_child(open, key.text(), child, children);
  }

  void add_child(const Open& parent, std::string_view name, Value child, std::vector<Open>& children) {
    assembler_.check_length(parent.layer.index, name);
    const Index index = assembler_.builder().add_child(parent.layer.index, name);
    children.push_back({{child, index, parent.layer.module, parent.layer.index, name}, parent.depth + 1});
  }

  void be_alias(Module& module, Index original) const {
    module.alias_of = original;
    module.type = model_.modules[original].type;
    module.mode = model_.modules[original].mode;
  }

  // torch.compile's wrapper is stored as a call with the module that it wraps, whose mode is its own.
  void add_compiled(const Open& open, std::vector<Open>& children) {
    const Value wrapped = arguments_of(open.layer.module)[0];
    describe(model_.modules[open.layer.index], open.layer.module, module_attributes(wrapped));
    add_child(open, "_orig_mod", wrapped, children);
  }

  void describe(Module& module, Value value, Entries attributes) {
    std::string_view global = class_of(value);
    Value graph_name = pickle::find(attributes, "_graphmodule_cls_name");
    module.type = model_.keep(graph_name.is(Kind::string) ? graph_name.text() : short_class_name(global));
    Value training = pickle::find(attributes, "training");
    if (training.is(Kind::boolean)) module.mode = training.boolean() ? Mode::train : Mode::eval;
  }

  void add_tensors(const Open& open, Value tensors, Role role) {
    for (const auto& [key, value] : mapping_entries(tensors)) {
      if (!key.is(Kind::string) || value.is(Kind::none)) continue;
      assembler_.check_length(open.layer.index, key.text());
      if (!is_tensor(value)) {
        model_.notes.push_back(
            {"unknown-tensor", model_.path_of(open.layer.index, key.text()),
             fmt::format("is made by '{}', which is not known; it is not counted", dotted(class_of(value)))});
        continue;
      }
      Index index = assembler_.add_to_module(value, key.text(), open.layer.index, role);
      if (model_.tensors[index].state != State::uninitialised) continue;
      model_.modules[open.layer.index].lazy = true;
      if (model_.tensors[index].tied_to == kNone) shapes_.complete(index, open.layer, key.text());
    }
  }

  Assembler& assembler_;
  Model& model_;
  LazyShapes shapes_;
  std::unordered_map<const void*, Index> seen_;
};

}  // namespace

bool is_module(Value value) { return has_module_attributes(value) || is_compiled(value); }

void add_module_tree(Assembler& assembler, Value module, Index root) { Tree(assembler).add(module, root); }

}  // namespace weigh::pytorch
