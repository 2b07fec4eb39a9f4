#include <filesystem>
#include <string>
#include <system_error>

#include "bytes/folder.h"

#include "weigh/read.h"

namespace weigh {

Model read(const std::string& path, const ReadOptions& options) {
  namespace fs = std::filesystem;
  std::error_code ignored;  // what does not exist is opened as a file, which says why it cannot be
  if (fs::is_directory(path, ignored)) return read(*open_folder(path), "", options);
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, std::max<std::size_t>(slash, 1));
  return read(*open_folder(folder), path.substr(slash + 1), options);
}

}  // namespace weigh
