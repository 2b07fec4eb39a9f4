#include "wire/hdf5/links.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "weigh/error.h"

namespace weigh::hdf5 {
namespace {

constexpr const char* kLinkText = "a link";
constexpr const char* kGroupNode = "a node of a group's B-tree";
constexpr const char* kSymbols = "a symbol table node";
constexpr std::uint64_t kSymbolicLink = 2;

void check_length(const Fields& in, std::uint64_t length, const Limits& limits) {
  if (length <= limits.name_bytes) return;
  throw Error(ErrorKind::limit, std::string(in.label()),
              fmt::format("a link has a name of {} bytes, more than {} (limit name_bytes)", length, limits.name_bytes),
              in.offset());
}

class SymbolTable {
 public:
  SymbolTable(Blocks& blocks, const Limits& limits, std::vector<Link>& links)
      : blocks_(blocks), limits_(limits), links_(links) {}

  void read(const Table& table) {
    read_heap(table.heap);
    std::vector<std::uint64_t> open = {table.tree};
    while (!open.empty()) {
      const std::uint64_t address = open.back();
      open.pop_back();
      const Block head = blocks_.read(address, 4, kGroupNode);
      const std::string_view sign(head.bytes.data(), 4);
      if (sign == "SNOD") {
        read_symbols(address);
      } else {
        read_node(address, open);
      }
    }
  }

 private:
  // "HEAP" version, 3 reserved, size of the data, free list, address of the data.
  void read_heap(std::uint64_t address) {
    constexpr const char* kWhat = "a local heap";
    blocks_.visit(address, kWhat);
    const unsigned length = blocks_.widths().length;
    const Block head = blocks_.read(address, 8 + 2 * length + blocks_.widths().address, kWhat);
    Fields in = blocks_.fields(head);
    blocks_.expect_sign(in, "HEAP", kWhat);
    in.skip(4, kWhat);
    const std::uint64_t bytes = in.length(kWhat);
    in.skip(length, kWhat);
    names_ = blocks_.read(in.address(kWhat), bytes, "the names in a local heap");
  }

  // "TREE" kind (0: group), level, entries (2), two siblings; then keys and children in turn.
  void read_node(std::uint64_t address, std::vector<std::uint64_t>& open) {
    blocks_.visit(address, kGroupNode);
    const auto [offset_bytes, length_bytes] = blocks_.widths();
    const std::uint64_t head_bytes = 8 + 2 * offset_bytes;
    const Block head = blocks_.read(address, head_bytes, kGroupNode);
    Fields start = blocks_.fields(head);
    blocks_.expect_sign(start, "TREE", kGroupNode);
    const std::uint64_t kind = start.number(1, kGroupNode);
    start.skip(1, kGroupNode);
    const std::uint64_t entries = start.number(2, kGroupNode);
    if (kind != 0) blocks_.fail(fmt::format("a group's B-tree is of kind {}; that of groups is 0", kind), address);
    const Block block = blocks_.read(address + head_bytes, entries * (offset_bytes + length_bytes), kGroupNode);
    Fields in = blocks_.fields(block);
    const auto first = static_cast<std::ptrdiff_t>(open.size());
    for (std::uint64_t i = 0; i < entries; ++i) {
      in.skip(length_bytes, kGroupNode);
      open.push_back(in.address(kGroupNode));
    }
    std::reverse(open.begin() + first, open.end());  // the first child is to be taken first
  }

  // "SNOD" version, reserved, entries (2); an entry: offset of its name, address of its header, kind of what is cached,
  // 4 reserved, 16 bytes of cache.
  void read_symbols(std::uint64_t address) {
    blocks_.visit(address, kSymbols);
    const Block head = blocks_.read(address, 8, kSymbols);
    Fields start = blocks_.fields(head);
    start.skip(6, kSymbols);
    const std::uint64_t entries = start.number(2, kSymbols);
    const std::uint64_t each = 2 * blocks_.widths().address + 24;
    const Block block = blocks_.read(address + 8, entries * each, kSymbols);
    Fields in = blocks_.fields(block);
    for (std::uint64_t i = 0; i < entries; ++i) {
      const std::uint64_t name = in.address(kSymbols);
      Link link{"", in.address(kSymbols)};
      const std::uint64_t cached = in.number(4, kSymbols);
      in.skip(20, kSymbols);
      if (cached == kSymbolicLink) continue;
      link.name = name_at(name);
      links_.push_back(std::move(link));
    }
  }

  std::string name_at(std::uint64_t offset) {
    Fields in = blocks_.fields(names_);
    in.skip(offset, "the place of a name in a local heap");
    const std::string_view name = in.take_until('\0', "a name in a local heap");
    check_length(in, name.size(), limits_);
    blocks_.charge(name.size());
    return std::string(name);
  }

  Blocks& blocks_;
  const Limits& limits_;
  std::vector<Link>& links_;
  Block names_;
};

}  // namespace

// Version, flags, kind (flag 8), its number (flag 4), character set (flag 16), length of the name in 1, 2, 4 or 8
// bytes, the name; of a hard link, which has no kind or kind 0, the address.
std::optional<Link> read_link(Fields& in, const Limits& limits) {
  const std::uint64_t version = in.number(1, kLinkText);
  if (version != 1) in.fail(fmt::format("a link is of version {}; 1 is known", version));
  const std::uint64_t flags = in.number(1, kLinkText);
  const std::uint64_t kind = (flags & 8) != 0 ? in.number(1, kLinkText) : 0;
  if ((flags & 4) != 0) in.skip(8, kLinkText);
  if ((flags & 16) != 0) in.skip(1, kLinkText);
  const std::uint64_t length = in.number(1U << (flags & 3), kLinkText);
  check_length(in, length, limits);
  const std::string_view name = in.take(length, "the name of a link");
  if (kind != 0) return std::nullopt;
  return Link{std::string(name), in.address(kLinkText)};
}

void read_symbols(Blocks& blocks, const Limits& limits, const Table& table, std::vector<Link>& links) {
  SymbolTable(blocks, limits, links).read(table);
}

}  // namespace weigh::hdf5
