// Where the time of a run goes: Lightning's SimpleProfiler, by hook and, of forwards, by layer.
//
//   auto profiler = std::make_shared<Profiler>(Profiler::Options{.trace_path = "trace.json"});
//   Trainer trainer({.max_epochs = 1, .profiler = profiler});
//
// The trainer prints the table when a task ends, and writes the trace for chrome://tracing or ui.perfetto.dev.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace weigh::lightning {

class Profiler {
 public:
  struct Options {
    std::string trace_path = {};         // none is written where empty
    bool layers = true;                  // the forward of each layer with parameters, by the operators that take them
    std::size_t max_events = 1'000'000;  // of the trace, 32 bytes each; what comes later is in the table alone
    double (*now)() = nullptr;           // seconds; another clock, for tests
  };
  // One action in all its calls, in seconds.
  struct Row {
    std::string action;
    std::int64_t calls = 0;
    double total = 0;
    double longest = 0;
  };

  Profiler() : Profiler(Options()) {}
  explicit Profiler(Options options);
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;
  ~Profiler();

  // An action of one's own: it lasts as long as what is returned.
  class Scope;
  Scope profile(const std::string& action);

  const std::string& trace_path() const { return options_.trace_path; }
  // Most time first. Actions contain each other: their sum is no whole.
  std::vector<Row> actions() const { return rows(false); }
  std::vector<Row> layers() const { return rows(true); }
  std::string table(const std::string& title) const;
  // Throws weigh::Error(not_written).
  void write_trace(const std::string& path) const;

 private:
  friend struct Session;
  friend class LayerTimes;
  struct Entry;
  struct Event {
    double start;
    double seconds;
    std::uint32_t entry;
  };
  using Key = std::pair<const void*, const void*>;

  std::vector<Row> rows(bool of_layers) const;
  double now() const;
  // `name` is asked for once for each key.
  std::uint32_t entry_of(Key key, const std::function<std::string()>& name, bool is_layer);
  // A call may be made of several parts.
  void record(std::uint32_t entry, double start, double end, bool is_new_call = true);

  Options options_;
  double begin_;
  std::vector<Entry> entries_;
  std::map<Key, std::uint32_t> by_key_;
  std::map<std::string, std::uint32_t> by_name_;
  std::vector<Event> events_;
  bool was_cut_ = false;
};

class Profiler::Scope {
 public:
  Scope(Profiler* profiler, std::uint32_t entry);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope();

 private:
  Profiler* profiler_;  // null: nothing is measured
  std::uint32_t entry_;
  double start_;
};

}  // namespace weigh::lightning
