#include "wire/hdf5/messages.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "bytes/checked.h"

#include "weigh/error.h"

namespace weigh::hdf5 {
namespace {

constexpr const char* kType = "a datatype";
constexpr const char* kLayout = "a data layout";
constexpr const char* kAttributeText = "an attribute";

std::uint64_t padded(std::uint64_t bytes) { return (bytes + 7) / 8 * 8; }

// An enumeration of integers of one byte called FALSE and TRUE. Its members: base type, names that end with a zero
// (padded to 8 before version 3), values.
bool is_boolean(Fields in, unsigned version, std::uint64_t members) {
  if (members != 2) return false;
  in.skip(12, kType);  // the base type, an integer
  for (const std::string_view wanted : {"FALSE", "TRUE"}) {
    const std::string_view name = in.take_until('\0', "the name of an enumeration's member");
    if (name != wanted) return false;
    if (version < 3) in.skip(padded(name.size() + 1) - name.size() - 1, kType);
  }
  return true;
}

}  // namespace

// Version 1: version, rank, flags, 5 reserved, extents. Version 2: version, rank, flags, kind, extents.
Dataspace read_dataspace(Fields& in, const Limits& limits) {
  constexpr const char* kWhat = "a dataspace";
  const std::uint64_t version = in.number(1, kWhat);
  if (version != 1 && version != 2) in.fail(fmt::format("a dataspace is of version {}; 1 and 2 are known", version));
  const std::uint64_t rank = in.number(1, kWhat);
  in.skip(1, kWhat);
  Dataspace space;
  if (version == 2) space.is_null = in.number(1, kWhat) == 2;
  if (version == 1) in.skip(5, kWhat);
  if (rank > limits.dimensions) in.fail(fmt::format("a dataspace has {} dimensions, more than 64", rank));
  std::uint64_t elements = 1;
  for (std::uint64_t i = 0; i < rank; ++i) {
    const std::uint64_t extent = in.length("the extents of a dataspace");
    const auto product = checked_mul(elements, extent);
    if (extent > INT64_MAX || !product || *product > INT64_MAX) in.fail("a dataspace has more than 2^63 elements");
    elements = *product;
    space.extents.push_back(extent);
  }
  return space;
}

// Class in the low half of the first byte, version in the high one; three bytes of flags; size; properties.
Datatype read_datatype(Fields in) {
  const std::uint64_t first = in.number(1, kType);
  const std::uint64_t flags = in.number(3, kType);
  Datatype type;
  type.bytes = static_cast<std::uint32_t>(in.number(4, kType));
  const auto version = static_cast<unsigned>(first >> 4);
  if (version < 1 || version > 5) in.fail(fmt::format("a datatype is of version {}; 1 to 5 are known", version));
  type.is_big_endian = (flags & 1) != 0;
  switch (first & 15) {
    case 0:
      type.kind = Class::integer;
      type.is_signed = (flags & 8) != 0;
      break;
    case 1:
      in.skip(5, kType);  // bit offset, precision, place of the exponent
      type.exponent_bits = static_cast<std::uint8_t>(in.number(1, kType));
      in.skip(1, kType);
      type.mantissa_bits = static_cast<std::uint8_t>(in.number(1, kType));
      type.kind = Class::real;
      break;
    case 3: type.kind = Class::text; break;
    case 5: type.kind = Class::opaque; break;
    case 8:
      if (type.bytes == 1 && is_boolean(in, version, flags & 0xFFFF)) type.kind = Class::boolean;
      break;
    case 9:
      type.is_variable = (flags & 15) == 1;
      if (type.is_variable) type.kind = Class::text;
      break;
    default: break;
  }
  return type;
}

// Versions 1 and 2: version, rank, class, 5 reserved, address, extents …. Versions 3 and 4: version, class, then by
// class: compact: size (2), data; contiguous: address, size; chunked, virtual: what tells where chunks lie.
Layout read_layout(Fields& in, const Blocks& blocks) {
  const std::uint64_t version = in.number(1, kLayout);
  if (version < 1 || version > 5) in.fail(fmt::format("a data layout is of version {}; 1 to 5 are known", version));
  if (version < 3) in.skip(1, kLayout);
  const std::uint64_t kind = in.number(1, kLayout);
  if (version < 3) in.skip(5, kLayout);
  Layout layout;
  if (kind == 0) {
    layout.storage = Storage::compact;
    if (version < 3) return layout;
    layout.bytes = in.number(2, kLayout);
    if (layout.bytes > in.remaining())
      in.fail(fmt::format("compact data are said to have {} bytes, {} are left", layout.bytes, in.remaining()));
  } else if (kind == 1) {
    const std::uint64_t address = in.address(kLayout);
    layout.storage = address == kUndefined ? Storage::none : Storage::contiguous;
    if (version >= 3) layout.bytes = in.length(kLayout);
    if (address == kUndefined) return layout;
    if (!fits(address, layout.bytes, blocks.size())) {
      in.fail(fmt::format("data at {} have {} bytes, but the file has {}; is the download incomplete?", address,
                          layout.bytes, blocks.size()));
    }
    layout.offset = blocks.base() + address;
  } else if (kind == 2) {
    layout.storage = Storage::chunked;
  } else {
    layout.storage = Storage::elsewhere;
  }
  return layout;
}

// Version, flags (reserved in version 1), sizes of name, type and space (2 each), from version 3 on the character set,
// then the three, in version 1 each padded to 8, and the value.
Attribute read_attribute(Fields& in, const Limits& limits) {
  const std::uint64_t version = in.number(1, kAttributeText);
  if (version < 1 || version > 3) in.fail(fmt::format("an attribute is of version {}; 1 to 3 are known", version));
  const std::uint64_t flags = in.number(1, kAttributeText);
  std::array<std::uint64_t, 3> sizes = {};
  for (std::uint64_t& size : sizes) size = in.number(2, kAttributeText);
  if (version == 3) in.skip(1, kAttributeText);
  if (version == 1) std::transform(sizes.begin(), sizes.end(), sizes.begin(), padded);
  Attribute attribute;
  Fields name = in.part(sizes[0], "the name of an attribute");
  attribute.name = name.take_until('\0', "the name of an attribute");
  const bool has_shared_parts = version > 1 && (flags & 3) != 0;
  Fields type = in.part(sizes[1], "the type of an attribute");
  Fields space = in.part(sizes[2], "the dataspace of an attribute");
  if (has_shared_parts) return attribute;  // a committed type: no tool of ours writes it
  attribute.type = read_datatype(type);
  attribute.space = read_dataspace(space, limits);
  attribute.value = in.take(in.remaining(), kAttributeText);
  return attribute;
}

}  // namespace weigh::hdf5
