#include <cmath>

#include <fmt/format.h>

#include "lightning/log_file.h"
#include "render/json_writer.h"

#include "weigh/lightning/loggers.h"

namespace weigh::lightning {

JSONLogger::JSONLogger() = default;
JSONLogger::JSONLogger(Options options) : FileLogger(std::move(options)) {}
JSONLogger::~JSONLogger() = default;

void JSONLogger::log_metrics(const Metrics& metrics, std::int64_t step) {
  if (!file_) file_ = std::make_unique<LogFile>(log_dir() + "/metrics.jsonl");
  std::string line = fmt::format("{{\"step\": {}", step);
  for (const auto& [name, value] : metrics)
    line += fmt::format(", {}: {}", json_string(name), std::isfinite(value) ? fmt::to_string(value) : "null");
  file_->append(line + "}\n");
}

}  // namespace weigh::lightning
