#include "formats/keras/assembler.h"

#include <algorithm>

#include <fmt/format.h>

#include "model/roles.h"
#include "model/sections.h"

#include "weigh/error.h"

namespace weigh::keras {
namespace {

// Variables of a layer with a mixed policy are kept in float32.
DType dtype_of(std::string_view name) {
  if (name.starts_with("mixed_")) return DType::float32;
  return dtype_from_torch(name).value_or(DType::unknown);
}

}  // namespace

Assembler::Assembler(Store& store, const std::vector<ConfigNode>& nodes, const ReadOptions& options, Model& model,
                     std::uint64_t base, bool is_plain)
    : store_(store),
      nodes_(nodes),
      options_(options),
      model_(model),
      builder_(model, options.limits),
      base_(base),
      is_plain_(is_plain) {}

Index Assembler::add_module(Index parent, std::string_view name, std::string_view type) {
  if (name.size() > limits().name_bytes) {
    throw Error(ErrorKind::limit, model_.source,
                fmt::format("a layer has a name of {} bytes, more than {} (limit name_bytes)", name.size(),
                            limits().name_bytes));
  }
  const Index module = builder_.add_child(parent, name);
  model_.modules[module].type = model_.keep(type);
  return module;
}

Index Assembler::add_tensor(Index module, std::string_view name, std::size_t item, const Variable* variable,
                            std::size_t node) {
  const Item& source = store_[item];
  Tensor tensor;
  tensor.module = module;
  tensor.name = name;
  tensor.dtype = source.dtype;
  tensor.stored_bytes = source.bytes;
  const KnownRole known = variable == nullptr
                              ? infer_role(name, source.dtype, source.shape)
                              : KnownRole{variable->is_state ? Role::buffer : Role::parameter, Evidence::recorded};
  known.give_to(tensor);
  tensor.requires_grad = requires_grad(tensor, variable, node);
  if (source.same_as != kNothing) {
    const auto original = tensors_.find(source.same_as);
    if (original != tensors_.end()) tensor.tied_to = original->second;
  }
  const Index index = builder_.add_to_module(tensor, source.shape);
  tensors_.emplace(item, index);
  if (!options_.locations) return index;
  model_.locations.resize(std::size_t{index} + 1);
  if (is_plain_ && source.offset != 0 && bits(source.dtype) != 0)
    model_.locations[index] = {static_cast<Index>(source.file), base_ + source.offset, {}};
  return index;
}

Index Assembler::add_tie(Index module, std::string_view name, std::size_t item, Index original) {
  Tensor tensor;
  tensor.module = module;
  tensor.name = name;
  tensor.tied_to = original;
  const Index index = builder_.add_to_module(tensor, store_[item].shape);
  if (options_.locations) model_.locations.resize(std::size_t{index} + 1);
  return index;
}

// A layer of Keras says whether it is frozen; what a layer of somebody else freezes by itself is in its code.
RequiresGrad Assembler::requires_grad(const Tensor& tensor, const Variable* variable, std::size_t node) const {
  if (tensor.role == Role::buffer) return variable != nullptr ? RequiresGrad::no : RequiresGrad::not_recorded;
  if (node == kNothing) return RequiresGrad::not_recorded;
  if (!nodes_[node].trainable || !can_be_parameter(tensor.dtype)) return RequiresGrad::no;
  return variable == nullptr ? RequiresGrad::not_recorded : RequiresGrad::yes;
}

Extent Assembler::extent_of(const Dimension& dimension, Index layer) {
  if (dimension.unknown.empty()) return Extent(dimension.size);
  const auto [place, is_new] = symbols_.try_emplace({layer, dimension.unknown});
  if (is_new) place->second = builder_.symbol(dimension.unknown, layer);
  return Extent::unknown(place->second);
}

bool Assembler::will_have_variables(std::size_t node) const {
  std::vector<std::size_t> open = {node};
  while (!open.empty()) {
    const std::size_t one = open.back();
    open.pop_back();
    if (!variables_of(nodes_[one]).empty()) return true;
    open.insert(open.end(), nodes_[one].children.begin(), nodes_[one].children.end());
  }
  return false;
}

void Assembler::add_unbuilt(Index root, std::size_t node) {
  struct Step {
    Index module;
    std::size_t node;
    Index input;  // the layer whose input it takes: directions and cells take that of the whole
  };
  std::vector<Step> steps = {{root, node, root}};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step step = steps[i];
    for (const Variable& variable : variables_of(nodes_[step.node]))
      add_unbuilt(step.module, step.node, variable, step.input);
    for (const std::size_t child : nodes_[step.node].children) {
      const Index module = add_module(step.module, nodes_[child].name, nodes_[child].class_name);
      steps.push_back({module, child, nodes_[child].key == "cells" ? module : step.input});
    }
  }
}

void Assembler::add_unbuilt(Index module, std::size_t node, const Variable& variable, Index input) {
  Tensor tensor;
  tensor.module = module;
  tensor.name = variable.name;
  tensor.state = State::uninitialised;
  tensor.dtype = dtype_of(nodes_[node].dtype);
  tensor.role = variable.is_state ? Role::buffer : Role::parameter;
  tensor.role_evidence = Evidence::recorded;
  tensor.requires_grad = requires_grad(tensor, &variable, node);
  std::vector<Extent> shape;
  if (variable.shape) {
    for (const Dimension& dimension : *variable.shape) shape.push_back(extent_of(dimension, input));
  } else {
    tensor.rank = Tensor::kUnknownRank;
  }
  // A layer that was built has weights, wherever they are.
  const bool is_known = nodes_[node].is_built && variable.shape &&
                        std::all_of(shape.begin(), shape.end(), [](Extent extent) { return extent.is_known(); });
  if (is_known) tensor.state = State::meta;
  builder_.add_to_module(tensor, shape);
  if (!is_known) model_.modules[module].lazy = true;
}

void Assembler::add_optimizer(std::size_t group) {
  Section section = optimizer_state();
  std::vector<std::size_t> open = {group};
  while (!open.empty()) {
    const Item& item = store_[open.back()];
    open.pop_back();
    open.insert(open.end(), item.children.begin(), item.children.end());
    if (!item.is_data_set) continue;
    ++section.tensors;
    section.bytes += item.bytes;
  }
  if (section.tensors > 0) model_.sections.push_back(section);
}

}  // namespace weigh::keras
