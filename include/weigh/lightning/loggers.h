// Callbacks that write down what is logged. Of several processes, the first one writes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weigh/lightning/callback.h"

namespace weigh::lightning {

struct LoggerOptions {
  std::string save_dir = {};  // default_root_dir of the trainer where empty
  std::string name = "lightning_logs";
  std::string version = {};  // "version_0", or the next number that is free, where empty
};

// One with a folder for each run, save_dir/name/version, in which ModelCheckpoint saves, too.
class FileLogger : public Callback {
 public:
  using Options = LoggerOptions;
  FileLogger() = default;
  explicit FileLogger(Options options) : options_(std::move(options)) {}
  void setup(Trainer& trainer, ModuleBase& module, Task task) override;

  // Once a run has begun.
  const std::string& log_dir() const { return log_dir_; }

 private:
  Options options_;
  std::string log_dir_;
};

// Writes metrics.csv as Lightning does: a column for each name, sorted, a row for each time of logging. Lines end with
// CR LF, as those of Python's csv module.
class CSVLogger : public FileLogger {
 public:
  using FileLogger::FileLogger;
  void log_metrics(const Metrics& metrics, std::int64_t step) override;

 private:
  void rewrite();

  std::vector<std::string> columns_;
  std::vector<std::map<std::string, std::string>> rows_;
};

class LogFile;

// Writes an event file for TensorBoard: a scalar for each metric, under its name, and the module's hparams.
class TensorBoardLogger : public FileLogger {
 public:
  TensorBoardLogger();
  explicit TensorBoardLogger(Options options);
  ~TensorBoardLogger() override;
  void on_fit_start(Trainer& trainer, ModuleBase& module) override;
  void log_metrics(const Metrics& metrics, std::int64_t step) override;

 private:
  LogFile& file();

  std::unique_ptr<LogFile> file_;
};

// Writes metrics.jsonl: an object for each time of logging, a line each, with "step" and every metric; null for what is
// no finite number.
class JSONLogger : public FileLogger {
 public:
  JSONLogger();
  explicit JSONLogger(Options options);
  ~JSONLogger() override;
  void log_metrics(const Metrics& metrics, std::int64_t step) override;

 private:
  std::unique_ptr<LogFile> file_;
};

}  // namespace weigh::lightning
