// What a forward told about a layer: the shapes that go in and come out, and what it takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "weigh/count.h"

namespace weigh {

// The shape of a value that goes into a layer or comes out of it: that of a tensor, or a list of such, nested as the
// value is (an LSTM returns (output, (h, c))); with keys where it is a dictionary. Unknown where it is no tensor, or
// where nothing could be learnt of it.
struct IOShape {
  enum class Kind : std::uint8_t { unknown, tensor, list };
  Kind kind = Kind::unknown;
  std::vector<Extent> extents;         // of a tensor
  std::vector<IOShape> items;          // of a list
  std::vector<std::string> keys = {};  // of the items; empty where they have none

  static IOShape tensor(std::vector<Extent> extents) { return {Kind::tensor, std::move(extents), {}}; }
  static IOShape list(std::vector<IOShape> items) { return {Kind::list, {}, std::move(items)}; }
  static IOShape dictionary(std::vector<std::string> keys, std::vector<IOShape> items) {
    return {Kind::list, {}, std::move(items), std::move(keys)};
  }
};

// How it is known what a module did.
enum class Witness : std::uint8_t {
  none,       // it could not be seen: it owns no parameters, and nothing that runs it can be watched
  parts,      // operators took its parameters, or those of modules below it; where it begins and ends, nobody told
  operators,  // by the operators that took its parameters: a layer of libtorch, of which is known what it does beside
  layer,      // the layer told, or the container that ran it, or it is the root
};

// One module in a forward. Numbers are of the module with all below it, and of all its calls; a Count that is not exact
// leaves out operators that may be the module's own or its parent's, since nobody told where it begins and ends.
struct Run {
  IOShape in;   // of the first call; a list where there is more than one argument
  IOShape out;  // of the first call
  // 2 for a multiply-add; matrix products, convolutions and attention, as torch.utils.flop_counter.FlopCounterMode.
  Count flops;
  Count backward_flops;     // of the backward pass; 0 where it was not asked for
  Count activation_bytes;   // of what its operators returned, views left out
  std::uint32_t calls = 0;  // 0: the forward did not reach it, or nobody saw it; see known_calls()
  Witness witness = Witness::none;

  // How often it was called; nothing where nobody counted.
  std::optional<std::uint32_t> known_calls() const {
    const bool is_known = witness >= Witness::operators || (witness == Witness::parts && calls == 0);
    return is_known ? std::optional(calls) : std::nullopt;
  }
};

}  // namespace weigh
