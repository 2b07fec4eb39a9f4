// The header of a NumPy array, as numpy.save writes it:
//
//   "\x93NUMPY"  u8 major  u8 minor  u16 length (version 1) or u32 (2 and 3)
//   a Python literal of that length, padded with spaces and ended by a line break:
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
//   then the elements
//
// A type is '<f4': byte order, kind, bytes of an element. That of a record is a list of fields, each with a name, a
// type or a list of fields again, and perhaps a shape: [('w', '<f4', (3,)), ('b', '<f4')]. Version 3 is UTF-8, where 1
// and 2 are Latin-1.
//
// NumPy evaluates the literal; here nothing but what it writes itself is understood.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weigh/dtype.h"
#include "weigh/limits.h"

namespace weigh {

struct NpyType {
  std::string code;         // "<f4"
  char kind = '\0';         // f, i, u, b, c are numbers; V raw bytes; S, U text; O objects, as a pickle; M, m times
  std::uint64_t bytes = 0;  // of an element; 0 where the code does not tell: objects
  DType dtype = DType::unknown;
  bool is_big_endian = false;

  bool is_number() const;
};

struct NpyField {
  std::string name;  // "w", or "layer.w" in a record of records; "" where the array holds no records
  NpyType type;
  std::vector<std::uint64_t> shape;  // of the field in one record
};

struct NpyHeader {
  std::vector<NpyField> fields;  // one without a name, or those of a record; gaps between them are fields of kind V
  bool is_record = false;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
};

// How many bytes a header takes, from the first kNpyPreamble of them (or fewer, where the file has no more). Throws
// Error.
inline constexpr std::uint64_t kNpyPreamble = 12;
std::uint64_t npy_header_size(std::string_view label, std::string_view preamble, const Limits& limits);
// `bytes` are all of it.
NpyHeader read_npy_header(std::string_view label, std::string_view bytes, const Limits& limits);

}  // namespace weigh
