// FlatBuffers, read where they lie: https://flatbuffers.dev/internals. Numbers are little-endian.
//
//   u32 offset of the root table, 4 bytes that identify the schema
//   table    i32 distance back to its vtable, then its fields
//   vtable   u16 bytes of the vtable, u16 bytes of the table, u16 for each field: where it lies in the table, 0 if
//   absent field    a number, or a u32 distance forward to a table, a string or a vector vector   u32 count, elements;
//   those that are tables are distances again string   u32 length, bytes
//
// The library of that name wants all of a file in memory and verifies it before use; here it may hold gigabytes of
// weights between its tables. So every distance is compared with the end of the file when it is followed, and what was
// looked at is counted: distances may lead to one object from many places, by which a small file unfolds to a huge one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "bytes/source.h"

#include "weigh/limits.h"

namespace weigh {

class FlatTable;

// Where elements lie, and how many; none where the field is absent.
struct FlatVector {
  std::uint64_t begin = 0;
  std::uint32_t count = 0;
};

class FlatBuffer {
 public:
  // Whether the source begins as one of this schema.
  static bool matches(std::string_view head, std::string_view identifier);
  // Both must outlive it.
  FlatBuffer(Source& source, const Limits& limits);

  FlatTable root();
  FlatTable table_in(const FlatVector& vector, std::uint32_t index);  // Requires: index < vector.count
  // All numbers of a vector, whose field was asked for with sizeof(T).
  template <class T>
  std::vector<T> numbers(const FlatVector& vector) {
    static_assert(std::is_arithmetic_v<T>);
    std::vector<T> all(vector.count);
    const std::string_view bytes = look(vector.begin, std::uint64_t{vector.count} * sizeof(T), "a vector");
    if (!all.empty()) __builtin_memcpy(all.data(), bytes.data(), bytes.size());
    return all;
  }
  const std::string& label() const { return source_.label(); }
  std::uint64_t size() const { return source_.size(); }

 private:
  friend class FlatTable;
  // The view lasts until the next.
  std::string_view look(std::uint64_t at, std::uint64_t length, const char* what);
  template <class T>
  T number(std::uint64_t at, const char* what) {
    T value;
    __builtin_memcpy(&value, look(at, sizeof(T), what).data(), sizeof(T));
    return value;
  }
  // Where the distance at `at` leads.
  std::uint64_t follow(std::uint64_t at, const char* what);
  [[noreturn]] void fail(const std::string& message, std::uint64_t at) const;

  Source& source_;
  const Limits& limits_;
  std::string buffer_;
  std::uint64_t looked_ = 0;
};

// One table. Fields are told by their number in the schema.
class FlatTable {
 public:
  template <class T>
  T number(unsigned field, T otherwise, const char* what) const {
    const std::uint64_t at = place(field, sizeof(T), what);
    return at == 0 ? otherwise : in_->number<T>(at, what);
  }
  bool has(unsigned field) const { return place(field, 4, "a field") != 0; }
  // Requires: has(field)
  FlatTable table(unsigned field, const char* what) const;
  // At most limits.name_bytes; "" where it is absent.
  std::string text(unsigned field, const char* what) const;
  // Of elements of this size, all of which lie in the file; they are not looked at.
  FlatVector vector(unsigned field, std::size_t element, const char* what) const;

 private:
  friend class FlatBuffer;
  FlatTable(FlatBuffer& in, std::uint64_t at, const char* what);
  std::uint64_t place(unsigned field, std::size_t width, const char* what) const;  // 0 where it is absent

  FlatBuffer* in_;
  std::uint64_t at_;
  std::uint64_t vtable_ = 0;
  std::uint16_t vtable_size_ = 0;
  std::uint16_t size_ = 0;
};

}  // namespace weigh
