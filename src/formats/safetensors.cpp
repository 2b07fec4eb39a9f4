#include "formats/safetensors.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "model/roles.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::uint64_t kLengthSize = 8;

}  // namespace

bool matches_safetensors(Source& source) {
  if (source.size() <= kLengthSize) return false;
  const std::string head = source.read(0, kLengthSize + 1);
  // A length whose bytes are all text would be larger than any file: then this is text with a brace in it.
  const bool is_text =
      std::all_of(head.begin(), head.end(), [](char c) { return c == '\n' || c == '\t' || (c >= ' ' && c <= '~'); });
  return head[kLengthSize] == '{' && !is_text;
}

void SafetensorsReader::add(SafetensorsHeader header) {
  const std::size_t first = model_.tensors.size();
  const Extent* extent = header.extents.data();
  for (Tensor& tensor : header.tensors) {
    tensor.module = builder_.module_of(tensor.path);
    if (Index other = builder_.find_in_module(tensor.path, tensor.module); other != kNone) {
      if (other >= first) {
        throw Error(ErrorKind::corrupt, header.label,
                    fmt::format("tensor '{}' stands twice in the header; which one counts depends on the reader",
                                tensor.path.substr(0, 200)));
      }
      model_.notes.push_back({"duplicate-tensor", std::string(tensor.path),
                              fmt::format("is in {} and in a file before it; it is counted once", header.label)});
      tensor.tied_to = other;
    }
    builder_.add_to_module(tensor, {extent, tensor.rank});
    extent += tensor.rank;
  }
  for (auto& fact : header.metadata) recorded_.push_back(std::move(fact));
  for (Note& note : header.notes) model_.notes.push_back(std::move(note));
  for (auto& text : header.text) model_.adopt(std::move(text));
}

Index SafetensorsReader::add_name_only(std::string_view name) {
  Tensor tensor;
  tensor.path = name;
  tensor.rank = Tensor::kUnknownRank;
  tensor.role = infer_role(name.substr(name.rfind('.') + 1), DType::unknown, {});
  tensor.state = State::missing;
  return builder_.add_by_path(tensor, {});
}

void SafetensorsReader::finish() {
  for (const auto& [key, value] : recorded_) {
    if (find(value) != kNone && find(key) == kNone) {
      add_tie(model_.keep(key), value);
    } else if (model_.metadata.size() < 64) {
      model_.metadata.emplace_back(key, value.substr(0, 200));
    }
  }
  std::sort(model_.metadata.begin(), model_.metadata.end());
  model_.metadata.erase(std::unique(model_.metadata.begin(), model_.metadata.end()), model_.metadata.end());
  builder_.sort_siblings();
}

// safetensors.torch.save_model writes tied tensors once, and into __metadata__ "the dropped name": "the kept name".
void SafetensorsReader::add_tie(std::string_view name, std::string_view kept) {
  Tensor tensor;
  tensor.path = name;
  tensor.tied_to = find(kept);
  const Tensor& original = model_.tensors[tensor.tied_to];
  std::vector<Extent> shape;
  if (original.rank_known()) shape.assign(model_.shape_begin(original), model_.shape_end(original));
  tensor.rank = original.rank;
  builder_.add_by_path(tensor, shape);
}

void read_safetensors(Source& source, const ReadOptions& options, Model& model) {
  model.format = "safetensors";
  SafetensorsReader reader(model, options.limits);
  json::Workspace workspace;
  reader.add(read_safetensors_header(source, options.limits, workspace));
  reader.finish();
}

}  // namespace weigh
