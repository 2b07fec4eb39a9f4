#include "formats/dcp/metadata.h"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "formats/pytorch/python.h"
#include "formats/pytorch/storage.h"

#include "weigh/error.h"

namespace weigh::dcp {

using pytorch::attribute;
using pytorch::class_of;
using pytorch::Kind;
using pytorch::Value;

namespace {

constexpr std::size_t kLongestName = 200;  // in a message
constexpr std::size_t kMostNotes = 100;

// Modules have moved between versions; the class stays.
bool is_a(Value value, std::string_view type) { return pytorch::short_class_name(class_of(value)) == type; }

using Numbers = std::vector<std::uint64_t>;

class Reading {
 public:
  Reading(Source& source, const Limits& limits)
      : source_(source), limits_(limits), loaded_(pytorch::load_pickle(source, 0, source.size(), limits)) {}

  Metadata run() && {
    const Value root = loaded_.pickle->root();
    if (!is_a(root, "Metadata")) fail("holds no Metadata, so it is no checkpoint of torch.distributed.checkpoint");
    read_keys(attribute(root, "planner_data"));
    for (const auto& [name, stored] : pytorch::mapping_entries(attribute(root, "state_dict_metadata")))
      read_item(name, stored);
    for (const auto& [index, info] : pytorch::mapping_entries(attribute(root, "storage_data"))) read_place(index, info);
    for (const StoredTensor& tensor : metadata_.tensors)
      if (tensor.places < tensor.chunks)
        note("missing-chunk", tensor.name,
             fmt::format("has {} chunks, storage_data tells where {} of them lie", tensor.chunks, tensor.places));
    metadata_.pickle = std::move(loaded_);
    return std::move(metadata_);
  }

 private:
  void read_keys(Value planner_data) {
    for (const auto& [name, keys] : pytorch::mapping_entries(planner_data))
      if (name.is(Kind::string)) keys_.emplace(name.text(), keys);
  }

  void read_item(Value name, Value stored) {
    if (!name.is(Kind::string)) fail("has an item whose name is no text");
    name_ = name.text();
    if (name_.size() >= limits_.name_bytes)
      throw Error(ErrorKind::limit, source_.label(),
                  fmt::format("the name '{}…' is longer than {} bytes (limit name_bytes)", name_.substr(0, 60),
                              limits_.name_bytes));
    if (!is_a(stored, "TensorStorageMetadata")) {
      metadata_.objects.push_back(name_);
      return;
    }
    if (metadata_.tensors.size() >= limits_.tensors)
      throw Error(ErrorKind::limit, source_.label(), fmt::format("holds more than {} tensors", limits_.tensors));
    if (!numbers_.emplace(name_, metadata_.tensors.size()).second)
      fail_tensor("stands twice; which one counts depends on the reader");
    StoredTensor& tensor = metadata_.tensors.emplace_back();
    tensor.name = name_;
    read_properties(attribute(stored, "properties"), tensor);
    const Numbers shape = numbers(attribute(stored, "size"));
    for (std::uint64_t extent : shape) tensor.shape.emplace_back(extent);
    const std::uint64_t elements = product(shape);
    const unsigned width = bits(tensor.dtype);
    tensor.bytes = width >= 8 ? elements * (width / 8) : (elements * width + 7) / 8;
    check_chunks(attribute(stored, "chunks"), shape, elements, tensor);
    set_path(tensor);
  }

  // TensorProperties pickles itself as (dtype, layout, requires_grad, memory format, pinned).
  void read_properties(Value properties, StoredTensor& tensor) {
    const Value state = properties.is(Kind::object) ? properties.object().state() : Value();
    const auto parts = state.items();
    tensor.dtype = pytorch::dtype_of(parts.empty() ? attribute(properties, "dtype") : parts[0]);
    tensor.requires_grad = parts.size() > 2 && pytorch::boolean_or(parts[2], false);
    if (tensor.dtype == DType::unknown)
      note("unknown-dtype", name_, "has a dtype that is not known; its bytes are not counted");
  }

  // torch.Size((3, 4)), or the tuple alone.
  Numbers numbers(Value size) const {
    auto items = size.items();
    if (const auto arguments = pytorch::arguments_of(size); arguments.size() == 1) items = arguments[0].items();
    if (items.size() > limits_.dimensions)
      fail_tensor(fmt::format("has {} dimensions, more than {} (limit dimensions)", items.size(), limits_.dimensions));
    Numbers sizes;
    for (Value item : items) {
      if (!item.is(Kind::integer) || item.integer() < 0) fail_tensor("has an extent that is no size");
      sizes.push_back(static_cast<std::uint64_t>(item.integer()));
    }
    return sizes;
  }

  // The widest dtype takes 16 bytes an element.
  std::uint64_t product(const Numbers& sizes) const {
    std::optional<std::uint64_t> elements = 1;
    for (std::uint64_t size : sizes) elements = elements ? checked_mul(*elements, size) : std::nullopt;
    if (!elements || !checked_mul(*elements, 16)) fail_tensor("has more elements than 64 bits count");
    return *elements;
  }

  // Chunks are boxes that fill the tensor and do not overlap.
  void check_chunks(Value chunks, const Numbers& shape, std::uint64_t elements, StoredTensor& tensor) {
    std::uint64_t covered = 0;
    std::set<Numbers> places;
    bool is_twice = false;
    for (Value chunk : pytorch::sequence_items(chunks)) {
      const Numbers offsets = numbers(attribute(chunk, "offsets"));
      const Numbers sizes = numbers(attribute(chunk, "sizes"));
      check_inside(offsets, sizes, shape);
      const std::uint64_t volume = product(sizes);
      const std::optional<std::uint64_t> sum = checked_add(covered, volume);
      if (!sum) fail_tensor("has chunks of more elements than 64 bits count");
      covered = *sum;
      if (volume == 0) continue;  // a rank whose part is empty
      ++tensor.chunks;
      is_twice |= !places.insert(offsets).second;
    }
    if (covered > elements || (covered == elements && is_twice)) {
      note("overlapping-chunks", name_,
           fmt::format("has {} elements, its chunks hold {}: some hold the same; the tensor is counted once", elements,
                       covered));
    } else if (covered < elements) {
      note("missing-chunk", name_,
           fmt::format("has {} elements, its chunks hold {}; the tensor is counted whole", elements, covered));
    }
  }

  void check_inside(const Numbers& offsets, const Numbers& sizes, const Numbers& shape) const {
    if (offsets.size() != shape.size() || sizes.size() != shape.size())
      fail_tensor(
          fmt::format("has {} dimensions, a chunk of it {} and {}", shape.size(), offsets.size(), sizes.size()));
    for (std::size_t i = 0; i < shape.size(); ++i)
      if (!fits(offsets[i], sizes[i], shape[i]))
        fail_tensor(
            fmt::format("has {} in dimension {}, a chunk of {} begins there at {}", shape[i], i, sizes[i], offsets[i]));
  }

  // ('model', '0.weight'): a key of the whole, and a name in the state dict there. A list's positions are numbers.
  void set_path(StoredTensor& tensor) const {
    const auto found = keys_.find(name_);
    const auto items = found == keys_.end() ? std::span<const Value>() : pytorch::sequence_items(found->second);
    tensor.path = std::string(name_);
    if (items.size() < 2 || !items[0].is(Kind::string)) return;
    // The name is these keys joined by dots, whatever dots they hold themselves.
    const std::string_view section = items[0].text();
    if (section.empty() || !name_.starts_with(section) || name_.size() <= section.size() + 1) return;
    tensor.section = std::string(section);
    tensor.path = std::string(name_.substr(section.size() + 1));
  }

  void read_place(Value index, Value info) {
    const Value name = attribute(index, "fqn");
    const Value path = attribute(info, "relative_path");
    const std::int64_t offset = pytorch::integer_or(attribute(info, "offset"), -1);
    const std::int64_t length = pytorch::integer_or(attribute(info, "length"), -1);
    if (!name.is(Kind::string) || !path.is(Kind::string) || offset < 0 || length < 0)
      fail("has an entry of storage_data that tells no place");
    name_ = name.text();
    const std::optional<std::uint64_t> end =
        checked_add(static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(length));  // of two below 2^63
    StoredFile& file = metadata_.files[std::string(path.text())];
    if (metadata_.files.size() > limits_.shards)
      throw Error(ErrorKind::limit, source_.label(),
                  fmt::format("names more than {} files (limit shards)", limits_.shards));
    file.end = std::max(file.end, *end);
    ++file.items;
    if (const auto found = numbers_.find(name_); found != numbers_.end()) ++metadata_.tensors[found->second].places;
  }

  void note(const char* code, std::string_view place, std::string message) {
    if (++notes_[code] <= kMostNotes)
      metadata_.notes.push_back({code, std::string(place.substr(0, kLongestName)), std::move(message)});
  }

  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorKind::corrupt, source_.label(), message);
  }
  [[noreturn]] void fail_tensor(const std::string& message) const {
    fail(fmt::format("tensor '{}' {}", name_.substr(0, kLongestName), message));
  }

  Source& source_;
  const Limits& limits_;
  pytorch::LoadedPickle loaded_;
  std::unordered_map<std::string_view, Value> keys_;
  std::unordered_map<std::string_view, std::size_t> numbers_;
  std::map<std::string_view, std::size_t> notes_;
  std::string_view name_;  // of the item at hand
  Metadata metadata_;
};

}  // namespace

Metadata read_metadata(Source& source, const Limits& limits) { return Reading(source, limits).run(); }

}  // namespace weigh::dcp
