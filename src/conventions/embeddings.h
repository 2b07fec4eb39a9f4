// Modules by which tokens go into a language model and come out of it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

enum class EmbeddingSide : std::uint8_t { input, output };

struct EmbeddingRow : Row {
  EmbeddingSide side = EmbeddingSide::input;
};

// Whether a module of this name is the input embedding of a language model.
bool is_text_embedding(std::string_view module);
// Whether it is the layer that makes logits, which may be the embedding again.
bool is_output_embedding(std::string_view module);

std::span<const EmbeddingRow> embedding_rows();

}  // namespace weigh::conventions
