#include "weights/file_view.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weigh/error.h"

namespace weigh {

FileView::FileView(const std::string& path, bool is_mapped) : path_(path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail("cannot be opened");
  const std::unique_ptr<const int, void (*)(const int*)> closed(&descriptor, [](const int* d) { ::close(*d); });
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0) fail("cannot be examined");
  size_ = static_cast<std::uint64_t>(status.st_size);
  if (size_ == 0) return;
  map(is_mapped ? descriptor : -1);
  if (!is_mapped) read(descriptor);
}

// Memory that shows the file, or is empty. NORESERVE: of a file, few pages will be written to, if any.
void FileView::map(int descriptor) {
  const int flags = MAP_PRIVATE | (descriptor < 0 ? MAP_ANONYMOUS : MAP_NORESERVE);
  void* memory = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  if (memory == MAP_FAILED) fail("cannot be mapped into memory");
  data_ = static_cast<char*>(memory);
}

void FileView::read(int descriptor) {
  std::uint64_t at = 0;
  while (at < size_) {
    const ssize_t got = ::pread(descriptor, data_ + at, size_ - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      const int error = errno;
      ::munmap(data_, size_);  // no destructor runs where a constructor throws
      errno = got < 0 ? error : ENODATA;
      fail("cannot be read");
    }
    at += static_cast<std::uint64_t>(got);
  }
}

void FileView::fail(const char* what) const {
  throw Error(ErrorKind::not_found, path_, fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

FileView::~FileView() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace weigh
