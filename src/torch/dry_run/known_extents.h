// Sizes that layers know before their tensors have a shape. Those that they do not know become symbols of the model.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/builder.h"

#include "weigh/torch/lazy_module.h"

namespace weigh::dry_run {

class KnownExtents {
 public:
  explicit KnownExtents(ModelBuilder& builder) : builder_(builder) {}

  // Of a tensor of `layer`, which is `module` in the model, below `parent`. Nothing where not even the rank is known.
  std::optional<std::vector<Extent>> of(const torch::nn::Module& layer, Index module, Index parent,
                                        const std::string& tensor);

 private:
  SymbolId symbol(Index owner, const std::string& name);

  ModelBuilder& builder_;
  std::map<std::pair<Index, std::string>, SymbolId> symbols_;
};

}  // namespace weigh::dry_run
