#include "formats/safetensors/format.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "formats/safetensors/packing_facts.h"
#include "model/roles.h"

#include "weigh/error.h"

namespace weigh {
namespace {

template <class T>
void append(std::vector<T>& all, std::vector<T> more) {
  if (all.empty() && all.capacity() < more.size()) {
    all = std::move(more);
  } else {
    all.insert(all.end(), more.begin(), more.end());
  }
}

}  // namespace

bool matches_safetensors(Glance& glance) {
  const std::string_view all = glance.head();
  const std::size_t begin = all.find_first_not_of(kJsonBlanks, kLengthSize);
  if (all.size() <= kLengthSize || begin == std::string_view::npos) return false;
  const std::string_view head = all.substr(0, kLengthSize + 1);
  // A length whose bytes are all text would be larger than any file: then this is text with a brace in it.
  const bool is_text =
      std::all_of(head.begin(), head.end(), [](char c) { return c == '\n' || c == '\t' || (c >= ' ' && c <= '~'); });
  return all[begin] == '{' && !is_text;
}

void SafetensorsReader::add(SafetensorsHeader header) {
  const std::size_t first = model_.tensors.size();
  const auto first_extent = static_cast<Index>(model_.extents.size());
  append(model_.tensors, std::move(header.tensors));
  append(model_.extents, std::move(header.extents));
  if (first == 0) model_.modules.reserve(model_.tensors.size());  // what is not used is never had from the system
  for (std::size_t i = first; i < model_.tensors.size(); ++i) {
    Tensor& tensor = model_.tensors[i];
    tensor.first_extent += first_extent;
    if (tensor.tied_to != kNone) tensor.tied_to += static_cast<Index>(first);  // to one of the same file
    builder_.place(tensor);
    if (Index other = builder_.find_in_module(tensor.name, tensor.module); other != kNone) {
      if (other >= first) {
        throw Error(ErrorKind::corrupt, header.label,
                    fmt::format("tensor '{}' stands twice in the header; which one counts depends on the reader",
                                model_.path_of(tensor).substr(0, 200)));
      }
      model_.notes.push_back({"duplicate-tensor", model_.path_of(tensor),
                              fmt::format("is in {} and in a file before it; it is counted once", header.label)});
      tensor.tied_to = other;
    }
    builder_.link(static_cast<Index>(i));
  }
  if (with_locations_) add_locations(header, first);
  for (auto& fact : header.metadata) recorded_.push_back(std::move(fact));
  for (Note& note : header.notes) model_.notes.push_back(std::move(note));
}

// The tensors of this file are those from `first` on.
void SafetensorsReader::add_locations(const SafetensorsHeader& header, std::size_t first) {
  const auto file = static_cast<Index>(model_.files.size());
  model_.files.push_back(header.label);
  model_.locations.resize(first);
  for (std::uint64_t offset : header.offsets) model_.locations.push_back({file, offset, {}});
}

Index SafetensorsReader::add_name_only(std::string_view name) {
  Tensor tensor;
  tensor.rank = Tensor::kUnknownRank;
  infer_role(name.substr(name.rfind('.') + 1), DType::unknown, {}).give_to(tensor);
  tensor.state = State::missing;
  return builder_.add_by_path(tensor, name, {});
}

void SafetensorsReader::finish() {
  add_packing_facts(recorded_, model_.config.quantization);
  for (const auto& [key, value] : recorded_) {
    // safetensors.torch.save_model writes tied tensors once, and here "the dropped name": "the kept name".
    if (find(value) != kNone && find(key) == kNone) {
      builder_.add_tie(key, find(value));
    } else if (with_locations_) {
      model_.metadata.emplace_back(key, value);
    } else if (find(key) == kNone && model_.metadata.size() < 64) {  // torchao says of each tensor what it is
      model_.metadata.emplace_back(key, value.substr(0, 200));
    }
  }
  std::sort(model_.metadata.begin(), model_.metadata.end());
  model_.metadata.erase(std::unique(model_.metadata.begin(), model_.metadata.end()), model_.metadata.end());
  builder_.sort_siblings();
  if (with_locations_) model_.locations.resize(model_.tensors.size());
}

namespace {

// The parser is larger than the header. A large one is gone before the model grows, a small one serves all files that a
// thread reads.
SafetensorsHeader read_alone(Source& source, const ReadOptions& options) {
  thread_local json::Parser parser;
  constexpr auto shrink = [](json::Parser* used) {
    constexpr std::size_t kSmall = std::size_t{1} << 16;
    if (used->capacity() > kSmall) *used = json::Parser();
  };
  const std::unique_ptr<json::Parser, decltype(shrink)> borrowed(&parser);
  return read_safetensors_header(source, options, parser);
}

}  // namespace

void read_safetensors(Source& source, const ReadOptions& options, Model& model) {
  model.format = "safetensors";
  SafetensorsReader reader(model, options);
  reader.add(read_alone(source, options));
  reader.finish();
}

}  // namespace weigh
