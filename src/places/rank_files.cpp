#include "places/rank_files.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/source.h"
#include "conventions/rank_name.h"
#include "conventions/rank_splits.h"
#include "model/builder.h"
#include "places/read.h"
#include "places/whole_tensors.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::string_view kParams = "params.json";
constexpr std::string_view kShardingInfo = "DCP_SHARDING_INFO";

enum class Writer : std::uint8_t { meta, verl, hugging_face };

struct RankFile {
  std::string name;
  std::uint64_t rank = 0;
};

struct Ranks {
  Writer writer = Writer::meta;
  std::vector<RankFile> files;
  std::uint64_t all = 0;  // how many ranks there were
};

// Those of one writer; no files where there are none, or they are of one rank.
Ranks ranks_of(const Folder& folder) {
  Ranks meta{Writer::meta, {}, 0};
  Ranks verl{Writer::verl, {}, 0};
  Ranks shards{Writer::hugging_face, {}, 0};
  for (const std::string& name : folder.names()) {
    if (const auto numbers = numbers_in(name, "consolidated.#.pth")) {
      meta.files.push_back({name, numbers->at(0)});
      meta.all = std::max(meta.all, numbers->at(0) + 1);
    } else if (const auto of_world = numbers_in(name, "model_world_size_#_rank_#.pt")) {
      verl.files.push_back({name, of_world->at(1)});
      verl.all = std::max(verl.all, of_world->at(0));
    } else if (const auto shard = numbers_in(name, "shard-#-model-#-of-#.safetensors"); shard && shard->at(0) > 0) {
      shards.files.push_back({name, shard->at(0) - 1});
      shards.all = std::max(shards.all, shard->at(0));
    }
  }
  if (!shards.files.empty() && shards.all > 1) return shards;
  if (!verl.files.empty() && verl.all > 1) return verl;
  return meta.all > 1 && folder.contains(kParams) ? meta : Ranks();
}

std::string_view text_in(const Model& model, std::string_view key) {
  for (const auto& [name, text] : model.metadata)
    if (name == key) return text;
  return "";
}

// By tensor, what a part's metadata tell.
std::map<std::string, std::vector<std::uint64_t>> saved_offsets(const Model& part, const Limits& limits) {
  std::map<std::string, std::vector<std::uint64_t>> offsets;
  const std::string text(text_in(part, kShardingInfo));
  if (text.empty()) return offsets;
  const std::unique_ptr<Source> source = memory_source(part.source, text);
  json::File file(*source, limits);
  file.document().for_each_member([&](std::string_view tensor, json::Value& value) {
    std::vector<std::uint64_t>& its = offsets[std::string(tensor)];
    file.document().each(value.get_object().value(), [&](std::string_view key, json::Value& list) {
      if (key != "saved_offsets") return;
      json::Array numbers = list.get_array().value();
      for (auto number : numbers) {
        if (its.size() == limits.dimensions) break;
        its.push_back(number.get_uint64().value());
      }
    });
  });
  return offsets;
}

std::uint64_t width_in(const Folder& folder, const Limits& limits) {
  std::uint64_t width = 0;
  const std::unique_ptr<Source> source = folder.open(kParams);
  json::File file(*source, limits);
  file.document().for_each_member([&](std::string_view key, json::Value& value) {
    std::uint64_t number = 0;
    if (key == "dim" && !value.get_uint64().get(number)) width = number;
  });
  return width;
}

class RankReading {
 public:
  RankReading(Folder& folder, const ReadOptions& options, Model& model)
      : folder_(folder), options_(options), model_(model), ranks_(ranks_of(folder)) {}

  void run() {
    if (ranks_.writer == Writer::meta) width_ = width_in(folder_, options_.limits);
    for (const RankFile& file : ranks_.files) add(file);
    model_.kind = fmt::format("{} ranks", ranks_.all);
    whole_.build(model_, options_.limits);
    note_missing();
  }

 private:
  void add(const RankFile& file) {
    ReadOptions options = options_;
    options.locations = ranks_.writer == Writer::hugging_face;  // which brings the metadata whole
    Model part = read(folder_, file.name, options);
    const auto offsets = saved_offsets(part, options_.limits);
    whole_.add(part, [&](const std::string& path, std::span<const Extent> shape) -> std::vector<std::uint64_t> {
      if (const auto its = offsets.find(path); its != offsets.end()) return its->second;
      return ranks_.writer == Writer::meta ? offsets_in_llama(path, shape, file.rank) : std::vector<std::uint64_t>();
    });
    model_.source_bytes += part.source_bytes;
    // Of all ranks there is nothing to say of each one's share.
    std::erase_if(part.notes, [](const Note& note) { return note.code == "sharded-tensor"; });
    if (seen_.empty()) take_facts(part);
    for (Note& note : part.notes) model_.notes.push_back(std::move(note));
    seen_.insert(file.rank);
  }

  void take_facts(Model& part) {
    model_.format = part.format;
    model_.architecture = part.architecture;
    model_.config = std::move(part.config);
    for (auto& [key, value] : part.metadata)
      if (!key.starts_with("DCP_")) model_.metadata.emplace_back(std::move(key), value.substr(0, 200));
  }

  std::vector<std::uint64_t> offsets_in_llama(std::string_view path, std::span<const Extent> shape,
                                              std::uint64_t rank) const {
    if (shape.size() != 2 || !shape[0].is_known() || !shape[1].is_known()) return {};
    const std::optional<unsigned> along = conventions::llama_split(path, shape[1].size() == width_);
    if (!along) return {};
    std::vector<std::uint64_t> offsets = {0, 0};
    offsets[*along] = rank * shape[*along].size();
    return offsets;
  }

  void note_missing() {
    if (seen_.size() == ranks_.all) return;
    model_.notes.push_back({"missing-rank", model_.source,
                            fmt::format("holds {}; what the others hold is not counted, so the totals are lower bounds",
                                        ranks_text({seen_.begin(), seen_.end()}, ranks_.all))});
    Tensor unknown;
    unknown.rank = Tensor::kUnknownRank;
    unknown.state = State::missing;
    ModelBuilder(model_, options_.limits).add_by_path(unknown, "(other ranks)", {});
  }

  Folder& folder_;
  const ReadOptions& options_;
  Model& model_;
  const Ranks ranks_;
  std::uint64_t width_ = 0;  // of the embedding, in Llama
  WholeTensors whole_;
  std::set<std::uint64_t> seen_;
};

}  // namespace

bool matches_rank_files(const Folder& folder) { return !ranks_of(folder).files.empty(); }

void read_rank_files(Folder& folder, const ReadOptions& options, Model& model) {
  RankReading(folder, options, model).run();
}

}  // namespace weigh
