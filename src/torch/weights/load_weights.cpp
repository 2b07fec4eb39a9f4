#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bytes/checked.h"
#include "weights/dtypes.h"
#include "weights/file_view.h"

#include "weigh/error.h"
#include "weigh/read.h"
#include "weigh/torch/uninitialized.h"
#include "weigh/torch/weights.h"

namespace weigh {
namespace {

class Loading {
 public:
  Loading(const std::string& path, const WeightsOptions& options)
      : options_(options), model_(read(path, {.limits = options.limits, .locations = true})) {}

  Weights run() {
    refuse();
    Weights weights;
    weights.source = model_.source;
    for (const auto& [key, value] : model_.metadata) weights.metadata.emplace(key, value);
    for (const std::string& file : model_.files) views_.push_back(std::make_shared<FileView>(file));
    weights.tensors.reserve(model_.tensors.size());
    for (Index i = 0; i < model_.tensors.size(); ++i) {
      const Tensor& tensor = model_.tensors[i];
      weights.tensors.push_back({model_.path_of(tensor), {}});
      weights.tensors.back().value = tensor.tied_to == kNone ? value_of(i) : weights.tensors[tensor.tied_to].value;
    }
    return weights;
  }

 private:
  [[noreturn]] void fail(ErrorKind kind, const std::string& message) const {
    throw Error(kind, model_.source, message);
  }
  [[noreturn]] void fail(Index tensor, const std::string& message) const {
    fail(ErrorKind::unsupported,
         fmt::format("tensor '{}' {}", model_.path_of(model_.tensors[tensor]).substr(0, 200), message));
  }

  // What a table of tensors may leave open, but whoever computes with them must not.
  void refuse() const {
    for (const Note& note : model_.notes) {
      if (note.code == "missing-shard")
        fail(ErrorKind::not_found,
             fmt::format("the shard '{}' is not there; download it, or name those that are there one by one",
                         note.place));
      if (note.code == "duplicate-tensor")
        fail(ErrorKind::corrupt,
             fmt::format("tensor '{}' {}", note.place, "is in two shards; which one counts depends on the reader"));
    }
    for (const auto& [key, value] : model_.metadata)
      if (model_.format == "PyTorch" && key == "byteorder" && value == "big")
        fail(ErrorKind::unsupported, "was written big-endian, which is not supported; save it again where it was made");
  }

  torch::Tensor value_of(Index index) const {
    const Tensor& tensor = model_.tensors[index];
    const auto type = scalar_type_of(tensor.dtype);
    if (tensor.state == State::uninitialised) return uninitialized(tensor);
    if (tensor.layout != Layout::strided) fail(index, "is " + text_of(tensor.layout) + ", which cannot be loaded");
    if (!type)
      fail(index, fmt::format("is of the dtype {}, which cannot be loaded with libtorch {}", name(tensor.dtype),
                              TORCH_VERSION));
    const auto options = torch::TensorOptions().dtype(*type);
    std::vector<std::int64_t> shape;
    for (const Extent* extent = model_.shape_begin(tensor); extent != model_.shape_end(tensor); ++extent)
      shape.push_back(static_cast<std::int64_t>(extent->size()));
    if (tensor.state == State::meta) return torch::empty(shape, options.device(torch::kMeta));
    if (model_.numel(tensor).known() == 0) return torch::empty(shape, options);
    return view_of(index, shape, options);
  }

  torch::Tensor view_of(Index index, const std::vector<std::int64_t>& shape,
                        const torch::TensorOptions& options) const {
    const Location& location = model_.locations[index];
    if (location.file == kNone)
      fail(
          index,
          "does not lie in the file as plain numbers (it is compressed, conjugated or inside the pickle) and cannot be "
          "loaded; save it again with torch.save");
    const std::shared_ptr<FileView>& view = views_[location.file];
    const std::vector<std::int64_t> strides = location.strides.empty() ? rows_of(shape) : location.strides;
    const std::uint64_t width = options.dtype().itemsize();
    std::uint64_t span = width;
    for (std::size_t i = 0; i < shape.size(); ++i)
      span += static_cast<std::uint64_t>(shape[i] - 1) * static_cast<std::uint64_t>(strides[i]) * width;
    if (!fits(location.offset, span, view->size()))  // it was long enough when its header was read
      throw Error(ErrorKind::truncated, view->path(),
                  fmt::format("tensor '{}' needs {} bytes, {} are left; did the file shrink while it was read?",
                              model_.path_of(model_.tensors[index]).substr(0, 200), span,
                              view->size() - std::min(location.offset, view->size())),
                  location.offset);
    char* data = view->data() + location.offset;
    if (location.offset % width == 0) {
      torch::Tensor shown = torch::from_blob(
          data, shape, strides, [view](void*) {}, options);
      return options_.map ? shown : shown.clone();
    }
    // Computing with it where it lies would be slow at best.
    const torch::Tensor bytes = torch::empty({static_cast<std::int64_t>(span)}, torch::kByte);
    std::copy_n(data, span, bytes.data_ptr<std::uint8_t>());
    return torch::from_blob(
        bytes.data_ptr(), shape, strides, [bytes](void*) {}, options);
  }

  static std::vector<std::int64_t> rows_of(const std::vector<std::int64_t>& shape) {
    std::vector<std::int64_t> strides(shape.size());
    std::int64_t stride = 1;
    for (std::size_t i = shape.size(); i-- > 0; stride *= shape[i]) strides[i] = stride;
    return strides;
  }

  static torch::Tensor uninitialized(const Tensor& tensor) {
    torch::TensorOptions options;
    if (const auto type = scalar_type_of(tensor.dtype)) options = options.dtype(*type);
    if (tensor.role == Role::buffer) return nn::UninitializedBuffer(options);
    return nn::UninitializedParameter(options, tensor.requires_grad != RequiresGrad::no);
  }

  static std::string text_of(Layout layout) {
    switch (layout) {
      case Layout::sparse: return "sparse";
      case Layout::quantized: return "quantised";
      case Layout::nested: return "nested";
      default: return "of a class of its own";
    }
  }

  const WeightsOptions& options_;
  Model model_;
  std::vector<std::shared_ptr<FileView>> views_;
};

}  // namespace

Weights load_weights(const std::string& path, const WeightsOptions& options) { return Loading(path, options).run(); }

}  // namespace weigh
