// What saved_model.pb tells of a model's variables: formats/tensorflow.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bytes/source.h"
#include "formats/tensorflow/signatures.h"

#include "weigh/limits.h"

namespace weigh::tensorflow {

struct SavedModel {
  std::string tags;     // "serve"
  std::string version;  // of TensorFlow
  Signatures signatures;
  std::vector<std::optional<bool>> trainable;  // by object; nothing of what is no variable
};

// The graph in it is passed over. Throws Error.
SavedModel read_saved_model(Source& source, const Limits& limits);

}  // namespace weigh::tensorflow
