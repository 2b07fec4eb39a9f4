#include "places/directory.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "conventions/model_name.h"
#include "formats/common/lfs.h"
#include "formats/keras/format.h"
#include "formats/registry.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::size_t kMostNamed = 5;
constexpr std::size_t kMostFolders = 100;  // looked into for models beside the one

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMostNamed; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMostNamed) text += fmt::format(" and {} more", names.size() - kMostNamed);
  return text;
}

// Files that are one model by their names, in one form of it.
struct Candidate {
  ModelFiles files;
  ModelName name;
};

bool has_known_format(const Folder& folder, const std::string& name) {
  const std::unique_ptr<Source> source = folder.open(name);
  Glance glance(*source);
  const auto table = format_table();
  return std::any_of(table.begin(), table.end(), [&](const Format& format) { return format.matches(glance); });
}

// "last.40.state", where weigh::lightning keeps optimizers, schedulers and random numbers beside "last.safetensors":
// the name of that, "" for any other.
std::string weights_of_state(const std::vector<std::string>& names, const std::string& name) {
  if (!name.ends_with(".state")) return "";
  const std::size_t step = name.rfind('.', name.size() - std::string_view(".state").size() - 1);
  if (step == std::string::npos) return "";
  std::string weights = name.substr(0, step) + ".safetensors";
  return std::binary_search(names.begin(), names.end(), weights) ? weights : "";
}

class Candidates {
 public:
  explicit Candidates(const std::vector<std::string>& names) {
    all_.reserve(names.size());
    for (const std::string& name : names) {
      if (is_trainer_file(name) || !weights_of_state(names, name).empty()) continue;
      ModelName parsed = parse_model_name(name);
      if (parsed.is_index) indexed_.insert(form_of(parsed));
      if (is_keras_index(name)) keras_indices_.push_back(name);
      if (parsed.is_index || !is_surely_no_model(name)) add(name, std::move(parsed));
    }
    std::erase_if(all_, [&](const Candidate& candidate) {
      if (candidate.name.is_part) return indexed_.contains(form_of(candidate.name));
      return std::any_of(keras_indices_.begin(), keras_indices_.end(),
                         [&](const std::string& index) { return is_keras_shard(candidate.files.file, index); });
    });
  }

  const std::vector<Candidate>& all() const { return all_; }

  std::vector<ModelFiles> take_files() && {
    std::vector<ModelFiles> files;
    files.reserve(all_.size());
    for (Candidate& candidate : all_) files.push_back(std::move(candidate.files));
    return files;
  }

 private:
  using Form = std::tuple<std::string, std::string, std::string_view>;
  static Form form_of(const ModelName& name) { return {name.stem, name.variant, name.ending}; }

  void add(const std::string& name, ModelName parsed) {
    const bool is_shard = parsed.is_part && (parsed.ending == ".safetensors" || parsed.ending == ".bin");
    // The other parts of a split GGUF file are found when the first is read.
    if (is_shard || (parsed.is_part && parsed.ending == ".gguf")) {
      const auto [place, is_new] = parts_.try_emplace(form_of(parsed), all_.size());
      if (!is_new) {
        if (is_shard) all_[place->second].files.shards.push_back(name);
        return;
      }
    } else {
      parsed.is_part = false;
    }
    Candidate candidate{{}, std::move(parsed)};
    if (is_shard) {
      candidate.files.shards = {name};
    } else {
      candidate.files.file = name;
    }
    all_.push_back(std::move(candidate));
  }

  std::vector<Candidate> all_;
  std::set<Form> indexed_;
  std::vector<std::string> keras_indices_;
  std::map<Form, std::size_t> parts_;
};

class Plan {
 public:
  explicit Plan(const Folder& folder) : folder_(folder), candidates_(folder.names()) {}

  DirectoryPlan make() && {
    for (const char* family : {"", "adapter"}) {
      const bool is_there = std::any_of(all().begin(), all().end(), [&](const Candidate& candidate) {
        return candidate.name.is_usual() && candidate.name.family() == family;
      });
      if (!is_there) continue;
      choose(family, false);
      note_others(family);
      note_folders();
      return std::move(plan_);
    }
    const std::vector<std::string> families = known_families();
    if (families.size() > 1) {
      plan_.models = std::move(candidates_).take_files();
    } else if (families.size() == 1) {
      choose(families.front(), true);
      note_states();
    }
    return std::move(plan_);
  }

 private:
  const std::vector<Candidate>& all() const { return candidates_.all(); }

  // Shards are looked at when they are read: then it is told what is wrong with them.
  bool is_known(const Candidate& candidate) const {
    const bool is_sure =
        candidate.name.is_index || candidate.name.ending == ".safetensors" || !candidate.files.shards.empty();
    return is_sure || has_known_format(folder_, candidate.files.file);
  }

  // Up to two: that there are several is all that is asked.
  std::vector<std::string> known_families() {
    std::vector<std::string> families;
    for (const Candidate& candidate : all()) {
      const std::string family = candidate.name.family();
      if (!families.empty() && families.front() == family) continue;
      if (!is_known(candidate)) continue;
      families.push_back(family);
      if (families.size() == 2) break;
    }
    return families;
  }

  void choose(std::string_view family, bool must_be_known) {
    std::vector<const Candidate*> forms;
    for (const Candidate& candidate : all())
      if (candidate.name.family() == family && (!must_be_known || is_known(candidate))) forms.push_back(&candidate);
    chosen_ = *std::min_element(forms.begin(), forms.end(),
                                [](const Candidate* a, const Candidate* b) { return a->name.rank() < b->name.rank(); });
    plan_.models = {chosen_->files};
    for (const Candidate* form : forms) {
      if (form == chosen_) continue;
      note("same-model", form->files.name(),
           fmt::format("is the same model in another form, to judge by its name; {} was read, this is not counted",
                       chosen_->files.name()));
    }
  }

  void note_states() {
    for (const std::string& name : folder_.names())
      if (const std::string weights = weights_of_state(folder_.names(), name); !weights.empty())
        note(
            "training-state", name,
            fmt::format("is the state of the training that {} goes on from: optimizers, schedulers, random numbers; it "
                        "is not counted",
                        weights));
  }

  // Other models beside one under a usual name. An index may name any file of its own ending.
  void note_others(std::string_view family) {
    std::vector<std::string> others;
    for (const Candidate& candidate : all()) {
      const ModelName& name = candidate.name;
      if (name.ending.empty() || name.family() == family) continue;
      if (chosen_->name.is_index && chosen_->name.ending == name.ending) continue;
      others.push_back(candidate.files.name());
    }
    if (!others.empty())
      note("beside", list(others),
           fmt::format("{} beside the model and {} not counted", others.size() == 1 ? "lies" : "lie",
                       others.size() == 1 ? "is" : "are"));
  }

  void note_folders() {
    std::size_t looked_at = 0;
    for (const std::string& name : folder_.folders()) {
      if (name.starts_with('.')) continue;
      if (++looked_at > kMostFolders) return;
      const std::unique_ptr<Folder> beside = folder_.enter(name);
      for (const std::string& file : beside->names()) {
        if (model_ending(file).empty() || is_trainer_file(file)) continue;
        note("beside", name + "/",
             fmt::format("is a folder with weights of its own ({}), which are not counted", file));
        break;
      }
    }
  }

  void note(const char* code, std::string place, std::string message) {
    plan_.notes.push_back({code, std::move(place), std::move(message)});
  }

  const Folder& folder_;
  Candidates candidates_;
  DirectoryPlan plan_;
  const Candidate* chosen_ = nullptr;
};

// A clone without Git LFS has pointers in the place of models.
void refuse_pointers(const Folder& folder) {
  for (const std::string& name : folder.names()) {
    if (model_ending(name).empty()) continue;
    const std::unique_ptr<Source> source = folder.open(name);
    Glance glance(*source);
    if (const std::optional<std::string> pointer = lfs_pointer_message(glance.head()))
      throw Error(ErrorKind::unsupported, source->label(), *pointer);
  }
}

}  // namespace

DirectoryPlan plan_directory(const Folder& folder) { return Plan(folder).make(); }

DirectoryPlan plan_one_model(const Folder& folder) {
  DirectoryPlan plan = plan_directory(folder);
  if (plan.models.size() == 1) return plan;
  if (plan.models.empty()) {
    const std::vector<std::string>& names = folder.names();
    refuse_pointers(folder);
    throw Error(ErrorKind::unsupported, folder.label(),
                names.empty() ? "is a directory without files"
                              : fmt::format("is a directory without a model: {}", list(names)));
  }
  std::vector<std::string> models;
  for (const ModelFiles& files : plan.models) {
    const bool is_sure = !files.shards.empty() || model_ending(files.file) == ".safetensors";
    if (is_sure || has_known_format(folder, files.file)) models.push_back(files.name());
  }
  throw Error(ErrorKind::unsupported, folder.label(),
              fmt::format("holds {} models side by side ({}); name one of them", models.size(), list(models)));
}

}  // namespace weigh
