#include "formats/megatron/rank_file.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "formats/pytorch/open.h"
#include "formats/pytorch/state_bytes.h"
#include "formats/pytorch/tensors.h"

#include "weigh/error.h"

namespace weigh::megatron {

using namespace pytorch;  // NOLINT(google-build-using-namespace): what it reads are PyTorch's files

namespace {

class Reading {
 public:
  Reading(Source& source, const Limits& limits)
      : source_(source),
        limits_(limits),
        archive_(open_archive(source, limits)),
        tensors_(*archive_, source.label(), limits) {}

  RankFile run() && {
    const Value root = archive_->root();
    if (!is_mapping(root)) throw Error(ErrorKind::corrupt, source_.label(), "holds no dictionary");
    const Entries entries = mapping_entries(root);
    read_arguments(pickle::find(entries, "args"));
    if (const Value iteration = pickle::find(entries, "iteration"); iteration.is(Kind::integer))
      file_.iteration = fmt::to_string(iteration.integer());
    for (const auto& [key, value] : entries) {
      if (!key.is(Kind::string)) continue;
      const std::string_view name = key.text();
      const bool is_model = name.starts_with("model") && name.find_first_not_of("0123456789", 5) == name.npos;
      if (is_model && is_mapping(value)) read_chunk(value);
      if (name == "model" || is_model) continue;
      if (name.find("optim") == name.npos || name.find("param_scheduler") != name.npos) continue;
      const StateBytes state = weigh_state(value, *archive_);
      file_.optimizer_tensors += state.tensors;
      file_.optimizer_bytes += state.bytes;
    }
    return std::move(file_);
  }

 private:
  void read_arguments(Value args) {
    const auto number = [&](std::string_view name) {
      const std::int64_t value = integer_or(attribute(args, name), 0);
      return value > 0 && value <= static_cast<std::int64_t>(limits_.shards) ? static_cast<std::uint64_t>(value) : 0;
    };
    file_.tensor_ranks = number("tensor_model_parallel_size");
    file_.pipeline_ranks = number("pipeline_model_parallel_size");
    file_.has_tied_output = !boolean_or(attribute(args, "untie_embeddings_and_output_weights"), true);
  }

  // State dicts in dictionaries: "language_model", "encoder", …. Each shared one is visited once.
  void read_chunk(Value state_dict) {
    struct Step {
      std::string prefix;
      Value value;
      std::uint32_t depth;
    };
    Chunk& chunk = file_.chunks.emplace_back();
    std::unordered_set<const void*> seen;
    std::vector<Step> open = {{"", state_dict, 0}};
    while (!open.empty()) {
      const Step step = std::move(open.back());
      open.pop_back();
      if (!seen.insert(step.value.identity()).second) continue;
      if (step.depth >= limits_.module_depth)
        throw Error(ErrorKind::limit, source_.label(),
                    fmt::format("nests containers deeper than {} (limit module_depth)", limits_.module_depth));
      const std::size_t first = open.size();
      for (const auto& [key, value] : mapping_entries(step.value)) {
        if (!key.is(Kind::string)) continue;
        std::string path = step.prefix + std::string(key.text());
        if (path.size() >= limits_.name_bytes)
          throw Error(ErrorKind::limit, source_.label(),
                      fmt::format("the name '{}…' is longer than {} bytes (limit name_bytes)", path.substr(0, 60),
                                  limits_.name_bytes));
        if (is_tensor(value)) {
          add(chunk, std::move(path), value);
        } else if (is_mapping(value)) {
          open.push_back({path + ".", value, step.depth + 1});
        }
      }
      std::reverse(open.begin() + static_cast<std::ptrdiff_t>(first), open.end());
    }
  }

  void add(Chunk& chunk, std::string path, Value value) {
    const TorchTensor& read = tensors_.read(value, {nullptr, 0, path});
    if (!read.rank_known || read.layout != Layout::strided) return;  // extra state
    if (chunk.size() >= limits_.tensors)
      throw Error(ErrorKind::limit, source_.label(), fmt::format("holds more than {} tensors", limits_.tensors));
    chunk.push_back({std::move(path), read.shape, read.dtype});
  }

  Source& source_;
  const Limits& limits_;
  std::unique_ptr<Archive> archive_;
  TensorReader tensors_;
  RankFile file_;
};

}  // namespace

RankFile read_rank_file(Source& source, const Limits& limits) { return Reading(source, limits).run(); }

pytorch::StateBytes read_state(Source& source, const Limits& limits) {
  const std::unique_ptr<Archive> archive = open_archive(source, limits);
  return weigh_state(archive->root(), *archive);
}

}  // namespace weigh::megatron
