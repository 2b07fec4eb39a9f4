// Saves checkpoints while a model is trained: the best ones by a metric, the latest, or all.
//
//   Trainer trainer({.callbacks = {std::make_shared<ModelCheckpoint>(
//       ModelCheckpoint::Options{.monitor = "val_loss", .save_top_k = 3, .save_last = true})}});
//   …
//   trainer.fit(net, train, validation, checkpoint->best_model_path());
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "weigh/lightning/callback.h"
#include "weigh/lightning/callbacks.h"

namespace weigh::lightning {

// A file is written beside its name, brought to the disk, and renamed: there is never a half of one. A better one is
// written before a worse one is deleted.
class ModelCheckpoint : public Callback {
 public:
  struct Options {
    std::string dirpath = {};                 // checkpoints/ beside metrics.csv, or in default_root_dir, where empty
    std::string filename = "{epoch}-{step}";  // with names of metrics, too: "{epoch}-{val_loss:.2f}"
    std::string monitor = {};                 // without one, the latest is the best
    Mode mode = Mode::min;
    std::int64_t save_top_k = 1;  // -1: all, 0: none
    bool save_last = false;       // a copy with a name that does not change, last.safetensors
    std::int64_t every_n_epochs = 1;
    std::int64_t every_n_train_steps = 0;  // instead of every so many epochs, where it is not 0
  };
  ModelCheckpoint() : ModelCheckpoint(Options()) {}
  explicit ModelCheckpoint(Options options);

  void setup(Trainer& trainer, ModuleBase& module, Task task) override;
  void on_train_batch_end(Trainer& trainer, ModuleBase& module, const torch::Tensor& output, const AnyBatch& batch,
                          std::int64_t batch_idx) override;
  void on_train_epoch_end(Trainer& trainer, ModuleBase& module) override;
  void on_validation_end(Trainer& trainer, ModuleBase& module) override;
  void on_train_end(Trainer& trainer, ModuleBase& module) override;
  bool monitors() const override { return true; }
  bool saves_checkpoints() const override { return true; }
  std::string state_key() const override;
  std::map<std::string, std::string> state() const override;
  void load_state(const std::map<std::string, std::string>& state) override;

  const std::string& best_model_path() const { return best_path_; }
  const std::string& last_model_path() const { return last_path_; }
  double best_model_score() const { return best_score_; }
  const std::string& interrupted_model_path() const { return interrupted_path_; }  // "" unless Ctrl-C was pressed

 private:
  bool saves_at_train_end(const Trainer& trainer) const;
  void at_epoch(Trainer& trainer);
  void consider(Trainer& trainer);
  void save(Trainer& trainer, double score);
  std::string path_for(const Trainer& trainer) const;
  bool is_better(double left, double right) const;
  std::string worst() const;  // path of the worst that is kept; "" where none is

  Options options_;
  std::string dirpath_;
  std::map<std::string, double> kept_;  // scores by path
  std::string best_path_;
  std::string last_path_;
  double best_score_;
  std::int64_t last_step_ = -1;  // of the last save
  std::string interrupted_path_;
};

}  // namespace weigh::lightning
