#include "weights/atomic_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weigh/error.h"

namespace weigh {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kEveryone = 0666;        // less what the umask takes
constexpr mode_t kPermissions = 07777;    // of a file that is replaced
constexpr std::size_t kMost = 1U << 30U;  // Linux writes no more than 2 GiB at once
constexpr int kAttempts = 100;            // to find a name that no file has

std::string followed(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_symlink(path, ignored)) return path;
  const fs::path target = fs::weakly_canonical(path, ignored);
  return target.empty() ? path : target.string();
}

std::string link_to(int descriptor) { return fmt::format("/proc/self/fd/{}", descriptor); }

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : label_(path), target_(followed(path)) {
  std::error_code ignored;
  if (fs::is_directory(target_, ignored)) {
    errno = EISDIR;
    fail("cannot be written");
  }
  if (!open_nameless()) open_temporary();
  struct stat old = {};
  if (::stat(target_.c_str(), &old) == 0) ::fchmod(descriptor_, old.st_mode & kPermissions);  // as well as we may
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

// Short, since that of the file may be as long as the system allows.
std::string AtomicFile::other_name() const {
  std::random_device random;
  return folder_of(target_) + fmt::format("/.weigh-{:08x}.tmp", random());
}

// False where the file system knows no files without a name, or where there is no way to give it one.
bool AtomicFile::open_nameless() {
  const int descriptor = ::open(folder_of(target_).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, kEveryone);
  if (descriptor < 0) return false;
  if (::access(link_to(descriptor).c_str(), F_OK) != 0) {
    ::close(descriptor);
    return false;
  }
  descriptor_ = descriptor;
  return true;
}

// A file without a name cannot take the place of another, so it has this one for the moment between.
void AtomicFile::give_name() {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string name = other_name();
    if (::linkat(AT_FDCWD, link_to(descriptor_).c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      temporary_ = std::move(name);
      return;
    }
    if (errno != EEXIST && errno != EINTR) break;
  }
  fail("cannot be written beside");
}

void AtomicFile::open_temporary() {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string name = other_name();
    descriptor_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kEveryone);
    if (descriptor_ >= 0) {
      temporary_ = std::move(name);
      return;
    }
    if (errno != EEXIST && errno != EINTR) break;
  }
  fail("cannot be written beside");
}

void AtomicFile::write(const void* bytes, std::size_t count) {
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t done = ::write(descriptor_, at, std::min(count, kMost));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail("cannot be written");
    at += done;
    count -= static_cast<std::size_t>(done);
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail("cannot be written to the disk");
  if (temporary_.empty()) give_name();
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("cannot be written to the disk");
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("cannot be replaced");
  temporary_.clear();
  sync_folder();
}

// Without this, a crash could undo the renaming. Some file systems know no such thing: the new file is there for all
// who look.
void AtomicFile::sync_folder() const {
  const int folder = ::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

void AtomicFile::fail(const char* what) const {
  const int error = errno;
  const std::string reason = std::generic_category().message(error);
  throw Error(ErrorKind::not_written, label_, fmt::format("{}: {}; what was there is unchanged", what, reason));
}

}  // namespace weigh
