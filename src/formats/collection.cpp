#include "formats/collection.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "bytes/ahead.h"
#include "formats/registry.h"

#include "weigh/error.h"

namespace weigh {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The number at the front of a text, without its zeros, which is taken off.
std::string_view take_number(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  std::string_view number = text.substr(0, size);
  text.remove_prefix(size);
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  return number;
}

// "epoch=2" before "epoch=10".
bool natural_less(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const std::string_view left = take_number(a);
      const std::string_view right = take_number(b);
      if (left.size() != right.size()) return left.size() < right.size();
      if (left != right) return left < right;
      continue;
    }
    if (a.front() != b.front()) return a.front() < b.front();
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.size() < b.size();
}

bool has_meaning(const Folder& folder) {
  const auto table = directory_format_table();
  return std::any_of(table.begin(), table.end(), [&](const DirectoryFormat& format) { return format.matches(folder); });
}

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

class Search {
 public:
  explicit Search(const Folder& root) : root_(root) {}

  std::vector<CollectedModel> run() {
    if (has_meaning(root_)) return {};
    DirectoryPlan plan = plan_directory(root_);
    if (plan.models.size() == 1) return {};
    add_files("", std::move(plan));
    add_folders_of(root_, "");
    for (std::size_t depth = 1; depth < kDeepest && !open_.empty(); ++depth)
      for (const std::string& path : std::exchange(open_, {})) add_folders_of(*root_.enter(path), path);
    std::sort(found_.begin(), found_.end(),
              [](const CollectedModel& a, const CollectedModel& b) { return natural_less(a.name, b.name); });
    return std::move(found_);
  }

 private:
  static constexpr std::size_t kDeepest = 4;  // folders in folders; links that lead back end there, too

  void add_files(const std::string& path, DirectoryPlan plan) {
    for (ModelFiles& files : plan.models) {
      std::string name = joined(path, files.name());
      found_.push_back({std::move(name), path, std::move(files)});
    }
  }

  void add_folders_of(const Folder& folder, const std::string& above) {
    for (const std::string& name : folder.folders())
      if (!name.starts_with('.')) add_folder(*folder.enter(name), joined(above, name));
  }

  // What is a model as a whole is not looked into.
  void add_folder(const Folder& folder, const std::string& path) {
    if (has_meaning(folder)) return found_.push_back({path, path, {}});
    DirectoryPlan plan = plan_directory(folder);
    if (plan.models.size() == 1) return found_.push_back({path, path, {}});
    add_files(path, std::move(plan));
    open_.push_back(path);
  }

  const Folder& root_;
  std::vector<CollectedModel> found_;
  std::vector<std::string> open_;  // folders to be looked into
};

constexpr std::size_t kBatch = 8;

struct Outcome {
  std::optional<Model> model;
  std::optional<Error> error;
};

Outcome read_one(Folder& root, const CollectedModel& collected, const ReadOptions& options) {
  Outcome outcome;
  try {
    if (collected.files.name().empty()) {
      outcome.model = read(*root.enter(collected.folder), "", options);
    } else if (collected.folder.empty()) {
      outcome.model = read_if_model(root, collected.files, options);
    } else {
      outcome.model = read_if_model(*root.enter(collected.folder), collected.files, options);
    }
  } catch (const Error& error) {
    outcome.error = error;
  }
  return outcome;
}

}  // namespace

std::vector<CollectedModel> find_models(const Folder& folder) { return Search(folder).run(); }

std::size_t read_each(Folder& folder, const ReadOptions& options, const std::function<void(Model)>& visit,
                      const std::function<void(const Error&)>& fail) {
  const std::vector<CollectedModel> models = find_models(folder);
  if (models.empty()) return 0;
  // Small models are read faster than threads hand them over: a few at a time.
  const std::size_t batches = (models.size() + kBatch - 1) / kBatch;
  const auto reader = [&]() -> Ahead<std::vector<Outcome>>::Make {
    return [&](std::size_t batch) {
      std::vector<Outcome> outcomes;
      const std::size_t end = std::min((batch + 1) * kBatch, models.size());
      for (std::size_t i = batch * kBatch; i < end; ++i) outcomes.push_back(read_one(folder, models[i], options));
      return outcomes;
    };
  };
  Ahead<std::vector<Outcome>> ahead(batches, reader);
  std::size_t count = 0;
  for (std::size_t batch = 0; batch < batches; ++batch) {
    for (Outcome& outcome : ahead.next()) {
      if (outcome.model) visit(std::move(*outcome.model));
      if (outcome.error) fail(*outcome.error);
      count += outcome.model || outcome.error ? 1 : 0;
    }
  }
  return count;
}

std::size_t read_each(const std::string& path, const ReadOptions& options, const std::function<void(Model)>& visit,
                      const std::function<void(const Error&)>& fail) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return 0;
  return read_each(*open_folder(path), options, visit, fail);
}

}  // namespace weigh
