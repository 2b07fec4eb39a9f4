#include "lightning/log_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "weigh/error.h"

namespace weigh::lightning {

LogFile::LogFile(std::string path) : path_(std::move(path)) {
  std::error_code none;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), none);
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(errno);
}

LogFile::~LogFile() { ::close(descriptor_); }

void LogFile::append(std::string_view record) {
  const off_t before = ::lseek(descriptor_, 0, SEEK_END);
  while (!record.empty()) {
    const ssize_t written = ::write(descriptor_, record.data(), record.size());
    if (written >= 0) {
      record.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      const int reason = errno;
      // A reader takes what follows a part of a record for damage. A device has no end to go back to.
      [[maybe_unused]] const int cut = ::ftruncate(descriptor_, before);
      fail(reason);
    }
  }
}

void LogFile::fail(int reason) const {
  throw Error(ErrorKind::not_written, path_,
              fmt::format("cannot be written: {}; what was logged before is whole. Checkpoints saved before are kept",
                          std::strerror(reason)));
}

}  // namespace weigh::lightning
