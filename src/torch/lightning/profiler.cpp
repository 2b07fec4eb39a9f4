#include "weigh/lightning/profiler.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <unistd.h>

#include "render/json_writer.h"
#include "weights/atomic_file.h"

namespace weigh::lightning {
namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string duration_text(double seconds) {
  if (seconds >= 1) return fmt::format("{:.2f} s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.2f} us", seconds * 1e6);
}

void add_rows(std::string& text, const char* title, const std::vector<Profiler::Row>& rows, double whole) {
  if (rows.empty()) return;
  std::size_t width = std::string_view(title).size();
  for (const Profiler::Row& row : rows) width = std::max(width, row.action.size());
  text += fmt::format("\n  {:<{}}   {:>9}   {:>10}   {:>10}   {:>10}   {:>7}\n", title, width, "Calls", "Mean",
                      "Longest", "Total", "Share");
  for (const Profiler::Row& row : rows)
    text += fmt::format("  {:<{}}   {:>9}   {:>10}   {:>10}   {:>10}   {:>5.1f} %\n", row.action, width, row.calls,
                        duration_text(row.total / static_cast<double>(row.calls)), duration_text(row.longest),
                        duration_text(row.total), whole > 0 ? 100 * row.total / whole : 0);
}

}  // namespace

struct Profiler::Entry {
  Row row;
  bool is_layer = false;
  double of_call = 0;  // the last call, so far
};

Profiler::Profiler(Options options) : options_(std::move(options)), begin_(now()) {}
Profiler::~Profiler() = default;

double Profiler::now() const { return options_.now ? options_.now() : seconds_now(); }

std::uint32_t Profiler::entry_of(Key key, const std::function<std::string()>& name, bool is_layer) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) return known->second;
  std::string text = name();
  const auto [named, is_new] = by_name_.try_emplace((is_layer ? "layer " : "") + text, entries_.size());
  if (is_new) entries_.push_back({{std::move(text)}, is_layer});
  by_key_.emplace(key, named->second);
  return named->second;
}

void Profiler::record(std::uint32_t entry, double start, double end, bool is_new_call) {
  Row& row = entries_[entry].row;
  double& of_call = entries_[entry].of_call;
  if (is_new_call) {
    ++row.calls;
    of_call = 0;
  }
  of_call += end - start;
  row.total += end - start;
  row.longest = std::max(row.longest, of_call);
  if (options_.trace_path.empty()) return;
  was_cut_ = was_cut_ || events_.size() >= options_.max_events;
  if (!was_cut_) events_.push_back({start, end - start, entry});
}

Profiler::Scope Profiler::profile(const std::string& action) {
  const auto [named, is_new] = by_name_.try_emplace(action, entries_.size());
  if (is_new) entries_.push_back({{action}, false});
  return {this, named->second};
}

std::vector<Profiler::Row> Profiler::rows(bool of_layers) const {
  std::vector<Row> rows;
  for (const Entry& entry : entries_)
    if (entry.is_layer == of_layers && entry.row.calls > 0) rows.push_back(entry.row);
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.total > b.total; });
  return rows;
}

std::string Profiler::table(const std::string& title) const {
  const double whole = now() - begin_;
  std::string text = fmt::format("Profile of {}: {}\n", title, duration_text(whole));
  add_rows(text, "Action", rows(false), whole);
  add_rows(text, "Forward of a layer", rows(true), whole);
  if (was_cut_)
    text += fmt::format("\n  The trace has the first {} events; all are in the table.\n", options_.max_events);
  return text;
}

// The Trace Event Format: complete events, in microseconds.
void Profiler::write_trace(const std::string& path) const {
  std::string text = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[";
  std::vector<std::string> names;
  for (const Entry& entry : entries_)
    names.push_back(fmt::format("{{\"name\":{},\"cat\":\"{}\",\"ph\":\"X\",\"pid\":{},\"tid\":1,\"ts\":",
                                json_string(entry.row.action), entry.is_layer ? "layer" : "hook", ::getpid()));
  const char* separator = "\n";
  for (const Event& event : events_) {
    text += fmt::format("{}{}{:.3f},\"dur\":{:.3f}}}", separator, names[event.entry], (event.start - begin_) * 1e6,
                        event.seconds * 1e6);
    separator = ",\n";
  }
  text += "\n]}\n";
  AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

Profiler::Scope::Scope(Profiler* profiler, std::uint32_t entry)
    : profiler_(profiler), entry_(entry), start_(profiler ? profiler->now() : 0) {}
Profiler::Scope::~Scope() {
  if (profiler_) profiler_->record(entry_, start_, profiler_->now());
}

}  // namespace weigh::lightning
