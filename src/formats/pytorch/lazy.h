// What is known of an uninitialised parameter: the extents that its layer's class and attributes, or the bias beside
// it, give away. The rest are unknown extents with a name: the LazyLinear "fc" has the weight [64, in of fc].
//
// Layers: PyTorch's thirteen lazy classes (torch/nn/modules/*.py); PyTorch Geometric's Linear, HeteroLinear and the
// convolutions that own lazy parameters (torch_geometric/nn/dense/linear.py, nn/conv/*.py).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  explicit LazyShapes(Assembler& assembler) : assembler_(assembler) {}

  // Gives the tensor, called `name` in its layer, the extents that are known; leaves it where the class is not.
  void complete(Index tensor, const Layer& layer, std::string_view name);

  // In a state dict, where classes are not recorded: PyG's Linear keeps a real bias beside its uninitialised weight.
  void complete_beside_bias(Index module);

 private:
  using Shape = std::optional<std::vector<Extent>>;
  Shape torch_shape(const Layer& layer, std::string_view name);
  Shape convolution_shape(const Layer& layer, std::string_view name, bool is_transposed);
  Shape geometric_shape(const Layer& layer, std::string_view name);
  Extent input_of_linear(const Layer& layer);
  Extent unknown(Index layer, std::string_view name);

  Assembler& assembler_;
  std::map<std::pair<Index, std::string>, SymbolId> symbols_;  // by layer and name
};

}  // namespace weigh::pytorch
