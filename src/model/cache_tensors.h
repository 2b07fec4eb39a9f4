// The keys and values of each layer by the tensors that make them.
#pragma once

#include "model/cache_facts.h"

#include "weigh/model.h"

namespace weigh {

// Sets the layers of Model::config.cache to what the configuration says, mended by what the tensors are. Where they
// contradict each other, or nothing can be told of a model that makes text, a note says so.
void settle_cache(const CacheFacts& facts, Model& model);

}  // namespace weigh
