// Tensors with a shape and no data that stand for real ones, which a dry run must not touch.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>

#include <torch/torch.h>

namespace weigh::dry_run {

class Twins {
 public:
  void reserve(std::size_t tensors) { pairs_.reserve(tensors); }
  // The twin of a tensor, always the same one; itself where it has no data anyway and none was made for it.
  at::Tensor of(const at::Tensor& tensor);
  // A new twin, though the tensor has no data: for one that belongs to the model and must stay as it is.
  at::Tensor make(const at::Tensor& tensor);
  // A new twin, which is not remembered.
  at::Tensor make_once(const at::Tensor& tensor) const;
  // The same, of which nobody is told.
  static at::Tensor bare(const at::Tensor& tensor);
  // Undefined where there is none.
  at::Tensor find(const at::Tensor& tensor) const;
  void set(const at::Tensor& tensor, at::Tensor twin);
  // To be told of each new twin.
  using Made = std::function<void(const at::Tensor& original, const at::Tensor& twin)>;
  void when_made(Made made) { made_ = std::move(made); }

 private:
  struct Pair {
    at::Tensor original;  // kept alive: another tensor must not come to lie at its address
    at::Tensor twin;
  };
  std::unordered_map<const c10::TensorImpl*, Pair> pairs_;
  Made made_;
};

// A tensor without data on the meta device. A vector of the CPU gets memory all the same, which nobody reads and
// which is not touched before it is written to: torch::tensor({1, 2, 3}) fills what at::empty() returned by pointer.
at::Tensor empty_vector(std::int64_t size, at::ScalarType dtype);

}  // namespace weigh::dry_run
