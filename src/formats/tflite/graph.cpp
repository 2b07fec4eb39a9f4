#include "formats/tflite/graph.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "formats/tflite/operators.h"
#include "wire/flatbuffer.h"

#include "weigh/error.h"

namespace weigh {
namespace {

struct Type {
  DType dtype;
  std::uint8_t bits;
};
// By their number in the schema: TensorType.
constexpr std::array kTypes = {
    Type{DType::float32, 32},   Type{DType::float16, 16}, Type{DType::int32, 32},    Type{DType::uint8, 8},
    Type{DType::int64, 64},     Type{DType::unknown, 0},  Type{DType::boolean, 8},   Type{DType::int16, 16},
    Type{DType::complex64, 64}, Type{DType::int8, 8},     Type{DType::float64, 64},  Type{DType::complex128, 128},
    Type{DType::uint64, 64},    Type{DType::unknown, 0},  Type{DType::unknown, 0},   Type{DType::uint32, 32},
    Type{DType::uint16, 16},    Type{DType::int4, 4},     Type{DType::bfloat16, 16}, Type{DType::int2, 2},
    Type{DType::uint4, 4},
};

class GraphReader {
 public:
  GraphReader(Source& source, const Limits& limits) : source_(source), limits_(limits), in_(source, limits) {}

  TfliteGraph read() {
    const FlatTable model = in_.root();
    graph_.version = model.number<std::uint32_t>(0, 0, "the version");
    graph_.description = model.text(3, "the description");
    read_codes(model.vector(1, 4, "the operator codes"));
    read_buffers(model.vector(4, 4, "the buffers"));
    const FlatVector subgraphs = model.vector(2, 4, "the subgraphs");
    expect(subgraphs.count, "subgraphs");
    for (std::uint32_t i = 0; i < subgraphs.count; ++i) read_subgraph(in_.table_in(subgraphs, i), i);
    return std::move(graph_);
  }

 private:
  [[noreturn]] void fail(std::string message) const {
    throw Error(ErrorKind::corrupt, source_.label(), std::move(message));
  }

  // A table takes four bytes at least, but one may stand in a vector many times.
  void expect(std::uint64_t more, const char* what) {
    if (more <= limits_.tensors - things_) {
      things_ += more;
      return;
    }
    throw Error(
        ErrorKind::limit, source_.label(),
        fmt::format("holds {} {} more, and with all else more than {} (limit tensors)", more, what, limits_.tensors));
  }

  void read_codes(const FlatVector& codes) {
    expect(codes.count, "operator codes");
    for (std::uint32_t i = 0; i < codes.count; ++i) {
      const FlatTable code = in_.table_in(codes, i);
      // Programs of before 2020 know the byte alone.
      const auto narrow = code.number<std::int8_t>(0, 0, "an operator code");
      const auto wide = code.number<std::int32_t>(3, 0, "an operator code");
      codes_.push_back(static_cast<std::uint32_t>(std::max<std::int32_t>(narrow, wide)));
    }
  }

  void read_buffers(const FlatVector& buffers) {
    expect(buffers.count, "buffers");
    for (std::uint32_t i = 0; i < buffers.count; ++i) {
      const FlatTable table = in_.table_in(buffers, i);
      const FlatVector bytes = table.vector(0, 1, "a buffer");
      TfliteBuffer buffer{bytes.begin, bytes.count};
      const auto offset = table.number<std::uint64_t>(1, 0, "the offset of a buffer");
      const auto size = table.number<std::uint64_t>(2, 0, "the size of a buffer");
      if (offset > 1) {  // 1 was a mark while the file was written
        if (!fits(offset, size, source_.size())) {
          throw Error(ErrorKind::truncated, source_.label(),
                      fmt::format("buffer {} takes {} bytes from byte {}, but the file has {}; is the download "
                                  "incomplete?",
                                  i, size, offset, source_.size()));
        }
        buffer = {offset, size};
      }
      graph_.buffers.push_back(buffer);
    }
    check_overlaps();
  }

  // The converter lays equal buffers together; what overlaps in part is a lie.
  void check_overlaps() const {
    std::vector<TfliteBuffer> sorted;
    std::copy_if(graph_.buffers.begin(), graph_.buffers.end(), std::back_inserter(sorted),
                 [](const TfliteBuffer& buffer) { return buffer.size > 0; });
    std::sort(sorted.begin(), sorted.end(), [](const TfliteBuffer& a, const TfliteBuffer& b) {
      return a.offset != b.offset ? a.offset < b.offset : a.size < b.size;
    });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      const TfliteBuffer& before = sorted[i - 1];
      const TfliteBuffer& after = sorted[i];
      const bool is_same = before.offset == after.offset && before.size == after.size;
      if (!is_same && after.offset < before.offset + before.size) {
        fail(fmt::format("a buffer begins at byte {}, but one before it ends at {}; is the file damaged?", after.offset,
                         before.offset + before.size));
      }
    }
  }

  void read_subgraph(const FlatTable& table, std::uint32_t number) {
    TfliteSubgraph subgraph;
    subgraph.name = table.text(4, "the name of a subgraph");
    const FlatVector tensors = table.vector(0, 4, "the tensors");
    expect(tensors.count, "tensors");
    for (std::uint32_t i = 0; i < tensors.count; ++i) subgraph.tensors.push_back(tensor(in_.table_in(tensors, i)));
    const std::uint64_t count = tensors.count;
    subgraph.inputs = places(table, 1, "the inputs of a subgraph", number, count);
    subgraph.outputs = places(table, 2, "the outputs of a subgraph", number, count);
    const FlatVector operators = table.vector(3, 4, "the operators");
    expect(operators.count, "operators");
    for (std::uint32_t i = 0; i < operators.count; ++i)
      subgraph.operators.push_back(read_operator(in_.table_in(operators, i), number, count));
    graph_.subgraphs.push_back(std::move(subgraph));
  }

  TfliteTensor tensor(const FlatTable& table) {
    TfliteTensor tensor;
    tensor.name = table.text(3, "the name of a tensor");
    tensor.shape = extents(table, 0, tensor.name);
    tensor.signature = extents(table, 7, tensor.name);
    tensor.type = table.number<std::uint8_t>(1, 0, "the type of a tensor");
    tensor.buffer = table.number<std::uint32_t>(2, 0, "the buffer of a tensor");
    tensor.is_variable = table.number<std::uint8_t>(5, 0, "a tensor") != 0;
    tensor.is_sparse = table.has(6);
    tensor.is_external = table.number<std::uint32_t>(10, 0, "the external buffer of a tensor") != 0;
    if (table.has(4))
      tensor.is_quantized =
          table.table(4, "the quantization of a tensor").vector(2, 4, "the scales of a tensor").count > 0;
    // 0 means none, though files were written that have no empty buffer in front.
    if (tensor.buffer != 0 && tensor.buffer >= graph_.buffers.size()) {
      fail(fmt::format("tensor '{}' is in buffer {}, but there are {}", shown(tensor.name), tensor.buffer,
                       graph_.buffers.size()));
    }
    return tensor;
  }

  std::vector<std::int32_t> extents(const FlatTable& table, unsigned field, const std::string& name) {
    const FlatVector vector = table.vector(field, 4, "the shape of a tensor");
    if (vector.count > limits_.dimensions) {
      throw Error(ErrorKind::limit, source_.label(),
                  fmt::format("tensor '{}' has {} dimensions, more than {} (limit dimensions)", shown(name),
                              vector.count, limits_.dimensions));
    }
    std::vector<std::int32_t> extents = in_.numbers<std::int32_t>(vector);
    for (std::int32_t extent : extents)
      if (extent < (field == 7 ? -1 : 0)) fail(fmt::format("tensor '{}' has an extent of {}", shown(name), extent));
    return extents;
  }

  TfliteOperator read_operator(const FlatTable& table, std::uint32_t subgraph, std::uint64_t tensors) {
    TfliteOperator op;
    const auto index = table.number<std::uint32_t>(0, 0, "the code of an operator");
    if (index >= codes_.size())
      fail(fmt::format("an operator of subgraph {} has the code {} of {}", subgraph, index, codes_.size()));
    op.code = codes_[index];
    op.inputs = places(table, 1, "the inputs of an operator", subgraph, tensors);
    op.outputs = places(table, 2, "the outputs of an operator", subgraph, tensors);
    if (op.code == kTfliteBatchMatmul && table.has(4))
      op.transposes_left = table.table(4, "the options of an operator").number<std::uint8_t>(0, 0, "an option") != 0;
    return op;
  }

  std::vector<std::int32_t> places(const FlatTable& table, unsigned field, const char* what, std::uint32_t subgraph,
                                   std::uint64_t tensors) {
    std::vector<std::int32_t> all = in_.numbers<std::int32_t>(table.vector(field, 4, what));
    for (std::int32_t place : all) {
      if (place < -1 || place >= static_cast<std::int64_t>(tensors))
        fail(fmt::format("{} name tensor {} of subgraph {}, which has {}", what, place, subgraph, tensors));
    }
    return all;
  }

  static std::string shown(const std::string& name) { return name.substr(0, 200); }

  Source& source_;
  const Limits& limits_;
  FlatBuffer in_;
  TfliteGraph graph_;
  std::vector<std::uint32_t> codes_;
  std::uint64_t things_ = 0;  // tables that were asked for
};

}  // namespace

DType tflite_dtype(std::uint8_t type) { return type < kTypes.size() ? kTypes[type].dtype : DType::unknown; }
unsigned tflite_bits(std::uint8_t type) { return type < kTypes.size() ? kTypes[type].bits : 0; }

TfliteGraph read_tflite_graph(Source& source, const Limits& limits) { return GraphReader(source, limits).read(); }

}  // namespace weigh
