#include "formats/pytorch/tensors.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "formats/pytorch/storage.h"
#include "formats/pytorch/walk.h"

#include "weigh/error.h"

namespace weigh::pytorch {
namespace {

// Tensors in tensors (a parameter of a subclass of a sparse one …) go no deeper in any real file.
constexpr int kDeepest = 16;

enum class Rebuild : std::uint8_t {
  none,
  strided,
  typed,
  quantized,
  sparse,
  nested,
  jagged,
  parameter,
  uninitialized_parameter,
  uninitialized_buffer,
  meta,
  wrapper,
  from_type,
  from_numpy,
  from_cpu,
  sharded,
};

struct Function {
  std::string_view global;
  Rebuild rebuild;
};

// torch/_utils.py, torch/_tensor.py and torch/nn/parameter.py of 1.13 to 2.13. The most frequent stands first.
constexpr std::array kFunctions = {
    Function{"torch._utils _rebuild_tensor_v2", Rebuild::strided},
    Function{"torch._utils _rebuild_parameter", Rebuild::parameter},
    Function{"torch._utils _rebuild_tensor_v3", Rebuild::typed},
    Function{"torch._utils _rebuild_tensor", Rebuild::strided},
    Function{"torch._utils _rebuild_parameter_with_state", Rebuild::parameter},
    Function{"torch._utils _rebuild_qtensor", Rebuild::quantized},
    Function{"torch._utils _rebuild_sparse_tensor", Rebuild::sparse},
    Function{"torch._utils _rebuild_sparse_csr_tensor", Rebuild::sparse},
    Function{"torch._utils _rebuild_nested_tensor", Rebuild::nested},
    Function{"torch.nested._internal.nested_tensor _rebuild_njt", Rebuild::jagged},
    Function{"torch._utils _rebuild_meta_tensor_no_storage", Rebuild::meta},
    Function{"torch._utils _rebuild_wrapper_subclass", Rebuild::wrapper},
    Function{"torch._utils _rebuild_device_tensor_from_numpy", Rebuild::from_numpy},
    Function{"torch._utils _rebuild_xla_tensor", Rebuild::from_numpy},
    Function{"torch._utils _rebuild_device_tensor_from_cpu_tensor", Rebuild::from_cpu},
    Function{"torch._tensor _rebuild_from_type", Rebuild::from_type},
    Function{"torch._tensor _rebuild_from_type_v2", Rebuild::from_type},
    Function{"torch.tensor _rebuild_from_type", Rebuild::from_type},
    Function{"torch.nn.parameter UninitializedParameter", Rebuild::uninitialized_parameter},
    Function{"torch.nn.parameter UninitializedBuffer", Rebuild::uninitialized_buffer},
    Function{"torch.nn.parameter Parameter", Rebuild::parameter},
    Function{"torch.nn.parameter Buffer", Rebuild::parameter},
    Function{"torch.distributed._shard.sharded_tensor.api ShardedTensor", Rebuild::sharded},  // 1.12; later a subclass
};

Rebuild rebuild_of(std::string_view global) {
  auto found =
      std::find_if(kFunctions.begin(), kFunctions.end(), [&](const Function& f) { return f.global == global; });
  return found == kFunctions.end() ? Rebuild::none : found->rebuild;
}

RequiresGrad requires_grad_of(Value flag) {
  if (!flag.is(Kind::boolean)) return RequiresGrad::not_recorded;
  return flag.boolean() ? RequiresGrad::yes : RequiresGrad::no;
}

// The numbers of a size or a stride: a tuple, or torch.Size(tuple).
std::span<const Value> numbers(Value value) {
  std::span<const Value> arguments = arguments_of(value);
  if (class_of(value) == "torch Size" && arguments.size() == 1) return arguments[0].items();
  return value.items();
}

std::uint64_t bytes_of(std::uint64_t numel, DType dtype) {
  unsigned width = bits(dtype);
  return width >= 8 ? numel * (width / 8) : (numel * width + 7) / 8;
}

// {"conj": True, "neg": True}: bits that say what is to be done with the values before they are used.
bool is_changed(Value facts) {
  return boolean_or(pickle::find(mapping_entries(facts), "conj"), false) ||
         boolean_or(pickle::find(mapping_entries(facts), "neg"), false);
}

// An attribute of an instance whose class has __slots__, which are the second half of its state, or has none.
Value slot_or_attribute(Value object, std::string_view name) {
  if (!object.is(Kind::object)) return {};
  const std::span<const Value> halves = object.object().state().items();
  return halves.size() == 2 && is_mapping(halves[1]) ? pickle::find(mapping_entries(halves[1]), name)
                                                     : attribute(object, name);
}

// In the tar form a tensor is a persistent identifier, a bare key; elsewhere identifiers are tuples.
bool stands_for_a_tensor(Value value) {
  if (!value.is(Kind::persistent)) return false;
  Value key = value.items()[0];
  return key.is(Kind::integer) || (key.is(Kind::string) && !is_storage_as_text(value)) || key.is(Kind::big_integer);
}

}  // namespace

bool is_tensor(Value value) { return rebuild_of(class_of(value)) != Rebuild::none || stands_for_a_tensor(value); }

const TorchTensor& TensorReader::read(Value value, const Place& place) {
  place_ = place;
  tensor_.shape.clear();
  tensor_.strides.clear();
  std::vector<Extent> shape = std::move(tensor_.shape);
  std::vector<std::int64_t> strides = std::move(tensor_.strides);
  tensor_ = TorchTensor();
  tensor_.shape = std::move(shape);  // their memory serves again
  tensor_.strides = std::move(strides);
  tensor_.node = value.identity();
  read_value(value, 0);
  return tensor_;
}

void TensorReader::read_value(Value value, int depth) {
  if (stands_for_a_tensor(value)) return stored(value.items()[0]);
  if (!is_tensor(value)) fail(fmt::format("holds a value that is no tensor ('{}')", dotted(class_of(value))));
  read_call(class_of(value), arguments_of(value), value, depth);
}

void TensorReader::read_call(std::string_view function, Arguments arguments, Value call, int depth) {
  if (depth > kDeepest) fail(fmt::format("nests tensors deeper than {}", kDeepest));
  function_ = function;
  switch (rebuild_of(function)) {
    case Rebuild::strided: return strided(arguments, DType::unknown);
    case Rebuild::typed: return strided(arguments, dtype_of(argument(arguments, 6)));
    case Rebuild::quantized: return quantized(arguments);
    case Rebuild::sparse: return sparse(arguments, depth);
    case Rebuild::nested: return nested(arguments, depth);
    case Rebuild::jagged: return jagged(arguments, depth);
    case Rebuild::parameter: return parameter(arguments, depth);
    case Rebuild::uninitialized_parameter: return uninitialized(Role::parameter, arguments);
    case Rebuild::uninitialized_buffer: return uninitialized(Role::buffer, arguments);
    case Rebuild::meta:
      tensor_.state = State::meta;
      return without_storage(argument(arguments, 0), argument(arguments, 1), argument(arguments, 3));
    case Rebuild::wrapper:
      tensor_.layout = Layout::other;
      return without_storage(argument(arguments, 1), argument(arguments, 2), argument(arguments, 7));
    case Rebuild::from_type: return subclass(arguments, depth);
    case Rebuild::from_numpy: return from_numpy(arguments);
    case Rebuild::sharded: return sharded(call.is(Kind::object) ? call.object().state() : Value(), depth);
    case Rebuild::from_cpu: return read_value(argument(arguments, 0), depth + 1);
    case Rebuild::none: break;
  }
  // A subclass may name any function; without knowing it, only the tensors that it was given are known.
  tensor_.rank_known = false;
  tensor_.layout = Layout::other;
  tensor_.stored_bytes = bytes_below(call);
}

// (storage, offset, size, stride, requires_grad, hooks, …)
void TensorReader::strided(Arguments arguments, DType dtype) {
  std::optional<Storage> storage = storage_of(argument(arguments, 0));
  Value offset = argument(arguments, 1);
  if (!storage) fail(is_storage_as_text(argument(arguments, 0)) ? std::string(kStorageAsText) : "refers to no storage");
  if (!offset.is(Kind::integer) || offset.integer() < 0) fail("has no storage offset");
  tensor_.dtype = dtype == DType::unknown ? storage->dtype : dtype;
  set_shape(argument(arguments, 2));
  for (Value stride : numbers(argument(arguments, 3))) tensor_.strides.push_back(integer_or(stride, 0));
  if (tensor_.strides.size() != tensor_.shape.size())
    fail(fmt::format("has {} extents but {} strides", tensor_.shape.size(), tensor_.strides.size()));
  if (arguments.size() > 4 && boolean_or(arguments[4], false)) tensor_.requires_grad = RequiresGrad::yes;
  const std::size_t facts = dtype == DType::unknown ? 6 : 7;  // of version 3, the dtype stands before them
  tensor_.is_plain = arguments.size() <= facts || !is_changed(arguments[facts]);
  const std::optional<std::uint64_t> begin = checked_add(storage->begin, static_cast<std::uint64_t>(offset.integer()));
  if (!begin) fail("begins behind what 64 bits count");
  check_storage(*storage, *begin);
}

void TensorReader::stored(Value key) {
  const StoredTensor* stored = archive_.tensor_of(key);
  if (stored == nullptr) fail("is not among the archive's tensors");
  tensor_.dtype = stored->storage.dtype;
  tensor_.strides = stored->strides;
  for (std::int64_t size : stored->sizes) {
    if (size < 0) fail("has an extent that is no size");
    tensor_.shape.emplace_back(static_cast<std::uint64_t>(size));
  }
  check_storage(stored->storage, stored->offset);
}

// The storage must hold what the tensor spans, and the archive what the storage declares.
void TensorReader::check_storage(const Storage& storage, std::uint64_t offset) {
  unsigned width = bits(tensor_.dtype);
  const std::uint64_t elements = numel();
  tensor_.stored_bytes = bytes_of(elements, tensor_.dtype);
  tensor_.storage = storage.key;
  tensor_.storage_offset = offset * std::max(1U, width / 8);
  std::optional<std::uint64_t> declared = checked_mul(storage.numel, bytes_per_element(storage));
  if (!declared)
    fail(
        fmt::format("is in storage '{}' of {} elements, which is more than 64 bits count", storage.key, storage.numel));
  if (storage.location == "meta") {
    tensor_.state = State::meta;
    tensor_.stored_bytes = 0;
    return;
  }
  std::optional<std::uint64_t> held = archive_.storage_bytes(storage.key);
  if (!held) fail(fmt::format("is in storage '{}', which the file does not hold; is it incomplete?", storage.key));
  if (*held < *declared)
    fail(fmt::format("is in storage '{}' of {} bytes, of which the file holds {}; is it incomplete?", storage.key,
                     *declared, *held));
  if (elements == 0) return;
  if (width < 8) {  // several share a byte, or the dtype is not known
    if (tensor_.stored_bytes > *declared)
      fail(fmt::format("needs {} bytes of storage '{}', which holds {}", tensor_.stored_bytes, storage.key, *declared));
    return;
  }
  std::optional<std::uint64_t> last = offset;
  for (std::size_t i = 0; i < tensor_.shape.size() && last; ++i) {
    if (tensor_.strides[i] < 0) fail(fmt::format("has the negative stride {}", tensor_.strides[i]));
    std::optional<std::uint64_t> reach =
        checked_mul(tensor_.shape[i].size() - 1, static_cast<std::uint64_t>(tensor_.strides[i]));
    last = reach ? checked_add(*last, *reach) : std::nullopt;
  }
  const std::uint64_t there = *declared / (width / 8);
  if (!last || *last >= there) {
    fail(fmt::format("reaches element {} of storage '{}', which holds {}", last ? fmt::to_string(*last) : "2^64",
                     storage.key, there));
  }
}

// (storage, offset, size, stride, quantizer, requires_grad, hooks); the scales are part of the quantizer.
void TensorReader::quantized(Arguments arguments) {
  strided(arguments.first(std::min<std::size_t>(arguments.size(), 4)), DType::unknown);
  tensor_.layout = Layout::quantized;
}

// (layout, (indices, values, size, …)) or (layout, (compressed indices, plain indices, values, size)).
void TensorReader::sparse(Arguments arguments, int depth) {
  Arguments parts = argument(arguments, 1).items();
  std::size_t tensors = 0;
  while (tensors < parts.size() && is_tensor(parts[tensors])) ++tensors;
  if (tensors < 2 || tensors > 3 || tensors >= parts.size())
    fail(fmt::format("is sparse with {} tensors, needs 2 or 3 and a size", tensors));
  std::uint64_t stored = 0;
  for (std::size_t i = 0; i < tensors; ++i) {
    read_part(parts[i], depth + 1);
    add_bytes(stored, tensor_.stored_bytes);
  }
  // The values were read last: their dtype is the tensor's.
  set_shape(parts[tensors]);
  numel();
  tensor_.storage = {};
  tensor_.stored_bytes = stored;
  tensor_.layout = Layout::sparse;
}

// (buffer, sizes [parts, rank - 1], strides, offsets): the shapes of the parts are tensor data, which is not read.
void TensorReader::nested(Arguments arguments, int depth) {
  read_part(argument(arguments, 1), depth + 1);
  if (tensor_.shape.size() != 2) fail(fmt::format("is nested with sizes of rank {}, needs 2", tensor_.shape.size()));
  const std::uint64_t parts = tensor_.shape[0].size();
  const std::uint64_t unknown = std::min<std::uint64_t>(tensor_.shape[1].size(), limits_.dimensions - 1);
  read_part(argument(arguments, 0), depth + 1);
  have_parts(parts, std::vector<Extent>(unknown, Extent::unknown(kNameless)));
}

// ({"values": [rows of all parts, …], "offsets": [parts + 1], …},)
void TensorReader::jagged(Arguments arguments, int depth) {
  const Entries fields = argument(arguments, 0).entries();
  read_part(pickle::find(fields, "offsets"), depth + 1);
  const std::uint64_t offsets = tensor_.shape.empty() ? 0 : tensor_.shape[0].size();
  const std::uint64_t bytes = tensor_.stored_bytes;
  read_part(pickle::find(fields, "values"), depth + 1);
  if (offsets == 0 || tensor_.shape.empty()) fail("is jagged without offsets or values");
  tensor_.stored_bytes += bytes;  // each is at most the file's size
  std::vector<Extent> shape = tensor_.shape;
  shape[0] = Extent::unknown(kNameless);
  have_parts(offsets - 1, shape);
}

// The tensor just read holds the elements of `parts` tensors, each of the shape that is known of all.
void TensorReader::have_parts(std::uint64_t parts, const std::vector<Extent>& shape) {
  tensor_.elements = numel();
  tensor_.shape.assign(1, Extent(parts));
  tensor_.shape.insert(tensor_.shape.end(), shape.begin(), shape.end());
  tensor_.storage = {};
  tensor_.layout = Layout::nested;
}

// (tensor, requires_grad, hooks[, state])
void TensorReader::parameter(Arguments arguments, int depth) {
  const bool is_buffer = short_class_name(function_) == "Buffer";
  Value requires_grad = argument(arguments, 1);
  read_value(argument(arguments, 0), depth + 1);
  if (is_buffer) {
    tensor_.role = Role::buffer;
    return;
  }
  tensor_.role = Role::parameter;
  tensor_.requires_grad = requires_grad_of(requires_grad);
}

// (requires_grad,): no shape, no dtype, no storage.
void TensorReader::uninitialized(Role role, Arguments arguments) {
  tensor_.role = role;
  tensor_.state = State::uninitialised;
  tensor_.rank_known = false;
  tensor_.requires_grad = arguments.empty() ? RequiresGrad::not_recorded : requires_grad_of(arguments[0]);
}

// (function, type, arguments, state)
void TensorReader::subclass(Arguments arguments, int depth) {
  Value function = argument(arguments, 0);
  Value inner = argument(arguments, 2);
  Value state = argument(arguments, 3);
  if (!function.is(Kind::global)) fail("is made by something that has no name");
  read_call(function.text(), inner.items(), inner, depth + 1);
  // A wrapper has no memory of its own; the tensors that it wraps are in its state. What else is there (a DTensor's
  // mesh) is not its.
  if (tensor_.layout != Layout::other) return;
  tensor_.stored_bytes = 0;
  const Value type = argument(arguments, 1);
  const std::string_view name = type.is(Kind::global) ? short_class_name(type.text()) : std::string_view();
  if (name == "ShardedTensor") return add_local_shards(state, depth);
  for (Value part : state.items()) add_wrapped(part);
  add_wrapped(state);
  if (name == "DTensor") be_part();
}

// An object whose state is ([shards], metadata, process group, …); the metadata: {"size": …, "tensor_properties": …},
// whose state begins with the dtype.
void TensorReader::sharded(Value state, int depth) {
  if (state.items().size() < 2) fail("is sharded, but has no metadata");
  const Value metadata = state.items()[1];
  const Value properties = attribute(metadata, "tensor_properties");
  const std::span<const Value> facts =
      properties.is(Kind::object) ? properties.object().state().items() : std::span<const Value>();
  set_shape(attribute(metadata, "size"));
  if (!facts.empty()) tensor_.dtype = dtype_of(facts[0]);
  numel();
  tensor_.layout = Layout::other;
  add_local_shards(state, depth);
}

// What this rank has of the whole, which the tensor describes already. Shards are often views of one storage, of which
// each is a part.
void TensorReader::add_local_shards(Value state, int depth) {
  TorchTensor whole = tensor_;
  whole.stored_bytes = 0;
  const std::span<const Value> parts = state.items();
  for (Value shard : parts.empty() ? std::span<const Value>() : parts[0].items()) {
    const Value held = slot_or_attribute(shard, "tensor");
    if (!is_tensor(held)) fail("has a shard that holds no tensor");
    read_part(held, depth + 1);
    check_local_shard(slot_or_attribute(shard, "metadata"));
    add_bytes(whole.stored_bytes, tensor_.stored_bytes);
  }
  tensor_ = std::move(whole);
  be_part();
  const Value group = parts.size() > 2 ? parts[2] : Value();
  const std::int64_t rank = integer_or(attribute(group, "global_rank"), -1);
  const std::int64_t ranks = integer_or(attribute(group, "global_world_size"), -1);
  if (rank >= 0 && rank < ranks) tensor_.rank.emplace(rank, ranks);
}

void TensorReader::check_local_shard(Value metadata) const {
  const std::span<const Value> sizes = numbers(slot_or_attribute(metadata, "shard_sizes"));
  const bool is_same =
      std::equal(sizes.begin(), sizes.end(), tensor_.shape.begin(), tensor_.shape.end(), [](Value size, Extent extent) {
        return size.is(Kind::integer) && extent.is_known() &&
               size.integer() == static_cast<std::int64_t>(extent.size());
      });
  if (!is_same) fail("has a shard whose shape is another than its metadata say");
}

// A file that holds all of it, being the only rank's, says nothing of others.
void TensorReader::be_part() {
  const std::uint64_t all = bytes_of(numel(), tensor_.dtype);
  if (tensor_.dtype != DType::unknown && tensor_.stored_bytes < all) tensor_.whole_bytes = all;
}

void TensorReader::add_wrapped(Value state) {
  for (const auto& [key, value] : mapping_entries(state))
    if (is_tensor(value)) add_bytes(tensor_.stored_bytes, bytes_below(value));
}

// (array, dtype, device, requires_grad): numpy's array is _reconstruct(…) with the state (version, shape, dtype,
// fortran order, bytes).
void TensorReader::from_numpy(Arguments arguments) {
  Value array = argument(arguments, 0);
  std::span<const Value> state = array.is(Kind::object) ? array.object().state().items() : std::span<const Value>();
  if (state.size() < 2) fail("holds no array");
  without_storage(argument(arguments, 1), state[1], argument(arguments, 3));
  tensor_.stored_bytes = bytes_of(numel(), tensor_.dtype);
}

void TensorReader::without_storage(Value dtype, Value shape, Value requires_grad) {
  tensor_.dtype = dtype_of(dtype);
  set_shape(shape);
  numel();
  if (boolean_or(requires_grad, false)) tensor_.requires_grad = RequiresGrad::yes;
}

// A tensor inside another: what it says of shape, dtype and bytes stands until the caller overwrites it.
void TensorReader::read_part(Value value, int depth) {
  tensor_.shape.clear();
  tensor_.strides.clear();
  read_value(value, depth);
}

// Bytes of the storages that a value refers to, each counted once.
std::uint64_t TensorReader::bytes_below(Value value) {
  std::uint64_t bytes = 0;
  for_each_node(value, [&](Value node) {
    // Many tensors may share one huge state, and each walks it.
    if (++walked_ > limits_.pickle_walk)
      fail(fmt::format("and those before it refer to more than {} values (limit pickle_walk)", limits_.pickle_walk));
    std::optional<Storage> storage = storage_of(node);
    if (!storage) return;
    // At most the file's size each; a node is visited once.
    bytes = checked_add(bytes, archive_.storage_bytes(storage->key).value_or(0)).value_or(bytes);
  });
  return bytes;
}

void TensorReader::set_shape(Value sizes) {
  std::span<const Value> extents = numbers(sizes);
  if (extents.size() > limits_.dimensions)
    fail(fmt::format("has {} dimensions, more than {} (limit dimensions)", extents.size(), limits_.dimensions));
  tensor_.shape.clear();
  for (Value extent : extents) {
    if (!extent.is(Kind::integer) || extent.integer() < 0) fail("has an extent that is no size");
    tensor_.shape.emplace_back(static_cast<std::uint64_t>(extent.integer()));
  }
}

// The product of the extents, times 16 bytes for the widest dtype, fits 64 bits, or the file lies.
std::uint64_t TensorReader::numel() const {
  std::optional<std::uint64_t> product = 1;
  for (Extent extent : tensor_.shape) product = product ? checked_mul(*product, extent.size()) : std::nullopt;
  if (!product || !checked_mul(*product, 16)) fail("has more elements than 64 bits count");
  return *product;
}

void TensorReader::add_bytes(std::uint64_t& sum, std::uint64_t bytes) const {
  if (__builtin_add_overflow(sum, bytes, &sum)) fail("has more bytes than 64 bits count");
}

Value TensorReader::argument(Arguments arguments, std::size_t index) const {
  if (index < arguments.size()) return arguments[index];
  fail(
      fmt::format("is made by {} with {} arguments, needs {} or more", dotted(function_), arguments.size(), index + 1));
}

void TensorReader::fail(const std::string& message) const {
  throw Error(ErrorKind::corrupt, std::string(label_), fmt::format("tensor '{}' {}", place_.text(), message));
}

}  // namespace weigh::pytorch
