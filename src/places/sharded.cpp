#include "places/sharded.h"

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "bytes/ahead.h"
#include "conventions/rank_name.h"
#include "formats/common/lfs.h"
#include "formats/pytorch/format.h"
#include "formats/safetensors/format.h"
#include "places/sharded_index.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

// The stem that an index and its shards share: "model" of "model.safetensors.index.json".
std::string_view stem_of(std::string_view name) { return name.substr(0, name.find('.')); }

// "model-00001-of-00062.safetensors" for the stem "model".
bool is_shard_name(std::string_view name, std::string_view stem, std::string_view ending) {
  if (!name.ends_with(ending) || !name.starts_with(stem)) return false;
  std::string_view middle = name.substr(stem.size());
  return middle.starts_with('-') && middle.find("-of-") != std::string_view::npos;
}

// A PyTorch file as a header of names, so that both kinds of shards are put together by the same rules. Nothing but a
// plain state dict is a shard.
SafetensorsHeader read_pytorch_shard(Source& source, const ReadOptions& options) {
  Model shard;
  shard.source = source.label();
  ReadOptions without_locations = options;
  without_locations.locations = false;
  read_pytorch(source, without_locations, shard);
  if (!shard.kind.starts_with("state dict"))
    throw Error(ErrorKind::unsupported, source.label(),
                fmt::format("is named as a shard but holds a {}, no state dict", shard.kind));
  if (!shard.nested_elements.empty() || !shard.symbols.empty())  // they refer to places in their own model
    throw Error(ErrorKind::unsupported, source.label(),
                "is a shard with nested or uninitialised tensors, which are not put together");
  SafetensorsHeader header;
  header.label = source.label();
  for (const Tensor& tensor : shard.tensors) {
    Tensor named = tensor;
    named.name = header.escaped.emplace_front(shard.path_of(tensor));
    named.module = 0;
    named.next = kNone;
    header.tensors.push_back(named);
  }
  header.extents = std::move(shard.extents);
  header.metadata = std::move(shard.metadata);
  header.notes = std::move(shard.notes);
  return header;
}

class Sharded {
 public:
  Sharded(Folder& folder, const ReadOptions& options, Model& model)
      : folder_(folder), options_(options), limits_(options.limits), model_(model) {}

  // The index and the headers are about as large: each is read on a processor of its own, the headers of those files
  // that look like the shards.
  void read_by_index(std::string_view name) {
    const std::unique_ptr<Source> index = folder_.open(name);
    std::packaged_task<IndexDigest()> read([&] { return digest_index(*index, limits_); });
    const std::vector<std::string> shards = files_like_shards(name);
    read_shards(shards, [&read] { read(); });
    const IndexDigest listed = read.get_future().get();
    std::vector<std::string> there;
    for (const auto& [file, names] : listed.files)
      if (folder_.contains(file)) there.push_back(file);
    if (there.size() < listed.files.size()) {
      if (const std::vector<std::string> others = complete_beside(name, listed); !others.empty())
        return read_instead(others, name, there.size(), listed.files.size());
    }
    if (there != shards) read_shards(there);  // others lie beside them, or they are called otherwise

    model_.kind = fmt::format("{} shard{}", listed.files.size(), listed.files.size() == 1 ? "" : "s");
    if (there.size() < listed.files.size() || names_of_ != listed.files) compare(*index);
    if (there.empty()) note_none_there(name, listed);
    if (there.size() == listed.files.size()) compare_totals(listed.totals);
    for (const std::string& file : shards)
      if (!listed.files.contains(file)) note("surplus-shard", file, "is not named by the index; it is not counted");
    reader_->finish();
  }

  void read_all(const std::vector<std::string>& names) {
    read_shards(names);
    model_.kind = names.size() == 1 ? "" : fmt::format("{} shards, no index", names.size());
    reader_->finish();
  }

 private:
  std::vector<std::string> files_like_shards(std::string_view index) const {
    std::vector<std::string> shards;
    for (const std::string& name : folder_.names())
      if (is_shard_name(name, stem_of(index), ending())) shards.push_back(name);
    return shards;
  }

  std::string_view ending() const { return is_pytorch() ? ".bin" : ".safetensors"; }

  // The model in other files than those that the index names: in one, or in all parts of another split. An index is
  // left behind where a model was saved once more.
  std::vector<std::string> complete_beside(std::string_view index, const IndexDigest& listed) const {
    const std::string stem(stem_of(index));
    const std::string one = stem + std::string(ending());
    const std::string pattern = stem + "-#-of-#" + std::string(ending());
    std::map<std::uint64_t, std::vector<std::string>> splits;  // by how many parts each has
    for (const std::string& name : folder_.names()) {
      if (listed.files.contains(name)) continue;
      if (name == one) return {name};
      if (const auto numbers = numbers_in(name, pattern)) splits[numbers->at(1)].push_back(name);
    }
    for (auto& [parts, names] : splits)
      if (names.size() == parts) return std::move(names);
    return {};
  }

  void read_instead(const std::vector<std::string>& files, std::string_view index, std::size_t there,
                    std::size_t listed) {
    read_shards(files);
    model_.kind = files.size() == 1 ? "" : fmt::format("{} shards", files.size());
    const std::string last = files.size() == 1 ? "" : fmt::format(" to {}", files.back());
    note("stale-index", index,
         fmt::format("is an index of other files: of the {} that it names {} {} there. {}{} hold a whole model beside "
                     "it and were read",
                     listed, there, there == 1 ? "is" : "are", files.front(), last));
    reader_->finish();
  }

  bool is_pytorch() const { return model_.format == "PyTorch"; }

  // Anew, if it was done before. `other` is work that can be done at the same time.
  void read_shards(
      const std::vector<std::string>& names, const std::function<void()>& other = [] {}) {
    Model blank;
    blank.source = model_.source;
    blank.format = model_.format;
    model_ = std::move(blank);
    names_of_.clear();
    ends_.clear();
    reader_.emplace(model_, options_);
    const bool is_bin = is_pytorch();
    auto reader = [&] {
      return [&, parser = std::make_shared<json::Parser>()](std::size_t i) {
        const std::unique_ptr<Source> source = folder_.open(names[i]);
        return is_bin ? read_bin(*source) : read_shard(*source, *parser);
      };
    };
    constexpr std::size_t kWaiting = 2;  // a header of a large model takes a megabyte
    Ahead<Shard> shards(names.size(), reader, other, kWaiting);
    for (const std::string& name : names) {
      Shard shard = shards.next();
      model_.source_bytes += shard.bytes;
      names_of_.emplace(name, shard.names);
      reader_->add(std::move(shard.header));
      ends_.emplace_back(static_cast<Index>(model_.tensors.size()), name);
      if (ends_.size() == 1) expect_tensors(names.size() * model_.tensors.size());
    }
  }

  struct Shard {
    Shard(SafetensorsHeader its_header, std::uint64_t its_bytes) : header(std::move(its_header)), bytes(its_bytes) {
      for (const Tensor& tensor : header.tensors) names.add(tensor.name);
    }
    SafetensorsHeader header;
    NameSet names;
    std::uint64_t bytes;
  };

  [[noreturn]] static void refuse_shard(Glance& glance, std::string_view format) {
    const std::optional<std::string> pointer = lfs_pointer_message(glance.head());
    throw Error(ErrorKind::unsupported, glance.source().label(),
                pointer ? *pointer : fmt::format("is named as a shard but is no {} file", format));
  }

  Shard read_shard(Source& source, json::Parser& parser) const {
    if (Glance glance(source); !matches_safetensors(glance)) refuse_shard(glance, "safetensors");
    return Shard(read_safetensors_header(source, options_, parser), source.size());
  }

  Shard read_bin(Source& source) const {
    if (Glance glance(source); !matches_pytorch(glance)) refuse_shard(glance, "PyTorch");
    return Shard(read_pytorch_shard(source, options_), source.size());
  }

  // Shards are alike: memory for all of them at once, up to what a large model needs, instead of copies as it grows.
  void expect_tensors(std::size_t count) {
    count = std::min<std::size_t>(count + count / 4, std::size_t{1} << 20);
    model_.tensors.reserve(count);
    model_.modules.reserve(count / 2);
  }

  const std::string& file_of(Index tensor) const {
    return std::upper_bound(ends_.begin(), ends_.end(), tensor, [](Index t, const auto& end) { return t < end.first; })
        ->second;
  }

  // Name by name. A missing shard's tensors are known by name only.
  void compare(Source& source) {
    const std::size_t in_shards = model_.tensors.size();
    std::vector<bool> is_listed(in_shards);
    std::map<std::string, std::uint64_t> missing;
    IndexFile index(source, limits_);
    index.read([&](std::string_view name, Index number) {
      const std::string& file = index.files[number];
      const Index tensor = reader_->find(name);
      if (tensor != kNone && tensor < in_shards) {
        is_listed[tensor] = true;
        if (file_of(tensor) != file)
          note("wrong-shard", name, fmt::format("is in {}, the index says {}", file_of(tensor), file));
      } else if (names_of_.contains(file)) {
        note("missing-tensor", name, fmt::format("is not in {}, where the index says it is; it is not counted", file));
      } else {
        ++missing[file];
        if (tensor == kNone) reader_->add_name_only(name);
      }
    });
    if (ends_.empty()) missing.clear();  // one note for all: note_none_there
    for (const auto& [file, count] : missing) {
      note("missing-shard", file,
           fmt::format(
               "is not there; its {} tensor{} known by name only. Download it, or take the totals as lower bounds",
               count, count == 1 ? " is" : "s are"));
    }
    for (Index i = 0; i < in_shards; ++i)
      if (!is_listed[i] && model_.tensors[i].tied_to == kNone)
        note("unlisted-tensor", model_.path_of(model_.tensors[i]),
             fmt::format("is in {} but not in the index; it is counted", file_of(i)));
  }

  void note_none_there(std::string_view index, const IndexDigest& listed) {
    const std::size_t shards = listed.files.size();
    std::string size;
    if (listed.totals.size) size = fmt::format(", {} bytes by its total_size", *listed.totals.size);
    note("missing-shard", index,
         fmt::format(
             "names {} shard{}, none of which is there: of {} tensors{}, the names alone are known. Download the "
             "shards, or take the totals as lower bounds",
             shards, shards == 1 ? "" : "s", model_.tensors.size(), size));
  }

  void compare_totals(const IndexTotals& listed) {
    std::uint64_t stored = 0;
    for (const Tensor& tensor : model_.tensors) stored += tensor.tied_to == kNone ? tensor.stored_bytes : 0;
    if (listed.size && stored != *listed.size)
      note("total-size", "metadata.total_size",
           fmt::format("is {} in the index, the shards hold {} bytes of tensors", *listed.size, stored));
    if (listed.parameters) compare_parameters(*listed.parameters);
  }

  // Libraries leave buffers out or not, and count packed weights in several ways.
  void compare_parameters(std::uint64_t listed) {
    std::uint64_t parameters = 0;
    std::uint64_t buffers = 0;
    for (const Tensor& tensor : model_.tensors) {
      if (tensor.tied_to != kNone) continue;
      if (bits(tensor.dtype) < 16 || (tensor.rank > 1 && !can_be_parameter(tensor.dtype))) return;
      (tensor.role == Role::parameter ? parameters : buffers) += model_.numel(tensor).known();
    }
    if (listed < parameters || listed > parameters + buffers)
      note("total-parameters", "metadata.total_parameters",
           fmt::format("is {} in the index, the shards hold {}", listed, parameters));
  }

  // A wrong index can be wrong about every tensor; a hundred examples tell as much.
  void note(const char* code, std::string_view place, std::string message) {
    if (++notes_[code] <= 100) model_.notes.push_back({code, std::string(place.substr(0, 200)), std::move(message)});
  }

  Folder& folder_;
  const ReadOptions& options_;
  const Limits& limits_;
  Model& model_;
  std::optional<SafetensorsReader> reader_;
  std::map<std::string, NameSet> names_of_;          // by shard
  std::vector<std::pair<Index, std::string>> ends_;  // behind the last tensor of each shard
  std::map<std::string, int> notes_;
};

}  // namespace

bool matches_index(Glance& glance) {
  const std::size_t brace = glance.head().find_first_not_of(" \t\r\n");
  if (brace == std::string_view::npos || glance.head()[brace] != '{') return false;
  if (matches_safetensors(glance)) return false;  // its length may look like '{'
  Source& source = glance.source();
  const std::string head = source.read(0, static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), 4096)));
  return head.find("\"weight_map\"") != std::string::npos;
}

void read_index(Folder& folder, std::string_view name, const ReadOptions& options, Model& model) {
  model.format = name.find(".bin.index.") != std::string_view::npos ? "PyTorch" : "safetensors";
  Sharded(folder, options, model).read_by_index(name);
}

void read_shards(Folder& folder, const std::vector<std::string>& names, const ReadOptions& options, Model& model) {
  model.format = names.front().ends_with(".bin") ? "PyTorch" : "safetensors";
  Sharded(folder, options, model).read_all(names);
}

}  // namespace weigh
