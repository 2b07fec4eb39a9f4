// What is logged, and when it becomes a number: LightningModule::log().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace weigh::lightning {

using Metrics = std::map<std::string, double>;

// What a model was made with.
using HParams = std::map<std::string, std::variant<std::int64_t, double, bool, std::string>>;

struct LogOptions {
  // Whether there is a number for each step, and one for the epoch: the mean, each batch weighted by its size. Where
  // not said: of the step in training_step and the hooks of a training batch, of the epoch everywhere else. With both,
  // the names are NAME_step and NAME_epoch.
  std::optional<bool> on_step = {};
  std::optional<bool> on_epoch = {};
  bool prog_bar = false;
  bool logger = true;
  std::optional<std::int64_t> batch_size = {};  // the weight; by default the size of the batch
};

}  // namespace weigh::lightning
