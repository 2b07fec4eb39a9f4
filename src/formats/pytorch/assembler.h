// Puts torch's tensors into a Model: paths, roles, ties.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes/flat_index.h"
#include "formats/pytorch/tensors.h"
#include "model/builder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh::pytorch {

class Assembler {
 public:
  // All must outlive it.
  Assembler(Model& model, const Archive& archive, const ReadOptions& options)
      : model_(model),
        archive_(archive),
        limits_(options.limits),
        with_locations_(options.locations),
        builder_(model, options.limits),
        tensors_(archive, model.source, options.limits) {}

  Model& model() { return model_; }
  ModelBuilder& builder() { return builder_; }
  const Limits& limits() const { return limits_; }

  // Throws Error(limit) where the full name of what is called `name` in the module is too long.
  void check_length(Index module, std::string_view name) const;

  // Requires: is_tensor(value). Without a role, the value's own or an inferred one is taken.
  Index add_by_path(Value value, std::string_view path);
  Index add_to_module(Value value, std::string_view name, Index module, std::optional<Role> role);

  // Gives an uninitialised tensor the extents that turned out to be known.
  void set_shape(Index tensor, std::span<const Extent> shape);
  // To be called when all is added: what is tied to such a tensor has its extents.
  void share_shapes_of_ties();
  // Notes that other files hold the rest of tensors that are sharded. To be called when all is added.
  void note_parts();

  // Bytes of a tensor that is not added.
  std::uint64_t stored_bytes(Value value) { return tensors_.read(value, {}).stored_bytes; }
  bool is_scalar(Value value) {
    const TorchTensor& read = tensors_.read(value, {});
    return read.rank_known && read.shape.empty();
  }

 private:
  struct Memory {
    const void* node = nullptr;  // for what has no storage
    std::uint64_t storage = 0;   // hash of its key
    std::uint64_t offset = 0;
    std::uint64_t form = 0;  // hash of extents, strides, dtype
    friend bool operator==(const Memory&, const Memory&) = default;
    std::uint64_t hash() const { return mix(mix(mix(reinterpret_cast<std::uintptr_t>(node), storage), offset), form); }
  };
  Tensor describe(const TorchTensor& read, std::string_view name, std::optional<Role> role);
  static Memory memory_of(const TorchTensor& tensor);
  void remember(const TorchTensor& tensor, Index index);
  void locate(const TorchTensor& tensor, Index index);

  Model& model_;
  const Archive& archive_;
  const Limits& limits_;
  const bool with_locations_;
  ModelBuilder builder_;
  TensorReader tensors_;
  Memory memory_;  // of the tensor described last
  // Tensors of which the file holds a part.
  struct Parts {
    Index first = kNone;
    std::uint64_t count = 0;
    std::uint64_t stored = 0;
    std::uint64_t whole = 0;
    std::optional<std::pair<std::uint64_t, std::uint64_t>> rank;
  };
  Parts parts_;
  std::vector<std::pair<Memory, Index>> memories_;
  FlatIndex first_in_memory_;  // over memories_
};

}  // namespace weigh::pytorch
