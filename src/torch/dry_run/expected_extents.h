// Sizes that layers know before their tensors have a shape. Those that they do not know become symbols of the model.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/builder.h"

#include "weigh/torch/expected_shape.h"

namespace weigh::dry_run {

class ExpectedExtents {
 public:
  explicit ExpectedExtents(ModelBuilder& builder) : builder_(builder) {}

  // Of a tensor of `layer`, which is `module` in the model; `parent` is whose child it is, under `name`. Nothing where
  // the layer does not know even the rank.
  struct Place {
    Index module;
    const torch::nn::Module* layer;
    Index parent;
    const torch::nn::Module* above;  // null for the root
    std::string name;
  };
  std::optional<std::vector<Extent>> of(const Place& place, const std::string& tensor);

 private:
  SymbolId symbol(Index owner, const std::string& name);

  ModelBuilder& builder_;
  std::map<std::pair<Index, std::string>, SymbolId> symbols_;
};

}  // namespace weigh::dry_run
