// Tensors of which each of several files holds a part, as whole ones.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh {

class WholeTensors {
 public:
  // Where the part of a tensor begins in the whole one, by dimension; dimensions that are not told begin at 0.
  using OffsetsOf = std::function<std::vector<std::uint64_t>(const std::string& path, std::span<const Extent> shape)>;

  // A whole reaches as far as the farthest of its parts. Throws Error(corrupt) for a part that would reach beyond
  // Extent::kMax.
  void add(const Model& part, const OffsetsOf& offsets_of);

  // Adds them to a model that has none. Throws Error(limit).
  void build(Model& model, const Limits& limits) const;

 private:
  struct Whole {
    std::string path;
    Tensor tensor;
    std::vector<Extent> shape;
  };
  std::vector<Whole> all_;
  std::unordered_map<std::string, std::size_t> by_path_;
};

}  // namespace weigh
