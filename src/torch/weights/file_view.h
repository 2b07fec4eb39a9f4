// A file's bytes in memory, for tensors to lie in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace weigh {

// Writing into it changes no file: pages that are written to become this process's own.
class FileView {
 public:
  // Mapped, or read into memory of its own. Throws Error(not_found) with the system's reason.
  FileView(const std::string& path, bool is_mapped);
  ~FileView();
  FileView(const FileView&) = delete;
  FileView& operator=(const FileView&) = delete;

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  char* data() const { return data_; }

 private:
  void map(int descriptor);
  void read(int descriptor);
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  std::uint64_t size_ = 0;
  char* data_ = nullptr;
};

}  // namespace weigh
