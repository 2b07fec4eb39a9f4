// Fractal heaps, and the B-trees of version 2 that index them: where newer files keep many links or attributes.
//
//   heap header     "FRHP" … a doubling table: its width, the sizes of its blocks, the address of its root block
//   direct block    "FHDB" … objects. What is called the offset of an object counts through all blocks, heads included
//   indirect block  "FHIB" … addresses of direct blocks, `width` a row, and in the lower rows of indirect blocks.
//   Blocks
//                   of rows 0 and 1 have the starting size, of each row after them twice that of the row before
//   tree header     "BTHD" … size of nodes and records, depth, address of the root and its number of records
//   node            "BTIN" records, then children; "BTLF" records. A record holds the heap's ID of an object
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wire/hdf5.h"
#include "wire/hdf5/blocks.h"

namespace weigh::hdf5 {

class FractalHeap {
 public:
  FractalHeap(Blocks& blocks, std::uint64_t address);

  std::uint64_t id_bytes() const { return id_bytes_; }
  // The object with this ID. Throws Error(unsupported) for one that lies outside the heap's blocks.
  Block object(std::string_view id);

 private:
  struct Place {
    std::uint64_t address = 0;
    std::uint64_t begin = 0;  // its offset in the heap
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;  // 0 for a direct block
  };
  std::uint64_t row_bytes(std::uint64_t row) const;   // of one block
  std::uint64_t row_offset(std::uint64_t row) const;  // where the row begins in an indirect block
  Place child(const Place& parent, std::uint64_t offset);

  Blocks& blocks_;
  std::uint64_t address_;
  std::uint64_t id_bytes_ = 0;
  std::uint64_t width_ = 0;
  std::uint64_t start_bytes_ = 0;
  std::uint64_t direct_rows_ = 0;
  unsigned offset_bytes_ = 0;  // how many bytes the offset of an object takes in an ID
  unsigned length_bytes_ = 0;
  Place root_;
};

// The records of a tree, each of them of `record_bytes` bytes, in their order.
struct Records {
  std::vector<Block> nodes;
  std::vector<std::string_view> records;  // views into the nodes
};
Records read_records(Blocks& blocks, std::uint64_t tree);

}  // namespace weigh::hdf5
