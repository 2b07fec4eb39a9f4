#include "weigh/lightning/model_checkpoint.h"

#include <cmath>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

#include "lightning/checkpoint.h"
#include "lightning/monitored.h"

#include "weigh/lightning/trainer.h"

namespace weigh::lightning {
namespace {

namespace fs = std::filesystem;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::string_view kExtension = ".safetensors";

// "{val_loss:.2f}" is "val_loss=0.25"; a metric that was not logged is 0, as in Lightning.
std::string filled_in(const std::string& pattern, const Metrics& values) {
  std::string name;
  for (std::size_t at = 0; at < pattern.size();) {
    const auto open = pattern.find('{', at);
    const auto close = open == std::string::npos ? open : pattern.find('}', open);
    if (close == std::string::npos) return name + pattern.substr(at);
    name += pattern.substr(at, open - at);
    const std::string field = pattern.substr(open + 1, close - open - 1);
    const auto colon = field.find(':');
    std::string key = field.substr(0, colon);
    const auto found = values.find(key);
    const double value = found == values.end() ? 0 : found->second;
    const std::string spec = colon == std::string::npos ? "" : field.substr(colon + 1);
    for (char& letter : key) letter = letter == '/' ? '_' : letter;
    name += key + "=" + fmt::format(fmt::runtime("{:" + spec + "}"), value);
    at = close + 1;
  }
  return name;
}

void remove_checkpoint(const fs::path& path) {
  std::error_code none;
  fs::remove(path, none);
  for (const fs::path& state : states_of(path)) fs::remove(state, none);
}

}  // namespace

ModelCheckpoint::ModelCheckpoint(Options options)
    : options_(std::move(options)), best_score_(options_.mode == Mode::min ? kInfinity : -kInfinity) {
  if (options_.save_top_k < -1)
    throw Error(ErrorKind::usage, "ModelCheckpoint",
                fmt::format("save_top_k is {}; -1 keeps all, 0 none", options_.save_top_k));
  if (options_.monitor.empty() && options_.save_top_k > 1)
    throw Error(
        ErrorKind::usage, "ModelCheckpoint",
        fmt::format("save_top_k is {}, but no metric tells which are the best: set monitor, or keep all with -1",
                    options_.save_top_k));
}

void ModelCheckpoint::setup(Trainer& trainer, ModuleBase&, Task task) {
  if (task != Task::fit || !dirpath_.empty()) return;
  dirpath_ = options_.dirpath;
  if (!dirpath_.empty()) return;
  std::string beside = trainer.options().default_root_dir;
  for (const auto& callback : trainer.callbacks())
    if (const auto* logger = dynamic_cast<FileLogger*>(callback.get())) beside = logger->log_dir();
  dirpath_ = (fs::path(beside) / "checkpoints").string();
}

bool ModelCheckpoint::saves_at_train_end(const Trainer& trainer) const {
  return trainer.num_evaluation_batches() == 0 || validates_once_each_epoch(trainer.options());
}

void ModelCheckpoint::on_train_batch_end(Trainer& trainer, ModuleBase&, const torch::Tensor&, const AnyBatch&,
                                         std::int64_t) {
  if (options_.every_n_train_steps < 1 || trainer.global_step() % options_.every_n_train_steps != 0) return;
  if (!options_.monitor.empty() && !trainer.agreed_metric(options_.monitor)) return;  // not yet
  consider(trainer);
}

void ModelCheckpoint::on_train_epoch_end(Trainer& trainer, ModuleBase&) {
  if (saves_at_train_end(trainer)) at_epoch(trainer);
}

void ModelCheckpoint::on_validation_end(Trainer& trainer, ModuleBase&) {
  if (trainer.task() == Task::fit && !trainer.is_sanity_checking() && !saves_at_train_end(trainer)) at_epoch(trainer);
}

void ModelCheckpoint::at_epoch(Trainer& trainer) {
  if (options_.every_n_train_steps > 0 || options_.every_n_epochs < 1) return;
  if ((trainer.current_epoch() + 1) % options_.every_n_epochs == 0) consider(trainer);
}

// Ctrl-C: where training goes on from, if it is wanted.
void ModelCheckpoint::on_train_end(Trainer& trainer, ModuleBase&) {
  if (!trainer.was_interrupted()) return;
  interrupted_path_ = (fs::path(dirpath_) / "interrupted.safetensors").string();
  trainer.save_checkpoint(interrupted_path_);
}

bool ModelCheckpoint::is_better(double left, double right) const {
  return options_.mode == Mode::min ? left < right : left > right;
}

void ModelCheckpoint::consider(Trainer& trainer) {
  if (last_step_ == trainer.global_step()) return;
  double score = 0;
  if (!options_.monitor.empty()) {
    const auto metric = trainer.agreed_metric(options_.monitor);
    if (!metric)
      throw Error(ErrorKind::usage, "ModelCheckpoint",
                  fmt::format("\"{}\" was not logged in epoch {}; there is: {}", options_.monitor,
                              trainer.current_epoch(), names_of(trainer.callback_metrics())));
    const double worst = options_.mode == Mode::min ? kInfinity : -kInfinity;
    score = std::isnan(*metric) ? worst : *metric;
  }
  save(trainer, score);
}

std::string ModelCheckpoint::worst() const {
  std::string path;
  for (const auto& [candidate, score] : kept_)
    if (path.empty() || is_better(kept_.at(path), score)) path = candidate;
  return path;
}

void ModelCheckpoint::save(Trainer& trainer, double score) {
  const bool is_full = options_.save_top_k >= 0 && static_cast<std::int64_t>(kept_.size()) >= options_.save_top_k;
  const std::string evicted = is_full ? worst() : "";
  const bool has_place =
      !is_full || (!evicted.empty() && (options_.monitor.empty() || is_better(score, kept_[evicted])));
  if (has_place) {
    const std::string path = path_for(trainer);
    if (!evicted.empty()) kept_.erase(evicted);
    kept_[path] = score;
    if (options_.monitor.empty() || best_path_.empty() || kept_.count(best_path_) == 0 ||
        is_better(score, best_score_)) {
      best_path_ = path;
      best_score_ = score;
      for (const auto& [candidate, its] : kept_)
        if (!options_.monitor.empty() && is_better(its, best_score_)) best_path_ = candidate, best_score_ = its;
    }
    trainer.save_checkpoint(path, [evicted, path] {
      if (!evicted.empty() && evicted != path) remove_checkpoint(evicted);
    });
    last_step_ = trainer.global_step();
  }
  if (!options_.save_last) return;
  last_path_ = (fs::path(dirpath_) / "last.safetensors").string();
  trainer.save_checkpoint(last_path_);
  last_step_ = trainer.global_step();
}

std::string ModelCheckpoint::path_for(const Trainer& trainer) const {
  Metrics values = trainer.callback_metrics();
  values["epoch"] = static_cast<double>(trainer.current_epoch());
  values["step"] = static_cast<double>(trainer.global_step());
  const std::string name = filled_in(options_.filename, values);
  std::string path = (fs::path(dirpath_) / (name + std::string(kExtension))).string();
  for (int version = 1; fs::exists(path) || kept_.count(path) > 0; ++version)
    path = (fs::path(dirpath_) / fmt::format("{}-v{}{}", name, version, kExtension)).string();
  return trainer.from_rank_zero(path);
}

std::string ModelCheckpoint::state_key() const {
  return "ModelCheckpoint." + options_.monitor + (options_.mode == Mode::min ? ".min" : ".max");
}

std::map<std::string, std::string> ModelCheckpoint::state() const {
  std::map<std::string, std::string> state{{"dirpath", dirpath_},
                                           {"best_model_path", best_path_},
                                           {"best_model_score", fmt::format("{:a}", best_score_)},
                                           {"last_model_path", last_path_},
                                           {"last_step", std::to_string(last_step_)}};
  for (const auto& [path, score] : kept_) state["kept:" + path] = fmt::format("{:a}", score);
  return state;
}

// Files of another folder are not ours to delete.
void ModelCheckpoint::load_state(const std::map<std::string, std::string>& state) {
  best_path_ = state.at("best_model_path");
  if (state.at("dirpath") != dirpath_) return;
  best_score_ = std::strtod(state.at("best_model_score").c_str(), nullptr);
  last_path_ = state.at("last_model_path");
  last_step_ = std::stoll(state.at("last_step"));
  constexpr std::string_view kKept = "kept:";
  for (const auto& [name, value] : state)
    if (name.starts_with(kKept)) kept_[name.substr(kKept.size())] = std::strtod(value.c_str(), nullptr);
}

}  // namespace weigh::lightning
