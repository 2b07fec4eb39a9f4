#include "wire/hdf5/heap.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "weigh/error.h"

namespace weigh::hdf5 {
namespace {

constexpr const char* kHeap = "a fractal heap";
constexpr const char* kIndirect = "an indirect block of a fractal heap";

// Bytes that hold any number up to this one.
unsigned bytes_for(std::uint64_t most) { return static_cast<unsigned>((std::bit_width(most | 1) - 1) / 8 + 1); }

}  // namespace

FractalHeap::FractalHeap(Blocks& blocks, std::uint64_t address) : blocks_(blocks), address_(address) {
  blocks.visit(address, kHeap);
  const Widths widths = blocks.widths();
  const Block block = blocks.read(address, 22 + 12 * widths.length + 3 * widths.address, kHeap);
  Fields in = blocks.fields(block);
  blocks.expect_sign(in, "FRHP", kHeap);
  in.skip(1, kHeap);
  id_bytes_ = in.number(2, kHeap);
  const std::uint64_t filters = in.number(2, kHeap);
  if (filters != 0)
    throw Error(ErrorKind::unsupported, blocks.label(), "keeps its names in a compressed heap", block.offset);
  in.skip(1, kHeap);
  const std::uint64_t largest_object = in.number(4, kHeap);
  in.skip(widths.length + widths.address, kHeap);  // huge objects
  in.skip(widths.length + widths.address, kHeap);  // free space
  in.skip(8 * widths.length, kHeap);               // what is in the heap
  width_ = in.number(2, kHeap);
  start_bytes_ = in.length(kHeap);
  const std::uint64_t largest_block = in.length(kHeap);
  const std::uint64_t offset_bits = in.number(2, kHeap);
  in.skip(2, kHeap);
  root_.address = in.address(kHeap);
  root_.rows = in.number(2, kHeap);
  const bool is_sane = width_ > 0 && std::has_single_bit(width_) && std::has_single_bit(start_bytes_) &&
                       std::has_single_bit(largest_block) && largest_block >= start_bytes_ && offset_bits > 0 &&
                       offset_bits <= 64 && largest_block <= UINT32_MAX && id_bytes_ > 0 &&
                       std::bit_width(width_) + std::bit_width(start_bytes_) + root_.rows < 64;
  if (!is_sane) blocks.fail("the table of a fractal heap is impossible", address);
  direct_rows_ = static_cast<std::uint64_t>(std::countr_zero(largest_block) - std::countr_zero(start_bytes_)) + 2;
  offset_bytes_ = static_cast<unsigned>((offset_bits + 7) / 8);
  length_bytes_ = std::min(bytes_for(largest_block), bytes_for(largest_object));
  root_.bytes = start_bytes_;
}

std::uint64_t FractalHeap::row_bytes(std::uint64_t row) const {
  return row == 0 ? start_bytes_ : start_bytes_ << (row - 1);
}

std::uint64_t FractalHeap::row_offset(std::uint64_t row) const { return row == 0 ? 0 : width_ * row_bytes(row); }

Block FractalHeap::object(std::string_view id) {
  Fields in(blocks_.label(), id, blocks_.base() + address_, blocks_.widths());
  const std::uint64_t kind = in.number(1, "an ID of a heap") >> 4 & 3;
  if (kind != 0) {
    throw Error(ErrorKind::unsupported, blocks_.label(),
                fmt::format("has {} object in a fractal heap, which is not supported", kind == 1 ? "a huge" : "a tiny"),
                blocks_.base() + address_);
  }
  const std::uint64_t offset = in.number(offset_bytes_, "an ID of a heap");
  const std::uint64_t length = in.number(length_bytes_, "an ID of a heap");
  Place place = root_;
  while (place.rows != 0) place = child(place, offset);
  const std::uint64_t inside = offset - place.begin;
  if (offset < place.begin || inside > place.bytes || length > place.bytes - inside) {
    blocks_.fail(fmt::format("an object of a fractal heap is {} bytes at {}, outside of its block of {} at {}", length,
                             offset, place.bytes, place.begin),
                 address_);
  }
  if (inside > blocks_.size() || place.address > blocks_.size() - inside)
    blocks_.fail("a block of a fractal heap lies beyond the file's end", address_);
  return blocks_.read(place.address + inside, length, "an object of a fractal heap");
}

// The block in an indirect one that holds the offset: its address alone is read.
FractalHeap::Place FractalHeap::child(const Place& parent, std::uint64_t offset) {
  const std::uint64_t inside = offset - parent.begin;
  std::uint64_t row = 0;
  while (row < parent.rows && row_offset(row + 1) <= inside) ++row;
  if (row >= parent.rows || offset < parent.begin)
    blocks_.fail(fmt::format("an object of a fractal heap lies at {}, where it has no block", offset), address_);
  const std::uint64_t column = (inside - row_offset(row)) / row_bytes(row);
  const unsigned width = blocks_.widths().address;
  const std::uint64_t head = 5 + width + offset_bytes_;
  const Block sign = blocks_.read(parent.address, head, kIndirect);
  Fields fields = blocks_.fields(sign);
  blocks_.expect_sign(fields, "FHIB", kIndirect);
  const Block entry = blocks_.read(parent.address + head + (row * width_ + column) * width, width, kIndirect);
  Place place;
  place.address = blocks_.fields(entry).address(kIndirect);
  place.begin = parent.begin + row_offset(row) + column * row_bytes(row);
  place.bytes = row_bytes(row);
  if (row < direct_rows_) return place;
  const int more = std::countr_zero(place.bytes) - std::countr_zero(start_bytes_ * width_);
  if (more < 0) blocks_.fail("the table of a fractal heap is impossible", address_);
  place.rows = static_cast<std::uint64_t>(more) + 1;
  return place;
}

namespace {

constexpr const char* kTree = "a B-tree of version 2";
constexpr const char* kTreeNode = "a node of a B-tree of version 2";
constexpr std::uint64_t kNodeHead = 6;  // sign, version, kind; a checksum of 4 ends the node
constexpr std::uint64_t kDeepest = 16;
constexpr std::uint64_t kShortestRecord = 8;  // of links: a hash of 4 and an ID

class TreeReader {
 public:
  TreeReader(Blocks& blocks, Records& records) : blocks_(blocks), records_(records) {}

  void read(std::uint64_t address) {
    blocks_.visit(address, kTree);
    const Block block = blocks_.read(address, 18 + blocks_.widths().address + blocks_.widths().length, kTree);
    Fields in = blocks_.fields(block);
    blocks_.expect_sign(in, "BTHD", kTree);
    in.skip(2, kTree);
    node_bytes_ = in.number(4, kTree);
    record_bytes_ = in.number(2, kTree);
    const std::uint64_t depth = in.number(2, kTree);
    in.skip(2, kTree);
    const std::uint64_t root = in.address(kTree);
    const std::uint64_t count = in.number(2, kTree);
    if (record_bytes_ < kShortestRecord || node_bytes_ < kNodeHead + 4 + record_bytes_ || depth > kDeepest)
      blocks_.fail("the header of a B-tree of version 2 is impossible", address);
    if (root == kUndefined) return;
    measure(depth);
    open_ = {{root, count, depth}};
    while (!open_.empty()) read_node();
  }

 private:
  struct Open {
    std::uint64_t address = 0;
    std::uint64_t records = 0;
    std::uint64_t level = 0;  // above the leaves
  };
  // Of a level: how many bytes tell the records of a node of it, and those of all below.
  struct Level {
    std::uint64_t most = 0;
    std::uint64_t most_below = 0;
    unsigned total_bytes = 0;
  };

  void measure(std::uint64_t depth) {
    levels_.push_back({(node_bytes_ - kNodeHead - 4) / record_bytes_, 0, 0});
    levels_[0].most_below = levels_[0].most;
    for (std::uint64_t level = 1; level <= depth; ++level) {
      const Level below = levels_.back();
      const std::uint64_t pointer = pointer_bytes(below);
      Level here;
      if (node_bytes_ > kNodeHead + 4 + pointer)
        here.most = (node_bytes_ - kNodeHead - 4 - pointer) / (record_bytes_ + pointer);
      // Beyond 64 bits the file is a lie, and its nodes will say so.
      here.most_below = below.most_below > UINT32_MAX ? UINT64_MAX : (here.most + 1) * below.most_below + here.most;
      here.total_bytes = bytes_for(here.most_below);
      levels_.push_back(here);
    }
  }

  std::uint64_t pointer_bytes(const Level& below) const {
    return blocks_.widths().address + bytes_for(levels_[0].most) + below.total_bytes;
  }

  // Records of an inner node stand between those of its children; their order is of no use here.
  void read_node() {
    const Open open = open_.back();
    open_.pop_back();
    blocks_.visit(open.address, kTreeNode);
    const bool is_leaf = open.level == 0;
    const std::uint64_t pointer = is_leaf ? 0 : pointer_bytes(levels_[open.level - 1]);
    const std::uint64_t needed = open.records * record_bytes_ + (is_leaf ? 0 : (open.records + 1) * pointer);
    if (needed > node_bytes_) {
      blocks_.fail(fmt::format("{} is said to have {} records, more than fit into its {} bytes", kTreeNode,
                               open.records, node_bytes_),
                   open.address);
    }
    records_.nodes.push_back(blocks_.read(open.address, kNodeHead + needed, kTreeNode));
    Fields in = blocks_.fields(records_.nodes.back());
    blocks_.expect_sign(in, is_leaf ? "BTLF" : "BTIN", kTreeNode);
    in.skip(2, kTreeNode);
    for (std::uint64_t i = 0; i < open.records; ++i) records_.records.push_back(in.take(record_bytes_, kTreeNode));
    for (std::uint64_t i = 0; !is_leaf && i <= open.records; ++i) {
      Open child{in.address(kTreeNode), in.number(bytes_for(levels_[0].most), kTreeNode), open.level - 1};
      in.skip(levels_[open.level - 1].total_bytes, kTreeNode);
      open_.push_back(child);
    }
  }

  Blocks& blocks_;
  Records& records_;
  std::uint64_t node_bytes_ = 0;
  std::uint64_t record_bytes_ = 0;
  std::vector<Level> levels_;
  std::vector<Open> open_;
};

}  // namespace

Records read_records(Blocks& blocks, std::uint64_t tree) {
  Records records;
  TreeReader(blocks, records).read(tree);
  return records;
}

}  // namespace weigh::hdf5
