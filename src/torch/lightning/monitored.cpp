#include "lightning/monitored.h"

namespace weigh::lightning {

std::string names_of(const Metrics& metrics) {
  std::string names;
  for (const auto& [name, value] : metrics) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "nothing" : names;
}

bool validates_once_each_epoch(const TrainerOptions& options) {
  const bool is_whole_epoch = options.val_check_interval.is_fraction() && options.val_check_interval.value() == 1.0;
  return is_whole_epoch && options.check_val_every_n_epoch == 1;
}

}  // namespace weigh::lightning
