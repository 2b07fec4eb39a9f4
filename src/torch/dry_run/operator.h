// What a run needs to know of an operator of libtorch, looked up once.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <ATen/core/boxing/KernelFunction.h>
#include <torch/torch.h>

#include "dry_run/flops.h"

namespace weigh::dry_run {

struct Operator {
  std::string name;  // "aten::conv2d"
  // Made of other operators, which are looked at one by one, as torch.utils.flop_counter does.
  bool is_composite = false;
  // Our shape-only kernel, where libtorch has none; else null.
  const c10::KernelFunction* shape_kernel = nullptr;
  // Changes its first argument and returns it, and libtorch has no shape-only kernel: nothing is to be done.
  bool returns_self = false;
  // libtorch shapes it without data by other operators, of which one may lack its kernel.
  bool is_shaped_by_parts = false;
  // What it returns depends on values, which a dry run has not.
  bool needs_values = false;
  FlopRule flops = nullptr;     // null: none
  std::int64_t device_at = -1;  // which argument is the device
  std::int64_t pinned_at = -1;  // which argument asks for pinned memory
  bool is_plain_empty = false;  // at::empty(size, options)
  bool is_equal = false;
  std::vector<bool> is_changed;  // by argument: is_written, or changed though the schema does not say so
  std::vector<bool> is_written;  // by argument: whether it is changed in place
  std::vector<bool> is_alias;    // by result: whether it may share memory with an argument
};

// Of one thread: not for sharing.
class Operators {
 public:
  const Operator& of(const c10::OperatorHandle& handle);

 private:
  std::unordered_map<const c10::FunctionSchema*, Operator> known_;
};

}  // namespace weigh::dry_run
