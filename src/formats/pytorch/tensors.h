// Tensors, as torch's reducers wrote them: a call of one of the rebuild functions of torch._utils and its relatives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/pytorch/archive.h"
#include "formats/pytorch/python.h"
#include "formats/pytorch/storage.h"

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh::pytorch {

// A tensor before it has a place in a model.
struct TorchTensor {
  std::vector<Extent> shape;
  bool rank_known = true;
  std::optional<std::uint64_t> elements;  // of a nested tensor, whose shape does not tell
  std::uint64_t stored_bytes = 0;
  DType dtype = DType::unknown;
  State state = State::initialised;
  Layout layout = Layout::strided;
  RequiresGrad requires_grad = RequiresGrad::not_recorded;
  std::optional<Role> role;  // where the value itself tells: Parameter, UninitializedBuffer
  // What makes two tensors the same memory: a storage and a byte offset in it; or, without a storage, the node.
  std::string_view storage;
  std::uint64_t storage_offset = 0;
  std::vector<std::int64_t> strides;
  // Of a tensor whose other parts are in files of other ranks: the bytes of all of them.
  std::optional<std::uint64_t> whole_bytes;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> rank;  // that wrote it, and how many there were
  bool is_plain = true;  // false: its values are not its bytes as they lie there (a conjugate)
  const void* node = nullptr;
};

// Whether the value is a call that makes a tensor. Cheap: reads a name.
bool is_tensor(Value value);

// Where a tensor stands, for messages: its full name is made only for one.
struct Place {
  const Model* model = nullptr;
  Index module = 0;
  std::string_view name;

  std::string text() const { return model == nullptr ? std::string(name) : model->path_of(module, name); }
};

class TensorReader {
 public:
  // Both must outlive it; `label` names the source in messages.
  TensorReader(const Archive& archive, std::string_view label, const Limits& limits)
      : archive_(archive), label_(label), limits_(limits) {}

  // Requires: is_tensor(value). The result is valid until the next call. Throws
  // Error where the call's arguments contradict themselves or the archive.
  const TorchTensor& read(Value value, const Place& place);

 private:
  using Arguments = std::span<const Value>;
  void read_value(Value value, int depth);
  void read_part(Value value, int depth);
  void read_call(std::string_view function, Arguments arguments, Value call, int depth);
  void strided(Arguments arguments, DType dtype);
  void stored(Value key);
  void quantized(Arguments arguments);
  void sparse(Arguments arguments, int depth);
  void nested(Arguments arguments, int depth);
  void jagged(Arguments arguments, int depth);
  void have_parts(std::uint64_t parts, const std::vector<Extent>& shape);
  void add_wrapped(Value state);
  void sharded(Value state, int depth);
  void add_local_shards(Value state, int depth);
  void check_local_shard(Value metadata) const;
  void be_part();
  void parameter(Arguments arguments, int depth);
  void uninitialized(Role role, Arguments arguments);
  void subclass(Arguments arguments, int depth);
  void from_numpy(Arguments arguments);
  void without_storage(Value dtype, Value shape, Value requires_grad);
  void check_storage(const Storage& storage, std::uint64_t offset);
  void set_shape(Value sizes);
  std::uint64_t numel() const;
  std::uint64_t bytes_below(Value value);
  void add_bytes(std::uint64_t& sum, std::uint64_t bytes) const;
  Value argument(Arguments arguments, std::size_t index) const;
  [[noreturn]] void fail(const std::string& message) const;

  const Archive& archive_;
  std::string_view label_;
  const Limits& limits_;
  Place place_;
  std::string_view function_;
  TorchTensor tensor_;
  std::uint64_t walked_ = 0;
};

}  // namespace weigh::pytorch
