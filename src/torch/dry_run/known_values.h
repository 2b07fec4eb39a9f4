// Which tensors of a dry run have values: integers and booleans, which are few and decide shapes (edges, lengths,
// masks), and what is computed of them alone. Floats are many, and stay shapes.
#pragma once

#include <cstdint>
#include <unordered_map>

#include <torch/torch.h>

namespace weigh::dry_run {

class KnownValues {
 public:
  // What one operator may compute, and what all of a run may. Beyond it integers are shapes, too: a mask of
  // 4,096 x 4,096 for each of a hundred layers would take longer than all else.
  static constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 20;
  static constexpr std::uint64_t kMostBytesOfARun = std::uint64_t{32} << 20;

  bool has(const at::Tensor& tensor) const;
  // Whether the run itself made the memory: it is nobody else's.
  bool is_made(const at::Tensor& tensor) const;

  void add(const at::Tensor& made);
  // Values that nobody knows were written into it.
  void lose(const at::Tensor& tensor);
  // Whether an operator may compute as many bytes; they are spent then.
  bool spend(std::uint64_t bytes);
  // Whether integers were left as shapes because they are too many.
  bool is_exceeded() const { return is_exceeded_; }

 private:
  struct Made {
    c10::weak_intrusive_ptr<c10::StorageImpl> storage;  // its address is given to no other
    bool is_lost = false;
  };
  std::unordered_map<const c10::StorageImpl*, Made> made_;
  std::unordered_map<const c10::StorageImpl*, c10::Storage> lost_;  // of others
  std::uint64_t spent_ = 0;
  bool is_exceeded_ = false;
};

}  // namespace weigh::dry_run
