// Embeddings that are one, though the file holds each: told by the configuration, or by the class of the model where
// that leaves it out.
#pragma once

#include "weigh/model.h"

namespace weigh {

// Ties the output layer and the embeddings of encoder and decoder, where Config says that they are one. Where nothing
// says so, a note tells that they may be.
void tie_embeddings(Model& model);

}  // namespace weigh
