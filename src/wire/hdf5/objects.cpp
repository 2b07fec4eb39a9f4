#include "wire/hdf5/objects.h"

#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "wire/hdf5/links.h"
#include "wire/hdf5/messages.h"

#include "weigh/error.h"

namespace weigh::hdf5 {
namespace {

constexpr const char* kHeader = "an object header";
constexpr const char* kMessage = "a message of an object header";

enum Message : std::uint16_t {
  kDataspace = 0x01,
  kLinkInfo = 0x02,
  kDatatype = 0x03,
  kLink = 0x06,
  kExternalFiles = 0x07,
  kDataLayout = 0x08,
  kGroupInfo = 0x0A,
  kFilters = 0x0B,
  kAttribute = 0x0C,
  kContinuation = 0x10,
  kSymbolTable = 0x11,
  kAttributeInfo = 0x15,
};

class HeaderReader {
 public:
  HeaderReader(Blocks& blocks, const Limits& limits, std::uint64_t address) : blocks_(blocks), limits_(limits) {
    object_.address = address;
  }

  Object read() {
    blocks_.visit(object_.address, kHeader);
    const Block prefix = blocks_.read_up_to(object_.address, kLongestPrefix, kHeader);
    Fields in = blocks_.fields(prefix);
    if (prefix.bytes.size() >= 4 && std::string_view(prefix.bytes.data(), 4) == "OHDR") {
      read_prefix_2(in);
    } else {
      read_prefix_1(in);
    }
    for (std::size_t i = 0; i < todo_.size(); ++i) read_block(todo_[i]);
    if (is_elsewhere_ && object_.layout) object_.layout->storage = Storage::elsewhere;
    return std::move(object_);
  }

 private:
  static constexpr std::uint64_t kLongestPrefix = 34;

  struct Part {
    std::uint64_t address = 0;
    std::uint64_t length = 0;
    bool has_sign = false;
  };

  // Version, reserved, number of messages (2), references (4), length (4), 4 of padding.
  void read_prefix_1(Fields& in) {
    const std::uint64_t version = in.number(1, kHeader);
    if (version != 1) {
      blocks_.fail(fmt::format("an object header is of version {}; 1 and 2 are known", version), object_.address);
    }
    in.skip(7, kHeader);
    const std::uint64_t length = in.number(4, kHeader);
    in.skip(4, kHeader);
    todo_.push_back({object_.address + 16, length, false});
  }

  // "OHDR" version, flags, times (4 × 4, flag 32), numbers of attributes (2 × 2, flag 16), length in 1, 2, 4 or 8
  // bytes.
  void read_prefix_2(Fields& in) {
    version_ = 2;
    in.skip(4, kHeader);
    const std::uint64_t begin = in.offset() - 4;
    const std::uint64_t version = in.number(1, kHeader);
    if (version != 2)
      blocks_.fail(fmt::format("an object header 'OHDR' is of version {}; 2 is known", version), object_.address);
    const std::uint64_t flags = in.number(1, kHeader);
    has_order_ = (flags & 4) != 0;
    if ((flags & 32) != 0) in.skip(16, kHeader);
    if ((flags & 16) != 0) in.skip(4, kHeader);
    const std::uint64_t length = in.number(1U << (flags & 3), kHeader);
    todo_.push_back({object_.address + (in.offset() - begin), length, false});
  }

  void read_block(const Part part) {
    const Block block = blocks_.read(part.address, part.length, kHeader);
    Fields in = blocks_.fields(block);
    if (part.has_sign) blocks_.expect_sign(in, "OCHK", "the continuation of an object header");
    const std::size_t checksum = part.has_sign ? 4 : 0;
    const std::size_t head = version_ == 1 ? 8 : has_order_ ? 6 : 4;
    while (in.remaining() >= head + checksum) read_message(in);
  }

  // Version 1: type (2), size (2), flags, 3 reserved. Version 2: type (1), size (2), flags, perhaps its number (2).
  void read_message(Fields& in) {
    const std::uint64_t type = in.number(version_ == 1 ? 2 : 1, kMessage);
    const std::uint64_t size = in.number(2, kMessage);
    const std::uint64_t flags = in.number(1, kMessage);
    if (version_ == 1) in.skip(3, kMessage);
    if (has_order_) in.skip(2, kMessage);
    Fields body = in.part(size, kMessage);
    const bool is_shared = (flags & 2) != 0;
    if (is_shared) return read_shared(type);
    take(type, body);
  }

  // It lies elsewhere: a type that has a name of its own, or a heap that several headers use.
  void read_shared(std::uint64_t type) {
    if (type == kDatatype) {
      object_.type.emplace();  // of class other
    } else if (type == kDataspace) {
      throw Error(ErrorKind::unsupported, blocks_.label(), "keeps its dataspaces in a table of shared messages",
                  object_.address);
    }
  }

  void take(std::uint64_t type, Fields& body) {
    switch (type) {
      case kDataspace: object_.space = read_dataspace(body, limits_); break;
      case kDatatype: object_.type = read_datatype(body); break;
      case kDataLayout: object_.layout = read_layout(body, blocks_); break;
      case kExternalFiles: is_elsewhere_ = true; break;
      case kFilters: object_.is_filtered = true; break;
      case kAttribute: object_.attributes.push_back(read_attribute(body, limits_)); break;
      case kGroupInfo: object_.is_group = true; break;
      case kLink:
        if (auto link = read_link(body, limits_)) object_.links.push_back(std::move(*link));
        object_.is_group = true;
        break;
      case kSymbolTable:
        object_.symbols = Table{body.address("a symbol table"), body.address("a symbol table")};
        object_.is_group = true;
        break;
      case kLinkInfo:
        object_.dense_links = read_table(body, 8);
        object_.is_group = true;
        break;
      case kAttributeInfo: object_.dense_attributes = read_table(body, 2); break;
      case kContinuation: read_continuation(body); break;
      default: break;
    }
  }

  // Version, flags, the highest number given so far where flag 1 says so, address of the heap, of the tree by names.
  std::optional<Table> read_table(Fields& body, unsigned number) const {
    body.skip(1, kMessage);
    const std::uint64_t flags = body.number(1, kMessage);
    if ((flags & 1) != 0) body.skip(number, kMessage);
    Table table;
    table.heap = body.address(kMessage);
    table.tree = body.address(kMessage);
    if (table.heap == kUndefined || table.tree == kUndefined) return std::nullopt;
    return table;
  }

  void read_continuation(Fields& body) {
    Part part{body.address(kMessage), body.length(kMessage), version_ == 2};
    blocks_.visit(part.address, "the continuation of an object header");
    todo_.push_back(part);
  }

  Blocks& blocks_;
  const Limits& limits_;
  Object object_;
  std::vector<Part> todo_;
  unsigned version_ = 1;
  bool has_order_ = false;
  bool is_elsewhere_ = false;
};

}  // namespace

Object read_object(Blocks& blocks, const Limits& limits, std::uint64_t address) {
  return HeaderReader(blocks, limits, address).read();
}

}  // namespace weigh::hdf5
