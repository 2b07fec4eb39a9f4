// What a run needs to know of an operator of libtorch, looked up once.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <ATen/core/boxing/KernelFunction.h>
#include <torch/torch.h>

#include "dry_run/by_values.h"
#include "dry_run/flops.h"

namespace weigh::dry_run {

// Which numbers an operator makes out of nothing, where it is not told.
enum class Makes : std::uint8_t { nothing, floats, integers, as_given };

struct Operator {
  std::string name;  // "aten::conv2d"
  // Made of other operators, which are looked at one by one, as torch.utils.flop_counter does.
  bool is_composite = false;
  // The same where all values are known: no shape-only kernel takes the place of its parts.
  bool is_composite_of_values = false;
  bool has_meta_kernel = false;
  // Our shape-only kernel, where libtorch has none; else null.
  const c10::KernelFunction* shape_kernel = nullptr;
  // Changes its first argument and returns it, and libtorch has no shape-only kernel: nothing is to be done.
  bool returns_self = false;
  // libtorch shapes it without data by other operators, of which one may lack its kernel.
  bool is_shaped_by_parts = false;
  bool is_view = false;  // of what it takes, which it does not change
  // What it returns depends on values, which a dry run has not of floats.
  bool needs_values = false;
  // What it does with values of integers beside floats that have none; null: nothing.
  ValueRule by_values = nullptr;
  // Whether it, or what it is made of, is to see the values that are known.
  bool keeps_known = false;
  Makes makes = Makes::nothing;
  bool is_like = false;         // makes what is shaped as its first argument: zeros_like, new_zeros
  bool draws = false;           // random numbers
  bool is_sized = false;        // by numbers among its arguments
  FlopRule flops = nullptr;     // null: none
  std::int64_t device_at = -1;  // which argument is the device
  std::int64_t dtype_at = -1;   // which argument is the dtype
  std::int64_t pinned_at = -1;  // which argument asks for pinned memory
  bool is_plain_empty = false;  // at::empty(size, options)
  bool is_equal = false;
  std::vector<bool> is_required;  // by argument: a tensor that has to be there
  std::vector<bool> is_changed;   // by argument: is_written, or changed though the schema does not say so
  std::vector<bool> is_written;   // by argument: whether it is changed in place
  std::vector<bool> is_alias;     // by result: whether it may share memory with an argument
};

// Of one thread: not for sharing.
class Operators {
 public:
  const Operator& of(const c10::OperatorHandle& handle);

 private:
  std::unordered_map<const c10::FunctionSchema*, Operator> known_;
};

}  // namespace weigh::dry_run
