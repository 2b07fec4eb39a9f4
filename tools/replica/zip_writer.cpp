#include "replica/zip_writer.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>
#include <zlib.h>

namespace weigh::replica {
namespace {

constexpr std::uint64_t kAlignment = 64;
constexpr std::uint64_t kLocalSize = 30;
constexpr std::uint64_t kMost32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint16_t kFlags = 1 << 3 | 1 << 11;  // sizes behind the data; names are UTF-8

template <class Integer>
void put(std::string& bytes, Integer value) {
  static_assert(std::endian::native == std::endian::little);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <class... Integers>
std::string record(std::string_view signature, Integers... fields) {
  std::string bytes(signature);
  (put(bytes, fields), ...);
  return bytes;
}

std::uint16_t u16(std::uint64_t value) { return static_cast<std::uint16_t>(value); }
std::uint32_t u32(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

// The extra field "FB", which fills the space up to the aligned data.
std::string padding(std::uint64_t extra_begins) {
  const std::uint64_t body_begins = extra_begins + 4;
  const std::uint64_t size = (kAlignment - body_begins % kAlignment) % kAlignment;
  return record("FB", u16(size)).append(size, 'Z');
}

}  // namespace

ZipWriter::ZipWriter(const std::string& path, std::string_view folder)
    : path_(path), folder_(folder), stream_(path, std::ios::binary) {
  if (!stream_) throw std::runtime_error(fmt::format("{} cannot be written", path));
}

void ZipWriter::write(std::string_view bytes) {
  stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  offset_ += bytes.size();
}

void ZipWriter::add(std::string_view name, std::string_view data) {
  if (offset_ + data.size() > kMost32) throw std::runtime_error(fmt::format("{} would exceed 4 GiB", path_));
  const std::string path = fmt::format("{}/{}", folder_, name);
  const std::string extra = padding(offset_ + kLocalSize + path.size());
  const auto crc = u32(crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
  // Version, flags, method and date; crc and sizes, which are zero in the local header; the lengths of name and extra.
  const std::string head = record("", u16(0), kFlags, u16(0), u32(0));
  const std::string sizes = record("", crc, u32(data.size()), u32(data.size()));
  directory_ += record(std::string_view("PK\1\2\0\0", 6)) + head + sizes;
  directory_ += record("", u16(path.size()), u16(0), u16(0), u16(0), u16(0), u32(0), u32(offset_)) + path;
  ++entries_;

  const std::string lengths = record("", u16(path.size()), u16(extra.size()));
  write("PK\3\4" + head + std::string(sizes.size(), '\0') + lengths + path + extra);
  write(data);
  write("PK\7\b" + sizes);
}

// PyTorch writes the Zip64 end of the directory whether its values need it or not; the plain one behind it says "all
// ones: see there" where they do.
void ZipWriter::finish() {
  const std::uint64_t begin = offset_;
  const std::uint64_t size = directory_.size();
  constexpr std::uint64_t kRestOfEnd = 44;
  constexpr std::uint64_t kMost16 = std::numeric_limits<std::uint16_t>::max();
  const std::uint16_t count = u16(std::min(entries_, kMost16));
  write(directory_);
  const std::uint64_t end = offset_;
  write(record("PK\6\6", kRestOfEnd, u16(0x31E), u16(45), u32(0), u32(0), entries_, entries_, size, begin));
  write(record("PK\6\7", u32(0), end, u32(1)));
  write(record("PK\5\6", u16(0), u16(0), count, count, u32(std::min(size, kMost32)), u32(std::min(begin, kMost32)),
               u16(0)));
  if (!stream_.flush()) throw std::runtime_error(fmt::format("{} cannot be written", path_));
}

}  // namespace weigh::replica
