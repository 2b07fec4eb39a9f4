#include "formats/megatron/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "conventions/rank_name.h"
#include "formats/megatron/rank_file.h"
#include "model/builder.h"
#include "model/joined.h"
#include "model/roles.h"
#include "model/sections.h"

#include "weigh/error.h"

namespace weigh {

using namespace megatron;  // NOLINT(google-build-using-namespace): this file is that namespace's front

namespace {

constexpr std::string_view kLatest = "latest_checkpointed_iteration.txt";
constexpr std::array<std::string_view, 2> kFiles = {"model_optim_rng.pt", "model_rng.pt"};
constexpr std::string_view kOptimizer = "distrib_optim.pt";

struct Rank {
  std::string folder;
  std::uint64_t tensor = 0;
  std::uint64_t pipeline = 0;
  std::uint64_t expert = 0;
};

std::vector<Rank> ranks_in(const Folder& folder) {
  std::vector<Rank> ranks;
  for (const std::string& name : folder.folders()) {
    std::optional<std::vector<std::uint64_t>> numbers;
    for (const char* pattern : {"mp_rank_#", "mp_rank_#_#", "mp_rank_#_#_#"})
      if (auto found = numbers_in(name, pattern)) numbers = std::move(found);
    if (!numbers) continue;
    numbers->resize(3);
    ranks.push_back({name, (*numbers)[0], (*numbers)[1], (*numbers)[2]});
  }
  std::erase_if(ranks, [&](const Rank& rank) {
    return std::none_of(kFiles.begin(), kFiles.end(), [&](std::string_view file) {
      return folder.contains(fmt::format("{}/{}", rank.folder, file));
    });
  });
  std::sort(ranks.begin(), ranks.end(), [](const Rank& a, const Rank& b) {
    return std::tuple(a.pipeline, a.expert, a.tensor) < std::tuple(b.pipeline, b.expert, b.tensor);
  });
  return ranks;
}

// The folder of the iteration that the text names; null where there is none.
std::unique_ptr<Folder> latest_of(const Folder& folder) {
  if (!folder.contains(kLatest)) return nullptr;
  const std::unique_ptr<Source> source = folder.open(kLatest);
  std::string text = source->read(0, static_cast<std::size_t>(std::min<std::uint64_t>(source->size(), 32)));
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  if (const auto number = numbers_in(text, "#")) text = fmt::format("iter_{:07}", number->front());
  const std::vector<std::string>& folders = folder.folders();
  return std::binary_search(folders.begin(), folders.end(), text) ? folder.enter(text) : nullptr;
}

enum class Split { repeated, rows, columns, unknown };

// How Megatron divides the tensor, by the layer that it is of.
Split split_of(const RankTensor& tensor) {
  const std::string_view path = tensor.path;
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return tensor.shape.size() < 2 ? Split::repeated : Split::unknown;
  const std::string_view owner = path.substr(0, dot);
  const std::size_t above = owner.rfind('.');
  const std::string_view layer = owner.substr(above == std::string_view::npos ? 0 : above + 1);
  const auto is = [&](const auto& names) { return std::find(names.begin(), names.end(), layer) != names.end(); };
  constexpr std::array<std::string_view, 8> kRows = {
      "word_embeddings", "output_layer",  "lm_head",    "linear_qkv",
      "query_key_value", "dense_h_to_4h", "linear_fc1", "word_embeddings_for_head"};
  constexpr std::array<std::string_view, 3> kColumns = {"linear_proj", "linear_fc2", "dense_4h_to_h"};
  constexpr std::array<std::string_view, 3> kRepeated = {"router", "position_embeddings", "tokentype_embeddings"};
  const std::string_view name = path.substr(dot + 1);
  if (name.starts_with("layer_norm")) return Split::repeated;  // of a layer that begins with its norm
  if (is(kRows)) return Split::rows;
  if (is(kColumns) || (layer == "dense" && owner.find("attention") != std::string_view::npos))
    return tensor.shape.size() < 2 ? Split::repeated : Split::columns;
  if (is(kRepeated) || tensor.shape.size() < 2) return Split::repeated;
  return Split::unknown;
}

// The layer's number in "decoder.layers.3.mlp…": where it begins and ends.
std::optional<std::pair<std::size_t, std::size_t>> layer_in(std::string_view path) {
  constexpr std::string_view kMark = "layers.";
  const std::size_t at = path.find(kMark);
  if (at == std::string_view::npos || (at > 0 && path[at - 1] != '.')) return std::nullopt;
  const std::size_t begin = at + kMark.size();
  const std::size_t end = std::min(path.find_first_not_of("0123456789", begin), path.size());
  if (begin == end || end - begin > 6) return std::nullopt;
  return std::pair(begin, end);
}

class Reading {
 public:
  Reading(Folder& folder, const ReadOptions& options, Model& model)
      : folder_(folder), options_(options), model_(model), ranks_(ranks_in(folder)) {}

  void run() {
    model_.format = "Megatron";
    for (const Rank& rank : ranks_) read(rank);
    count_ranks();
    if (const std::string why = why_not_joined(); why.empty()) {
      join();
    } else {
      add_up(why);
    }
    add_optimizer();
    note_missing();
    model_.kind = fmt::format("checkpoint, {} tensor × {} pipeline ranks", tensor_ranks_, pipeline_ranks_);
  }

 private:
  void read(const Rank& rank) {
    const std::unique_ptr<Folder> folder = folder_.enter(rank.folder);
    std::uint64_t bytes = 0;
    for (std::string_view name : kFiles) {
      if (!folder->contains(name)) continue;
      const std::unique_ptr<Source> source = folder->open(name);
      bytes += source->size();
      files_.push_back(read_rank_file(*source, options_.limits));
      break;
    }
    RankFile& file = files_.back();
    if (folder->contains(kOptimizer)) {
      const std::unique_ptr<Source> source = folder->open(kOptimizer);
      bytes += source->size();
      const pytorch::StateBytes state = read_state(*source, options_.limits);
      file.optimizer_tensors += state.tensors;
      file.optimizer_bytes += state.bytes;
    }
    model_.source_bytes += bytes;
    if (files_.size() == 1 && !file.iteration.empty()) model_.metadata.emplace_back("iteration", file.iteration);
    model_.metadata.emplace_back(rank.folder, fmt::format("{} bytes", bytes));
  }

  void count_ranks() {
    for (std::size_t i = 0; i < ranks_.size(); ++i) {
      tensor_ranks_ = std::max({tensor_ranks_, ranks_[i].tensor + 1, files_[i].tensor_ranks});
      pipeline_ranks_ = std::max({pipeline_ranks_, ranks_[i].pipeline + 1, files_[i].pipeline_ranks});
      expert_ranks_ = std::max(expert_ranks_, ranks_[i].expert + 1);
    }
  }

  // Empty where tensors can be put together: the first tensor rank of each pipeline rank tells all, if the others are
  // as it is.
  std::string why_not_joined() {
    if (expert_ranks_ > 1) return fmt::format("experts are divided among {} ranks", expert_ranks_);
    const RankFile* first = nullptr;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const bool is_first = i == 0 || ranks_[i].pipeline != ranks_[i - 1].pipeline;
      if (is_first) {
        first = &files_[i];
        firsts_.push_back(first);
        if (tensor_ranks_ == 1) continue;
        for (const Chunk& chunk : first->chunks)
          for (const RankTensor& tensor : chunk)
            if (split_of(tensor) == Split::unknown)
              return fmt::format("nothing tells how '{}' is divided", tensor.path.substr(0, 200));
      } else if (const std::string difference = difference_of(*first, files_[i]); !difference.empty()) {
        return fmt::format("'{}' differs in {}", difference, ranks_[i].folder);
      }
    }
    return "";
  }

  static std::string difference_of(const RankFile& a, const RankFile& b) {
    if (a.chunks.size() != b.chunks.size()) return "model";
    for (std::size_t i = 0; i < a.chunks.size(); ++i) {
      for (std::size_t j = 0; j < std::max(a.chunks[i].size(), b.chunks[i].size()); ++j) {
        if (j >= a.chunks[i].size()) return b.chunks[i][j].path.substr(0, 200);
        const RankTensor& tensor = a.chunks[i][j];
        if (j >= b.chunks[i].size() || b.chunks[i][j].path != tensor.path || b.chunks[i][j].shape != tensor.shape)
          return tensor.path.substr(0, 200);
      }
    }
    return "";
  }

  // Parts of the pipeline in the order of the layers: the first of every rank before the second of any.
  void join() {
    ModelBuilder builder(model_, options_.limits);
    std::uint64_t layers = 0;
    std::size_t chunks = 0;
    for (const RankFile* file : firsts_) chunks = std::max(chunks, file->chunks.size());
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
      for (const RankFile* file : firsts_) {
        if (chunk >= file->chunks.size()) continue;
        std::uint64_t behind = layers;
        for (const RankTensor& tensor : file->chunks[chunk])
          behind = std::max(behind, add(builder, tensor, layers, tensor_ranks_, file->has_tied_output));
        layers = behind;
      }
    }
  }

  // Adds it with its layer counted from `layers` on, and tells the number behind that.
  std::uint64_t add(ModelBuilder& builder, const RankTensor& part, std::uint64_t layers, std::uint64_t ranks,
                    bool has_tied_output) {
    std::string path = part.path;
    std::uint64_t behind = 0;
    if (const auto place = layer_in(path)) {
      std::uint64_t layer = 0;
      std::from_chars(path.data() + place->first, path.data() + place->second, layer);
      path.replace(place->first, place->second - place->first, fmt::to_string(layer + layers));
      behind = layer + layers + 1;
    }
    std::vector<Extent> shape = part.shape;
    const Split split = ranks > 1 ? split_of(part) : Split::repeated;
    if (split == Split::rows || split == Split::columns) {
      Extent& divided = shape[split == Split::rows ? 0 : 1];
      divided = Extent(checked_mul(divided.size(), ranks).value_or(Extent::kMax));
    }
    Tensor tensor;
    tensor.dtype = part.dtype;
    infer_role(std::string_view(path).substr(path.rfind('.') + 1), part.dtype, shape).give_to(tensor);
    if (builder.find(path) != kNone) return behind;  // tied weights that every pipeline rank holds
    if (has_tied_output) tie_output(tensor, path, shape);
    const Index index = builder.add_by_path(tensor, path, shape);
    Tensor& added = model_.tensors[index];
    if (added.tied_to == kNone) added.stored_bytes = model_.bytes(added).known();
    if (embedding_ == kNone && path.ends_with("word_embeddings.weight")) embedding_ = index;
    return behind;
  }

  // The last pipeline rank holds the embedding once more, for the output.
  void tie_output(Tensor& tensor, std::string_view path, const std::vector<Extent>& shape) const {
    if (embedding_ == kNone) return;
    const bool is_output = path.ends_with("output_layer.weight") || path.find("word_embeddings_for_head") != path.npos;
    const Tensor& embedding = model_.tensors[embedding_];
    if (!is_output ||
        !std::equal(shape.begin(), shape.end(), model_.shape_begin(embedding), model_.shape_end(embedding)))
      return;
    tensor.tied_to = embedding_;
    tensor.stored_apart = true;
  }

  void add_up(const std::string& why) {
    Joined joined(model_, options_.limits);
    const std::uint64_t sizes = std::exchange(model_.source_bytes, 0);
    for (std::size_t i = 0; i < files_.size(); ++i) {
      Model part;
      part.source = model_.source;
      ModelBuilder builder(part, options_.limits);
      for (const Chunk& chunk : files_[i].chunks)
        for (const RankTensor& tensor : chunk) add_alone(builder, part, tensor);
      joined.add(std::move(part), ranks_[i].folder, "");
    }
    model_.source_bytes = sizes;
    note("model-ranks", fmt::format("{}, so the totals are sums over {} ranks", why, files_.size()));
  }

  static void add_alone(ModelBuilder& builder, Model& model, const RankTensor& part) {
    if (builder.find(part.path) != kNone) return;
    Tensor tensor;
    tensor.dtype = part.dtype;
    infer_role(std::string_view(part.path).substr(part.path.rfind('.') + 1), part.dtype, part.shape).give_to(tensor);
    Tensor& added = model.tensors[builder.add_by_path(tensor, part.path, part.shape)];
    added.stored_bytes = model.bytes(added).known();
  }

  void add_optimizer() {
    Section section = optimizer_state(model_.keep("optimizer"));
    for (const RankFile& file : files_) {
      section.tensors += file.optimizer_tensors;
      section.bytes += file.optimizer_bytes;
    }
    if (section.tensors > 0) model_.sections.push_back(section);
  }

  void note_missing() {
    std::set<std::pair<std::uint64_t, std::uint64_t>> there;
    for (const Rank& rank : ranks_) there.emplace(rank.tensor, rank.pipeline);
    if (there.size() >= tensor_ranks_ * pipeline_ranks_) return;
    std::set<std::uint64_t> pipeline;
    for (const Rank& rank : ranks_) pipeline.insert(rank.pipeline);
    const bool has_all_layers = pipeline.size() == pipeline_ranks_;
    if (!has_all_layers) add_unknown();
    note("missing-rank", fmt::format("has {} of {} ranks ({} tensor × {} pipeline ranks); {}", there.size(),
                                     tensor_ranks_ * pipeline_ranks_, tensor_ranks_, pipeline_ranks_,
                                     has_all_layers ? "what is missing is as what is there"
                                                    : "layers are missing, so the totals are lower bounds"));
  }

  // Layers of which nothing is known stand for one tensor without a shape.
  void add_unknown() {
    Tensor tensor;
    tensor.rank = Tensor::kUnknownRank;
    tensor.state = State::missing;
    ModelBuilder(model_, options_.limits).add_by_path(tensor, "?", {});
  }

  void note(const char* code, std::string message) {
    model_.notes.push_back({code, model_.source, std::move(message)});
  }

  Folder& folder_;
  const ReadOptions& options_;
  Model& model_;
  std::vector<Rank> ranks_;
  std::vector<RankFile> files_;          // by rank
  std::vector<const RankFile*> firsts_;  // of each pipeline rank
  std::uint64_t tensor_ranks_ = 1;
  std::uint64_t pipeline_ranks_ = 1;
  std::uint64_t expert_ranks_ = 1;
  Index embedding_ = kNone;
};

}  // namespace

bool matches_megatron(const Folder& folder) {
  if (!ranks_in(folder).empty()) return true;
  const std::unique_ptr<Folder> latest = latest_of(folder);
  return latest != nullptr && !ranks_in(*latest).empty();
}

void read_megatron(Folder& folder, const ReadOptions& options, Model& model) {
  if (!ranks_in(folder).empty()) return Reading(folder, options, model).run();
  const std::unique_ptr<Folder> latest = latest_of(folder);
  if (latest == nullptr) throw Error(ErrorKind::not_found, folder.label(), "holds no checkpoint that it names");
  Reading(*latest, options, model).run();
}

}  // namespace weigh
