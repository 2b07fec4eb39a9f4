#include "formats/tensorflow/bundle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/shown.h"
#include "wire/protobuf.h"
#include "wire/sstable.h"

#include "weigh/error.h"

namespace weigh::tensorflow {
namespace {

// DataType of tensorflow/core/framework/types.proto, by number. What is quantised or four bits wide takes a byte, as in
// PyTorch; resources and text are unknown.
constexpr std::array kTypes = {
    DType::unknown,
    DType::float32,
    DType::float64,
    DType::int32,
    DType::uint8,
    DType::int16,
    DType::int8,
    DType::unknown,
    DType::complex64,
    DType::int64,
    DType::boolean,
    DType::qint8,
    DType::quint8,
    DType::qint32,
    DType::bfloat16,
    DType::unknown,
    DType::unknown,
    DType::uint16,
    DType::complex128,
    DType::float16,
    DType::unknown,
    DType::unknown,
    DType::uint32,
    DType::uint64,
    DType::float8_e5m2,
    DType::float8_e4m3fn,
    DType::float8_e4m3fnuz,
    DType::unknown,
    DType::float8_e5m2fnuz,
    DType::int4,
    DType::uint4,
    DType::int2,
    DType::uint2,
};

std::string shown(std::string_view name) { return std::string(name.substr(0, kShownText)); }

}  // namespace

Bundle::Bundle(const Folder& folder, std::string name, const Limits& limits)
    : folder_(folder), name_(std::move(name)), limits_(limits) {
  const std::unique_ptr<Source> source = folder.open(name_ + ".index");
  label_ = source->label();
  bytes_ = source->size();
  read_table(*source);
  open_shards();
  add_slices();
  check_places();
}

void Bundle::fail(std::string message) const { throw Error(ErrorKind::corrupt, label_, std::move(message)); }

void Bundle::read_table(Source& source) {
  SsTable(source, limits_).each([&](std::string_view name, std::string_view value) {
    if (name.empty()) return read_header(value);
    if (entries_.size() + slices_.size() >= limits_.tensors) {
      throw Error(ErrorKind::limit, label_, fmt::format("names more than {} tensors (limit tensors)", limits_.tensors));
    }
    if (name.front() != '\0') {
      entries_.push_back(read_entry(name, value));
      return;
    }
    const std::size_t end = name.find(std::string_view("\0\1", 2), 1);
    if (end == std::string_view::npos) fail("a slice of a tensor is not named as one; is the file damaged?");
    slices_.push_back(read_entry(name.substr(1, end - 1), value));
  });
  if (!has_header_) fail("is a table of keys, but not of a TensorFlow checkpoint: it has no header");
}

void Bundle::read_header(std::string_view bytes) {
  ProtoBytes memory(label_, bytes);
  ProtoMessage header(memory, 0, bytes.size(), "BundleHeaderProto");
  std::uint64_t shards = 0;
  while (header.next()) {
    if (header.number() == 1) shards = header.varint();
    if (header.number() == 2) is_big_endian_ = header.varint() == 1;
  }
  if (shards > limits_.shards) {
    throw Error(ErrorKind::limit, label_,
                fmt::format("is said to have {} shards, more than {} (limit shards)", shards, limits_.shards));
  }
  shards_.resize(static_cast<std::size_t>(shards));
  has_header_ = true;
}

Entry Bundle::read_entry(std::string_view name, std::string_view bytes) const {
  Entry entry;
  entry.name = name;
  ProtoBytes memory(label_, bytes);
  ProtoMessage message(memory, 0, bytes.size(), "BundleEntryProto");
  while (message.next()) {
    switch (message.number()) {
      case 1: entry.type = message.varint(); break;
      case 2: {
        ProtoMessage shape = message.message("TensorShapeProto");
        while (shape.next()) {
          if (shape.number() != 2) continue;
          ProtoMessage dimension = shape.message("TensorShapeProto.Dim");
          std::uint64_t size = 0;
          while (dimension.next())
            if (dimension.number() == 1) size = dimension.varint();
          if (size > Extent::kMax) fail(fmt::format("tensor '{}' has a negative extent", shown(name)));
          entry.shape.emplace_back(size);
          if (entry.shape.size() > limits_.dimensions) {
            throw Error(ErrorKind::limit, label_,
                        fmt::format("tensor '{}' has more than {} dimensions (limit dimensions)", shown(name),
                                    limits_.dimensions));
          }
        }
        break;
      }
      case 3: entry.shard = message.varint(); break;
      case 4: entry.offset = message.varint(); break;
      case 5: entry.size = message.varint(); break;
      case 6: entry.crc = std::bit_cast<std::uint32_t>(message.float32()); break;
      case 7: entry.is_in_slices = true; break;
      default: break;
    }
  }
  entry.dtype = dtype_of(entry.type);
  return entry;
}

// Sums of what the slices hold. Both are in the order of names.
void Bundle::add_slices() {
  for (const Entry& slice : slices_) {
    const auto whole = std::lower_bound(entries_.begin(), entries_.end(), slice.name,
                                        [](const Entry& entry, const std::string& name) { return entry.name < name; });
    if (whole == entries_.end() || whole->name != slice.name || !whole->is_in_slices)
      fail(fmt::format("holds a slice of '{}', which is not said to be in slices", shown(slice.name)));
    const auto sum = checked_add(whole->size, slice.size);
    if (!sum) fail(fmt::format("the slices of '{}' have more than 2^64 bytes", shown(slice.name)));
    whole->size = *sum;
  }
}

const Entry* Bundle::find(std::string_view name) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), name,
                                      [](const Entry& entry, std::string_view wanted) { return entry.name < wanted; });
  return found == entries_.end() || found->name != name ? nullptr : &*found;
}

std::string Bundle::shard_name(std::uint64_t shard) const {
  return fmt::format("{}.data-{:05}-of-{:05}", name_, shard, shards_.size());
}

void Bundle::open_shards() {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (!folder_.contains(shard_name(i))) continue;
    shards_[i] = folder_.open(shard_name(i))->size();
    bytes_ += *shards_[i];
  }
}

std::vector<std::string> Bundle::missing_shards() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < shards_.size(); ++i)
    if (!shards_[i]) names.push_back(shard_name(i));
  return names;
}

// Each tensor lies in its shard, and no two share a byte.
void Bundle::check_places() {
  std::vector<const Entry*> parts;
  for (const Entry& entry : entries_) {
    check_size(entry);
    if (!entry.is_in_slices) parts.push_back(&entry);
  }
  for (const Entry& slice : slices_) parts.push_back(&slice);
  for (const Entry* part : parts) {
    if (part->shard >= shards_.size())
      fail(fmt::format("tensor '{}' is in shard {}, but there are {}", shown(part->name), part->shard, shards_.size()));
    const std::optional<std::uint64_t> size = shards_[static_cast<std::size_t>(part->shard)];
    if (size && !fits(part->offset, part->size, *size)) {
      throw Error(
          ErrorKind::truncated, label_,
          fmt::format("tensor '{}' takes {} bytes from byte {} of {}, which has {}; is the download incomplete?",
                      shown(part->name), part->size, part->offset, shard_name(part->shard), *size));
    }
    if (!fits(part->offset, part->size, Extent::kMax))
      fail(fmt::format("tensor '{}' lies at byte {}, which no file reaches", shown(part->name), part->offset));
  }
  std::sort(parts.begin(), parts.end(), [](const Entry* a, const Entry* b) {
    return a->shard != b->shard ? a->shard < b->shard : a->offset < b->offset;
  });
  const Entry* before = nullptr;
  for (const Entry* part : parts) {
    if (part->size == 0) continue;
    if (before != nullptr && before->shard == part->shard && part->offset < before->offset + before->size) {
      fail(fmt::format("tensor '{}' begins at byte {} of {}, but '{}' before it ends at {}", shown(part->name),
                       part->offset, shard_name(part->shard), shown(before->name), before->offset + before->size));
    }
    before = part;
  }
}

void Bundle::check_size(const Entry& entry) const {
  const unsigned width = bits(entry.dtype);
  if (width == 0) return;
  std::uint64_t needed = width / 8;
  for (Extent extent : entry.shape) {
    const auto product = checked_mul(needed, extent.size());
    if (!product) fail(fmt::format("tensor '{}' has more than 2^64 bytes", shown(entry.name)));
    needed = *product;
  }
  if (needed != entry.size) {
    fail(fmt::format("tensor '{}' takes {} bytes by its shape and type, but {} are told; is the file damaged?",
                     shown(entry.name), needed, entry.size));
  }
}

// Texts of a tensor: varint lengths, a checksum of these, then the texts.
std::optional<std::string> Bundle::text(const Entry& entry, std::uint64_t most, const char* limit) const {
  if (!shards_[static_cast<std::size_t>(entry.shard)]) return std::nullopt;
  if (entry.size > most) {
    throw Error(ErrorKind::limit, label_,
                fmt::format("'{}' has {} bytes, more than {} (limit {})", shown(entry.name), entry.size, most, limit));
  }
  const std::unique_ptr<Source> source = folder_.open(shard_name(entry.shard));
  const std::string bytes = source->read(entry.offset, static_cast<std::size_t>(entry.size));
  std::uint64_t length = 0;
  std::size_t at = 0;
  for (bool goes_on = true; goes_on && at < bytes.size() && at < 9; ++at) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    length |= std::uint64_t{byte & 0x7FU} << (7 * at);
    goes_on = byte >= 0x80;
  }
  if (bytes.size() - at < 4 || length != bytes.size() - at - 4) {
    throw Error(
        ErrorKind::corrupt, source->label(),
        fmt::format("'{}' is a text of {} bytes in {}; is the file damaged?", shown(entry.name), length, entry.size),
        entry.offset);
  }
  return bytes.substr(at + 4);
}

DType dtype_of(std::uint64_t type) { return type < kTypes.size() ? kTypes[type] : DType::unknown; }

}  // namespace weigh::tensorflow
