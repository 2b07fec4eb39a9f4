// Blocks of an HDF5 file: every read of its structure goes through here, is compared with the file's size, and counts.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bytes/cursor.h"
#include "bytes/source.h"

#include "weigh/limits.h"

namespace weigh::hdf5 {

// How many bytes an address and a length take in this file.
struct Widths {
  unsigned address = 8;
  unsigned length = 8;
};

inline constexpr std::uint64_t kUndefined = ~std::uint64_t{0};

// The fields of a block, in their order.
class Fields : public Cursor {
 public:
  Fields(std::string_view label, std::string_view bytes, std::uint64_t base, Widths widths)
      : Cursor(label, bytes, base), label_(label), widths_(widths) {}

  // Little-endian, of 1 to 8 bytes.
  std::uint64_t number(unsigned bytes, const char* what);
  std::uint64_t address(const char* what);  // kUndefined where all its bits are set
  std::uint64_t length(const char* what) { return number(widths_.length, what); }
  // The next `length` bytes as fields of their own.
  Fields part(std::uint64_t length, const char* what);
  Widths widths() const { return widths_; }
  std::string_view label() const { return label_; }
  [[noreturn]] void fail(const std::string& message) const;

 private:
  std::string_view label_;
  Widths widths_;
};

struct Block {
  std::vector<char> bytes;
  std::uint64_t offset = 0;  // in the source
};

class Blocks {
 public:
  Blocks(Source& source, const Limits& limits);

  std::uint64_t root() const { return root_; }
  Widths widths() const { return widths_; }
  const std::string& label() const { return source_.label(); }
  std::uint64_t size() const { return source_.size() - base_; }  // of what addresses can reach
  std::uint64_t base() const { return base_; }

  // The bytes at an address. `what` is named in messages: "a symbol table node".
  Block read(std::uint64_t address, std::uint64_t length, const char* what);
  Fields fields(const Block& block) const;
  // The same, but for no more than the file has: of a block whose length is told by its beginning.
  Block read_up_to(std::uint64_t address, std::uint64_t length, const char* what);
  // Throws where something with this address was read before: tables do not share nodes.
  void visit(std::uint64_t address, const char* what);
  bool is_visited(std::uint64_t address) const { return visited_.contains(address); }
  void charge(std::uint64_t bytes);

  [[noreturn]] void fail(const std::string& message, std::uint64_t address) const;
  // Consumes a sign of four letters.
  void expect_sign(Fields& fields, std::string_view sign, const char* what) const;

  // An object of a global heap.
  std::string_view global_object(std::uint64_t collection, std::uint32_t index);

 private:
  struct Collection {
    Block block;
    std::map<std::uint32_t, std::string_view> objects;
  };
  void read_superblock();
  const Collection& collection(std::uint64_t address);

  Source& source_;
  const Limits& limits_;
  std::uint64_t base_ = 0;  // where the superblock lies: addresses count from there
  Widths widths_;
  std::uint64_t root_ = kUndefined;
  std::uint64_t charged_ = 0;
  std::unordered_set<std::uint64_t> visited_;
  std::map<std::uint64_t, Collection> collections_;
};

}  // namespace weigh::hdf5
