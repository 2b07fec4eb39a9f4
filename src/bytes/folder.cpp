#include "bytes/folder.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fmt/format.h>

#include "bytes/stop.h"

#include "weigh/error.h"

namespace weigh {
namespace {

namespace fs = std::filesystem;

// Names come from files: one that leads out of the folder is an attack, or at best a mistake.
void check_name(const std::string& label, std::string_view name) {
  bool leaves = name.empty() || name.front() == '/' || name.find('\0') != std::string_view::npos;
  for (std::size_t begin = 0; begin <= name.size() && !leaves;) {
    std::size_t end = std::min(name.find('/', begin), name.size());
    leaves = name.substr(begin, end - begin) == "..";
    begin = end + 1;
  }
  if (leaves) {
    throw Error(ErrorKind::corrupt, label,
                fmt::format("names the file '{}', which is not inside its folder; it is not opened", name));
  }
}

struct Entries {
  std::vector<std::string> files;
  std::vector<std::string> folders;
};

class DirectoryFolder final : public Folder {
 public:
  using Folder::Folder;

  const std::vector<std::string>& names() const override { return entries().files; }
  const std::vector<std::string>& folders() const override { return entries().folders; }

  bool contains(std::string_view name) const override {
    check_name(label(), name);
    if (is_listed() && name.find('/') == std::string_view::npos)
      return std::binary_search(entries_.files.begin(), entries_.files.end(), name);
    std::error_code ignored;
    return fs::is_regular_file(path_of(name), ignored);
  }

  std::optional<std::uint64_t> size_of(std::string_view name) const override {
    if (!contains(name)) return std::nullopt;
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path_of(name), error);
    return error ? std::nullopt : std::optional<std::uint64_t>(size);
  }

  std::unique_ptr<Source> open(std::string_view name) const override {
    check_name(label(), name);
    std::string path = path_of(name);
    if (!is_listed()) return open_file(path);
    const std::size_t way = path.size() - name.size();
    return open_file_in(descriptor_, std::move(path), way);
  }

  std::unique_ptr<Folder> enter(std::string_view name) const override {
    check_name(label(), name);
    return std::make_unique<DirectoryFolder>(path_of(name));
  }

 private:
  bool is_listed() const { return descriptor_.load(std::memory_order_acquire) >= 0; }

  // Read once: many ask for them, and a directory may hold thousands.
  const Entries& entries() const {
    std::call_once(is_listed_, [this] {
      directory_.reset(::opendir(label().empty() ? "." : label().c_str()));
      entries_ = list();
      descriptor_.store(::dirfd(directory_.get()), std::memory_order_release);
    });
    return entries_;
  }

  // By readdir itself: std::filesystem takes each path into its parts, which costs more than the system does.
  Entries list() const {
    Entries found;
    int error = directory_ ? 0 : errno;
    while (error == 0) {
      throw_if_stopped();
      errno = 0;
      const dirent* entry = ::readdir(directory_.get());
      error = errno;
      if (entry == nullptr) break;
      std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const fs::file_type type = type_of(*entry);
      if (type == fs::file_type::regular) {
        found.files.push_back(std::move(name));
      } else if (type == fs::file_type::directory) {
        found.folders.push_back(std::move(name));
      }
    }
    if (error != 0) {
      throw Error(ErrorKind::not_found, label(),
                  "the directory cannot be read: " + std::generic_category().message(error));
    }
    std::sort(found.files.begin(), found.files.end());
    std::sort(found.folders.begin(), found.folders.end());
    return found;
  }

  fs::file_type type_of(const dirent& entry) const {
    if (entry.d_type == DT_REG) return fs::file_type::regular;
    if (entry.d_type == DT_DIR) return fs::file_type::directory;
    std::error_code ignored;  // what cannot be examined is nothing that could be read
    return fs::status(path_of(entry.d_name), ignored).type();
  }

  std::string path_of(std::string_view name) const {
    if (label().ends_with('/')) return label() + std::string(name);
    return path_in(label(), name);
  }

  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };

  mutable std::once_flag is_listed_;
  mutable Entries entries_;
  mutable std::unique_ptr<DIR, Close> directory_;
  mutable std::atomic<int> descriptor_ = -1;  // of a directory that was listed
};

class MemoryFolder final : public Folder {
 public:
  MemoryFolder(std::string label, std::map<std::string, std::string> files)
      : Folder(std::move(label)), files_(files.begin(), files.end()) {
    for (const auto& [path, bytes] : files_) {
      const std::size_t slash = path.find('/');
      (slash == std::string::npos ? entries_.files : entries_.folders).push_back(path.substr(0, slash));
    }
    std::vector<std::string>& folders = entries_.folders;
    std::sort(folders.begin(), folders.end());
    folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  }

  const std::vector<std::string>& names() const override { return entries_.files; }
  const std::vector<std::string>& folders() const override { return entries_.folders; }

  bool contains(std::string_view name) const override {
    check_name(label(), name);
    return files_.find(name) != files_.end();
  }

  std::optional<std::uint64_t> size_of(std::string_view name) const override {
    check_name(label(), name);
    const auto found = files_.find(name);
    return found == files_.end() ? std::nullopt : std::optional<std::uint64_t>(found->second.size());
  }

  std::unique_ptr<Source> open(std::string_view name) const override {
    check_name(label(), name);
    auto found = files_.find(name);
    std::string path = path_in(label(), name);
    if (found == files_.end()) throw Error(ErrorKind::not_found, path, "cannot be opened: No such file or directory");
    return memory_source(path, found->second);
  }

  std::unique_ptr<Folder> enter(std::string_view name) const override {
    check_name(label(), name);
    std::map<std::string, std::string> below;
    const std::string prefix = std::string(name) + "/";
    for (const auto& [path, bytes] : files_)
      if (path.starts_with(prefix)) below.emplace(path.substr(prefix.size()), bytes);
    return memory_folder(path_in(label(), name), std::move(below));
  }

 private:
  std::map<std::string, std::string, std::less<>> files_;
  Entries entries_;
};

}  // namespace

std::string path_in(std::string_view folder, std::string_view name) {
  std::string path;
  path.reserve(folder.size() + 1 + name.size());
  if (!folder.empty()) path.append(folder).append(1, '/');
  return path.append(name);
}

std::unique_ptr<Folder> open_folder(const std::string& path) { return std::make_unique<DirectoryFolder>(path); }

std::unique_ptr<Folder> memory_folder(std::string label, std::map<std::string, std::string> files) {
  return std::make_unique<MemoryFolder>(std::move(label), std::move(files));
}

}  // namespace weigh
