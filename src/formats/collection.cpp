#include "formats/collection.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <new>
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
  auto same = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  while (same > 0 && is_digit(a[same - 1])) --same;  // numbers are compared whole
  a.remove_prefix(same);
  b.remove_prefix(same);
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
    return in_order();
  }

 private:
  std::vector<CollectedModel> in_order() {
    std::vector<CollectedModel*> order;
    order.reserve(found_.size());
    for (CollectedModel& model : found_) order.push_back(&model);
    std::sort(order.begin(), order.end(),
              [](const CollectedModel* a, const CollectedModel* b) { return natural_less(a->name, b->name); });
    std::vector<CollectedModel> models;
    models.reserve(order.size());
    for (CollectedModel* model : order) models.push_back(std::move(*model));
    return models;
  }

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

struct Outcome {
  std::function<void()> then;  // none: it is no model, or there is an error
  std::optional<Error> error;
};

std::optional<Model> read_one(Folder& root, const CollectedModel& collected, const ReadOptions& options) {
  if (collected.files.name().empty()) return read(*root.enter(collected.folder), "", options);
  if (collected.folder.empty()) return read_if_model(root, collected.files, options);
  return read_if_model(*root.enter(collected.folder), collected.files, options);
}

// Small models are read faster than threads hand them over: some at a time, and some times for each thread.
std::size_t batch_size(std::size_t models) { return std::clamp<std::size_t>(models / 32, 1, 64); }

}  // namespace

std::vector<CollectedModel> find_models(const Folder& folder) { return Search(folder).run(); }

std::size_t read_each(Folder& folder, const ReadOptions& options, const Look& look,
                      const std::function<void(const Error&)>& fail) {
  const std::vector<CollectedModel> models = find_models(folder);
  if (models.empty()) return 0;
  const auto outcome_of = [&](const CollectedModel& collected) {
    Outcome outcome;
    try {
      if (std::optional<Model> model = read_one(folder, collected, options)) outcome.then = look(std::move(*model));
    } catch (const Error& error) {
      outcome.error = error;
    } catch (const std::bad_alloc&) {
      outcome.error =
          Error(ErrorKind::limit, joined(folder.label(), collected.name), "needs more memory than there is");
    }
    return outcome;
  };
  const std::size_t size = batch_size(models.size());
  const std::size_t batches = (models.size() + size - 1) / size;
  const auto reader = [&]() -> Ahead<std::vector<Outcome>>::Make {
    return [&](std::size_t batch) {
      std::vector<Outcome> outcomes;
      const std::size_t end = std::min((batch + 1) * size, models.size());
      for (std::size_t i = batch * size; i < end; ++i) outcomes.push_back(outcome_of(models[i]));
      return outcomes;
    };
  };
  Ahead<std::vector<Outcome>> ahead(batches, reader);
  std::size_t count = 0;
  for (std::size_t batch = 0; batch < batches; ++batch) {
    for (const Outcome& outcome : ahead.next()) {
      if (outcome.then) outcome.then();
      if (outcome.error) fail(*outcome.error);
      count += outcome.then || outcome.error ? 1 : 0;
    }
  }
  return count;
}

std::size_t read_each(const std::string& path, const ReadOptions& options, const Look& look,
                      const std::function<void(const Error&)>& fail) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return 0;
  return read_each(*open_folder(path), options, look, fail);
}

}  // namespace weigh
