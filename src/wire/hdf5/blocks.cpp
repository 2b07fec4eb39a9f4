#include "wire/hdf5/blocks.h"

#include <algorithm>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "wire/hdf5.h"

#include "weigh/error.h"

namespace weigh::hdf5 {
namespace {

constexpr std::string_view kSign("\x89HDF\r\n\x1a\n", 8);
constexpr std::uint64_t kSmallestUserBlock = 512;
// Behind the sign: version 0 with 8-byte addresses, its longest form.
constexpr std::uint64_t kLongestSuperblock = 104;

}  // namespace

std::uint64_t Fields::number(unsigned bytes, const char* what) {
  const std::string_view raw = take(bytes, what);
  std::uint64_t number = 0;
  for (std::size_t i = raw.size(); i > 0; --i) number = number << 8 | static_cast<unsigned char>(raw[i - 1]);
  return number;
}

std::uint64_t Fields::address(const char* what) {
  const std::uint64_t all_ones = kUndefined >> (64 - 8 * widths_.address);
  const std::uint64_t address = number(widths_.address, what);
  return address == all_ones ? kUndefined : address;
}

Fields Fields::part(std::uint64_t length, const char* what) {
  const std::uint64_t begin = offset();
  return {label_, take(length, what), begin, widths_};
}

void Fields::fail(const std::string& message) const {
  throw Error(ErrorKind::corrupt, std::string(label_), message, offset());
}

std::optional<std::uint64_t> find_superblock(Source& source) {
  for (std::uint64_t at = 0; fits(at, kSign.size(), source.size()); at = at == 0 ? kSmallestUserBlock : 2 * at) {
    if (source.read(at, kSign.size()) == kSign) return at;
    if (at > source.size() / 2) break;
  }
  return std::nullopt;
}

Blocks::Blocks(Source& source, const Limits& limits) : source_(source), limits_(limits) {
  const std::optional<std::uint64_t> at = find_superblock(source);
  if (!at) throw Error(ErrorKind::unsupported, label(), "has no HDF5 superblock");
  base_ = *at;
  read_superblock();
}

void Blocks::read_superblock() {
  const Block block = read_up_to(0, kLongestSuperblock, "the superblock");
  Fields in = fields(block);
  in.skip(kSign.size(), "the superblock");
  const std::uint64_t version = in.number(1, "the superblock's version");
  if (version > 3) {
    throw Error(ErrorKind::unsupported, label(),
                fmt::format("is HDF5 with a superblock of version {}; versions 0 to 3 can be read", version));
  }
  if (version < 2) in.skip(4, "the superblock");
  widths_.address = static_cast<unsigned>(in.number(1, "the size of addresses"));
  widths_.length = static_cast<unsigned>(in.number(1, "the size of lengths"));
  for (const unsigned width : {widths_.address, widths_.length}) {
    if (width != 2 && width != 4 && width != 8)
      in.fail(fmt::format("addresses or lengths are said to take {} bytes; 2, 4 and 8 can be read", width));
  }
  in.skip(version < 2 ? 1 + 2 + 2 + 4 : 1, "the superblock");
  if (version == 1) in.skip(4, "the superblock");
  Fields addresses = Fields(label(), in.take(in.remaining(), "addresses"), in.offset() - in.remaining(), widths_);
  const std::uint64_t base = addresses.address("the base address");
  addresses.address("an address of the superblock");
  const std::uint64_t end = addresses.address("the address of the file's end");
  if (version < 2) {
    addresses.address("an address of the superblock");
    addresses.address("the root group's name");
  }
  root_ = addresses.address("the root group's address");
  const std::uint64_t promised = base == 0 && end != kUndefined && end > base_ ? end - base_ : end;
  if (end != kUndefined && base <= base_ && promised > source_.size()) {
    throw Error(
        ErrorKind::truncated, label(),
        fmt::format("is said to end at byte {}, but has {} bytes; is the download incomplete?", end, source_.size()));
  }
}

Block Blocks::read(std::uint64_t address, std::uint64_t length, const char* what) {
  if (!fits(address, length, size())) {
    throw Error(ErrorKind::corrupt, label(),
                fmt::format("{} at {} needs {} bytes, but the file has {}; it is damaged or incomplete", what, address,
                            length, size()));
  }
  charge(length);
  Block block{std::vector<char>(static_cast<std::size_t>(length)), base_ + address};
  source_.read(block.offset, block.bytes);
  return block;
}

Block Blocks::read_up_to(std::uint64_t address, std::uint64_t length, const char* what) {
  if (address >= size()) {
    throw Error(ErrorKind::corrupt, label(),
                fmt::format("{} is said to lie at {}, but the file has {} bytes; it is damaged or incomplete", what,
                            address, size()));
  }
  return read(address, std::min(length, size() - address), what);
}

Fields Blocks::fields(const Block& block) const {
  return {label(), {block.bytes.data(), block.bytes.size()}, block.offset, widths_};
}

void Blocks::visit(std::uint64_t address, const char* what) {
  if (visited_.insert(address).second) return;
  fail(fmt::format("{} lies where something else was read, or is part of itself", what), address);
}

void Blocks::charge(std::uint64_t bytes) {
  if (bytes <= limits_.hdf5_bytes - charged_) {
    charged_ += bytes;
    return;
  }
  throw Error(ErrorKind::limit, label(),
              fmt::format("has tables and texts of more than {} bytes (limit hdf5_bytes)", limits_.hdf5_bytes));
}

void Blocks::fail(const std::string& message, std::uint64_t address) const {
  throw Error(ErrorKind::corrupt, label(), message, base_ + address);
}

void Blocks::expect_sign(Fields& fields, std::string_view sign, const char* what) const {
  const std::uint64_t offset = fields.offset();
  if (fields.take(sign.size(), what) == sign) return;
  throw Error(ErrorKind::corrupt, label(), fmt::format("{} does not begin with '{}'", what, sign), offset);
}

std::string_view Blocks::global_object(std::uint64_t address, std::uint32_t index) {
  const Collection& heap = collection(address);
  const auto found = heap.objects.find(index);
  if (found == heap.objects.end())
    fail(fmt::format("a text is object {} of a global heap, which has none of this number", index), address);
  charge(found->second.size());
  return found->second;
}

// "GCOL" version 3 reserved, its size; then objects: index, references, 4 reserved, size, bytes padded to 8. Index 0 is
// the free rest.
const Blocks::Collection& Blocks::collection(std::uint64_t address) {
  const auto known = collections_.find(address);
  if (known != collections_.end()) return known->second;
  constexpr const char* kWhat = "a global heap";
  visit(address, kWhat);
  const std::uint64_t head = 8 + widths_.length;
  const Block prefix = read(address, head, kWhat);
  Fields start = fields(prefix);
  expect_sign(start, "GCOL", kWhat);
  start.skip(4, kWhat);
  const std::uint64_t length = start.length(kWhat);
  if (length < head) fail(fmt::format("a global heap is said to have {} bytes, less than its head", length), address);
  Collection& heap = collections_[address];
  heap.block = read(address, length, kWhat);
  Fields in = fields(heap.block);
  in.skip(head, kWhat);
  while (in.remaining() >= 8 + widths_.length) {
    const auto index = static_cast<std::uint32_t>(in.number(2, kWhat));
    in.skip(6, kWhat);
    const std::uint64_t bytes = in.length(kWhat);
    if (index == 0) break;
    const std::string_view object = in.take(bytes, "an object of a global heap");
    if (!heap.objects.emplace(index, object).second)
      fail(fmt::format("a global heap has two objects of number {}", index), address);
    in.skip(std::min<std::uint64_t>((8 - bytes % 8) % 8, in.remaining()), kWhat);
  }
  return heap;
}

}  // namespace weigh::hdf5
