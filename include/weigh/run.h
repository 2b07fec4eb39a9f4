// What a forward told about a layer: the shapes that go in and come out, and what it takes.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "weigh/count.h"

namespace weigh {

// The shape of a value that goes into a layer or comes out of it: that of a tensor, or a list of such, nested as the
// value is (an LSTM returns (output, (h, c))). Unknown where it is no tensor, or where nothing could be learnt of it.
struct IOShape {
  enum class Kind : std::uint8_t { unknown, tensor, list };
  Kind kind = Kind::unknown;
  std::vector<Extent> extents;  // of a tensor
  std::vector<IOShape> items;   // of a list

  static IOShape tensor(std::vector<Extent> extents) { return {Kind::tensor, std::move(extents), {}}; }
  static IOShape list(std::vector<IOShape> items) { return {Kind::list, {}, std::move(items)}; }
};

// How it is known what a module did.
enum class Witness : std::uint8_t {
  none,       // it could not be seen: it owns no parameters, and nothing that runs it can be watched
  operators,  // by the operators that took its parameters, or those of modules below it. Exact for layers of libtorch;
              // for another type the shapes are those of the first and the last such operator
  layer,      // the layer told, or the container that ran it, or it is the root
};

// One module in a forward. Numbers are of the module with all below it, and of all its calls.
struct Run {
  IOShape in;   // of the first call; a list where there is more than one argument
  IOShape out;  // of the first call
  // 2 for a multiply-add; matrix products, convolutions and attention, as torch.utils.flop_counter.FlopCounterMode.
  std::uint64_t flops = 0;
  std::uint64_t backward_flops = 0;    // of the backward pass; 0 where it was not asked for
  std::uint64_t activation_bytes = 0;  // of what its operators returned, views left out
  std::uint32_t calls = 0;             // 0: the forward did not reach it, or nobody saw it (Witness::none)
  Witness witness = Witness::none;
};

}  // namespace weigh
