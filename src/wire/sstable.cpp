#include "wire/sstable.h"

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/varint.h"
#include "wire/crc32c.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::uint64_t kMagic = 0xDB47'7524'8B80'FB57;
constexpr std::uint64_t kFooterSize = 48;
constexpr std::uint64_t kTrailerSize = 5;  // of a block
constexpr std::size_t kShownKey = 200;

template <class T>
T little(std::string_view bytes) {
  T value;
  __builtin_memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

}  // namespace

bool SsTable::matches(Source& source) {
  return source.size() >= kFooterSize && little<std::uint64_t>(source.read(source.size() - 8, 8)) == kMagic;
}

void SsTable::fail(const std::string& message, std::uint64_t at) const {
  throw Error(ErrorKind::corrupt, source_.label(), message, at);
}

SsTable::Handle SsTable::handle(std::string_view& bytes, std::uint64_t at) const {
  Handle handle;
  if (!take_varint(bytes, handle.offset) || !take_varint(bytes, handle.size))
    fail("does not tell where a block of the table lies; is the file damaged?", at);
  const std::uint64_t end = source_.size() - kFooterSize;
  if (!fits(handle.offset, handle.size, end) || !fits(handle.offset + handle.size, kTrailerSize, end)) {
    fail(fmt::format("a block of {} bytes is said to lie at byte {}, but the table ends at byte {}; is the file "
                     "damaged?",
                     handle.size, handle.offset, end),
         at);
  }
  return handle;
}

SsTable::Handle SsTable::read_footer() {
  if (!matches(source_)) {
    throw Error(
        ErrorKind::truncated, source_.label(),
        fmt::format("does not end as a table of keys, in {} bytes; is the download incomplete?", source_.size()));
  }
  if (source_.size() > limits_.sstable_bytes) {
    throw Error(ErrorKind::limit, source_.label(),
                fmt::format("is a table of {} bytes, more than {} (limit sstable_bytes)", source_.size(),
                            limits_.sstable_bytes));
  }
  const std::uint64_t at = source_.size() - kFooterSize;
  const std::string footer = source_.read(at, kFooterSize);
  std::string_view rest = std::string_view(footer).substr(0, kFooterSize - 8);
  handle(rest, at);  // of the meta index
  return handle(rest, at);
}

std::string SsTable::read_block(const Handle& handle) const {
  if (handle.size > limits_.sstable_block_bytes) {
    throw Error(ErrorKind::limit, source_.label(),
                fmt::format("a block has {} bytes, more than {} (limit sstable_block_bytes)", handle.size,
                            limits_.sstable_block_bytes),
                handle.offset);
  }
  std::string block = source_.read(handle.offset, static_cast<std::size_t>(handle.size + kTrailerSize));
  const char compression = block[static_cast<std::size_t>(handle.size)];
  const auto recorded =
      little<std::uint32_t>(std::string_view(block).substr(static_cast<std::size_t>(handle.size) + 1));
  block.resize(block.size() - 4);
  const std::uint32_t crc = crc32c(block);
  const std::uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xA282'EAD8U;
  if (masked != recorded) {
    fail(fmt::format("a block has the checksum {:08x}, recorded is {:08x}; is the file damaged?", masked, recorded),
         handle.offset);
  }
  if (compression != 0) {
    throw Error(ErrorKind::unsupported, source_.label(),
                fmt::format("a block is compressed by method {}, which TensorFlow does not do; 0 can be read",
                            static_cast<unsigned char>(compression)),
                handle.offset);
  }
  block.pop_back();
  return block;
}

void SsTable::each(const Visit& visit) {
  const std::string index = read_block(read_footer());
  std::string index_key;
  bool has_index_key = false;
  std::string key;
  bool has_key = false;
  std::uint64_t end = 0;  // of the last block
  each_entry(index, 0, index_key, has_index_key, [&](std::string_view, std::string_view value) {
    const Handle block = handle(value, 0);
    if (block.offset < end) {
      fail(fmt::format("a block begins at byte {}, but the one before it ends at {}; is the file damaged?",
                       block.offset, end),
           block.offset);
    }
    end = block.offset + block.size + kTrailerSize;
    each_entry(read_block(block), block.offset, key, has_key, visit);
  });
}

// `key` is that of the entry before, in the block before at first, where there is one.
void SsTable::each_entry(std::string_view block, std::uint64_t base, std::string& key, bool& has_key,
                         const Visit& visit) {
  const auto broken = [&](const char* what) { fail(fmt::format("{}; is the file damaged?", what), base); };
  if (block.size() < 4) broken("a block has no restarts");
  const auto restarts = little<std::uint32_t>(block.substr(block.size() - 4));
  if (restarts > block.size() / 4 - 1) broken("a block cannot hold the restarts that it is said to have");
  std::string_view rest = block.substr(0, block.size() - 4 - std::size_t{restarts} * 4);
  std::string next;
  bool is_first = true;
  while (!rest.empty()) {
    std::uint64_t shared = 0;
    std::uint64_t more = 0;
    std::uint64_t length = 0;
    if (!take_varint(rest, shared) || !take_varint(rest, more) || !take_varint(rest, length))
      broken("an entry of the table breaks off");
    if ((is_first && shared != 0) || shared > key.size() || more > rest.size() || length > rest.size() - more)
      broken("an entry of the table is longer than its block");
    if (shared + more > limits_.name_bytes) {
      throw Error(ErrorKind::limit, source_.label(),
                  fmt::format("a key has {} bytes, more than {} (limit name_bytes)", shared + more, limits_.name_bytes),
                  base);
    }
    key_bytes_ += shared + more;
    if (key_bytes_ > limits_.sstable_bytes) {
      throw Error(ErrorKind::limit, source_.label(),
                  fmt::format("the keys have more than {} bytes (limit sstable_bytes)", limits_.sstable_bytes));
    }
    next.assign(key, 0, static_cast<std::size_t>(shared));
    next += rest.substr(0, static_cast<std::size_t>(more));
    if (has_key && next <= key)
      broken(fmt::format("the key '{}' does not stand behind '{}'", next.substr(0, kShownKey), key.substr(0, kShownKey))
                 .c_str());
    key.swap(next);
    has_key = true;
    is_first = false;
    visit(key, rest.substr(static_cast<std::size_t>(more), static_cast<std::size_t>(length)));
    rest.remove_prefix(static_cast<std::size_t>(more + length));
  }
}

}  // namespace weigh
