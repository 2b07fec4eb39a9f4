#include "formats/tflite/format.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/shown.h"
#include "formats/common/slash_path.h"
#include "formats/tflite/costs.h"
#include "formats/tflite/graph.h"
#include "formats/tflite/operators.h"
#include "model/builder.h"
#include "wire/flatbuffer.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::string_view kIdentifier = "TFL3";

constexpr std::size_t kMostNotes = 100;
constexpr std::string_view kRead = "/ReadVariableOp";

// "cnn/stem/Relu;cnn/stem/BiasAdd": operators that were made one keep all their names.
std::string_view first_name(std::string_view name) {
  name = name.substr(0, name.find(';'));
  if (name.ends_with(kRead)) name.remove_suffix(kRead.size());
  return name;
}

// "cnn.stem" of "cnn/stem/Relu".
std::string module_path(std::string_view name) {
  name = first_name(name);
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? "" : dotted(name.substr(0, slash));
}

class Reader {
 public:
  Reader(Source& source, const ReadOptions& options, Model& model)
      : source_(source),
        options_(options),
        model_(model),
        graph_(read_tflite_graph(source, options.limits)),
        builder_(model, options.limits) {}

  void run() {
    if (graph_.version != 3) {
      throw Error(ErrorKind::unsupported, source_.label(),
                  fmt::format("is of version {} of TensorFlow Lite's schema; 3 can be read", graph_.version));
    }
    if (options_.locations) model_.files = {source_.label()};
    std::uint64_t operators = 0;
    for (const TfliteSubgraph& subgraph : graph_.subgraphs) {
      read_subgraph(subgraph);
      operators += subgraph.operators.size();
    }
    if (graph_.subgraphs.size() > 1) model_.kind = fmt::format("{} subgraphs", graph_.subgraphs.size());
    if (!graph_.description.empty())
      model_.metadata.emplace_back("description", graph_.description.substr(0, kShownText));
    model_.metadata.emplace_back("operators", std::to_string(operators));
    if (!graph_.subgraphs.empty()) add_runs();
    name_types();
  }

 private:
  struct Charge {
    Index module = 0;
    Count flops;
  };

  void read_subgraph(const TfliteSubgraph& subgraph) {
    const std::size_t count = subgraph.tensors.size();
    std::vector<bool> is_constant(count);
    for (std::size_t i = 0; i < count; ++i)
      is_constant[i] = size_of(subgraph.tensors[i]) > 0 || subgraph.tensors[i].is_external;
    const std::vector<TfliteCost> costs = tflite_costs(subgraph, is_constant);
    const std::vector<Index> users = users_of(subgraph);
    modules_.assign(count, kNone);
    for (std::size_t i = 0; i < count; ++i)
      if (is_constant[i] || subgraph.tensors[i].is_variable)
        modules_[i] = add(subgraph.tensors[i], is_constant[i], owner_of(subgraph, costs, users[i], i));
    const bool is_first = &subgraph == graph_.subgraphs.data();
    for (std::size_t i = 0; i < costs.size(); ++i) {
      const TfliteOperator& op = subgraph.operators[i];
      const Index weighed = costs[i].weight < 0 ? kNone : modules_[static_cast<std::size_t>(costs[i].weight)];
      const bool counts = !costs[i].flops || *costs[i].flops > 0;
      if (weighed != kNone && (counts || op.code == kTfliteGather)) operators_of_[weighed].push_back(op.code);
      if (!is_first || !counts) continue;
      const Index module = weighed != kNone ? weighed : builder_.module(operator_path(subgraph, op));
      charges_.push_back({module, costs[i].flops ? Count(*costs[i].flops) : Count::unknown()});
    }
  }

  std::uint64_t size_of(const TfliteTensor& tensor) const {
    return tensor.buffer == 0 || tensor.is_variable ? 0 : graph_.buffers[tensor.buffer].size;
  }

  // By tensor: the first operator that takes it.
  static std::vector<Index> users_of(const TfliteSubgraph& subgraph) {
    std::vector<Index> users(subgraph.tensors.size(), kNone);
    for (std::size_t i = 0; i < subgraph.operators.size(); ++i) {
      for (std::int32_t input : subgraph.operators[i].inputs) {
        if (input >= 0 && users[static_cast<std::size_t>(input)] == kNone)
          users[static_cast<std::size_t>(input)] = static_cast<Index>(i);
      }
    }
    return users;
  }

  static std::string operator_path(const TfliteSubgraph& subgraph, const TfliteOperator& op) {
    const bool has_output = !op.outputs.empty() && op.outputs[0] >= 0;
    return has_output ? module_path(subgraph.tensors[static_cast<std::size_t>(op.outputs[0])].name) : "";
  }

  // Where a constant goes whose name tells no module ("arith.constant3"): beside the weight of the operator that takes
  // it, or where that one's output belongs.
  static std::string owner_of(const TfliteSubgraph& subgraph, const std::vector<TfliteCost>& costs, Index user,
                              std::size_t tensor) {
    std::string path = module_path(subgraph.tensors[tensor].name);
    if (!path.empty() || user == kNone) return path;
    const std::int32_t weight = costs[user].weight;
    if (weight >= 0) path = module_path(subgraph.tensors[static_cast<std::size_t>(weight)].name);
    return path.empty() ? operator_path(subgraph, subgraph.operators[user]) : path;
  }

  // The module that it went to; kNone where it is not counted.
  Index add(const TfliteTensor& given, bool is_constant, const std::string& owner) {
    const std::string shown = given.name.substr(0, kShownText);
    if (given.type == kTfliteString) {
      note("not-numbers", shown, "holds text; it is not counted");
      return kNone;
    }
    Tensor tensor;
    tensor.dtype = tflite_dtype(given.type);
    if (tensor.dtype == DType::unknown && is_constant)
      note("unknown-dtype", shown, fmt::format("is of type {} of the schema, which is not known", given.type));
    std::vector<Extent> shape;
    for (std::int32_t extent : given.shape) shape.emplace_back(static_cast<std::uint64_t>(extent));
    tensor.rank = static_cast<std::uint8_t>(shape.size());
    const bool can_be_trained = can_be_parameter(tensor.dtype) || given.is_quantized;
    tensor.role = can_be_trained && is_constant && !shape.empty() ? Role::parameter : Role::buffer;
    if (!is_constant) tensor.state = State::meta;
    if (given.is_external) note("external-data", shown, "lies in another file, which was not opened");
    const TfliteBuffer buffer = is_constant && !given.is_external ? graph_.buffers[given.buffer] : TfliteBuffer{};
    if (buffer.size > 0) {
      weigh_buffer(given, tensor, buffer);
      tensor.tied_to = original_of(buffer, tensor, shape);
    }
    const Index index = place(tensor, given, owner, shape);
    if (buffer.size > 0 && tensor.tied_to == kNone) by_place_.emplace(std::pair(buffer.offset, buffer.size), index);
    if (options_.locations) {
      const bool is_plain = buffer.size > 0 && !given.is_sparse && tflite_bits(given.type) >= 8;
      model_.locations.push_back({is_plain ? 0 : kNone, is_plain ? buffer.offset : 0, {}});
    }
    return model_.tensors[index].module;
  }

  void weigh_buffer(const TfliteTensor& given, Tensor& tensor, const TfliteBuffer& buffer) const {
    tensor.stored_bytes = buffer.size;
    const unsigned bits = tflite_bits(given.type);
    if (given.is_sparse) tensor.layout = Layout::sparse;
    if (bits > 0 && bits < 8) tensor.layout = Layout::quantized;  // its bytes are those of the buffer
    if (given.is_sparse || bits == 0) return;
    std::uint64_t elements = 1;
    for (std::int32_t extent : given.shape) {
      const auto product = checked_mul(elements, static_cast<std::uint64_t>(extent));
      if (!product || *product > (Extent::kMax >> 7)) fail_size(given, "2^56 or more", buffer.size);
      elements = *product;
    }
    const std::uint64_t needed = (elements * bits + 7) / 8;
    const bool is_unpacked = bits < 8 && buffer.size == elements;
    if (needed != buffer.size && !is_unpacked) fail_size(given, std::to_string(needed), buffer.size);
  }

  [[noreturn]] void fail_size(const TfliteTensor& given, const std::string& needed, std::uint64_t there) const {
    throw Error(ErrorKind::corrupt, source_.label(),
                fmt::format("tensor '{}' takes {} bytes by its shape and type, but its buffer has {}; is the file "
                            "damaged?",
                            given.name.substr(0, kShownText), needed, there));
  }

  // The same bytes, seen with the same shape.
  Index original_of(const TfliteBuffer& buffer, const Tensor& tensor, const std::vector<Extent>& shape) const {
    const auto found = by_place_.find({buffer.offset, buffer.size});
    if (found == by_place_.end()) return kNone;
    const Tensor& other = model_.tensors[found->second];
    const bool is_same = other.dtype == tensor.dtype && other.rank == tensor.rank &&
                         std::equal(shape.begin(), shape.end(), model_.shape_begin(other));
    return is_same ? found->second : kNone;
  }

  // Names need not differ in a graph, which goes by numbers.
  Index place(Tensor& tensor, const TfliteTensor& given, const std::string& owner, const std::vector<Extent>& shape) {
    tensor.module = owner.empty() ? 0 : builder_.module(owner);
    const std::string_view first = first_name(given.name);
    const std::size_t slash = first.rfind('/');
    std::string name(slash == std::string_view::npos ? std::string_view(given.name) : first.substr(slash + 1));
    if (builder_.find_in_module(name, tensor.module) != kNone) name = given.name;
    if (builder_.find_in_module(name, tensor.module) != kNone)
      name = fmt::format("{} #{}", given.name, model_.tensors.size());
    tensor.name = name;
    return builder_.add_to_module(tensor, shape);
  }

  // FLOPs of the first subgraph, the one that is run where none is asked for.
  void add_runs() {
    model_.runs.resize(model_.modules.size());
    for (Run& run : model_.runs) run.activation_bytes = Count::unknown();
    for (const Charge& charge : charges_) {
      Run& run = model_.runs[charge.module];
      run.flops += charge.flops;
      run.calls = 1;
      run.witness = Witness::parts;
    }
    for (std::size_t i = model_.modules.size() - 1; i > 0; --i) {
      const Run& run = model_.runs[i];
      if (run.calls == 0) continue;
      Run& above = model_.runs[model_.modules[i].parent];
      above.flops += run.flops;
      above.calls = 1;
      above.witness = Witness::parts;
    }
    const TfliteSubgraph& first = graph_.subgraphs.front();
    Run& root = model_.runs[0];
    root.in = io(first, first.inputs);
    root.out = io(first, first.outputs);
    root.calls = 1;
    root.witness = Witness::layer;
  }

  static IOShape io(const TfliteSubgraph& subgraph, const std::vector<std::int32_t>& tensors) {
    std::vector<IOShape> shapes;
    for (std::int32_t tensor : tensors) {
      if (tensor < 0) continue;
      const TfliteTensor& one = subgraph.tensors[static_cast<std::size_t>(tensor)];
      std::vector<Extent> extents;
      for (std::int32_t extent : one.signature.empty() ? one.shape : one.signature)
        extents.push_back(extent < 0 ? Extent::unknown(kNameless) : Extent(static_cast<std::uint64_t>(extent)));
      shapes.push_back(IOShape::tensor(std::move(extents)));
    }
    return shapes.size() == 1 ? std::move(shapes.front()) : IOShape::list(std::move(shapes));
  }

  // A module whose weights are all taken by one kind of operator is one.
  void name_types() {
    for (const auto& [module, codes] : operators_of_) {
      const bool is_one = std::count(codes.begin(), codes.end(), codes[0]) == std::ssize(codes);
      if (module != 0 && is_one) model_.modules[module].type = model_.keep(tflite_operator_name(codes[0]));
    }
  }

  void note(const char* code, const std::string& place, std::string message) {
    if (notes_++ < kMostNotes) model_.notes.push_back({code, place, std::move(message)});
  }

  Source& source_;
  const ReadOptions& options_;
  Model& model_;
  const TfliteGraph graph_;
  ModelBuilder builder_;
  std::vector<Index> modules_;                                         // by tensor of the subgraph that is read
  std::map<std::pair<std::uint64_t, std::uint64_t>, Index> by_place_;  // tensors by where their bytes lie
  std::map<Index, std::vector<std::uint32_t>> operators_of_;           // that take the weights of a module
  std::vector<Charge> charges_;
  std::size_t notes_ = 0;
};

}  // namespace

bool matches_tflite(Glance& glance) { return FlatBuffer::matches(glance.head(), kIdentifier); }

void read_tflite(Source& source, const ReadOptions& options, Model& model) {
  model.format = "TensorFlow Lite";
  Reader(source, options, model).run();
}

}  // namespace weigh
