// Protocol buffers: a message is fields, one behind the other, of which a schema tells the meaning.
//
//   field:  varint number << 3 | wire type, then the value
//     0  varint: seven bits a byte, the lowest first; every byte but the last has its highest bit set
//     1  eight bytes, little-endian
//     2  varint length, and as many bytes: text, a message, packed numbers
//     5  four bytes, little-endian
//   3 and 4 begin and end a group, which proto2 gave up; 6 and 7 mean nothing.
//
// Fields come in any order; one that is not repeated counts as it stands last. protozero decodes numbers. Its reader
// wants the whole message in memory, takes lengths for 32 bits wide and fails without an offset, so the walk is ours:
// weights are most of a file and lie among its fields. They are passed over unread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/source.h"

namespace weigh {

// Where messages lie. Of a source only a window is in memory, which grows while bytes are read one behind the other and
// is small again after every long gap: what is skipped is hardly touched.
class ProtoBytes {
 public:
  explicit ProtoBytes(Source& source);  // must outlive it
  // Memory of the caller, which must outlive it; `base` is its offset in what is called `label`.
  ProtoBytes(std::string label, std::string_view memory, std::uint64_t base = 0);

  const std::string& label() const { return label_; }
  std::uint64_t begin() const { return base_; }
  std::uint64_t end() const { return end_; }

  // Bytes that stay until the next call. Requires: the range lies in begin() to end().
  std::string_view view(std::uint64_t offset, std::size_t length);
  // The same into memory of the caller, past the window.
  void copy(std::uint64_t offset, std::span<char> into);

 private:
  void load(std::uint64_t offset, std::size_t length);

  std::string label_;
  Source* source_ = nullptr;
  std::uint64_t base_ = 0;
  std::uint64_t end_ = 0;
  std::string buffer_;
  std::string_view window_;         // the buffer, or all of the memory
  std::uint64_t window_begin_ = 0;  // its offset
  std::uint64_t used_ = 0;          // where the last bytes that were wanted end
  std::size_t ahead_ = 0;           // how much is read at once
};

enum class ProtoWire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

// A walk over the fields of one message:
//
//   ProtoMessage model(bytes, bytes.begin(), bytes.end() - bytes.begin(), "ModelProto");
//   while (model.next())
//     if (model.number() == 7) read_graph(model.message("GraphProto"));
//
// A field that is not asked for its value is skipped. Whatever is wrong is an Error with the message's name, the offset
// and both numbers. How deep messages may lie in each other is the caller's to limit.
class ProtoMessage {
 public:
  // `bytes` must outlive it; `name` is a literal. Throws Error(truncated) where the range leaves `bytes`.
  ProtoMessage(ProtoBytes& bytes, std::uint64_t offset, std::uint64_t length, const char* name);

  // The source that messages name.
  const std::string& label() const { return bytes_->label(); }
  // To the next field; false at the end. Throws Error.
  bool next();

  // Of the field. Requires: next() said true; before, begin() is where the message begins.
  std::uint32_t number() const { return number_; }
  ProtoWire wire() const { return wire_; }
  std::uint64_t begin() const { return field_offset_; }
  std::uint64_t offset() const { return value_offset_; }  // of its value
  std::uint64_t length() const { return value_length_; }  // of its value, in bytes

  // Its value. Each throws Error(corrupt) where the field is of another wire type.
  std::uint64_t varint() const;
  std::int64_t integer() const {
    return static_cast<std::int64_t>(varint());
  }  // of a schema's int32, int64, enum, bool
  float float32() const;
  double float64() const;
  // The fields of a message in it.
  ProtoMessage message(const char* name) const;
  // Text, or a whole message to be kept in memory. More than `most` bytes are an Error(limit) that names `limit`.
  std::string text(std::uint64_t most, const char* limit) const;
  // Its first bytes, at most so many.
  std::string head(std::size_t most) const;
  // Adds the numbers of a repeated integer, packed or one alone. `into` may hold `most` numbers.
  void integers(std::vector<std::int64_t>& into, std::size_t most, const char* limit) const;

 private:
  std::uint64_t take_varint();
  void take_fixed(std::uint64_t length);
  void expect(ProtoWire wire) const;

  ProtoBytes* bytes_;
  const char* name_;
  std::uint64_t position_;
  std::uint64_t end_;
  std::uint64_t field_offset_ = 0;
  std::uint64_t value_offset_ = 0;
  std::uint64_t value_length_ = 0;
  std::uint64_t value_ = 0;  // of a number
  std::uint32_t number_ = 0;
  ProtoWire wire_ = ProtoWire::varint;
};

}  // namespace weigh
