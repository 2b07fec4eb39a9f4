#include "formats/gguf/format.h"

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/digits.h"
#include "conventions/buffers.h"
#include "formats/gguf/config.h"
#include "formats/gguf/header.h"
#include "model/builder.h"
#include "model/cache_tensors.h"
#include "model/roles.h"

#include "weigh/error.h"

namespace weigh {
namespace {

// llama.cpp's names for general.file_type; gaps are types that it has removed.
constexpr std::array<std::string_view, 41> kFileTypes = {
    "F32",    "F16",     "Q4_0",   "Q4_1",   "",       "",          "",       "Q8_0",  "Q5_0",    "Q5_1",   "Q2_K",
    "Q3_K_S", "Q3_K_M",  "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S",    "Q5_K_M", "Q6_K",  "IQ2_XXS", "IQ2_XS", "Q2_K_S",
    "IQ3_XS", "IQ3_XXS", "IQ1_S",  "IQ4_NL", "IQ3_S",  "IQ3_M",     "IQ2_S",  "IQ2_M", "IQ4_XS",  "IQ1_M",  "BF16",
    "",       "",        "",       "TQ1_0",  "TQ2_0",  "MXFP4_MOE", "NVFP4",  "Q1_0"};

// What a file is beside a model: llama.cpp's names for general.type.
constexpr std::string_view kStatistics = "imatrix";
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kTypes = {
    {{"adapter", "adapter"},
     {"mmproj", "projector of images or sounds"},
     {kStatistics, "statistics for quantising (importance matrix)"}}};

std::string kind_of(const GgufHeader& header) {
  std::string kind = fmt::format("v{}", header.version);
  const auto word = std::find_if(kTypes.begin(), kTypes.end(), [&](auto& one) { return one.first == header.type; });
  if (word != kTypes.end()) kind.append(", ").append(word->second);
  if (!header.file_type) return kind;
  const std::uint64_t type = *header.file_type;
  if (type < kFileTypes.size() && !kFileTypes[type].empty()) return kind + ", " + std::string(kFileTypes[type]);
  return kind + fmt::format(", file type {}", type);
}

KnownRole role_of(const GgufTensor& tensor) {
  if (conventions::is_buffer_by_path(tensor.name)) return {Role::buffer, Evidence::by_convention};
  return infer_role(std::string_view(tensor.name).substr(tensor.name.rfind('.') + 1), tensor.dtype, tensor.shape);
}

class GgufReader {
 public:
  GgufReader(Model& model, const ReadOptions& options)
      : model_(model), with_locations_(options.locations), builder_(model, options.limits) {}

  void add(GgufHeader header) {
    const auto first = static_cast<Index>(model_.tensors.size());
    const auto file = static_cast<Index>(model_.files.size());
    if (with_locations_) model_.files.push_back(header.label);
    for (const GgufTensor& tensor : header.tensors) {
      add_tensor(tensor, first, header);
      if (!with_locations_) continue;
      const bool is_plain = bits(tensor.dtype) != 0 && !header.is_big_endian;
      model_.locations.push_back({is_plain ? file : kNone, is_plain ? tensor.offset : 0, {}});
    }
    if (model_.architecture.empty()) {
      model_.architecture = header.architecture;
      model_.config = config_of(header);
      cache_ = cache_facts_of(header);
    }
    for (auto& fact : header.metadata)
      if (facts_.insert(fact).second) model_.metadata.push_back(std::move(fact));
    for (Note& note : header.notes) model_.notes.push_back(std::move(note));
  }

  // When all parts are there.
  void finish() { settle_cache(cache_, model_); }

 private:
  void add_tensor(const GgufTensor& source, Index first, const GgufHeader& header) {
    Tensor tensor;
    tensor.dtype = source.dtype;
    tensor.rank = static_cast<std::uint8_t>(source.shape.size());
    tensor.stored_bytes = source.bytes;
    if (block_of(source.dtype).elements != 0) tensor.layout = Layout::quantized;
    const bool is_statistic = header.type == kStatistics;
    (is_statistic ? KnownRole{Role::buffer, Evidence::recorded} : role_of(source)).give_to(tensor);
    if (const Index other = builder_.find(source.name); other != kNone) {
      if (other >= first) {
        throw Error(ErrorKind::corrupt, header.label,
                    fmt::format("tensor '{}' stands twice in the header", source.name.substr(0, 200)));
      }
      model_.notes.push_back({"duplicate-tensor", source.name.substr(0, 200),
                              fmt::format("is in {} and in a file before it; it is counted once", header.label)});
      builder_.add_tie(source.name, other);  // whatever shape the second part gives it: the first counts
      return;
    }
    builder_.add_by_path(tensor, source.name, source.shape);
  }

  Model& model_;
  const bool with_locations_;
  CacheFacts cache_;
  ModelBuilder builder_;
  std::set<std::pair<std::string, std::string>> facts_;  // parts of a model repeat them
};

// "NAME-00002-of-00003.gguf" as NAME, 2 and 3.
struct PartName {
  std::string_view stem;
  std::uint64_t number = 0;  // from 1 on; 0 where the name is none of a part
  std::uint64_t count = 0;
};

PartName parse(std::string_view name) {
  constexpr std::string_view kPattern = "-00001-of-00003.gguf";
  if (name.size() <= kPattern.size()) return {};
  const std::string_view tail = name.substr(name.size() - kPattern.size());
  if (tail[0] != '-' || tail.substr(6, 4) != "-of-" || tail.substr(15) != ".gguf") return {};
  PartName part{name.substr(0, name.size() - tail.size()), number_of(tail.substr(1, 5)).value_or(0),
                number_of(tail.substr(10, 5)).value_or(0)};
  if (part.number == 0 || part.number > part.count) return {};
  return part;
}

void note_missing(const std::vector<bool>& there, Model& model) {
  std::string missing;
  std::size_t count = 0;
  for (std::size_t i = 0; i < there.size(); ++i)
    if (!there[i] && ++count <= 5) missing += (count == 1 ? "" : ", ") + std::to_string(i + 1);
  if (count == 0) return;
  if (count > 5) missing += fmt::format(" and {} more", count - 5);
  model.notes.push_back({"missing-shard", missing,
                         fmt::format("{} not there, of {} parts; download {}, or take the totals as lower bounds",
                                     count == 1 ? "is" : "are", there.size(), count == 1 ? "it" : "them")});
}

}  // namespace

bool matches_gguf(Glance& glance) { return glance.head().starts_with("GGUF"); }

void read_gguf(Source& source, const ReadOptions& options, Model& model) {
  model.format = "GGUF";
  GgufHeader header = read_gguf_header(source, options.limits, options.locations);
  model.kind = kind_of(header);
  if (header.split_count > 1) {
    model.notes.push_back({"missing-shard", header.label,
                           fmt::format("is part {} of {} by its header, but not called so; it was read alone",
                                       header.split_number + 1, header.split_count)});
  }
  GgufReader reader(model, options);
  reader.add(std::move(header));
  reader.finish();
}

bool is_gguf_part(std::string_view name) { return parse(name).number != 0; }

void read_gguf_parts(Folder& folder, std::string_view name, const ReadOptions& options, Model& model) {
  const PartName given = parse(name);
  model.format = "GGUF";
  model.source_bytes = 0;
  GgufReader reader(model, options);
  std::vector<bool> there(given.count);
  std::uint64_t promised = 0;
  const std::vector<std::string>& names = folder.names();
  for (const std::string& file : names) {
    const PartName part = parse(file);
    if (part.number == 0 || part.stem != given.stem || part.count != given.count) continue;
    const std::unique_ptr<Source> source = folder.open(file);
    if (Glance glance(*source); !matches_gguf(glance))
      throw Error(ErrorKind::unsupported, source->label(), "is named as a part but is no GGUF file");
    GgufHeader header = read_gguf_header(*source, options.limits, options.locations);
    there[part.number - 1] = true;
    if (header.split_count != part.count || header.split_number + 1 != part.number) {
      model.notes.push_back({"foreign-shard", file,
                             fmt::format("is part {} of {} by its header, {} of {} by its name; it is not counted",
                                         header.split_number + 1, header.split_count, part.number, part.count)});
      continue;
    }
    model.source_bytes += source->size();
    if (model.kind.empty()) model.kind = kind_of(header) + fmt::format(", {} parts", part.count);
    promised = std::max(promised, header.split_tensors);
    reader.add(std::move(header));
  }
  reader.finish();
  note_missing(there, model);
  if (promised != 0 && promised != model.tensors.size()) {
    model.notes.push_back({"missing-tensor", "split.tensors.count",
                           fmt::format("is {}, the parts hold {} tensors", promised, model.tensors.size())});
  }
}

}  // namespace weigh
