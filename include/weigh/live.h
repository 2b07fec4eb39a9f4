// A module that is alive in a process, told piece by piece, becomes a Model like that of any file. Whoever can look at
// the objects of another language (the Python package does) walks the modules, and the counting is done here.
//
//   weigh::LiveModel live("GAT");
//   weigh::Index conv = live.add_module(0, "conv1", "GATv2Conv", weigh::Mode::train);
//   live.add_tensor({.module = conv, .name = "bias", .shape = {{8}}, .dtype = weigh::DType::float32});
//   weigh::Model model = std::move(live).finish();
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weigh/layer_facts.h"
#include "weigh/model.h"

namespace weigh {

struct LiveTensor {
  Index module = 0;
  std::string name = {};  // in its module
  // Sizes; nothing for an uninitialised tensor: then what the facts of its layer give away is taken.
  std::optional<std::vector<std::uint64_t>> shape = {};
  DType dtype = DType::unknown;
  Role role = Role::parameter;
  RequiresGrad requires_grad = RequiresGrad::not_recorded;
  State state = State::initialised;
  Layout layout = Layout::strided;
  Index tied_to = kNone;           // an earlier tensor that is the same memory in the same form
  std::uint64_t stored_bytes = 0;  // in memory
  // Of weights that are packed: how, and how many they are.
  Scheme scheme = Scheme::none;
  std::optional<std::uint64_t> logical = {};
  bool is_overhead = false;  // scales and the like, which belong to packed weights
};

class LiveModel {
 public:
  // `architecture` is the class of the root, module 0; `format` whose module it is.
  explicit LiveModel(std::string architecture, std::string format = "PyTorch");
  LiveModel(LiveModel&&) noexcept;
  LiveModel& operator=(LiveModel&&) noexcept;
  ~LiveModel();

  // A parent is added before its children. All of these throw Error(usage) for a module that was not added.
  void set_mode(Index module, Mode mode);
  Index add_module(Index parent, std::string_view name, std::string_view type, Mode mode);
  // The module object `original`, registered once more.
  Index add_alias(Index parent, std::string_view name, Index original);
  // Needed of a layer that owns an uninitialised tensor, and of the one above it, before the tensor is added.
  void know(Index module, LayerFacts facts);
  // Its number, for ties. Throws Error(usage) for a module or an original that was not added and for a tie of another
  // shape, Error(limit) for more dimensions than any tensor has.
  Index add_tensor(const LiveTensor& tensor);
  // What a forward told of a module. Where one is told, the others were not reached.
  void set_run(Index module, Run run);
  void add_note(Note note);

  Model finish() &&;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace weigh
