#include "wire/flatbuffer.h"

#include <algorithm>

#include <fmt/format.h>

#include "bytes/checked.h"

#include "weigh/error.h"

namespace weigh {
namespace {

// Of each byte, on average: a text may be shared by some tables, a vtable by many. Real files take less than two.
constexpr std::uint64_t kMostLooks = 4;
constexpr std::uint64_t kFewBytes = std::uint64_t{64} * 1024;

}  // namespace

bool FlatBuffer::matches(std::string_view head, std::string_view identifier) {
  return head.size() >= 8 && head.substr(4, 4) == identifier;
}

FlatBuffer::FlatBuffer(Source& source, const Limits& limits) : source_(source), limits_(limits) {
  source_.map_for_views();
}

void FlatBuffer::fail(const std::string& message, std::uint64_t at) const {
  throw Error(ErrorKind::corrupt, source_.label(), message, at);
}

std::string_view FlatBuffer::look(std::uint64_t at, std::uint64_t length, const char* what) {
  if (!fits(at, length, source_.size())) {
    throw Error(ErrorKind::truncated, source_.label(),
                fmt::format("{} takes {} bytes from byte {}, but the file has {}; is the download incomplete?", what,
                            length, at, source_.size()));
  }
  looked_ += length;  // no more than two to the 32nd at once
  const std::uint64_t whole = kFewBytes + source_.size();
  if (looked_ > limits_.flatbuffer_bytes || looked_ / kMostLooks > whole) {
    throw Error(ErrorKind::limit, source_.label(),
                fmt::format("{} bytes of it were looked at, which has {}: its tables are the same ones over and over, "
                            "or more than {} (limit flatbuffer_bytes)",
                            looked_, source_.size(), limits_.flatbuffer_bytes));
  }
  return source_.view(at, static_cast<std::size_t>(length), buffer_);
}

std::uint64_t FlatBuffer::follow(std::uint64_t at, const char* what) {
  const auto distance = number<std::uint32_t>(at, what);
  if (distance < 4 || distance > source_.size() - at) {
    fail(fmt::format("{} is said to lie {} bytes behind byte {} of {}; is the file damaged?", what, distance, at,
                     source_.size()),
         at);
  }
  return at + distance;
}

FlatTable FlatBuffer::root() { return {*this, follow(0, "the root table"), "the root table"}; }

FlatTable FlatBuffer::table_in(const FlatVector& vector, std::uint32_t index) {
  return {*this, follow(vector.begin + std::uint64_t{index} * 4, "a table in a vector"), "a table in a vector"};
}

FlatTable::FlatTable(FlatBuffer& in, std::uint64_t at, const char* what) : in_(&in), at_(at) {
  const std::int64_t distance = in.number<std::int32_t>(at, what);
  const std::int64_t vtable = static_cast<std::int64_t>(at) - distance;
  if (vtable < 0 || !fits(static_cast<std::uint64_t>(vtable), 4, in.size()))
    in.fail(fmt::format("{} has its vtable at byte {} of {}; is the file damaged?", what, vtable, in.size()), at);
  vtable_ = static_cast<std::uint64_t>(vtable);
  vtable_size_ = in.number<std::uint16_t>(vtable_, "a vtable");
  size_ = in.number<std::uint16_t>(vtable_ + 2, "a vtable");
  if (vtable_size_ < 4 || vtable_size_ % 2 != 0 || !fits(vtable_, vtable_size_, in.size()) || size_ < 4 ||
      !fits(at_, size_, in.size())) {
    in.fail(fmt::format("{} of {} bytes has a vtable of {}, which cannot be; is the file damaged?", what, size_,
                        vtable_size_),
            at);
  }
}

std::uint64_t FlatTable::place(unsigned field, std::size_t width, const char* what) const {
  const std::uint64_t slot = 4 + std::uint64_t{field} * 2;
  if (slot + 2 > vtable_size_) return 0;  // written by a program that did not know the field
  const auto offset = in_->number<std::uint16_t>(vtable_ + slot, "a vtable");
  if (offset == 0) return 0;
  if (offset < 4 || offset + width > size_) {
    in_->fail(fmt::format("{} lies at byte {} of a table of {}; is the file damaged?", what, offset, size_), at_);
  }
  return at_ + offset;
}

FlatTable FlatTable::table(unsigned field, const char* what) const {
  return {*in_, in_->follow(place(field, 4, what), what), what};
}

FlatVector FlatTable::vector(unsigned field, std::size_t element, const char* what) const {
  const std::uint64_t at = place(field, 4, what);
  if (at == 0) return {};
  const std::uint64_t begin = in_->follow(at, what);
  const auto count = in_->number<std::uint32_t>(begin, what);
  const std::uint64_t left = in_->size() - begin - 4;
  if (count > left / element) {
    throw Error(ErrorKind::truncated, in_->label(),
                fmt::format("{} is said to have {} elements of {} bytes, but {} bytes are left; is the download "
                            "incomplete?",
                            what, count, element, left),
                begin);
  }
  return {begin + 4, count};
}

std::string FlatTable::text(unsigned field, const char* what) const {
  const FlatVector bytes = vector(field, 1, what);
  if (bytes.count == 0) return "";
  if (bytes.count > in_->limits_.name_bytes) {
    throw Error(
        ErrorKind::limit, in_->label(),
        fmt::format("{} has {} bytes, more than {} (limit name_bytes)", what, bytes.count, in_->limits_.name_bytes),
        bytes.begin);
  }
  return std::string(in_->look(bytes.begin, bytes.count, what));
}

}  // namespace weigh
