#include "places/doubts.h"

#include <algorithm>

#include <fmt/format.h>

#include "conventions/embeddings.h"

namespace weigh {
namespace {

bool has_no_elements(const Model& model, const Tensor& tensor) {
  return tensor.rank == 1 && can_be_parameter(tensor.dtype) && tensor.name == "weight" &&
         *model.shape_begin(tensor) == Extent(0);
}

// ZeRO-3 leaves [0] in the place of what other processes hold.
void note_empty_weights(Model& model) {
  std::size_t count = 0;
  const Tensor* first = nullptr;
  for (const Tensor& tensor : model.tensors) {
    if (!has_no_elements(model, tensor)) continue;
    if (count++ == 0) first = &tensor;
  }
  if (count == 0) return;
  model.notes.push_back({"empty-weight", model.path_of(*first),
                         fmt::format("{}no elements: {} saved under DeepSpeed's ZeRO-3 without being gathered? Such a "
                                     "checkpoint cannot be loaded",
                                     count == 1 ? "has " : fmt::format("and {} more have ", count - 1),
                                     count == 1 ? "was it" : "were they")});
}

bool makes_logits(std::string_view architecture) {
  return architecture.ends_with("ForCausalLM") || architecture.ends_with("LMHeadModel");
}

void note_missing_output(Model& model) {
  if (!model.config.untied_embeddings || !makes_logits(model.architecture)) return;
  bool has_input = false;
  for (const Tensor& tensor : model.tensors) {
    const std::string_view owner = model.modules[tensor.module].name;
    if (conventions::is_output_embedding(owner)) return;
    has_input |= conventions::is_text_embedding(owner);
  }
  if (has_input)
    model.notes.push_back(
        {"missing-output", model.source,
         fmt::format("has no output layer (lm_head), though {} has one and config.json does not tie it "
                     "to the embedding (tie_word_embeddings is false); its weights are not counted",
                     model.architecture.substr(0, 100))});
}

}  // namespace

void note_doubts(Model& model) {
  note_empty_weights(model);
  note_missing_output(model);
}

}  // namespace weigh
