#include "places/collection.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "bytes/ahead.h"
#include "places/directory_formats.h"
#include "places/read.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A text whose bytes stand in the order in which people count, "epoch=2" before "epoch=10": each number as '0', how
// many digits it has without zeros in front, and these. Of more than 255 digits the first 255 count.
std::string natural_key(std::string_view name) {
  std::string key;
  key.reserve(name.size() + 8);
  for (std::size_t i = 0; i < name.size();) {
    if (!is_digit(name[i])) {
      key += name[i++];
      continue;
    }
    std::size_t end = i;
    while (end < name.size() && is_digit(name[end])) ++end;
    while (end - i > 1 && name[i] == '0') ++i;
    const std::size_t digits = std::min<std::size_t>(end - i, 255);
    key.append({'0', static_cast<char>(digits)}).append(name.substr(i, digits));
    i = end;
  }
  return key;
}

class Search {
 public:
  explicit Search(const Folder& root) : root_(root) {}

  std::vector<CollectedModel> run() {
    if (directory_format_of(root_) != nullptr) return {};
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
    std::vector<std::pair<std::string, CollectedModel*>> order;
    order.reserve(found_.size());
    for (CollectedModel& model : found_) order.emplace_back(natural_key(model.name), &model);
    std::sort(order.begin(), order.end());
    std::vector<CollectedModel> models;
    models.reserve(order.size());
    for (auto& [key, model] : order) models.push_back(std::move(*model));
    return models;
  }

  static constexpr std::size_t kDeepest = 4;  // folders in folders; links that lead back end there, too

  void add_files(const std::string& path, DirectoryPlan plan) {
    if (found_.empty()) found_.reserve(plan.models.size());
    for (ModelFiles& files : plan.models) {
      std::string name = path_in(path, files.name());
      found_.push_back({std::move(name), path, std::move(files)});
    }
  }

  void add_folders_of(const Folder& folder, const std::string& above) {
    for (const std::string& name : folder.folders())
      if (!name.starts_with('.')) add_folder(*folder.enter(name), path_in(above, name));
  }

  // What is a model as a whole is not looked into.
  void add_folder(const Folder& folder, const std::string& path) {
    if (directory_format_of(folder) != nullptr) return found_.push_back({path, path, {}});
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

// What reads JSON is loaded while the models are looked for, where there is any: it takes as long as that. Headers of
// safetensors files are JSON, too, but hardly ever need it (formats/safetensors/regular.h).
std::future<void> load_json(const Folder& folder) {
  const std::vector<std::string>& names = folder.names();
  const bool is_needed =
      std::any_of(names.begin(), names.end(), [](std::string_view name) { return name.ends_with(".json"); });
  if (!is_needed) return {};
  try {
    return std::async(std::launch::async, json::load);
  } catch (const std::system_error&) {
    return {};  // no thread is to be had: it is loaded when it is used
  }
}

// Small models are read faster than threads hand them over: some at a time, and some times for each thread.
std::size_t batch_size(std::size_t models) { return std::clamp<std::size_t>(models / 64, 1, 64); }

}  // namespace

std::vector<CollectedModel> find_models(const Folder& folder) { return Search(folder).run(); }

std::size_t read_each(Folder& folder, const ReadOptions& options, const Look& look,
                      const std::function<void(const Error&)>& fail) {
  const std::future<void> loading = load_json(folder);
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
          Error(ErrorKind::limit, path_in(folder.label(), collected.name), "needs more memory than there is");
    }
    return outcome;
  };
  const std::size_t size = batch_size(models.size());
  const std::size_t batches = (models.size() + size - 1) / size;
  const auto reader = [&]() -> Ahead<std::vector<Outcome>>::Make {
    return [&](std::size_t batch) {
      const std::size_t first = batch * size;
      const auto ours = std::span(models).subspan(first, std::min(size, models.size() - first));
      std::vector<Outcome> outcomes;
      outcomes.reserve(ours.size());
      for (const CollectedModel& model : ours) outcomes.push_back(outcome_of(model));
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
