#include "wire/ocdbt.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <zstd.h>

#include "bytes/checked.h"
#include "wire/crc32c.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::uint32_t kManifestMagic = 0x0cdb'3a2a;
constexpr std::uint32_t kNodeMagic = 0x0cdb'20de;

// Whose it is is added where it is known.
[[noreturn]] void fail(const std::string& message, ErrorKind kind = ErrorKind::corrupt) {
  throw Error(kind, "", message);
}

std::uint64_t number(Cursor& in) { return in.varint("a number of the database"); }

// A column of varints as a cursor of its own, `in` behind it.
Cursor column(Cursor& in, std::uint64_t count) {
  const Cursor begin = in;
  for (std::uint64_t i = 0; i < count; ++i) number(in);
  return begin;
}

std::uint64_t sum(Cursor values, std::uint64_t count) {
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::optional<std::uint64_t> next = checked_add(total, number(values));
    if (!next) fail("texts of a node are longer than 64 bits count");
    total = *next;
  }
  return total;
}

// Texts of which each tells only what differs from the one before: two columns of lengths and, perhaps behind others,
// the bytes. They are read one after the other.
class Texts {
 public:
  // Takes the lengths.
  Texts(Cursor& in, std::uint64_t count)
      : count_(count), shared_(column(in, count - 1)), further_(column(in, count)), bytes_(in) {}
  // Takes the bytes.
  void begin(Cursor& in, const char* what) {
    bytes_ = in;
    in.skip(sum(further_, count_), what);
  }

  const std::string& next() {
    const std::uint64_t keep = std::exchange(is_first_, false) ? 0 : number(shared_);
    if (keep > text_.size())
      fail(fmt::format("a text shares {} bytes with the one before, which has {}", keep, text_.size()));
    text_.resize(static_cast<std::size_t>(keep));
    text_ += bytes_.take(number(further_), "a text of the database");
    return text_;
  }

 private:
  std::uint64_t count_;
  Cursor shared_;
  Cursor further_;
  Cursor bytes_;
  bool is_first_ = true;
  std::string text_;
};

std::string inflate(std::string_view compressed, std::uint64_t most) {
  const std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(), ZSTD_freeDStream);
  if (!stream) throw std::bad_alloc();
  std::string body;
  ZSTD_inBuffer from = {compressed.data(), compressed.size(), 0};
  std::array<char, 65'536> block;
  for (std::size_t left = 1; left != 0;) {
    ZSTD_outBuffer to = {block.data(), block.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &to, &from);
    if (ZSTD_isError(left) != 0) fail(fmt::format("its Zstandard data are damaged: {}", ZSTD_getErrorName(left)));
    if (to.pos > most - body.size())
      fail(fmt::format("it inflates to more than {} bytes (limit ocdbt_bytes)", most), ErrorKind::limit);
    body.append(block.data(), to.pos);
    if (left != 0 && to.pos == 0 && from.pos == from.size) fail("its Zstandard data end too early");
  }
  if (from.pos != from.size) fail("something follows its Zstandard data");
  return body;
}

using DataFile = OcdbtDataFile;

// A table of files; `base` stands before their paths.
std::vector<DataFile> read_files(Cursor& in, const std::string& base, const Limits& limits) {
  const std::uint64_t count = number(in);
  if (count > limits.shards)
    fail(fmt::format("names {} data files, more than {} (limit shards)", count, limits.shards), ErrorKind::limit);
  if (count == 0) return {};
  Texts paths(in, count);
  Cursor bases = column(in, count);
  paths.begin(in, "the paths of data files");
  std::vector<DataFile> files;
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string path = base + paths.next();
    const std::uint64_t length = number(bases);
    if (length > path.size() - base.size())
      fail(fmt::format("{} bytes of '{}' are said to hold for nodes below", length, path.substr(base.size(), 200)));
    total += path.size();
    if (path.size() > limits.name_bytes || total > limits.ocdbt_bytes) {
      fail(
          fmt::format("paths of data files have {} bytes, one {} (limits ocdbt_bytes, name_bytes)", total, path.size()),
          ErrorKind::limit);
    }
    files.push_back({path, base.size() + static_cast<std::size_t>(length)});
  }
  return files;
}

const DataFile& file_of(const std::vector<DataFile>& files, std::uint64_t number) {
  if (number >= files.size()) fail(fmt::format("leads to data file {} of {}", number, files.size()));
  return files[static_cast<std::size_t>(number)];
}

}  // namespace

Ocdbt::Ocdbt(const Folder& folder, const Limits& limits) : folder_(folder), limits_(limits) {
  const std::unique_ptr<Source> source = folder.open(kManifest);
  try {
    if (source->size() > limits.ocdbt_bytes) {
      fail(fmt::format("has {} bytes, more than {} (limit ocdbt_bytes)", source->size(), limits.ocdbt_bytes),
           ErrorKind::limit);
    }
    const std::string bytes = source->read(0, static_cast<std::size_t>(source->size()));
    const std::string body = open_envelope(source->label(), bytes, kManifestMagic);
    Cursor in(source->label(), body);
    read_versions(in);
  } catch (const Error& error) {
    throw Error(error.kind(), source->label(), "the manifest of the database: " + error.message());
  }
}

std::string Ocdbt::open_envelope(std::string_view label, std::string_view bytes, std::uint32_t magic) {
  constexpr std::size_t kChecksum = 4;
  Cursor in(label, bytes);
  const auto found = __builtin_bswap32(in.little<std::uint32_t>("its magic number"));
  if (found != magic) fail(fmt::format("it begins with 0x{:08x}, not 0x{:08x}; is the file damaged?", found, magic));
  const auto length = in.little<std::uint64_t>("its length");
  if (length != bytes.size())
    fail(fmt::format("it says that it has {} bytes, but has {}; is the file incomplete?", length, bytes.size()));
  const std::uint64_t version = number(in);
  if (version != 0) fail(fmt::format("its version is {}; only 0 is known", version), ErrorKind::unsupported);
  const std::uint64_t compression = number(in);
  if (compression > 1)
    fail(fmt::format("its compression is {}; 0 and 1 (Zstandard) are known", compression), ErrorKind::unsupported);
  if (in.remaining() < kChecksum) fail("it ends before its checksum; is the file incomplete?");
  const std::string_view body = in.take(in.remaining() - kChecksum, "its body");
  const auto told = in.little<std::uint32_t>("its checksum");
  if (const std::uint32_t is = crc32c(bytes.substr(0, bytes.size() - kChecksum)); is != told)
    fail(fmt::format("its checksum is 0x{:08x}, but it says 0x{:08x}; is the file damaged?", is, told));
  read_ += bytes.size();
  std::string inflated = compression == 0 ? std::string(body) : inflate(body, left());
  read_ += inflated.size();
  return inflated;
}

// Of the versions, which ascend, the last.
void Ocdbt::read_versions(Cursor& in) {
  in.skip(16, "its configuration");
  if (const std::uint64_t kind = number(in); kind != 0)
    fail(fmt::format("its versions are in files of their own (kind {})", kind), ErrorKind::unsupported);
  column(in, 2);
  in.skip(1, "its configuration");
  if (number(in) == 1) in.skip(4, "its configuration");
  const std::vector<DataFile> files = read_files(in, "", limits_);
  const std::uint64_t count = number(in);
  if (count == 0) return;
  const auto last_of_column = [&] {
    column(in, count - 1);
    return number(in);
  };
  last_of_column();  // of the generations
  root_height_ = static_cast<unsigned char>(in.take(count, "the heights of its roots").back());
  const std::uint64_t file = last_of_column();
  root_.offset = last_of_column();
  root_.length = last_of_column();
  // A database without keys has no root, and says so by its length.
  if (root_.length == 0 || root_.length == UINT64_MAX) return;
  root_.file = file_of(files, file);
  has_root_ = true;
}

std::map<std::string, std::string> Ocdbt::find(std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end());
  found_.clear();
  if (has_root_) visit({root_, "", keys}, root_height_);
  return std::move(found_);
}

std::string Ocdbt::read_bytes(const Place& place, const char* what) {
  if (!open_ || open_path_ != place.file.path) {
    open_ = folder_.open(place.file.path);
    open_path_ = place.file.path;
  }
  if (place.length > left()) {
    throw Error(ErrorKind::limit, open_->label(),
                fmt::format("{} has {} bytes, more than {} (limit ocdbt_bytes)", what, place.length, left()),
                place.offset);
  }
  if (!fits(place.offset, place.length, open_->size())) {
    throw Error(ErrorKind::truncated, open_->label(),
                fmt::format("{} has {} bytes, the file ends at byte {}; is the copy complete?", what, place.length,
                            open_->size()),
                place.offset);
  }
  return open_->read(place.offset, static_cast<std::size_t>(place.length));
}

void Ocdbt::count_key(std::size_t bytes) {
  key_bytes_ += bytes;
  if (key_bytes_ > limits_.ocdbt_key_bytes)
    fail(fmt::format("keys have more than {} bytes (limit ocdbt_key_bytes)", limits_.ocdbt_key_bytes),
         ErrorKind::limit);
}

void Ocdbt::visit(const Child& node, unsigned height) {
  Work work;
  {
    const std::string bytes = read_bytes(node.place, "a node of the database");
    const std::string label = open_->label();
    try {
      work = look_through(node, height, label, bytes);
    } catch (const Error& error) {
      throw Error(error.kind(), label, "a node of the database: " + error.message(), node.place.offset);
    }
  }
  for (const auto& [key, place] : work.values) {
    std::string value = read_bytes(place, "a value of the database");
    read_ += value.size();
    found_[key] = std::move(value);
  }
  for (const Child& child : work.children) visit(child, height - 1);
}

Ocdbt::Work Ocdbt::look_through(const Child& node, unsigned height, std::string_view label, std::string_view bytes) {
  const std::string body = open_envelope(label, bytes, kNodeMagic);
  Cursor in(label, body);
  const auto told = in.little<std::uint8_t>("its height");
  if (told != height) fail(fmt::format("it stands {} levels above the leaves, but says {}", height, told));
  const std::vector<DataFile> files = read_files(in, node.place.file.path.substr(0, node.place.file.base), limits_);
  Work work;
  const std::uint64_t count = number(in);
  if (count == 0) return work;
  if (height == 0) {
    take_values(in, files, count, node, work);
  } else {
    take_children(in, files, count, node, work);
  }
  return work;
}

// Of the children, those whose keys may be wanted.
void Ocdbt::take_children(Cursor& in, const std::vector<DataFile>& files, std::uint64_t count, const Child& node,
                          Work& work) {
  Texts keys(in, count);
  Cursor common = column(in, count);
  keys.begin(in, "its keys");
  Cursor numbers = column(in, count);
  Cursor offsets = column(in, count);
  Cursor lengths = column(in, count);
  auto from = node.wanted.begin();
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string& key = keys.next();
    count_key(node.prefix.size() + key.size());
    const std::uint64_t begin = number(common);
    if (begin > key.size()) fail(fmt::format("keys of a child begin with {} bytes of {}", begin, key.size()));
    Child child{{file_of(files, number(numbers)), number(offsets), number(lengths)},
                node.prefix + key.substr(0, static_cast<std::size_t>(begin)),
                {}};
    // The one before ends where this one begins.
    const auto to = std::lower_bound(from, node.wanted.end(), node.prefix + key);
    if (!work.children.empty()) {
      work.children.back().wanted = {from, to};
      if (from == to) work.children.pop_back();
    }
    from = to;
    work.children.push_back(std::move(child));
  }
  work.children.back().wanted = {from, node.wanted.end()};
  if (from == node.wanted.end()) work.children.pop_back();
}

void Ocdbt::take_values(Cursor& in, const std::vector<DataFile>& files, std::uint64_t count, const Child& node,
                        Work& work) {
  Texts keys(in, count);
  keys.begin(in, "its keys");
  Cursor lengths = column(in, count);
  Cursor kinds = column(in, count);
  const std::uint64_t elsewhere = sum(kinds, count);
  if (elsewhere > count) fail(fmt::format("{} of its {} values are said to be in files", elsewhere, count));
  Cursor numbers = column(in, elsewhere);
  Cursor offsets = column(in, elsewhere);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string key = node.prefix + keys.next();
    count_key(key.size());
    const std::uint64_t length = number(lengths);
    const bool is_wanted = std::binary_search(node.wanted.begin(), node.wanted.end(), key);
    if (number(kinds) == 0) {
      const std::string_view value = in.take(length, "a value");
      if (is_wanted) found_[key] = value;
    } else {
      const DataFile& file = file_of(files, number(numbers));
      const std::uint64_t offset = number(offsets);
      if (is_wanted) work.values.emplace_back(key, Place{file, offset, length});
    }
  }
}

}  // namespace weigh
