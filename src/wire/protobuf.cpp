#include "wire/protobuf.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <protozero/exception.hpp>
#include <protozero/varint.hpp>

#include "bytes/checked.h"

#include "weigh/error.h"

namespace weigh {
namespace {

// A field's number and length, and mostly all of a small message.
constexpr std::size_t kLeastAhead = 256;
constexpr std::size_t kMostAhead = std::size_t{64} * 1024;
constexpr std::uint64_t kLongestVarint = protozero::max_varint_length;
constexpr std::uint64_t kLargestNumber = (std::uint64_t{1} << 29) - 1;

const char* name_of(ProtoWire wire) {
  switch (wire) {
    case ProtoWire::varint: return "a varint";
    case ProtoWire::fixed64: return "eight bytes";
    case ProtoWire::bytes: return "length-delimited";
    case ProtoWire::fixed32: return "four bytes";
  }
  return "";
}

}  // namespace

ProtoBytes::ProtoBytes(Source& source)
    : label_(source.label()), source_(&source), end_(source.size()), ahead_(kLeastAhead / 2) {}

ProtoBytes::ProtoBytes(std::string label, std::string_view memory, std::uint64_t base)
    : label_(std::move(label)), base_(base), end_(base + memory.size()), window_(memory), window_begin_(base) {}

std::string_view ProtoBytes::view(std::uint64_t offset, std::size_t length) {
  const bool is_here = offset >= window_begin_ && fits(offset - window_begin_, length, window_.size());
  if (!is_here) load(offset, length);
  used_ = offset + length;
  return window_.substr(static_cast<std::size_t>(offset - window_begin_), length);
}

void ProtoBytes::load(std::uint64_t offset, std::size_t length) {
  const bool is_next = offset >= window_begin_ && offset <= used_ + kLeastAhead;
  ahead_ = is_next ? std::min(ahead_ * 2, kMostAhead) : kLeastAhead;
  buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(std::max(length, ahead_), end_ - offset)));
  source_->read(offset, {buffer_.data(), buffer_.size()});
  window_ = buffer_;
  window_begin_ = offset;
}

void ProtoBytes::copy(std::uint64_t offset, std::span<char> into) {
  if (source_ != nullptr && into.size() > kLeastAhead) {
    source_->read(offset, into);
    used_ = offset + into.size();
  } else {
    view(offset, into.size()).copy(into.data(), into.size());
  }
}

ProtoMessage::ProtoMessage(ProtoBytes& bytes, std::uint64_t offset, std::uint64_t length, const char* name)
    : bytes_(&bytes), name_(name), position_(offset), end_(offset), field_offset_(offset) {
  if (offset < bytes.begin() || !fits(offset, length, bytes.end())) {
    throw Error(ErrorKind::truncated, bytes.label(),
                fmt::format("{}: {} bytes are needed, {} are left; is the file incomplete?", name, length,
                            bytes.end() - std::clamp(offset, bytes.begin(), bytes.end())),
                offset);
  }
  end_ += length;
}

std::uint64_t ProtoMessage::take_varint() {
  const std::string_view bytes =
      bytes_->view(position_, static_cast<std::size_t>(std::min(end_ - position_, kLongestVarint)));
  const char* data = bytes.data();
  try {
    const std::uint64_t value = protozero::decode_varint(&data, bytes.data() + bytes.size());
    position_ += static_cast<std::uint64_t>(data - bytes.data());
    return value;
  } catch (const protozero::end_of_buffer_exception&) {
    throw Error(ErrorKind::truncated, bytes_->label(),
                fmt::format("{}: a number breaks off after {} bytes, where the message ends; the file is damaged or "
                            "its download incomplete",
                            name_, bytes.size()),
                position_);
  } catch (const protozero::varint_too_long_exception&) {
    throw Error(ErrorKind::corrupt, bytes_->label(),
                fmt::format("{}: a number has more than {} bytes; the file is damaged", name_, kLongestVarint),
                position_);
  }
}

void ProtoMessage::take_fixed(std::uint64_t length) {
  value_offset_ = position_;
  value_length_ = length;
  if (length > end_ - position_) {
    // A lie about the end of the file is mostly an incomplete download, one about the end of a message is not.
    const bool is_at_end = length > bytes_->end() - position_;
    throw Error(is_at_end ? ErrorKind::truncated : ErrorKind::corrupt, bytes_->label(),
                fmt::format("{}: field {} needs {} bytes, {} are left of the {}; {}", name_, number_, length,
                            end_ - position_, end_ == bytes_->end() ? "file" : "message",
                            is_at_end ? "is the download incomplete?" : "the file is damaged"),
                field_offset_);
  }
  position_ += length;
}

bool ProtoMessage::next() {
  if (position_ == end_) return false;
  field_offset_ = position_;
  const std::uint64_t tag = take_varint();
  const std::uint64_t number = tag >> 3;
  const auto wire = static_cast<unsigned>(tag & 7);
  if (number == 0 || number > kLargestNumber) {
    throw Error(ErrorKind::corrupt, bytes_->label(),
                fmt::format("{}: a field has the number {}, but fields are numbered from 1 to {}; the file is damaged",
                            name_, number, kLargestNumber),
                field_offset_);
  }
  number_ = static_cast<std::uint32_t>(number);
  wire_ = static_cast<ProtoWire>(wire);
  switch (wire_) {
    case ProtoWire::varint:
      value_offset_ = position_;
      value_ = take_varint();
      value_length_ = position_ - value_offset_;
      return true;
    case ProtoWire::bytes: take_fixed(take_varint()); return true;
    case ProtoWire::fixed32: take_fixed(4); return true;
    case ProtoWire::fixed64: take_fixed(8); return true;
  }
  if (wire == 3 || wire == 4) {
    throw Error(ErrorKind::unsupported, bytes_->label(),
                fmt::format("{}: field {} is a group (wire type {}), which nobody writes any more; the file is damaged "
                            "or of another kind",
                            name_, number_, wire),
                field_offset_);
  }
  throw Error(
      ErrorKind::corrupt, bytes_->label(),
      fmt::format("{}: field {} has the wire type {}, but there are 0 to 5; the file is damaged", name_, number_, wire),
      field_offset_);
}

void ProtoMessage::expect(ProtoWire wire) const {
  if (wire_ == wire) return;
  throw Error(ErrorKind::corrupt, bytes_->label(),
              fmt::format("{}: field {} is {} (wire type {}) where {} ({}) belongs; the file is damaged or of another "
                          "kind",
                          name_, number_, name_of(wire_), static_cast<unsigned>(wire_), name_of(wire),
                          static_cast<unsigned>(wire)),
              field_offset_);
}

std::uint64_t ProtoMessage::varint() const {
  expect(ProtoWire::varint);
  return value_;
}

float ProtoMessage::float32() const {
  expect(ProtoWire::fixed32);
  float value = 0;
  std::memcpy(&value, bytes_->view(value_offset_, sizeof(value)).data(), sizeof(value));
  return value;
}

double ProtoMessage::float64() const {
  expect(ProtoWire::fixed64);
  double value = 0;
  std::memcpy(&value, bytes_->view(value_offset_, sizeof(value)).data(), sizeof(value));
  return value;
}

ProtoMessage ProtoMessage::message(const char* name) const {
  expect(ProtoWire::bytes);
  return {*bytes_, value_offset_, value_length_, name};
}

std::string ProtoMessage::text(std::uint64_t most, const char* limit) const {
  expect(ProtoWire::bytes);
  if (value_length_ > most) {
    throw Error(
        ErrorKind::limit, bytes_->label(),
        fmt::format("{}: field {} has {} bytes, more than {} (limit {})", name_, number_, value_length_, most, limit),
        field_offset_);
  }
  return head(static_cast<std::size_t>(value_length_));
}

std::string ProtoMessage::head(std::size_t most) const {
  expect(ProtoWire::bytes);
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(value_length_, most)), '\0');
  bytes_->copy(value_offset_, {bytes.data(), bytes.size()});
  return bytes;
}

void ProtoMessage::integers(std::vector<std::int64_t>& into, std::size_t most, const char* limit) const {
  const auto add = [&](std::uint64_t value) {
    if (into.size() >= most) {
      throw Error(ErrorKind::limit, bytes_->label(),
                  fmt::format("{}: field {} holds more than {} numbers (limit {})", name_, number_, most, limit),
                  field_offset_);
    }
    into.push_back(static_cast<std::int64_t>(value));
  };
  if (wire_ == ProtoWire::varint) return add(value_);
  expect(ProtoWire::bytes);
  ProtoMessage packed = message(name_);
  while (packed.position_ != packed.end_) add(packed.take_varint());
}

}  // namespace weigh
