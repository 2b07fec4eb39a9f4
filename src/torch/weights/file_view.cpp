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

FileView::FileView(const std::string& path) : path_(path) {
  const auto fail = [&](const char* what) {
    throw Error(ErrorKind::not_found, path, fmt::format("{}: {}", what, std::generic_category().message(errno)));
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail("cannot be opened");
  const std::unique_ptr<const int, void (*)(const int*)> closed(&descriptor, [](const int* d) { ::close(*d); });
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0) fail("cannot be examined");
  size_ = static_cast<std::uint64_t>(status.st_size);
  if (size_ == 0) return;
  // NORESERVE: few of its pages will be written to, if any.
  void* memory = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0);
  if (memory == MAP_FAILED) fail("cannot be mapped into memory");
  data_ = static_cast<char*>(memory);
}

FileView::~FileView() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace weigh
