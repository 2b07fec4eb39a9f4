// Uninitialised parameters in a pickle get the extents that are known of them: conventions/lazy_shapes.h tells those of
// a pickled layer; in a state dict, where classes are not recorded, the bias beside the weight does.
#pragma once

#include <string_view>

#include "conventions/lazy_shapes.h"
#include "formats/pytorch/assembler.h"
#include "formats/pytorch/python.h"

namespace weigh::pytorch {

// A pickled layer and where it stands.
struct Layer {
  Value module;
  Index index = 0;
  Value parent;  // none for the root
  Index parent_index = kNone;
  std::string_view name;  // under which the parent holds it
};

class LazyShapes {
 public:
  explicit LazyShapes(Assembler& assembler)
      : assembler_(assembler),
        known_([&assembler](std::string_view name, Index layer) { return assembler.builder().symbol(name, layer); }) {}

  // Gives the tensor, called `name` in its layer, the extents that are known; leaves it where the class is not.
  void complete(Index tensor, const Layer& layer, std::string_view name);

  // PyG's Linear keeps a real bias beside its uninitialised weight.
  void complete_beside_bias(Index module);

 private:
  Assembler& assembler_;
  conventions::LazyShapes known_;
};

}  // namespace weigh::pytorch
