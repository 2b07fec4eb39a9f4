// What was logged since a loop began, as numbers of the last step and of the epoch so far.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weigh/lightning/metrics.h"

namespace weigh::lightning {

// One name logged in one hook.
struct Result {
  std::string hook;
  std::string name;
  std::string step_name;   // with "_step", if it has both numbers
  std::string epoch_name;  // with "_epoch"
  bool on_step = false;
  bool on_epoch = false;
  bool prog_bar = false;
  bool logger = true;
  double last = 0;
  double sum = 0;  // weighted
  double weight = 0;
  double last_weight = 1;
  struct {
    bool is_known = false;  // until something is logged
    double last = 0;
    double sum = 0;
    double weight = 0;
  } total;  // of all processes, where there are several
};

// Lines of text, for checkpoints and for other processes. Names hold no line's end: they are names of columns.
std::string text_of(const std::vector<Result>& results);
std::vector<Result> results_in(const std::string& text);

// Where numbers go to, of the trainer.
struct MetricViews {
  Metrics callback;
  Metrics progress_bar;
  Metrics logged;
};

class Results {
 public:
  // `hook` and the name tell what is added up. Throws weigh::Error(usage) where the hook has no results, or a number of
  // its own for each step is asked for and it has none.
  void log(std::string_view hook, const std::string& name, double value, const LogOptions& options,
           std::int64_t weight);
  // Adds the numbers of the last step, or those of the epoch. Loops of training show step values to callbacks, too.
  void add_to(MetricViews& views, bool on_step, bool training) const;
  // Those that loggers want.
  Metrics logged(bool on_step) const;
  void reset() { all_.clear(); }

  // For checkpoints in the middle of an epoch.
  const std::vector<Result>& all() const { return all_; }
  void restore(std::vector<Result> all) { all_ = std::move(all); }

  // What each process logged, by rank. Names that only others logged are added.
  void take_totals(const std::vector<std::vector<Result>>& of_all);
  // With the totals as what was logged here.
  std::vector<Result> totals() const;

 private:
  Result* find(std::string_view hook, const std::string& name);
  Result& find_or_add(std::string_view hook, const std::string& name, const LogOptions& options);

  std::vector<Result> all_;
};

}  // namespace weigh::lightning
