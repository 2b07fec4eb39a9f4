// HDF5 files: groups, what data sets they hold and which attributes; never the data. The definition is the "HDF5 File
// Format Specification", versions 1 to 3.
//
//   superblock     "\x89HDF\r\n\x1a\n", version (0 to 3), sizes of addresses and lengths, address of the root group's
//                  object header; at byte 0, or behind a user block at 512, 1024, 2048, …
//   object header  messages: dataspace (extents), datatype, data layout, attributes, links, where a group's table lies.
//                  Version 1, or 2 ("OHDR"); goes on in further blocks where a continuation message says so
//   group          old: a B-tree ("TREE") whose leaves are symbol table nodes ("SNOD"), names in a local heap ("HEAP")
//                  new: link messages; of many links, a B-tree of version 2 ("BTHD") over a fractal heap ("FRHP")
//   attribute      name, datatype, dataspace, value; texts of variable length lie in global heaps ("GCOL")
//
// Why not libhdf5, which would be the library for it: it was written to read files of friends. Its parser has had, and
// has, memory errors on files of strangers, decades of them; it sets no bound to what a file can make it allocate; a
// data set may name a filter that it loads as a shared object, or another file that it opens. It brings megabytes that
// are loaded at every start. The part that tells names, shapes and types of what Keras writes is small. Checksums of
// the newer structures are not verified: they protect against damage, not against lies, and what is damaged is
// contradictory or is shown.
//
// Each header, table and node is read once, so that links which lead in a circle come to an end; all that is read or
// copied is counted against Limits::hdf5_bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/source.h"

#include "weigh/limits.h"

namespace weigh::hdf5 {

enum class Class : std::uint8_t {
  integer,
  real,
  text,     // of fixed or variable length
  boolean,  // an enumeration of FALSE and TRUE, as h5py writes it
  opaque,   // bytes without a meaning, as NumPy's type V2
  other,    // compounds, references, arrays, enumerations, committed types
};

struct Datatype {
  Class kind = Class::other;
  std::uint32_t bytes = 0;  // of an element
  bool is_signed = false;
  bool is_big_endian = false;
  bool is_variable = false;  // a text of variable length
  std::uint8_t exponent_bits = 0;
  std::uint8_t mantissa_bits = 0;
};

struct Dataspace {
  bool is_null = false;                // no elements at all
  std::vector<std::uint64_t> extents;  // of a scalar none
};

enum class Storage : std::uint8_t { none, compact, contiguous, chunked, elsewhere };

struct Layout {
  Storage storage = Storage::none;
  std::uint64_t offset = 0;  // in the source, of contiguous data
  std::uint64_t bytes = 0;   // of contiguous and compact data
};

struct Attribute {
  std::string name;
  Datatype type;
  Dataspace space;
  std::string value;  // as it lies in the file
};

struct Link {
  std::string name;
  std::uint64_t target = 0;  // for File::open
};

// Where a group keeps its links, or an object its attributes.
struct Table {
  std::uint64_t tree = 0;
  std::uint64_t heap = 0;
};

struct Object {
  std::uint64_t address = 0;
  std::optional<Dataspace> space;
  std::optional<Datatype> type;
  std::optional<Layout> layout;
  bool is_filtered = false;  // compressed, mostly
  bool is_group = false;
  std::vector<Attribute> attributes;
  std::vector<Link> links;       // those that stand in the header
  std::optional<Table> symbols;  // of the old kind
  std::optional<Table> dense_links;
  std::optional<Table> dense_attributes;

  bool is_data_set() const { return layout.has_value() && space.has_value() && type.has_value(); }
  const Attribute* attribute(std::string_view name) const;  // null where there is none
};

// Where the superblock lies; nothing in a source without one.
std::optional<std::uint64_t> find_superblock(Source& source);

class Blocks;

class File {
 public:
  // Reads the superblock. Both must outlive it. Throws Error.
  File(Source& source, const Limits& limits);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::uint64_t root() const;
  // The object with this header, with all its attributes. To be called once for each: links may lead to one object
  // twice, or in a circle, and `is_known` tells. Throws Error.
  Object open(std::uint64_t address);
  bool is_known(std::uint64_t address) const;
  // What a group holds: hard links, in the order of the file, which mostly is that of the names. Links by name and
  // into other files are left out.
  std::vector<Link> links(const Object& group);
  // The elements of an attribute of texts; of any other none.
  std::vector<std::string> texts(const Attribute& attribute);
  // The only one; "" where it is none.
  std::string text(const Attribute& attribute);

  // Throws Error(limit) where the file makes more of itself than Limits::hdf5_bytes.
  void charge(std::uint64_t bytes);

 private:
  const Limits& limits_;
  std::unique_ptr<Blocks> blocks_;
};

}  // namespace weigh::hdf5
