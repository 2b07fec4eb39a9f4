#include "formats/onnx/format.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/shown.h"
#include "formats/onnx/external.h"
#include "formats/onnx/graphs.h"
#include "formats/onnx/runs.h"
#include "formats/onnx/scopes.h"
#include "formats/onnx/uses.h"
#include "model/builder.h"
#include "wire/protobuf.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::size_t kMostFacts = 100;
constexpr std::size_t kMostNotes = 100;

class Reader {
 public:
  Reader(Source& source, const ReadOptions& options, Model& model)
      : source_(source),
        options_(options),
        model_(model),
        bytes_(source),
        builder_(model, options.limits),
        graphs_(model),
        graph_reader_(bytes_, options.limits, model, graphs_) {}

  void run() {
    read_model();
    graph_reader_.read();
    const std::vector<OnnxUse> uses = find_onnx_uses(graphs_);  // which by_place_ refers to
    const std::vector<Index> modules = add_modules();
    for (std::size_t i = 0; i < graphs_.tensors.size(); ++i)
      if (!is_onnx_argument(graphs_.tensors[i], uses[i])) add(graphs_.tensors[i], uses[i]);
    model_.architecture = model_.modules[0].type;
    model_.config.experts = onnx_experts(graphs_);
    if (!graphs_.nodes.empty()) tell_onnx_runs(graphs_, modules, model_);
    note_missing();
    externals_.tell(model_);
    if (options_.locations) model_.files = {source_.label()};
  }

  const OnnxExternals& externals() const { return externals_; }

 private:
  void read_model() {
    ProtoMessage message(bytes_, 0, source_.size(), "ModelProto");
    std::int64_t version = 0;
    bool has_graph = false;
    while (message.next()) {
      switch (message.number()) {
        case 1: version = message.integer(); break;
        case 2: add_fact("producer_name", message.head(kShownText)); break;
        case 3: add_fact("producer_version", message.head(kShownText)); break;
        case 4: add_fact("domain", message.head(kShownText)); break;
        case 5: add_fact("model_version", fmt::to_string(message.integer())); break;
        case 7:
          if (has_graph) {
            throw Error(ErrorKind::corrupt, source_.label(), "holds two graphs; which one counts is anyone's guess",
                        message.begin());
          }
          message.message("GraphProto");
          has_graph = true;
          graph_reader_.add_main(message.offset(), message.length());
          break;
        case 8: read_operator_set(message.message("OperatorSetIdProto")); break;
        case 14: read_fact(message.message("StringStringEntryProto")); break;
        case 20: ++training_graphs_; break;
        case 25: functions_.push_back({message.offset(), message.length()}); break;
        default: break;
      }
    }
    if (!has_graph) throw Error(ErrorKind::corrupt, source_.label(), "holds no graph; the file is damaged");
    for (const auto& [offset, length] : functions_) graph_reader_.add_function(offset, length);
    model_.kind = fmt::format("IR {}", version);
    if (operator_set_ != 0) model_.kind += fmt::format(", opset {}", operator_set_);
    if (training_graphs_ != 0)
      note("training-info", "", fmt::format("holds {} graphs for training, which are not weighed", training_graphs_));
  }

  void read_operator_set(ProtoMessage message) {
    std::string domain;
    std::int64_t version = 0;
    while (message.next()) {
      if (message.number() == 1) domain = message.head(kShownText);
      if (message.number() == 2) version = message.integer();
    }
    if (domain.empty() || domain == "ai.onnx") {
      operator_set_ = version;
    } else {
      add_fact("opset " + domain, fmt::to_string(version));
    }
  }

  void read_fact(ProtoMessage message) {
    std::string key;
    std::string value;
    const std::size_t most = options_.locations ? options_.limits.name_bytes : kShownText;
    while (message.next()) {
      if (message.number() == 1) key = message.head(kShownText);
      if (message.number() == 2) value = message.head(most);
    }
    add_fact(std::move(key), std::move(value));
  }

  void add_fact(std::string key, std::string value) {
    if (!value.empty() && model_.metadata.size() < kMostFacts)
      model_.metadata.emplace_back(std::move(key), std::move(value));
  }

  void note(const char* code, std::string_view place, std::string message) {
    if (++notes_ <= kMostNotes)
      model_.notes.push_back({code, std::string(place.substr(0, kShownText)), std::move(message)});
  }

  // In the order of the nodes, which is the one in which they run.
  std::vector<Index> add_modules() {
    std::vector<Index> modules;
    modules.reserve(graphs_.nodes.size());
    for (const OnnxNode& node : graphs_.nodes) modules.push_back(builder_.module(graphs_.names[node.scope]));
    for (const auto& [path, type] : graphs_.types) model_.modules[builder_.module(path)].type = model_.keep(type);
    return modules;
  }

  void add(const OnnxHeldTensor& held, const OnnxUse& use) {
    const OnnxTensor& source = held.tensor;
    std::string path;
    Tensor tensor;
    place(held, use, tensor, path);
    const std::string_view own = std::string_view(path).substr(path.rfind('.') + 1);
    tensor.dtype = source.dtype;
    tensor.layout = source.layout;
    tensor.stored_bytes = source.stored_bytes;
    onnx_role(graphs_, held, use, own).give_to(tensor);
    tensor.of_experts = use.is_of_experts;
    if (!source.has_data) tensor.state = State::meta;
    if (!source.has_data) missing_.push_back(&source);
    if (source.dtype == DType::unknown && source.layout != Layout::other && source.elements > 0) {
      note("unknown-dtype", source.name,
           fmt::format("is of ONNX's type {}, which is not known; its bytes are those in the file", source.type));
    }
    const auto index = static_cast<Index>(model_.tensors.size());
    tensor.tied_to = original_of(source, index, use);
    if (path.empty()) {
      tensor.name = source.name;
      builder_.add_to_module(tensor, source.shape);
    } else {
      builder_.add_by_path(tensor, path, source.shape);
    }
    if (use.is_packed || use.is_overhead) {
      const Part part = use.is_packed ? Part::packed : Part::overhead;
      model_.quantized.push_back({index, part, use.scheme, use.logical});
    }
    for (const OnnxExternal& external : source.externals) externals_.add(source, external, tensor.tied_to != kNone);
    if (options_.locations) model_.locations.push_back({source.plain_at ? 0 : kNone, source.plain_at.value_or(0), {}});
  }

  // An earlier tensor on the same bytes of the same file, with the same type, shape and use.
  Index original_of(const OnnxTensor& tensor, Index index, const OnnxUse& use) {
    if (tensor.externals.size() != 1 || tensor.stored_bytes == 0 || tensor.layout == Layout::sparse) return kNone;
    const OnnxExternal& external = tensor.externals[0];
    const auto [place, is_new] =
        by_place_.try_emplace({external.location, external.offset}, Seen{&tensor, &use, index});
    if (is_new) return kNone;
    const Seen& seen = place->second;
    const bool is_same = seen.tensor->stored_bytes == tensor.stored_bytes && seen.tensor->type == tensor.type &&
                         seen.tensor->shape == tensor.shape && seen.use->is_packed == use.is_packed &&
                         seen.use->is_overhead == use.is_overhead;
    return is_same ? seen.index : kNone;
  }

  // A path, or a module for a name that is none.
  void place(const OnnxHeldTensor& held, const OnnxUse& use, Tensor& tensor, std::string& path) {
    const std::string& name = held.tensor.name;
    const std::string& prefix = graphs_.graphs[held.graph].prefix;
    if (has_onnx_scope(name)) {
      path = onnx_path_of(name);
      if (!prefix.empty() && !name.starts_with('/')) path = prefix + "." + path;
    } else {
      tensor.module = builder_.module(use.scope == kNone ? std::string_view(prefix) : graphs_.names[use.scope]);
    }
  }

  void note_missing() {
    if (missing_.empty()) return;
    note("missing-data", missing_[0]->name,
         missing_.size() == 1
             ? std::string("has no elements in the file; its shape is what counts")
             : fmt::format("has no elements in the file, nor have {} others; their shapes are what counts",
                           missing_.size() - 1));
  }

  Source& source_;
  const ReadOptions& options_;
  Model& model_;
  ProtoBytes bytes_;
  ModelBuilder builder_;
  OnnxGraphs graphs_;
  OnnxGraphReader graph_reader_;
  OnnxExternals externals_;
  // The first tensor at a place of a file.
  struct Seen {
    const OnnxTensor* tensor;
    const OnnxUse* use;
    Index index;
  };
  std::map<std::pair<std::string_view, std::uint64_t>, Seen> by_place_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> functions_;  // offset and length
  std::vector<const OnnxTensor*> missing_;
  std::int64_t operator_set_ = 0;
  std::uint32_t training_graphs_ = 0;
  std::size_t notes_ = 0;
};

struct Known {
  std::uint32_t number;
  ProtoWire wire;
};

template <std::size_t size>
bool is_known(const std::array<Known, size>& fields, const ProtoMessage& field) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const Known& known) { return known.number == field.number() && known.wire == field.wire(); });
}

constexpr std::array kModelFields = {
    Known{1, ProtoWire::varint}, Known{2, ProtoWire::bytes},  Known{3, ProtoWire::bytes},  Known{4, ProtoWire::bytes},
    Known{5, ProtoWire::varint}, Known{6, ProtoWire::bytes},  Known{7, ProtoWire::bytes},  Known{8, ProtoWire::bytes},
    Known{14, ProtoWire::bytes}, Known{20, ProtoWire::bytes}, Known{25, ProtoWire::bytes}, Known{26, ProtoWire::bytes}};
constexpr std::array kGraphFields = {
    Known{1, ProtoWire::bytes},  Known{2, ProtoWire::bytes},  Known{5, ProtoWire::bytes},  Known{10, ProtoWire::bytes},
    Known{11, ProtoWire::bytes}, Known{12, ProtoWire::bytes}, Known{13, ProtoWire::bytes}, Known{14, ProtoWire::bytes},
    Known{15, ProtoWire::bytes}, Known{16, ProtoWire::bytes}};
// Files have one of each but of these: metadata, functions. Behind so many, what was seen decides.
constexpr int kMostFields = 64;
constexpr std::uint64_t kLargestVersion = 64;

bool begins_like_graph(ProtoBytes& bytes, std::uint64_t offset, std::uint64_t length) {
  if (length == 0) return true;
  ProtoMessage graph(bytes, offset, std::min(length, bytes.end() - offset), "GraphProto");
  try {
    graph.next();
  } catch (const Error&) {
    // The first field may pass the end of a file that breaks off; its number and type are known all the same.
  }
  return is_known(kGraphFields, graph);
}

// By the first bytes alone, which are at hand: nearly all files of other kinds are told by them.
bool may_begin_model(std::string_view head) {
  ProtoBytes bytes("", head);
  try {
    ProtoMessage message(bytes, 0, head.size(), "ModelProto");
    while (message.next())
      if (!is_known(kModelFields, message)) return false;
  } catch (const Error& error) {
    return error.kind() == ErrorKind::truncated;
  }
  return !head.empty();
}

bool is_model(ProtoBytes& bytes) {
  bool has_version = false;
  bool has_graph = false;
  ProtoMessage message(bytes, bytes.begin(), bytes.end() - bytes.begin(), "ModelProto");
  for (int i = 0; i < kMostFields; ++i) {
    bool is_cut = false;
    try {
      if (!message.next()) break;
    } catch (const Error& error) {
      // An incomplete download is to be called one, but only if it surely is of an ONNX file.
      if (error.kind() != ErrorKind::truncated || !has_version || message.number() != 7) return false;
      is_cut = true;
    }
    if (!is_known(kModelFields, message)) return false;
    if (message.number() == 1) {
      if (message.varint() == 0 || message.varint() > kLargestVersion) return false;
      has_version = true;
    }
    if (message.number() == 7) {
      if (!begins_like_graph(bytes, message.offset(), message.length())) return false;
      has_graph = true;
    }
    if (is_cut) break;
  }
  return has_version && has_graph;
}

}  // namespace

bool matches_onnx(Glance& glance) {
  if (!may_begin_model(glance.head())) return false;
  ProtoBytes bytes(glance.source());
  return is_model(bytes);
}

void read_onnx(Source& source, const ReadOptions& options, Model& model) {
  model.format = "ONNX";
  Reader(source, options, model).run();
}

void read_onnx_in(Folder& folder, Source& source, const ReadOptions& options, Model& model) {
  model.format = "ONNX";
  Reader reader(source, options, model);
  reader.run();
  reader.externals().compare(folder, options.limits, model);
}

}  // namespace weigh
