#include <algorithm>
#include <filesystem>

#include "weigh/lightning/loggers.h"
#include "weigh/lightning/trainer.h"

namespace weigh::lightning {
namespace {

namespace fs = std::filesystem;

std::string next_version(const fs::path& folder) {
  std::int64_t next = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename();
    constexpr std::string_view kPrefix = "version_";
    const std::string digits = name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : "";
    if (digits.empty() || digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string::npos) continue;
    next = std::max<std::int64_t>(next, std::stoll(digits) + 1);
  }
  return "version_" + std::to_string(next);
}

}  // namespace

void FileLogger::setup(Trainer& trainer, ModuleBase&, Task) {
  if (!log_dir_.empty()) return;
  const fs::path folder =
      fs::path(options_.save_dir.empty() ? trainer.options().default_root_dir : options_.save_dir) / options_.name;
  log_dir_ =
      trainer.from_rank_zero((folder / (options_.version.empty() ? next_version(folder) : options_.version)).string());
}

}  // namespace weigh::lightning
