// The one error type. It is thrown for what stops a reading: a structural lie, a missing file, an exceeded limit,
// wrong usage. An oddity that does not stop the reading is a Note in the Model instead.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace weigh {

enum class ErrorKind : std::uint8_t {
  not_found,    // no such file, or it may not be read
  unsupported,  // a file we can name but not read
  truncated,    // the bytes end before what they promise
  corrupt,      // the bytes contradict themselves
  limit,        // a bound of Limits was exceeded
  not_written,  // a file could not be written: the disk is full, or the folder may not be written to
  usage,        // the caller asked for something that does not exist
};

// `what()` reads "SOURCE: MESSAGE (at byte OFFSET)"; the parts that are not known are left out. MESSAGE tells the
// place, both numbers and a likely cause.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, std::string source, std::string message, std::optional<std::uint64_t> offset = std::nullopt);

  ErrorKind kind() const noexcept { return kind_; }
  const std::string& source() const noexcept { return source_; }
  const std::string& message() const noexcept { return message_; }
  std::optional<std::uint64_t> offset() const noexcept { return offset_; }

 private:
  ErrorKind kind_;
  std::string source_;
  std::string message_;
  std::optional<std::uint64_t> offset_;
};

}  // namespace weigh
