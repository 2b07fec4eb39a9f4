// What the name of a weights file says: "diffusion_pytorch_model.fp16-00001-of-00002.safetensors".
#pragma once

#include <string>
#include <string_view>

namespace weigh {

struct ModelName {
  std::string stem;         // "diffusion_pytorch_model"
  std::string variant;      // "fp16"; "" for none
  std::string_view ending;  // ".safetensors"; of an index, that of its shards; "" for one that is not known
  bool is_index = false;
  bool is_part = false;  // one of several: has "-00001-of-00002"

  // What a loader prefers: smaller. Of names of one family.
  int rank() const;
  // Alike for files that hold one model in several forms; names of Hugging Face's libraries have the family "".
  std::string family() const;
  // Of an adapter's or a model's files under the names of Hugging Face's libraries.
  bool is_usual() const;
};

ModelName parse_model_name(std::string_view name);
// Its ending alone.
std::string_view model_ending(std::string_view name);
// "NAME.weights.json", whose weights lie in files beside it.
bool is_keras_index(std::string_view name);

// Files that trainers keep beside a model's: states of optimizers and random numbers, arguments.
bool is_trainer_file(std::string_view name);
// Texts and pictures, by their endings.
bool is_surely_no_model(std::string_view name);

}  // namespace weigh
