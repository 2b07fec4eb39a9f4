#include "wire/zip.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

#include "bytes/checked.h"
#include "bytes/cursor.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::string_view kLocal("PK\3\4", 4);
constexpr std::string_view kCentral("PK\1\2", 4);
constexpr std::string_view kEnd("PK\5\6", 4);
constexpr std::string_view kZip64End("PK\6\6", 4);
constexpr std::string_view kZip64Locator("PK\6\7", 4);
constexpr std::uint64_t kEndSize = 22;
constexpr std::uint64_t kZip64LocatorSize = 20;
constexpr std::uint64_t kZip64EndSize = 56;
constexpr std::uint64_t kLocalSize = 30;
constexpr std::uint64_t kCentralSize = 46;
constexpr std::uint64_t kLongestComment = 0xFFFF;

constexpr std::uint32_t kIn32 = 0xFFFF'FFFF;  // "see the Zip64 field"
constexpr std::uint16_t kIn16 = 0xFFFF;

enum Flag : std::uint16_t {
  kEncrypted = 1 << 0,
  kDescriptor = 1 << 3,
  kPatch = 1 << 5,
  kStrong = 1 << 6,
  kMasked = 1 << 13
};
constexpr std::uint16_t kDeflated = 8;
constexpr std::uint64_t kHeadPiece = 512;

// The body of the extra field with tag 1; empty where there is none.
std::string_view zip64_field(std::string_view label, std::string_view extra, std::uint64_t offset) {
  Cursor cursor(label, extra, offset);
  while (cursor.remaining() >= 4) {
    auto tag = cursor.little<std::uint16_t>("an extra field's tag");
    auto size = cursor.little<std::uint16_t>("an extra field's size");
    std::string_view body = cursor.take(size, "an extra field of a zip entry");
    if (tag == 1) return body;
  }
  return {};
}

std::string shown(std::string_view name) { return std::string(name.substr(0, 100)); }

}  // namespace

struct ZipDirectory::End {
  std::uint64_t entries = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::uint64_t ends_at = 0;  // where the records that follow the directory begin
};

bool ZipDirectory::matches(std::string_view head) {
  return head.size() >= kEndSize && (head.starts_with(kLocal) || head.starts_with(kEnd));
}

ZipDirectory::ZipDirectory(Source& source, const Limits& limits) : source_(source), limits_(limits) {
  End end = find_end();
  read_entries(end);
  index_names();
  check_layout(end.offset);
}

// The end record stands last, behind it only its comment, which may hold anything: the record that counts is the last
// one whose comment reaches exactly to the end of the file.
ZipDirectory::End ZipDirectory::find_end() const {
  for (std::uint64_t window : {std::uint64_t{1024}, kEndSize + kLongestComment}) {
    window = std::min(window, source_.size());
    const std::uint64_t begin = source_.size() - window;
    const std::string tail = source_.read(begin, static_cast<std::size_t>(window));
    for (std::size_t at = tail.rfind(kEnd); at != std::string::npos;
         at = at == 0 ? tail.npos : tail.rfind(kEnd, at - 1)) {
      if (tail.size() - at < kEndSize) continue;
      Cursor cursor(source_.label(), std::string_view(tail).substr(at), begin + at);
      cursor.skip(4, "signature");
      auto disk = cursor.little<std::uint16_t>("disk");
      auto directory_disk = cursor.little<std::uint16_t>("disk");
      auto entries_here = cursor.little<std::uint16_t>("count");
      End end;
      end.entries = cursor.little<std::uint16_t>("count");
      end.size = cursor.little<std::uint32_t>("size");
      end.offset = cursor.little<std::uint32_t>("offset");
      if (cursor.little<std::uint16_t>("comment size") != cursor.remaining()) continue;
      if (disk != directory_disk || entries_here != end.entries)
        fail("the zip archive is split over several disks, which nothing writes any more", begin + at);
      end.ends_at = begin + at;
      read_zip64_end(end, begin + at);
      return end;
    }
  }
  throw Error(
      ErrorKind::truncated, source_.label(),
      fmt::format("is a zip archive of {} bytes without its directory, which stands last; is the file incomplete?",
                  source_.size()));
}

// Writers put the 64-bit record there where it is needed, PyTorch always. Where both records tell a number it must be
// the same: readers differ in which of them they believe.
void ZipDirectory::read_zip64_end(End& end, std::uint64_t end_offset) const {
  if (end_offset < kZip64LocatorSize) return;
  const std::uint64_t locator_at = end_offset - kZip64LocatorSize;
  const std::string locator = source_.read(locator_at, kZip64LocatorSize);
  if (!locator.starts_with(kZip64Locator)) return;  // then the values are meant as they stand
  const auto at = Cursor(source_.label(), std::string_view(locator).substr(8)).little<std::uint64_t>("offset");
  if (!fits(at, kZip64EndSize, locator_at))
    fail(fmt::format("the Zip64 directory end is said to be at byte {}, behind its locator", at), locator_at);
  const std::string record = source_.read(at, kZip64EndSize);
  if (!record.starts_with(kZip64End)) fail("the Zip64 directory end is not where its locator says", at);
  Cursor cursor(source_.label(), std::string_view(record).substr(32), at + 32);
  auto widen = [&](std::uint64_t& narrow, std::uint64_t sentinel, const char* what) {
    const auto wide = cursor.little<std::uint64_t>(what);
    if (narrow != sentinel && narrow != wide) {
      fail(fmt::format("the zip archive tells the {} of its directory twice, as {} and as {}", what, narrow, wide),
           end_offset);
    }
    narrow = wide;
  };
  widen(end.entries, kIn16, "count");
  widen(end.size, kIn32, "size");
  widen(end.offset, kIn32, "offset");
  end.ends_at = at;
}

void ZipDirectory::read_entries(const End& end) {
  if (!fits(end.offset, end.size, end.ends_at) || end.offset + end.size != end.ends_at) {
    fail(fmt::format(
             "the zip directory is said to take {} bytes from byte {}, but it ends at byte {}; is the file damaged, "
             "or is something put before the archive?",
             end.size, end.offset, end.ends_at),
         end.ends_at);
  }
  if (end.entries > limits_.zip_entries) {
    throw Error(ErrorKind::limit, source_.label(),
                fmt::format("is a zip archive of {} entries, more than {} (limit zip_entries)", end.entries,
                            limits_.zip_entries));
  }
  if (end.entries > end.size / kCentralSize)
    fail(fmt::format("a zip directory of {} bytes cannot hold {} entries", end.size, end.entries), end.offset);
  directory_ = source_.read(end.offset, static_cast<std::size_t>(end.size));
  entries_.reserve(end.entries);
  Cursor cursor(source_.label(), directory_, end.offset);
  for (std::uint64_t i = 0; i < end.entries; ++i) {
    const std::uint64_t at = cursor.offset();
    if (cursor.take(4, "a zip directory entry") != kCentral)
      fail(fmt::format("entry {} of {} of the zip directory does not begin as one", i, end.entries), at);
    cursor.skip(4, "versions");
    ZipEntry entry;
    entry.flags = cursor.little<std::uint16_t>("flags");
    entry.method = cursor.little<std::uint16_t>("method");
    cursor.skip(4, "time");
    entry.crc32 = cursor.little<std::uint32_t>("crc");
    entry.stored_size = cursor.little<std::uint32_t>("size");
    entry.size = cursor.little<std::uint32_t>("size");
    auto name_size = cursor.little<std::uint16_t>("name size");
    auto extra_size = cursor.little<std::uint16_t>("extra size");
    auto comment_size = cursor.little<std::uint16_t>("comment size");
    cursor.skip(8, "disk and attributes");
    entry.header_offset = cursor.little<std::uint32_t>("offset");
    entry.name = cursor.take(name_size, "the name of a zip entry");
    const std::uint64_t extra_at = cursor.offset();
    std::string_view extra = cursor.take(extra_size, "the extra fields of a zip entry");
    cursor.skip(comment_size, "the comment of a zip entry");
    if (entry.size == kIn32 || entry.stored_size == kIn32 || entry.header_offset == kIn32) {
      Cursor wide(source_.label(), zip64_field(source_.label(), extra, extra_at), extra_at);
      for (std::uint64_t* field : {&entry.size, &entry.stored_size, &entry.header_offset})
        if (*field == kIn32) *field = wide.little<std::uint64_t>("the Zip64 field of a zip entry");
    }
    if (entry.flags & (kEncrypted | kPatch | kStrong | kMasked))
      fail(fmt::format("zip entry '{}' is encrypted or patched (flags 0x{:04x})", shown(entry.name), entry.flags), at);
    if (entry.name.find('\0') != std::string_view::npos) fail("the name of a zip entry holds a zero byte", at);
    if (entry.is_stored() && entry.size != entry.stored_size)
      fail(fmt::format("zip entry '{}' is stored in {} bytes but said to have {}", shown(entry.name), entry.stored_size,
                       entry.size),
           at);
    entries_.push_back(entry);
  }
  if (!cursor.at_end())
    fail(fmt::format("{} bytes follow the {} entries of the zip directory", cursor.remaining(), end.entries),
         cursor.offset());
}

void ZipDirectory::index_names() {
  by_name_.reserve(entries_.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const std::uint64_t hash = hash_of(entries_[i].name);
    if (find(entries_[i].name) != nullptr)
      fail(fmt::format("the zip archive holds '{}' twice", shown(entries_[i].name)), entries_[i].header_offset);
    by_name_.insert(static_cast<std::uint32_t>(i), hash);
  }
}

const ZipEntry* ZipDirectory::find(std::string_view name) const {
  std::uint32_t found = by_name_.find(hash_of(name), [&](std::uint32_t index) { return entries_[index].name == name; });
  return found == FlatIndex::kNone ? nullptr : &entries_[found];
}

// Each entry ends before the next one begins, and the last before the directory.
void ZipDirectory::check_layout(std::uint64_t directory_offset) const {
  std::vector<std::uint32_t> order(entries_.size());
  std::iota(order.begin(), order.end(), 0);
  auto by_offset = [&](std::uint32_t a, std::uint32_t b) {
    return entries_[a].header_offset < entries_[b].header_offset;
  };
  if (!std::is_sorted(order.begin(), order.end(), by_offset)) std::sort(order.begin(), order.end(), by_offset);
  source_.map_for_views();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const ZipEntry& entry = entries_[order[i]];
    const bool is_last = i + 1 == order.size();
    const std::uint64_t limit = is_last ? directory_offset : entries_[order[i + 1]].header_offset;
    auto behind = [&] { return is_last ? "the directory" : fmt::format("'{}'", shown(entries_[order[i + 1]].name)); };
    if (!fits(entry.header_offset, kLocalSize, limit))
      fail(fmt::format("zip entry '{}' overlaps {}", shown(entry.name), behind()), entry.header_offset);
    const std::uint64_t data = check_local_header(entry);
    if (!fits(data, entry.stored_size, limit)) {
      fail(fmt::format("zip entry '{}' of {} bytes overlaps {}, which begins at byte {}", shown(entry.name),
                       entry.stored_size, behind(), limit),
           entry.header_offset);
    }
  }
}

// Returns the offset of the entry's data.
std::uint64_t ZipDirectory::check_local_header(const ZipEntry& entry) const {
  const std::uint64_t at = entry.header_offset;
  const std::size_t length = kLocalSize + entry.name.size();
  std::string buffer;
  const std::string_view header = source_.view(at, length, buffer);
  Cursor cursor(source_.label(), header, at);
  bool agrees = cursor.take(4, "signature") == kLocal;
  cursor.skip(2, "version");
  agrees &= cursor.little<std::uint16_t>("flags") == entry.flags;
  agrees &= cursor.little<std::uint16_t>("method") == entry.method;
  cursor.skip(4, "time");
  const auto crc = cursor.little<std::uint32_t>("crc");
  const auto stored_size = cursor.little<std::uint32_t>("size");
  const auto size = cursor.little<std::uint32_t>("size");
  agrees &= cursor.little<std::uint16_t>("name size") == entry.name.size();
  const auto extra_size = cursor.little<std::uint16_t>("extra size");
  agrees &= header.substr(kLocalSize) == entry.name;
  // With a data descriptor the header may leave sizes and crc to it; with Zip64 it leaves sizes to the extra field.
  const bool deferred = (entry.flags & kDescriptor) != 0;
  agrees &= crc == entry.crc32 || (deferred && crc == 0);
  auto is_same = [deferred](std::uint64_t local, std::uint64_t central) {
    return local == central || (deferred && local == 0);
  };
  std::string extra;
  if (size == kIn32 || stored_size == kIn32) extra = source_.read(at + length, extra_size);
  Cursor wide(source_.label(), zip64_field(source_.label(), extra, at + length), at + length);
  for (auto [local, central] : {std::pair(size, entry.size), std::pair(stored_size, entry.stored_size)}) {
    const bool has_field = local == kIn32 && wide.remaining() >= 8;
    agrees &= is_same(has_field ? wide.little<std::uint64_t>("the Zip64 field of a local header") : local, central) ||
              (deferred && local == kIn32);
  }
  if (!agrees) fail(fmt::format("the local header of zip entry '{}' contradicts the directory", shown(entry.name)), at);
  return at + length + extra_size;
}

std::string ZipDirectory::read(const ZipEntry& entry) const {
  const std::uint64_t limit = entry.is_stored() ? limits_.pickle_bytes : limits_.inflated_bytes - inflated_;
  if (entry.size > limit) {
    throw Error(ErrorKind::limit, source_.label(),
                fmt::format("zip entry '{}' has {} bytes, more than {}", shown(entry.name), entry.size, limit),
                entry.header_offset);
  }
  // DEFLATE makes nothing longer than by five bytes for each block.
  if (!entry.is_stored() && entry.stored_size > entry.size + entry.size / 1000 + 1024) {
    fail(fmt::format("zip entry '{}' takes {} compressed bytes for {}", shown(entry.name), entry.stored_size,
                     entry.size),
         entry.header_offset);
  }
  std::string stored = source_.read(check_local_header(entry), static_cast<std::size_t>(entry.stored_size));
  std::string bytes = entry.is_stored() ? std::move(stored) : inflate(entry, stored);
  auto crc = static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  const bool has_none = entry.crc32 == 0;  // torch.serialization.set_crc32_options(False)
  if (crc != entry.crc32 && !has_none) {
    fail(fmt::format("zip entry '{}' has the checksum {:08x}, recorded is {:08x}; is the file damaged?",
                     shown(entry.name), crc, entry.crc32),
         entry.header_offset);
  }
  return bytes;
}

void ZipDirectory::check_inflates(const ZipEntry& entry, std::uint64_t length) const {
  if (entry.method != kDeflated) {
    throw Error(ErrorKind::unsupported, source_.label(),
                fmt::format("zip entry '{}' is compressed by method {}; only 0 and 8 are known", shown(entry.name),
                            entry.method),
                entry.header_offset);
  }
  if (entry.size / limits_.inflate_ratio > entry.stored_size) {
    fail(fmt::format("zip entry '{}' of {} bytes cannot inflate to {}", shown(entry.name), entry.stored_size,
                     entry.size),
         entry.header_offset);
  }
  inflated_ += length;
}

std::string ZipDirectory::read_head(const ZipEntry& entry, std::uint64_t length) const {
  length = std::min(length, entry.size);
  if (length > limits_.inflated_bytes - inflated_) {
    throw Error(ErrorKind::limit, source_.label(),
                fmt::format("{} bytes of zip entry '{}' are asked for, more than {} (limit inflated_bytes)", length,
                            shown(entry.name), limits_.inflated_bytes - inflated_),
                entry.header_offset);
  }
  const std::uint64_t begin = check_local_header(entry);
  if (entry.is_stored()) return source_.read(begin, static_cast<std::size_t>(length));
  check_inflates(entry, length);
  std::string bytes(static_cast<std::size_t>(length), '\0');
  z_stream stream = {};
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail("zlib cannot begin to inflate", entry.header_offset);
  std::uint64_t taken = 0;
  int result = Z_OK;
  // DEFLATE makes nothing much longer than it is, but blocks of nothing could go on for ever.
  const std::uint64_t most = std::min(entry.stored_size, length + length / 1000 + 1024);
  while (stream.avail_out > 0 && result == Z_OK && taken < most) {
    const auto piece_size = static_cast<std::size_t>(std::min(kHeadPiece, most - taken));
    std::string piece = source_.read(begin + taken, piece_size);
    taken += piece.size();
    stream.next_in = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_in = static_cast<uInt>(piece.size());
    result = ::inflate(&stream, Z_NO_FLUSH);
  }
  const std::uint64_t missing = stream.avail_out;
  ::inflateEnd(&stream);
  if (missing > 0) {
    fail(fmt::format("the first {} bytes of zip entry '{}' do not inflate; is the file damaged?", length,
                     shown(entry.name)),
         entry.header_offset);
  }
  return bytes;
}

std::string ZipDirectory::inflate(const ZipEntry& entry, const std::string& stored) const {
  check_inflates(entry, entry.size);
  std::string bytes(static_cast<std::size_t>(entry.size), '\0');  // bounded by the ratio to what the file holds
  z_stream stream = {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stored.data()));  // zlib does not write there
  stream.avail_in = static_cast<uInt>(stored.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail("zlib cannot begin to inflate", entry.header_offset);
  const int result = ::inflate(&stream, Z_FINISH);
  const uLong produced = stream.total_out;
  ::inflateEnd(&stream);
  if (result != Z_STREAM_END || produced != entry.size) {
    fail(
        fmt::format("zip entry '{}' does not inflate to {} bytes; is the file damaged?", shown(entry.name), entry.size),
        entry.header_offset);
  }
  return bytes;
}

void ZipDirectory::fail(const std::string& message, std::uint64_t offset) const {
  throw Error(ErrorKind::corrupt, source_.label(), message, offset);
}

}  // namespace weigh
