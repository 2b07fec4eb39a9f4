#include <atomic>
#include <chrono>

#include <fmt/format.h>
#include <unistd.h>

#include "lightning/event_file.h"
#include "lightning/log_file.h"

#include "weigh/lightning/loggers.h"
#include "weigh/lightning/trainer.h"

namespace weigh::lightning {
namespace {

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// As TensorBoard's own writer names them: by it TensorBoard knows an event file.
std::string file_name() {
  static std::atomic<int> count = 0;
  char host[256] = "localhost";
  ::gethostname(host, sizeof host - 1);
  return fmt::format("events.out.tfevents.{:010}.{}.{}.{}", static_cast<std::int64_t>(wall_time()), host, ::getpid(),
                     count++);
}

}  // namespace

TensorBoardLogger::TensorBoardLogger() = default;
TensorBoardLogger::TensorBoardLogger(Options options) : FileLogger(std::move(options)) {}
TensorBoardLogger::~TensorBoardLogger() = default;

LogFile& TensorBoardLogger::file() {
  if (!file_) {
    file_ = std::make_unique<LogFile>(log_dir() + "/" + file_name());
    file_->append(version_record(wall_time()));
  }
  return *file_;
}

// TensorBoard shows hyperparameters beside a metric, and none without one: Lightning's stands for it until a module
// logs "hp_metric".
void TensorBoardLogger::on_fit_start(Trainer& trainer, ModuleBase& module) {
  if (module.hparams.empty() || !trainer.is_global_zero()) return;
  file().append(hparams_records(wall_time(), module.hparams, {{"hp_metric", -1}}));
}

void TensorBoardLogger::log_metrics(const Metrics& metrics, std::int64_t step) {
  file().append(scalar_records(wall_time(), step, metrics));
}

}  // namespace weigh::lightning
