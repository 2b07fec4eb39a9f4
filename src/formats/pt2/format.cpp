#include "formats/pt2/format.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/shown.h"
#include "formats/common/glance.h"
#include "formats/pt2/compiled.h"
#include "formats/pt2/graph.h"
#include "formats/pt2/runs.h"
#include "formats/pt2/saved_state.h"
#include "model/builder.h"
#include "wire/json.h"
#include "wire/zip.h"

#include "weigh/error.h"

namespace weigh {

using namespace pt2;  // NOLINT(google-build-using-namespace): this file is that namespace's front

namespace {

constexpr std::string_view kOldProgram = "serialized_exported_program.json";
constexpr std::string_view kProgram = "models/model.json";

// What the signature says of an input of the graph that is no argument.
struct Input {
  std::string value;  // of the graph
  std::string name;   // in the module
  Role role = Role::parameter;
};

// Where a tensor lies: an entry of the archive, or a storage of an archive of torch.save's in it, and which part of it.
struct Payload {
  std::string entry;
  TensorMeta meta;
  bool is_pickled = false;  // an archive of torch.save's inside
};

std::string text_of(DType dtype, std::span<const Extent> shape) {
  std::string text = std::string(name(dtype)) + " [";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : ", ") + (shape[i].is_known() ? fmt::to_string(shape[i].size()) : "?");
  return text + "]";
}

bool is_alike(std::span<const Extent> told, std::span<const Extent> stored) {
  return std::equal(told.begin(), told.end(), stored.begin(), stored.end(),
                    [](Extent a, Extent b) { return a == b || !a.is_known() || !b.is_known(); });
}

// Values that a document gave are views into these.
struct OpenJson {
  json::Text text;
  json::Parser parser;
};

class Reader {
 public:
  Reader(Source& source, const ReadOptions& options, Model& model)
      : source_(source),
        options_(options),
        model_(model),
        zip_(source, options.limits),
        state_(source, zip_, options.limits, model),
        builder_(model, options.limits),
        symbols_(builder_) {}

  void run() {
    const std::optional<std::string> folder = folder_of(zip_, kProgram);
    const bool is_older = zip_.find(kOldProgram) != nullptr;
    if (!folder && !is_older && holds_compiled(zip_)) return read_compiled(source_, zip_, options_, model_);
    if (folder) {
      read_program(*folder + std::string(kProgram));
      read_payloads(*folder + "data/weights/", "model_weights_config.json");
      read_payloads(*folder + "data/constants/", "model_constants_config.json");
    } else {
      read_program(std::string(kOldProgram));
      state_.open();
    }
    for (const Input& input : inputs_) add(input, folder.has_value());
    state_.note_surplus();
    drop_side_effects();
    add_runs(graph_, builder_, options_.limits, model_);
    model_.architecture = model_.modules[0].type;
    model_.kind = folder ? "program" : "program, older layout";
    if (holds_compiled(zip_)) model_.kind += ", with compiled code";
    builder_.sort_siblings();
    if (!options_.locations) return;
    model_.files = {source_.label()};
    model_.locations.resize(model_.tensors.size());
  }

 private:
  // Calls visit(document, key, value) for each member of the JSON object in an entry.
  template <class Visit>
  void each_member(const std::string& path, OpenJson& json, Visit&& visit) {
    const ZipEntry* entry = zip_.find(path);
    if (entry == nullptr) return;
    if (entry->size > options_.limits.json_file_bytes) {
      throw Error(ErrorKind::limit, source_.label(),
                  fmt::format("'{}' has {} bytes, more than {} (limit json_file_bytes)", path, entry->size,
                              options_.limits.json_file_bytes));
    }
    const std::string bytes = zip_.read(*entry);
    const auto memory = memory_source(source_.label() + "/" + path, bytes);
    json.text.read(*memory, 0, bytes.size());
    json::Document document(json.parser, json.text, memory->label());
    document.for_each_member([&](std::string_view key, json::Value value) { visit(document, key, value); });
  }

  void read_program(const std::string& path) {
    each_member(path, program_, [&](json::Document& document, std::string_view key, json::Value value) {
      std::string_view version;
      if (key == "torch_version" && !value.get_string().get(version))
        model_.metadata.emplace_back("torch_version", version.substr(0, 200));
      if (key != "graph_module") return;
      document.each(value.get_object().value(), [&](std::string_view part, json::Value held) {
        if (part == "graph") graph_ = read_graph(document, held, symbols_);
        if (part == "signature") read_signature(document, held);
      });
    });
  }

  void read_signature(json::Document& document, json::Value signature) {
    document.each(signature.get_object().value(), [&](std::string_view key, json::Value value) {
      if (key != "input_specs" && key != "output_specs") return;
      json::Array specs = value.get_array().value();
      for (auto spec : specs) {
        document.each(spec.get_object().value(), [&](std::string_view kind, json::Value held) {
          if (key == "input_specs") read_input(document, kind, held);
          if (key == "output_specs" && kind != "user_output") read_side_effect(document, held);
        });
      }
    });
  }

  void read_input(json::Document& document, std::string_view kind, json::Value value) {
    if (kind != "parameter" && kind != "buffer" && kind != "tensor_constant") return;
    Input input;
    input.role = kind == "parameter" ? Role::parameter : Role::buffer;
    const std::string name = std::string(kind) + "_name";
    document.each(value.get_object().value(), [&](std::string_view key, json::Value held) {
      if (key == name) input.name = held.get_string().value();
      if (key != "arg") return;
      document.each(held.get_object().value(), [&](std::string_view part, json::Value of) {
        if (part == "name") input.value = of.get_string().value();
      });
    });
    inputs_.push_back(std::move(input));
  }

  // {"buffer_mutation": {"arg": {"name": …}, …}}: a result that is none of the program's.
  void read_side_effect(json::Document& document, json::Value value) {
    document.each(value.get_object().value(), [&](std::string_view key, json::Value held) {
      if (key != "arg") return;
      document.each(held.get_object().value(), [&](std::string_view part, json::Value of) {
        std::string_view name;
        if (part == "name" && !of.get_string().get(name)) side_effects_.emplace(name);
      });
    });
  }

  void drop_side_effects() {
    std::set<Index> dropped;
    for (const std::string& name : side_effects_)
      if (const auto found = graph_.by_name.find(name); found != graph_.by_name.end()) dropped.insert(found->second);
    std::erase_if(graph_.outputs, [&](Index value) { return dropped.contains(value); });
  }

  // {"config": {"conv.weight": {"path_name": "weight_0", "tensor_meta": {…}, …}}}
  void read_payloads(const std::string& folder, std::string_view name) {
    OpenJson json;
    each_member(folder + std::string(name), json,
                [&](json::Document& document, std::string_view key, json::Value value) {
                  if (key != "config") return;
                  document.each(value.get_object().value(), [&](std::string_view tensor, json::Value held) {
                    Payload payload;
                    document.each(held.get_object().value(), [&](std::string_view part, json::Value of) {
                      std::string_view text;
                      if (part == "path_name" && !of.get_string().get(text)) payload.entry = folder + std::string(text);
                      if (part == "use_pickle") payload.is_pickled = of.raw_json_token().starts_with('t');
                      if (part == "tensor_meta" && of.raw_json_token().starts_with('{'))
                        payload.meta = read_tensor_meta(document, of, symbols_);
                    });
                    payloads_[std::string(tensor)] = std::move(payload);
                  });
                });
  }

  void add(const Input& input, bool has_payloads) {
    const auto value = graph_.by_name.find(input.value);
    const std::string shown = input.name.substr(0, 200);
    if (value == graph_.by_name.end() || !graph_.values[value->second].is_described) {
      throw Error(ErrorKind::corrupt, source_.label(),
                  fmt::format("the signature names '{}', of which the graph tells no shape", shown));
    }
    if (!seen_.insert(input.name).second)
      throw Error(ErrorKind::corrupt, source_.label(), fmt::format("the signature names '{}' twice", shown));
    graph_.values[value->second].is_given = true;
    const TensorMeta& meta = graph_.values[value->second].meta;
    Tensor tensor;
    tensor.dtype = meta.dtype;
    tensor.role = input.role;
    tensor.role_evidence = Evidence::recorded;
    tensor.requires_grad = meta.requires_grad ? RequiresGrad::yes : RequiresGrad::no;
    const std::optional<SavedState::Found> saved = has_payloads ? std::nullopt : find_saved(input, tensor);
    const auto payload = payloads_.find(input.name);
    if (payload != payloads_.end()) tensor.tied_to = original_of(payload->second, meta);
    const Index index = builder_.add_by_path(tensor, input.name, meta.sizes);
    if (saved) {
      compare(index, *saved);
    } else if (payload != payloads_.end()) {
      weigh_payload(index, payload->second);
    } else if (has_payloads || state_.is_whole()) {
      model_.notes.push_back({"missing-weight", model_.path_of(model_.tensors[index]),
                              "is described, but the archive holds no bytes for it"});
    }
  }

  // What the pickles of the older layout hold under the name: the tensor's bytes, and as a payload which memory it is.
  std::optional<SavedState::Found> find_saved(const Input& input, Tensor& tensor) {
    std::optional<SavedState::Found> saved = state_.find(input.name);
    if (!saved) return std::nullopt;
    tensor.stored_bytes = saved->tensor.stored_bytes;
    tensor.state = saved->tensor.state;
    tensor.layout = saved->tensor.layout;
    if (saved->memory.empty()) return saved;
    Payload payload;
    payload.entry = saved->memory;
    payload.meta.dtype = saved->tensor.dtype;
    payload.meta.sizes = saved->tensor.shape;
    for (const std::int64_t stride : saved->tensor.strides)
      payload.meta.strides.emplace_back(static_cast<std::uint64_t>(stride));
    payload.meta.offset = Extent(saved->tensor.storage_offset);
    payloads_[input.name] = std::move(payload);
    return saved;
  }

  void compare(Index index, const SavedState::Found& saved) {
    const Tensor& tensor = model_.tensors[index];
    const std::span<const Extent> shape(model_.shape_begin(tensor), model_.shape_end(tensor));
    const bool is_same =
        tensor.dtype == saved.tensor.dtype && saved.tensor.rank_known && is_alike(shape, saved.tensor.shape);
    if (!is_same) {
      const std::string stored =
          saved.tensor.rank_known ? text_of(saved.tensor.dtype, saved.tensor.shape) : "of no known shape";
      model_.notes.push_back({"state-contradicts", model_.path_of(tensor).substr(0, kShownText),
                              fmt::format("is {} to the graph, but {} in {}; it was counted as the former",
                                          text_of(tensor.dtype, shape), stored, saved.entry)});
    }
    if (!options_.locations || !saved.offset || !is_same) return;
    model_.locations.resize(std::size_t{index} + 1);
    model_.locations[index] = {0, *saved.offset, saved.tensor.strides};
  }

  // The same entry, and the same part of it, under another name.
  Index original_of(const Payload& payload, const TensorMeta& meta) {
    std::vector<std::pair<const Payload*, Index>>& others = by_entry_[payload.entry];
    for (const auto& [other, index] : others) {
      const Tensor& tensor = model_.tensors[index];
      const bool is_same =
          std::equal(meta.sizes.begin(), meta.sizes.end(), model_.shape_begin(tensor), model_.shape_end(tensor));
      if (other->meta == payload.meta && is_same) return index;
    }
    if (others.size() < kMostPerEntry) others.emplace_back(&payload, static_cast<Index>(model_.tensors.size()));
    return kNone;
  }

  void weigh_payload(Index index, const Payload& payload) {
    Tensor& tensor = model_.tensors[index];
    const ZipEntry* entry = zip_.find(payload.entry);
    if (entry == nullptr) {
      throw Error(ErrorKind::corrupt, source_.label(),
                  fmt::format("tensor '{}' is in '{}', which the archive does not hold; is it incomplete?",
                              model_.path_of(tensor).substr(0, 200), payload.entry.substr(0, 200)));
    }
    const Count needed = model_.bytes(tensor);
    const bool is_told = needed.is_exact() && tensor.dtype != DType::unknown;
    if (is_told && needed.known() > entry->size) {
      throw Error(ErrorKind::corrupt, source_.label(),
                  fmt::format("tensor '{}' takes {} bytes, but '{}' holds {}; is it incomplete?",
                              model_.path_of(tensor).substr(0, 200), needed.known(), payload.entry.substr(0, 200),
                              entry->size));
    }
    tensor.stored_bytes = is_told && !payload.is_pickled ? needed.known() : entry->size;
    const bool is_plain = entry->is_stored() && !payload.is_pickled && payload.meta.offset == Extent(0);
    if (!options_.locations || !is_plain) return;
    Location location{0, zip_.data_offset(*entry), {}};
    for (Extent stride : payload.meta.strides) {
      if (!stride.is_known()) return;
      location.strides.push_back(static_cast<std::int64_t>(stride.size()));
    }
    model_.locations.resize(std::size_t{index} + 1);
    model_.locations[index] = std::move(location);
  }

  static constexpr std::size_t kMostPerEntry = 64;  // parts of one entry that are compared

  Source& source_;
  const ReadOptions& options_;
  Model& model_;
  ZipDirectory zip_;
  SavedState state_;  // of the older layout
  ModelBuilder builder_;
  pt2::Symbols symbols_;
  OpenJson program_;  // which the graph's texts are views into
  pt2::Graph graph_;
  std::vector<Input> inputs_;
  std::set<std::string> seen_;
  std::set<std::string> side_effects_;
  std::map<std::string, Payload> payloads_;
  std::map<std::string, std::vector<std::pair<const Payload*, Index>>> by_entry_;
};

}  // namespace

bool matches_pt2(Glance& glance) { return glance.zip_kind() == ZipKind::exported; }

void read_pt2(Source& source, const ReadOptions& options, Model& model) {
  model.format = "torch.export";
  Reader(source, options, model).run();
}

}  // namespace weigh
