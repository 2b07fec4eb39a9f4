#include "bytes/source.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes/checked.h"
#include "bytes/stop.h"

#include "weigh/error.h"

namespace weigh {
namespace {

[[noreturn]] void fail(ErrorKind kind, const std::string& path, const char* what, int error) {
  throw Error(kind, path, fmt::format("{}: {}", what, std::generic_category().message(error)));
}

class Descriptor {
 public:
  // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
  Descriptor(int directory, const char* name) : number_(::openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }  // negative where nothing was opened

 private:
  int number_;
};

class FileSource final : public Source {
 public:
  // The first page is had at once and kept: a dozen formats look at a file's first bytes, and the header of a small
  // model ends there. Of a file that ends there, the size is known with it.
  FileSource(int directory, std::string path, std::size_t way)
      : Source(std::move(path)), descriptor_(directory, label().c_str() + way) {
    throw_if_stopped();
    if (descriptor_.number() < 0) fail(ErrorKind::not_found, label(), "cannot be opened", errno);
    const ssize_t got = ::pread(descriptor_.number(), head_.data(), head_.size(), 0);
    head_size_ = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    const bool is_whole = head_size_ > 0 && head_size_ < head_.size();
    size_ = is_whole ? head_size_ : size_of_regular_file();
  }

  std::uint64_t size() const override { return size_; }

 private:
  std::uint64_t size_of_regular_file() const {
    struct stat status = {};
    if (::fstat(descriptor_.number(), &status) != 0) fail(ErrorKind::not_found, label(), "cannot be examined", errno);
    if (!S_ISREG(status.st_mode))
      throw Error(ErrorKind::unsupported, label(), "is not a regular file; save it to one first");
    return static_cast<std::uint64_t>(status.st_size);
  }

  void do_read(std::uint64_t offset, std::span<char> into) override {
    if (!fits(offset, into.size(), head_size_)) return read_from_file(offset, into);
    std::memcpy(into.data(), head_.data() + offset, into.size());
  }

  void read_from_file(std::uint64_t offset, std::span<char> into) {
    while (!into.empty()) {
      const std::size_t got = read_some(offset, into);
      if (got == 0) {
        throw Error(ErrorKind::truncated, label(),
                    fmt::format("{} bytes are missing; did the file shrink while it was read?", into.size()), offset);
      }
      into = into.subspan(got);
      offset += got;
    }
  }

  // As many bytes as the system gives at once; 0 at the file's end.
  std::size_t read_some(std::uint64_t offset, std::span<char> into) {
    for (;;) {
      const ssize_t got = ::pread(descriptor_.number(), into.data(), into.size(), static_cast<off_t>(offset));
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) fail(ErrorKind::not_found, label(), "cannot be read", errno);
    }
  }

  Mapping do_map(bool whole) override {
    const int flags = MAP_PRIVATE | (whole ? MAP_POPULATE : 0);
    void* memory = ::mmap(nullptr, size_, PROT_READ, flags, descriptor_.number(), 0);
    if (memory == MAP_FAILED) return nullptr;
    return {static_cast<const char*>(memory), {size_}};
  }

  Descriptor descriptor_;
  std::uint64_t size_;
  std::size_t head_size_;
  std::array<char, 4096> head_;
};

class MemorySource final : public Source {
 public:
  MemorySource(std::string label, std::string_view bytes) : Source(std::move(label)), bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }

 private:
  void do_read(std::uint64_t offset, std::span<char> into) override {
    std::memcpy(into.data(), bytes_.data() + offset, into.size());
  }

  std::string_view bytes_;
};

class PartSource final : public Source {
 public:
  PartSource(Source& whole, std::string label, std::uint64_t offset, std::uint64_t size)
      : Source(std::move(label)), whole_(whole), offset_(offset), size_(size) {}
  std::uint64_t size() const override { return size_; }

 private:
  void do_read(std::uint64_t offset, std::span<char> into) override { whole_.read(offset_ + offset, into); }

  Source& whole_;
  std::uint64_t offset_;
  std::uint64_t size_;
};

}  // namespace

void Source::check(std::uint64_t offset, std::size_t length) const {
  throw_if_stopped();
  if (fits(offset, length, size())) return;
  throw Error(ErrorKind::truncated, label_,
              fmt::format("{} bytes are needed, {} are left of {}; is the file incomplete?", length,
                          size() - std::min(offset, size()), size()),
              offset);
}

void Source::read(std::uint64_t offset, std::span<char> into) {
  check(offset, into.size());
  bytes_read_ += into.size();
  if (!into.empty()) do_read(offset, into);
}

std::string Source::read(std::uint64_t offset, std::size_t length) {
  std::string bytes;
  if (fits(offset, length, size())) bytes.resize(length);  // before the check, a lie would be allocated
  read(offset, std::span<char>(bytes.data(), length));
  return bytes;
}

void Unmap::operator()(const char* memory) const { ::munmap(const_cast<char*>(memory), length); }

Mapping Source::map_whole(std::size_t padding) {
  constexpr std::uint64_t kPage = 4096;  // bytes up to the end of the last page are zeros
  const std::uint64_t behind = (kPage - size() % kPage) % kPage;
  Mapping mapping = size() == 0 || behind < padding ? nullptr : do_map(true);
  if (mapping) bytes_read_ += size();
  return mapping;
}

void Source::map_for_views() {
  if (!mapping_ && size() > 0) mapping_ = do_map(false);
}

std::string_view Source::view(std::uint64_t offset, std::size_t length, std::string& buffer) {
  check(offset, length);
  if (!mapping_) {
    buffer.resize(length);
    read(offset, {buffer.data(), length});
    return buffer;
  }
  bytes_read_ += length;
  return {mapping_.get() + offset, length};
}

std::unique_ptr<Source> open_file(const std::string& path) { return open_file_in(AT_FDCWD, path, 0); }

std::unique_ptr<Source> open_file_in(int directory, std::string path, std::size_t way) {
  return std::make_unique<FileSource>(directory, std::move(path), way);
}

std::unique_ptr<Source> memory_source(std::string label, std::string_view bytes) {
  return std::make_unique<MemorySource>(std::move(label), bytes);
}

std::unique_ptr<Source> part_source(Source& whole, std::string label, std::uint64_t offset, std::uint64_t size) {
  if (!fits(offset, size, whole.size())) {
    throw Error(ErrorKind::truncated, label,
                fmt::format("{} bytes are needed, {} are left of {}; is the file incomplete?", size,
                            whole.size() - std::min(offset, whole.size()), whole.size()),
                offset);
  }
  return std::make_unique<PartSource>(whole, std::move(label), offset, size);
}

}  // namespace weigh
