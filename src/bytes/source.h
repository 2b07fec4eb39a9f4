// Random access to bytes that lie somewhere: a file, memory, later a server. Nothing above this file assumes which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace weigh {

// A part of the address space that shows a file.
struct Unmap {
  std::size_t length = 0;
  void operator()(const char* memory) const;
};
using Mapping = std::unique_ptr<const char, Unmap>;

class Source {
 public:
  explicit Source(std::string label) : label_(std::move(label)) {}
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // The name that messages give it.
  const std::string& label() const { return label_; }
  virtual std::uint64_t size() const = 0;
  // Fills `into` with the bytes from `offset` on. Throws Error(truncated) where the source ends before.
  void read(std::uint64_t offset, std::span<char> into);
  std::string read(std::uint64_t offset, std::size_t length);

  // The source as it lies in the system's cache; null where that cannot be had. Should a file shrink while it is looked
  // at, the process gets a SIGBUS, so this is for what would cost much otherwise: a large text, or many small places.
  // All of it, with `padding` readable bytes behind.
  Mapping map_whole(std::size_t padding);
  // For looks here and there with view(…).
  void map_for_views();
  // Bytes, where they lie if they are mapped, else read into `buffer`. Throws as read does.
  std::string_view view(std::uint64_t offset, std::size_t length, std::string& buffer);

  // How many bytes were asked for so far: the proof that no weight was read.
  std::uint64_t bytes_read() const { return bytes_read_; }

 protected:
  // Requires: the range lies inside the source.
  virtual void do_read(std::uint64_t offset, std::span<char> into) = 0;
  virtual Mapping do_map(bool) { return nullptr; }

 private:
  void check(std::uint64_t offset, std::size_t length) const;

  std::string label_;
  std::uint64_t bytes_read_ = 0;
  Mapping mapping_;
};

// A regular file, read with pread: a file that shrinks meanwhile is an Error, where a mapping would be a SIGBUS. Throws
// Error(not_found) with the system's reason; a pipe, a device or a directory is Error(unsupported).
std::unique_ptr<Source> open_file(const std::string& path);
// The same of a file in a directory that is open, which spares the system the way there: its name is what of the path
// is behind the first `way` bytes.
std::unique_ptr<Source> open_file_in(int directory, std::string path, std::size_t way);

// Memory of the caller, which must outlive it.
std::unique_ptr<Source> memory_source(std::string label, std::string_view bytes);

// A part of another source, which must outlive it: a file in an archive. What is read of it counts for both. Throws
// Error(truncated) where the part does not lie in the other.
std::unique_ptr<Source> part_source(Source& whole, std::string label, std::uint64_t offset, std::uint64_t size);

}  // namespace weigh
