#include "formats/deepspeed/format.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "conventions/rank_name.h"
#include "formats/deepspeed/model_states.h"
#include "formats/deepspeed/numbering.h"
#include "formats/pytorch/assembler.h"
#include "formats/pytorch/state_bytes.h"
#include "model/builder.h"
#include "model/joined.h"
#include "model/sections.h"

#include "weigh/error.h"

namespace weigh {

using namespace pytorch;    // NOLINT(google-build-using-namespace): what it reads are PyTorch's files
using namespace deepspeed;  // NOLINT(google-build-using-namespace): this file is that namespace's front

namespace {

constexpr std::array<std::string_view, 2> kLatest = {"latest", "latest_universal"};
constexpr std::string_view kUniversal = "zero";
constexpr std::size_t kLongestTag = 200;
constexpr std::size_t kMostNamed = 3;

struct StateFile {
  std::string name;
  std::string prefix;                                        // of the names in it: of a pipeline's layer its number
  std::uint64_t rank = 0;                                    // among those that share a copy of the model
  std::uint64_t model_rank = 0;                              // among those that share its tensors
  bool is_divided = true;                                    // of a pipeline's layer: its name tells the model rank
  std::optional<std::uint64_t> expert_layer = std::nullopt;  // of an expert
};

// What a directory holds of a checkpoint, by the names alone.
struct StateFiles {
  std::vector<StateFile> models;
  std::vector<StateFile> layers;  // state dicts by themselves: a pipeline's layers, experts
  std::vector<StateFile> optimizers;
  std::vector<StateFile> experts;  // optimizer states of experts
  bool is_partitioned = false;     // ZeRO 3

  explicit StateFiles(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (!name.ends_with("_states.pt")) continue;
      if (const auto one = numbers_in(name, "mp_rank_#_model_states.pt")) models.push_back({name, "", 0, (*one)[0]});
      if (const auto two = numbers_in(name, "zero_pp_rank_#_mp_rank_#_model_states.pt")) {
        models.push_back({name, "", (*two)[0], (*two)[1]});
        is_partitioned = true;
      }
      for (const char* pattern :
           {"zero_pp_rank_#_mp_rank_#_optim_states.pt", "bf16_zero_pp_rank_#_mp_rank_#_optim_states.pt"})
        if (const auto two = numbers_in(name, pattern)) optimizers.push_back({name, "", (*two)[0], (*two)[1]});
      add_layer(name);
    }
    const auto by_number = [](const StateFile& a, const StateFile& b) {
      return std::pair(a.model_rank, a.rank) < std::pair(b.model_rank, b.rank);
    };
    std::sort(models.begin(), models.end(), by_number);
    std::sort(optimizers.begin(), optimizers.end(), by_number);
    std::sort(layers.begin(), layers.end(), by_number);
  }

 private:
  void add_layer(const std::string& name) {
    if (const auto two = numbers_in(name, "layer_#-model_#-model_states.pt"))
      layers.push_back({name, fmt::format("{}.", (*two)[0]), (*two)[0], (*two)[1]});
    if (const auto one = numbers_in(name, "layer_#-model_states.pt"))
      layers.push_back({name, fmt::format("{}.", (*one)[0]), (*one)[0], 0, false});
    if (const auto three = numbers_in(name, "layer_#_expert_#_mp_rank_#_model_states.pt"))
      layers.push_back({name, "", (*three)[1], (*three)[2], true, (*three)[0]});
    if (const auto two = numbers_in(name, "expp_rank_#_mp_rank_#_optim_states.pt"))
      experts.push_back({name, "", (*two)[0], (*two)[1]});
  }
};

bool is_universal(const Folder& folder) {
  const std::vector<std::string>& folders = folder.folders();
  if (!std::binary_search(folders.begin(), folders.end(), kUniversal)) return false;
  const std::unique_ptr<Folder> zero = folder.enter(kUniversal);
  const std::vector<std::string>& names = zero->folders();
  return !names.empty() && zero->contains(names.front() + "/fp32.pt");
}

bool is_step(const Folder& folder) { return !StateFiles(folder.names()).models.empty() || is_universal(folder); }

// The folder that "latest" names; null where there is no such file, or it names none.
std::unique_ptr<Folder> latest_of(const Folder& folder) {
  const std::vector<std::string>& folders = folder.folders();
  for (std::string_view latest : kLatest) {
    if (!folder.contains(latest)) continue;
    const std::unique_ptr<Source> source = folder.open(latest);
    std::string tag = source->read(0, static_cast<std::size_t>(std::min<std::uint64_t>(source->size(), kLongestTag)));
    tag.erase(tag.find_last_not_of(" \t\r\n") + 1);
    if (std::binary_search(folders.begin(), folders.end(), tag)) return folder.enter(tag);
  }
  return nullptr;
}

class Reading {
 public:
  Reading(Folder& folder, const ReadOptions& options, Model& model)
      : folder_(folder), options_(options), model_(model), files_(folder.names()) {}

  void run() {
    model_.format = "DeepSpeed";
    if (is_universal(folder_)) return read_universal();
    read_models();
    read_optimizers();
    note_missing();
    note_missing_layers();
    note_missing_experts();
    for (const auto& [rank, bytes] : bytes_of_)
      model_.metadata.emplace_back(fmt::format("rank {}", rank), fmt::format("{} bytes", bytes));
    model_.kind = stage_ ? fmt::format("ZeRO {}", *stage_) : files_.is_partitioned ? "ZeRO 3" : "checkpoint";
    model_.kind += fmt::format(", {} rank{}", ranks_, ranks_ == 1 ? "" : "s");
    if (model_ranks_ > 1) model_.kind += fmt::format(", {} model ranks", model_ranks_);
  }

 private:
  // Of each model rank one file tells all: in ZeRO 3 any of its ranks.
  void read_models() {
    std::vector<const StateFile*> firsts;
    for (const StateFile& file : files_.models) {
      if (firsts.empty() || firsts.back()->model_rank != file.model_rank) firsts.push_back(&file);
      add_size(file);
    }
    drop_stages(firsts);
    model_ranks_ = firsts.size();
    if (firsts.size() == 1) return read_model(*firsts.front(), model_);
    Joined joined(model_, options_.limits);
    const std::uint64_t sizes = std::exchange(model_.source_bytes, 0);
    for (const StateFile* file : firsts) {
      Model part;
      part.source = model_.source;
      read_model(*file, part);
      joined.add(std::move(part), fmt::format("mp_rank_{:02}", file->model_rank), "");
    }
    model_.source_bytes = sizes;
    note(
        "model-ranks", "",
        fmt::format("holds {} model ranks; how their tensors are put together is not told, so the totals are sums over "
                    "the ranks",
                    firsts.size()));
  }

  // Of a pipeline every stage has a model rank, too, and files of facts alone; tensors are in those of the layers,
  // which name the ranks that share them.
  void drop_stages(std::vector<const StateFile*>& firsts) const {
    std::set<std::uint64_t> sharing;
    for (const StateFile& layer : files_.layers)
      if (!layer.prefix.empty()) sharing.insert(layer.model_rank);
    if (sharing.empty() || !sharing.contains(firsts.front()->model_rank)) return;
    std::erase_if(firsts, [&](const StateFile* file) { return !sharing.contains(file->model_rank); });
  }

  void read_model(const StateFile& file, Model& model) {
    const StateArchive archive(folder_, file.name, options_.limits);
    if (!is_mapping(archive.archive().root())) throw Error(ErrorKind::corrupt, archive.label(), "holds no dictionary");
    ModelStates states(archive, options_, model);
    states.read();
    ranks_ = std::max(ranks_, number_of(archive["dp_world_size"]));
    if (const std::uint64_t all = number_of(archive["mp_world_size"]); all > files_.models.back().model_rank + 1)
      missing_model_ranks_ = all;
    for (const StateFile& layer : files_.layers)
      if (layer.model_rank == file.model_rank) read_layer(layer, model);
    for (const std::uint64_t layer : states.numbered_modules()) layers_with_parameters_.emplace(layer, file.model_rank);
    std::vector<std::uint64_t> counts;
    for (const Value number : sequence_items(archive["num_experts"])) counts.push_back(number_of(number));
    if (!counts.empty()) expert_files_.set_counts(std::move(counts));
    states.finish();
    for (const char* key : {"ds_version", "global_steps"}) {
      const Value fact = archive[key];
      if (fact.is(Kind::string)) add_fact(key, std::string(fact.text().substr(0, 50)));
      if (fact.is(Kind::integer)) add_fact(key, fmt::to_string(fact.integer()));
    }
  }

  // A state dict of its own, whose names are below those of the whole.
  void read_layer(const StateFile& file, Model& model) {
    const StateArchive archive(folder_, file.name, options_.limits);
    model_.source_bytes += archive.size();
    Assembler assembler(model, archive.archive(), options_);
    for (const auto& [name, value] : mapping_entries(archive.archive().root())) {
      if (!name.is(Kind::string) || !is_tensor(value)) continue;
      const std::string path = file.prefix + std::string(name.text());
      assembler.check_length(0, path);
      if (assembler.builder().find(path) == kNone) assembler.add_by_path(value, path);
    }
  }

  void add_fact(const std::string& key, std::string value) {
    for (const auto& [known, text] : model_.metadata)
      if (known == key) return;
    model_.metadata.emplace_back(key, std::move(value));
  }

  // Of something that counts ranks: more than there could be files is no such number.
  std::uint64_t number_of(Value value) const {
    const std::int64_t number = integer_or(value, 0);
    return number > 0 && number <= static_cast<std::int64_t>(options_.limits.shards)
               ? static_cast<std::uint64_t>(number)
               : 0;
  }

  void add_size(const StateFile& file) {
    const std::uint64_t size = folder_.open(file.name)->size();
    model_.source_bytes += size;
    bytes_of_[file.rank] += size;
  }

  void read_optimizers() {
    if (files_.optimizers.empty()) return;
    Section section = optimizer_state(model_.keep("optimizer_state_dict"));
    std::vector<StateFile> all = files_.optimizers;
    all.insert(all.end(), files_.experts.begin(), files_.experts.end());
    for (const StateFile& file : all) {
      add_size(file);
      const StateArchive archive(folder_, file.name, options_.limits);
      const Value state = archive["optimizer_state_dict"];
      const StateBytes weighed = weigh_state(state, archive.archive());
      section.tensors += weighed.tensors;
      section.bytes += weighed.bytes;
      const Entries entries = mapping_entries(state);
      read_stage(pickle::find(entries, "zero_stage"));
      const Value count = pickle::find(entries, "partition_count");
      ranks_ = std::max(ranks_, number_of(count));
      for (Value each : sequence_items(count)) ranks_ = std::max(ranks_, number_of(each));
    }
    model_.sections.push_back(section);
  }

  // A number, or an enumeration's member, which is a call with one.
  void read_stage(Value stage) {
    const std::span<const Value> arguments = arguments_of(stage);
    if (arguments.size() == 1) stage = arguments[0];
    if (stage.is(Kind::integer)) stage_ = stage.integer();
  }

  void note_missing() {
    ranks_ = std::max({ranks_, last_rank(files_.models) + 1, last_rank(files_.optimizers) + 1});
    const bool has_all_models = !files_.is_partitioned;
    for (std::uint64_t model_rank = 0; model_rank < model_ranks_; ++model_rank) {
      if (!has_all_models)
        note_missing(files_.models, model_rank, "model states",
                     "the shapes are known from the others, but it cannot be loaded");
      if (!files_.optimizers.empty())
        note_missing(files_.optimizers, model_rank, "optimizer states", "the optimizer state is a lower bound");
    }
    if (missing_model_ranks_ != 0)
      note("missing-rank", "",
           fmt::format("holds {} model ranks of {}; the totals are lower bounds", model_ranks_, missing_model_ranks_));
  }

  void note_missing_layers() {
    for (const StateFile& file : files_.layers)
      if (!file.prefix.empty())
        layer_files_.add(file.rank, file.model_rank, folder_.size_of(file.name).value_or(0), file.is_divided);
    if (layer_files_.empty()) return;
    for (const auto& [layer, rank] : layers_with_parameters_)
      if (!layer_files_.contains(layer)) layer_files_.must_exist(layer, rank);
    if (const Missing missing = layer_files_.missing(kMostNamed); missing.count > 0)
      note("missing-layer", "", absence_of(missing));
    if (const Missing doubtful = layer_files_.doubtful(kMostNamed); doubtful.count > 0)
      note("missing-layer", "",
           fmt::format(
               "has no file of {}, though those around are alike and others like them follow each other without a "
               "gap: is it incomplete?",
               listed(doubtful)));
  }

  void note_missing_experts() {
    for (const StateFile& file : files_.layers)
      if (file.expert_layer) expert_files_.add(*file.expert_layer, file.rank, file.model_rank);
    if (const Missing missing = expert_files_.missing(kMostNamed); missing.count > 0)
      note("missing-expert", "", absence_of(missing));
  }

  static std::string absence_of(const Missing& missing) {
    return fmt::format("has no {}; what is in {} is not counted", listed(missing), missing.count == 1 ? "it" : "them");
  }

  static std::string listed(const Missing& missing) {
    std::string text;
    for (const std::string& name : missing.names) text += (text.empty() ? "" : ", ") + name;
    if (missing.count > missing.names.size()) text += fmt::format(" and {} more", missing.count - missing.names.size());
    return text;
  }

  static std::uint64_t last_rank(const std::vector<StateFile>& files) {
    std::uint64_t last = 0;
    for (const StateFile& file : files) last = std::max(last, file.rank);
    return last;
  }

  void note_missing(const std::vector<StateFile>& files, std::uint64_t model_rank, const char* what, const char* so) {
    std::vector<std::uint64_t> there;
    for (const StateFile& file : files)
      if (file.model_rank == model_rank && (there.empty() || there.back() != file.rank)) there.push_back(file.rank);
    if (there.size() >= ranks_) return;
    const std::string place = model_ranks_ > 1 ? fmt::format("mp_rank_{:02}", model_rank) : "";
    note("missing-rank", place,
         there.empty() ? fmt::format("has no {}; {}", what, so)
                       : fmt::format("has the {} of {}; {}", what, ranks_text(there, ranks_), so));
  }

  // A folder for each parameter, its values and moments in files. Model states beside them tell more of the model: ties
  // and buffers, which have folders, too.
  void read_universal() {
    const bool has_states = !files_.models.empty();
    if (has_states) read_models();
    model_.kind = "universal checkpoint";
    const std::unique_ptr<Folder> zero = folder_.enter(kUniversal);
    ModelBuilder builder(model_, options_.limits);
    Section section = optimizer_state(model_.keep("optimizer_state_dict"));
    add_states(*zero, section);
    for (const std::string& name : zero->folders()) {
      const std::unique_ptr<Folder> parameter = zero->enter(name);
      if (!parameter->contains("fp32.pt")) {
        note("missing-tensor", name, "has a folder without fp32.pt; it is not counted");
        continue;
      }
      add_states(*parameter, section);
      if (!has_states) add_parameter(*parameter, name, builder);
    }
    if (!has_states) builder.sort_siblings();
    if (section.tensors > 0) model_.sections.push_back(section);
  }

  // All files of a folder, as the optimizer's state.
  void add_states(const Folder& folder, Section& section) {
    for (const std::string& file : folder.names()) {
      if (!file.ends_with(".pt")) continue;
      const StateArchive archive(folder, file, options_.limits);
      const StateBytes weighed = weigh_state(archive.archive().root(), archive.archive());
      section.tensors += weighed.tensors;
      section.bytes += weighed.bytes;
      model_.source_bytes += archive.size();
    }
  }

  void add_parameter(const Folder& folder, const std::string& name, ModelBuilder& builder) {
    const StateArchive archive(folder, "fp32.pt", options_.limits);
    const Value root = archive.archive().root();
    const Value value = is_tensor(root) ? root : archive["param"];
    if (!is_tensor(value)) throw Error(ErrorKind::corrupt, archive.label(), "holds no tensor 'param'");
    TensorReader reader(archive.archive(), archive.label(), options_.limits);
    const TorchTensor& read = reader.read(value, {nullptr, 0, name});
    Tensor tensor;
    tensor.dtype = read.dtype;
    tensor.stored_bytes = read.stored_bytes;
    tensor.role_evidence = Evidence::recorded;  // the optimizer has parameters alone
    tensor.requires_grad = RequiresGrad::yes;
    if (!read.rank_known) tensor.rank = Tensor::kUnknownRank;
    builder.add_by_path(tensor, name, read.shape);
  }

  void note(const char* code, std::string place, std::string message) {
    model_.notes.push_back({code, place.empty() ? model_.source : std::move(place), std::move(message)});
  }

  Folder& folder_;
  const ReadOptions& options_;
  Model& model_;
  StateFiles files_;
  std::optional<std::int64_t> stage_;
  std::uint64_t ranks_ = 0;
  std::uint64_t model_ranks_ = 0;
  std::uint64_t missing_model_ranks_ = 0;
  std::map<std::uint64_t, std::uint64_t> bytes_of_;  // by rank
  LayerFiles layer_files_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> layers_with_parameters_;  // and the model rank that says so
  ExpertFiles expert_files_;
};

}  // namespace

bool matches_deepspeed(const Folder& folder) {
  if (is_step(folder)) return true;
  const std::unique_ptr<Folder> latest = latest_of(folder);
  return latest != nullptr && is_step(*latest);
}

void read_deepspeed(Folder& folder, const ReadOptions& options, Model& model) {
  if (is_step(folder)) return Reading(folder, options, model).run();
  const std::unique_ptr<Folder> latest = latest_of(folder);
  if (latest == nullptr) throw Error(ErrorKind::not_found, folder.label(), "holds no checkpoint that 'latest' names");
  Reading(*latest, options, model).run();
}

}  // namespace weigh
