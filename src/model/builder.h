// Building a Model from dotted names. Formats that list tensors ("model.layers.0.weight") add those; formats that hold
// a tree add modules.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bytes/flat_index.h"
#include "model/shapes.h"

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh {

// One builder at a time: while it is used, nobody else adds modules. What the model holds before, it finds.
// Paths are those below `root`. Names and paths are needed during a call only: the model keeps its own.
class ModelBuilder {
 public:
  ModelBuilder(Model& model, const Limits& limits)
      : model_(model),
        limits_(limits),
        shapes_(model.extents),
        unsorted_(model.modules.size(), model.modules.size() > 1) {
    trail_.reserve(16);
  }

  // The module with this path, made where it is missing, its ancestors too.
  Index module(std::string_view path, Index root = 0);
  // The module that owns a tensor with this path: all before the last dot.
  Index module_of(std::string_view tensor, Index root = 0);
  // A new child, for formats that hold a tree.
  Index add_child(Index parent, std::string_view name);

  // Adds a tensor to the module that its path names (all before the last dot), or to `tensor.module` by its name as it
  // stands. Fills `first_extent` and `rank` (which stays where it says kUnknownRank). A tied tensor becomes as its
  // original in all but name, so that it is counted as what it is; its shape must be the same. Throws Error(limit).
  Index add_by_path(Tensor tensor, std::string_view path, std::span<const Extent> shape, Index root = 0);
  Index add_to_module(Tensor tensor, std::span<const Extent> shape);

  // Adds one that is another under a further name, with its shape. Returns its number.
  Index add_tie(std::string_view path, Index original, Index root = 0);
  // Makes one that was added the tie of one before it.
  void tie(Index tied, Index original);

  // These in steps, for tensors that stand in Model::tensors already, in their order: place(…) puts one into the module
  // that its name leads to, which is a path until then; link(…) threads it into the module.
  void place(Tensor& tensor);
  void link(Index tensor);

  // What a tensor with this path is called in the module that module_of(path, root) told. A name with its only dot in
  // front, ".w", is one of the root's.
  static std::string_view name_in(Index module, std::string_view path, Index root) {
    return module == root ? path : path.substr(path.rfind('.') + 1);
  }

  // The tensor with this path; kNone where there is none. Makes no module.
  Index find(std::string_view path, Index root = 0);
  // The same among the tensors of one module.
  Index find_in_module(std::string_view name, Index module) const;

  SymbolId symbol(std::string_view name, Index layer);

  // Orders siblings by name, numbers by value: for formats that lost the definition order. To be called when all is
  // added.
  void sort_siblings();

 private:
  struct Step {
    Index module = 0;
    std::size_t size = 0;  // of its path
    Index child = kNone;   // the child of it that was wanted last
  };
  std::string_view keep(std::string_view name);
  void be_as_original(Tensor& tensor) const;
  struct Search {
    int count = 0;
    Index last = kNone;  // of its children that is in by_name_
  };
  Index next_child(const Step& above, std::string_view name) const;
  Index find_child(Index parent, std::string_view name);
  Index find_among_many(Index parent, std::string_view name);
  Index find_or_add_child(Index parent, std::string_view name);
  Index append_child(Index parent, std::string_view name, bool is_in_order);
  bool comes_last(Index parent, std::string_view name) const;
  bool is_crowded(Index module) const;
  void link_child(Index parent, Index child);

  Model& model_;
  const Limits& limits_;
  Shapes shapes_;
  std::array<std::string_view, 128> recent_names_ = {};  // by hash: names recur
  // Modules of the last path, its root first: the next name mostly shares them, or goes on with their next siblings,
  // and then nothing is looked up.
  std::vector<Step> trail_;
  std::string trail_path_;                      // of the last of them
  std::vector<bool> unsorted_;                  // by module: its children did not come in the order of their names
  std::unordered_map<Index, Search> searched_;  // modules with many children of which one was looked for
  FlatIndex by_name_;                           // of those where it was so often: the children by (parent, name)
  FlatIndex crowded_;  // tensors by (module, name), of modules that own too many to look at each
};

}  // namespace weigh
