// Names with slashes, as TensorFlow, Keras and Flax write them: "encoder/dense/kernel" is the tensor "kernel" of the
// module "encoder.dense".
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace weigh {

inline std::string dotted(std::string_view name) {
  std::string path(name);
  std::replace(path.begin(), path.end(), '/', '.');
  return path;
}

}  // namespace weigh
