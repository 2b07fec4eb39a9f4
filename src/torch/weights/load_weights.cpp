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

// How often the bytes of a file may be copied for tensors that overlap and are not aligned.
constexpr std::uint64_t kMostCopies = 4;

class Loading {
 public:
  Loading(const std::string& path, const WeightsOptions& options)
      : options_(options), model_(read(path, {.limits = options.limits, .locations = true})) {}

  Weights run() {
    refuse();
    Weights weights;
    weights.source = model_.source;
    for (const auto& [key, value] : model_.metadata) weights.metadata.emplace(key, value);
    for (const std::string& file : model_.files) views_.push_back(std::make_shared<FileView>(file, options_.map));
    weights.tensors.reserve(model_.tensors.size());
    for (Index i = 0; i < model_.tensors.size(); ++i) {
      const Tensor& tensor = model_.tensors[i];
      weights.tensors.push_back({model_.path_of(tensor), {}});
      weights.tensors.back().value = tensor.tied_to == kNone ? try_value_of(i) : weights.tensors[tensor.tied_to].value;
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

  torch::Tensor try_value_of(Index index) {
    try {
      return value_of(index);
    } catch (const c10::Error& error) {  // a shape, of no bytes, that libtorch does not count
      fail(index, fmt::format("cannot be loaded: {}", error.what_without_backtrace()));
    }
  }

  torch::Tensor value_of(Index index) {
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

  torch::Tensor view_of(Index index, const std::vector<std::int64_t>& shape, const torch::TensorOptions& options) {
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
    if (!fits(location.offset, span, view->size())) fail_beyond(index, span, *view);
    char* data = view->data() + location.offset;
    if (location.offset % width == 0)
      return torch::from_blob(
          data, shape, strides, [view](void*) {}, options);
    // Computing with it where it lies would be slow at best. Views of one memory, each copied, could be any number.
    copied_ += span;
    if (copied_ / kMostCopies > model_.source_bytes) fail(index, "overlaps others and is not aligned; save it again");
    const torch::Tensor bytes = torch::empty({static_cast<std::int64_t>(span)}, torch::kByte);
    std::copy_n(data, span, bytes.data_ptr<std::uint8_t>());
    return torch::from_blob(
        bytes.data_ptr(), shape, strides, [bytes](void*) {}, options);
  }

  // It was long enough when its header was read.
  [[noreturn]] void fail_beyond(Index index, std::uint64_t span, const FileView& view) const {
    const std::uint64_t offset = model_.locations[index].offset;
    throw Error(ErrorKind::truncated, view.path(),
                fmt::format("tensor '{}' needs {} bytes, {} are left; did the file shrink while it was read?",
                            model_.path_of(model_.tensors[index]).substr(0, 200), span,
                            view.size() - std::min(offset, view.size())),
                offset);
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
  std::uint64_t copied_ = 0;  // bytes of tensors that are not aligned
};

}  // namespace

Weights load_weights(const std::string& path, const WeightsOptions& options) { return Loading(path, options).run(); }

}  // namespace weigh
