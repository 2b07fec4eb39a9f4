// A file that grows by whole records, each on its way to the disk when append() returns.
#pragma once

#include <string>
#include <string_view>

namespace weigh::lightning {

class LogFile {
 public:
  // Makes its folder, too. Throws Error(not_written) with the system's reason.
  explicit LogFile(std::string path);
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  // Throws Error(not_written); the file then ends with the record before.
  void append(std::string_view record);

 private:
  [[noreturn]] void fail(int reason) const;

  std::string path_;
  int descriptor_;
};

}  // namespace weigh::lightning
