// Scales losses so that gradients of 16 bits do not vanish, and leaves steps out whose gradients are not finite:
// torch.amp.GradScaler, with its defaults. A Trainer with Precision::f16 has one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <torch/torch.h>

namespace weigh::lightning {

class GradScaler {
 public:
  struct Options {
    double init_scale = 65536;
    double growth_factor = 2;
    double backoff_factor = 0.5;
    std::int64_t growth_interval = 2000;  // so many steps without a gradient that is not finite: the scale grows
  };
  GradScaler() : GradScaler(Options()) {}
  // Throws weigh::Error(usage) where a factor would not grow, or not shrink.
  explicit GradScaler(Options options);

  torch::Tensor scale(const torch::Tensor& loss) const;
  // Divides gradients by the scale. Whether all of them are finite.
  bool unscale(const std::vector<torch::Tensor>& parameters) const;
  // After each step, which was left out where a gradient was not finite.
  void update(bool all_finite);

  double get_scale() const { return scale_; }
  std::map<std::string, double> state() const;
  void load_state(const std::map<std::string, double>& state);

 private:
  Options options_;
  double scale_;
  std::int64_t growth_tracker_ = 0;  // steps since the scale changed
};

}  // namespace weigh::lightning
