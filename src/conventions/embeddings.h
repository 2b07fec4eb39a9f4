// Modules by which tokens go into a language model and come out of it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

enum class EmbeddingSide : std::uint8_t {
  input,
  perhaps_input,  // a module of this name that holds a matrix and is beside layers or an output layer
  output,
  perhaps_output,  // the same
  sharing_type,    // no module: a model_type whose encoder and decoder always have one embedding
  apart_type,      // no module: a model_type whose encoder and decoder are models of their own
  telling_type,    // no module: a model_type whose configuration tells ties where they are its default, too
};

struct EmbeddingRow : Row {
  EmbeddingSide side = EmbeddingSide::input;
};

// Whether a module of this name is the input embedding of a language model.
bool is_text_embedding(std::string_view module);
// Whether it may be one, if it holds a matrix: names that others have, too.
bool may_be_text_embedding(std::string_view module);
// Whether it is the layer that makes logits, which may be the embedding again.
bool is_output_embedding(std::string_view module);

bool may_be_output_embedding(std::string_view module);
// Whether encoder and decoder of the type have one embedding, whatever its output layer is.
bool always_shares_inputs(std::string_view model_type);
// Whether encoder and decoder of the type are models of their own, which share nothing.
bool has_two_models(std::string_view model_type);
// Whether a configuration of the type, as transformers before version 5 wrote it, has tie_word_embeddings whatever it
// is.
bool always_tells_ties(std::string_view model_type);

std::span<const EmbeddingRow> embedding_rows();

}  // namespace weigh::conventions
