#include "formats/pytorch/assembler.h"

#include <string>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "model/roles.h"

#include "weigh/error.h"

namespace weigh::pytorch {

Assembler::Memory Assembler::memory_of(const TorchTensor& tensor) {
  if (tensor.storage.empty()) return {tensor.node, 0, 0, 0};
  auto form = static_cast<std::uint64_t>(tensor.dtype);
  for (Extent extent : tensor.shape) form = mix(form, extent.is_known() ? extent.size() : UINT64_MAX);
  for (std::int64_t stride : tensor.strides) form = mix(form, static_cast<std::uint64_t>(stride));
  return {nullptr, hash_of(tensor.storage), tensor.storage_offset, form};
}

void Assembler::check_length(Index module, std::string_view name) const {
  std::size_t size = name.size();
  for (Index above = module; above != 0; above = model_.modules[above].parent)
    size += model_.modules[above].name.size() + 1;
  if (size < limits_.name_bytes) return;
  const std::string prefix = model_.path_of(module);
  throw Error(ErrorKind::limit, model_.source,
              fmt::format("the name '{}…' is longer than {} bytes (limit name_bytes)",
                          (prefix.empty() ? name : prefix).substr(0, 60), limits_.name_bytes));
}

Tensor Assembler::describe(const TorchTensor& read, std::string_view name, std::optional<Role> role) {
  if (!role) role = read.role;
  Tensor tensor;
  tensor.name = name;
  tensor.dtype = read.dtype;
  tensor.stored_bytes = read.stored_bytes;
  tensor.state = read.state;
  tensor.layout = read.layout;
  const KnownRole known = role ? KnownRole{*role, Evidence::recorded}
                               : infer_role(name.substr(name.rfind('.') + 1), read.dtype, read.shape);
  known.give_to(tensor);
  // A state dict holds detached tensors, which say nothing of the parameter; a Parameter does.
  tensor.requires_grad = tensor.role == Role::parameter ? read.requires_grad : RequiresGrad::no;
  if (!read.rank_known) tensor.rank = Tensor::kUnknownRank;
  memory_ = memory_of(read);
  tensor.tied_to =
      first_in_memory_.find(memory_.hash(), [&](Index place) { return memories_[place].first == memory_; });
  if (tensor.tied_to != kNone) tensor.tied_to = memories_[tensor.tied_to].second;
  return tensor;
}

void Assembler::remember(const TorchTensor& tensor, Index index) {
  if (model_.tensors[index].tied_to == kNone) {
    first_in_memory_.insert(static_cast<Index>(memories_.size()), memory_.hash());
    memories_.emplace_back(memory_, index);
  }
  if (tensor.whole_bytes && model_.tensors[index].tied_to == kNone) {
    if (parts_.count++ == 0) parts_.first = index;
    parts_.rank = tensor.rank;
    parts_.stored = checked_add(parts_.stored, tensor.stored_bytes).value_or(UINT64_MAX);
    parts_.whole = checked_add(parts_.whole, *tensor.whole_bytes).value_or(UINT64_MAX);
  }
  if (tensor.elements) model_.nested_elements.emplace_back(model_.tensors[index].first_extent, *tensor.elements);
}

void Assembler::locate(const TorchTensor& tensor, Index index) {
  model_.locations.resize(std::size_t{index} + 1);
  const bool is_there = tensor.state == State::initialised && tensor.layout == Layout::strided && tensor.is_plain;
  if (!is_there || tensor.storage.empty()) return;
  const std::optional<std::uint64_t> storage = archive_.storage_offset(tensor.storage);
  if (storage) model_.locations[index] = {0, *storage + tensor.storage_offset, tensor.strides};
}

void Assembler::note_parts() {
  if (parts_.count == 0) return;
  const std::string rank = parts_.rank ? fmt::format(" (rank {} of {})", parts_.rank->first, parts_.rank->second) : "";
  const std::string who =
      parts_.count == 1
          ? std::string("is sharded: its shape is that of the whole")
          : fmt::format("is sharded, as {} more are: their shapes are those of the whole", parts_.count - 1);
  model_.notes.push_back({"sharded-tensor", model_.path_of(model_.tensors[parts_.first]),
                          fmt::format("{}, of whose {} bytes this file{} holds {}; the rest is in the files of other "
                                      "ranks, which were not looked at",
                                      who, parts_.whole, rank, parts_.stored)});
}

Index Assembler::add_by_path(Value value, std::string_view path) {
  const Index module = builder_.module_of(path);
  return add_to_module(value, ModelBuilder::name_in(module, path, 0), module, std::nullopt);
}

Index Assembler::add_to_module(Value value, std::string_view name, Index module, std::optional<Role> role) {
  const TorchTensor& read = tensors_.read(value, {&model_, module, name});
  Tensor tensor = describe(read, name, role);
  tensor.module = module;
  Index index = builder_.add_to_module(tensor, read.shape);
  remember(read, index);
  if (with_locations_) locate(read, index);
  return index;
}

void Assembler::set_shape(Index index, std::span<const Extent> shape) {
  Tensor& tensor = model_.tensors[index];
  tensor.first_extent = static_cast<Index>(model_.extents.size());
  tensor.rank = static_cast<std::uint8_t>(shape.size());
  model_.extents.insert(model_.extents.end(), shape.begin(), shape.end());
}

void Assembler::share_shapes_of_ties() {
  for (Tensor& tensor : model_.tensors) {
    if (tensor.tied_to == kNone || tensor.rank_known()) continue;
    const Tensor& original = model_.tensors[tensor.tied_to];
    tensor.rank = original.rank;
    tensor.first_extent = original.first_extent;
  }
}

}  // namespace weigh::pytorch
