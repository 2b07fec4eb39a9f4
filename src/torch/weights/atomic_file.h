// A file that takes its place when all of it is on the disk, or never.
#pragma once

#include <cstddef>
#include <string>

namespace weigh {

// Written beside `path` without a name, so that nothing is left of it when the process is killed; where the system
// knows no such files, under a name of its own, which is removed unless commit() ends well. Throws Error(not_written)
// with the system's reason.
class AtomicFile {
 public:
  // A link is followed: the file that it leads to is replaced.
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* bytes, std::size_t count);
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;
  bool open_nameless();
  void open_temporary();
  void give_name();
  std::string other_name() const;
  void sync_folder() const;

  std::string label_;   // what the caller named
  std::string target_;  // what is replaced
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace weigh
