// The tar archive that torch.save wrote up to 0.1.10. torch.load still reads it (_legacy_load in
// torch/serialization.py):
//
//   sys_info  a pickle about the system
//   storages  pickle of their number; for each: pickle (key, location, class), int64 number of elements, the elements;
//             then pickle of the views: [(key, root key, offset, number of elements)]
//   tensors   pickle of their number; for each: pickle (key, storage key, class), int32 rank, 4 bytes unused, int64
//             sizes, int64 strides, int64 storage offset
//   pickle    the object; a tensor is the persistent identifier KEY
#include <charconv>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/cursor.h"
#include "formats/pytorch/archive.h"

#include "weigh/error.h"

namespace weigh::pytorch {
namespace {

constexpr std::uint64_t kBlock = 512;
constexpr std::uint64_t kWindow = 512;

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
};

// Octal digits, padded with blanks or zero bytes.
std::uint64_t octal(std::string_view field) {
  field = field.substr(0, field.find('\0'));
  while (field.starts_with(' ')) field.remove_prefix(1);
  std::uint64_t number = 0;
  std::from_chars(field.data(), field.data() + field.size(), number, 8);
  return number;
}

std::map<std::string, Range> members(Source& source) {
  std::map<std::string, Range> found;
  for (std::uint64_t at = 0; fits(at, kBlock, source.size());) {
    const std::string header = source.read(at, kBlock);
    if (header[0] == '\0') break;  // the end: blocks of zeros
    const Range data = {at + kBlock, octal(std::string_view(header).substr(124, 12))};
    std::string name = header.substr(0, std::min<std::size_t>(100, header.find('\0')));
    if (!fits(data.begin, data.size, source.size())) {
      throw Error(ErrorKind::truncated, source.label(),
                  fmt::format("tar member '{}' needs {} bytes, {} are left; is the file incomplete?", name, data.size,
                              source.size() - data.begin),
                  at);
    }
    const char type = header[156];
    if (type == '0' || type == '\0') found[name.starts_with("./") ? name.substr(2) : name] = data;
    at = data.begin + (data.size + kBlock - 1) / kBlock * kBlock;
  }
  return found;
}

// Keys are addresses of old objects: integers, or their digits.
std::string key_of(Value value) {
  if (value.is(Kind::integer)) return fmt::to_string(value.integer());
  bool is_text = value.is(Kind::string) || value.is(Kind::big_integer);
  return is_text ? std::string(value.text()) : std::string();
}

class TarArchive final : public Archive {
 public:
  TarArchive(Source& source, const Limits& limits) : source_(source), limits_(limits) {
    const std::map<std::string, Range> files = members(source);
    for (const char* name : {"storages", "tensors", "pickle"}) {
      if (!files.contains(name)) {
        throw Error(ErrorKind::unsupported, source.label(),
                    fmt::format("is a tar archive without the member '{}'; PyTorch's have one", name));
      }
    }
    read_storages(files.at("storages"));
    read_tensors(files.at("tensors"));
    const Range object = files.at("pickle");
    object_ = load_pickle(source, object.begin, object.size, limits);
    check_end("pickle", object, object.begin + object_.pickle->size());
  }

  Value root() const override { return object_.pickle->root(); }
  std::string_view form() const override { return "tar"; }

  std::optional<std::uint64_t> storage_bytes(std::string_view key) const override {
    auto found = storages_.find(std::string(key));
    if (found == storages_.end()) return std::nullopt;
    return found->second.numel * bytes_per_element(found->second);
  }

  std::optional<std::uint64_t> storage_offset(std::string_view key) const override {
    auto found = offsets_.find(std::string(key));
    if (found == offsets_.end()) return std::nullopt;
    return found->second;
  }

  const StoredTensor* tensor_of(Value identifier) const override {
    auto found = tensors_.find(key_of(identifier));
    return found == tensors_.end() ? nullptr : &found->second;
  }

 private:
  void check_end(const char* name, Range member, std::uint64_t end) const {
    if (end - member.begin <= member.size) return;
    throw Error(
        ErrorKind::corrupt, source_.label(),
        fmt::format("tar member '{}' has {} bytes, but what it holds does not fit into them", name, member.size));
  }

  // The next pickle of a member; `at` moves behind it.
  LoadedPickle next_pickle(std::uint64_t& at) {
    LoadedPickle loaded = load_pickle(source_, at, kWindow, limits_);
    at += loaded.pickle->size();
    return loaded;
  }

  std::uint64_t next_number(std::uint64_t& at) {
    const std::string bytes = source_.read(at, sizeof(std::uint64_t));
    at += sizeof(std::uint64_t);
    return Cursor(source_.label(), bytes, at).little<std::uint64_t>("number");
  }

  std::uint64_t next_count(std::uint64_t& at) {
    LoadedPickle loaded = next_pickle(at);
    const std::int64_t count = integer_or(loaded.pickle->root(), -1);
    if (count < 0 || static_cast<std::uint64_t>(count) > limits_.tensors) fail("a count is no number", at);
    return static_cast<std::uint64_t>(count);
  }

  void read_storages(Range member) {
    std::uint64_t at = member.begin;
    for (std::uint64_t left = next_count(at); left > 0; --left) {
      LoadedPickle loaded = next_pickle(at);
      std::span<const Value> row = loaded.pickle->root().items();
      if (row.size() != 3 || !row[2].is(Kind::global))
        fail("a storage is not described by key, location and class", at);
      Storage& storage = storages_[key_of(row[0])];
      storage.dtype = dtype_of_storage_class(row[2].text());
      storage.numel = next_number(at);
      std::optional<std::uint64_t> bytes = checked_mul(storage.numel, bytes_per_element(storage));
      if (!bytes || !fits(at, *bytes, source_.size())) {
        throw Error(ErrorKind::truncated, source_.label(),
                    fmt::format("a storage holds {} elements, but only {} bytes are left; is the file incomplete?",
                                storage.numel, source_.size() - at),
                    at);
      }
      offsets_[key_of(row[0])] = at;
      at += *bytes;
    }
    LoadedPickle views = next_pickle(at);
    const Value all_views = views.pickle->root();
    for (Value view : all_views.items()) {
      std::span<const Value> row = view.items();
      if (row.size() != 4) fail("a view of a storage is not described by four values", at);
      auto root = storages_.find(key_of(row[1]));
      const std::int64_t begin = integer_or(row[2], -1);
      const std::int64_t numel = integer_or(row[3], -1);
      if (root == storages_.end() || begin < 0 || numel < 0 ||
          !fits(static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(numel), root->second.numel))
        fail("a view reaches beyond its storage", at);
      Storage storage = root->second;
      storage.numel = static_cast<std::uint64_t>(numel);
      storages_[key_of(row[0])] = storage;
      offsets_[key_of(row[0])] =
          offsets_[key_of(row[1])] + static_cast<std::uint64_t>(begin) * bytes_per_element(storage);
    }
    check_end("storages", member, at);
    for (auto& [key, storage] : storages_) storage.key = key;
  }

  void read_tensors(Range member) {
    std::uint64_t at = member.begin;
    for (std::uint64_t left = next_count(at); left > 0; --left) {
      LoadedPickle loaded = next_pickle(at);
      std::span<const Value> row = loaded.pickle->root().items();
      auto storage = row.size() == 3 ? storages_.find(key_of(row[1])) : storages_.end();
      if (storage == storages_.end()) fail("a tensor is in no storage", at);
      StoredTensor tensor;
      tensor.storage = storage->second;
      const std::uint64_t rank = next_number(at) & 0xFFFF'FFFF;
      if (rank > limits_.dimensions) fail(fmt::format("a tensor has {} dimensions", rank), at);
      for (std::uint64_t i = 0; i < rank; ++i) tensor.sizes.push_back(static_cast<std::int64_t>(next_number(at)));
      for (std::uint64_t i = 0; i < rank; ++i) tensor.strides.push_back(static_cast<std::int64_t>(next_number(at)));
      tensor.offset = next_number(at);
      tensors_[key_of(row[0])] = tensor;
    }
    check_end("tensors", member, at);
  }

  [[noreturn]] void fail(const std::string& message, std::uint64_t offset) const {
    throw Error(ErrorKind::corrupt, source_.label(), message, offset);
  }

  Source& source_;
  const Limits& limits_;
  LoadedPickle object_;
  std::unordered_map<std::string, Storage> storages_;
  std::unordered_map<std::string, std::uint64_t> offsets_;  // of storages, in the file
  std::unordered_map<std::string, StoredTensor> tensors_;
};

}  // namespace

bool looks_like_tar(std::string_view head) { return head.size() >= kBlock && head.substr(257).starts_with("ustar"); }

std::unique_ptr<Archive> open_tar(Source& source, const Limits& limits) {
  return std::make_unique<TarArchive>(source, limits);
}

}  // namespace weigh::pytorch
