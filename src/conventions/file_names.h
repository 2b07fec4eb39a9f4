// What files are called beside each other: those of weights, their variants, and those that hold none.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

enum class FileNameIs : std::uint8_t {
  stem,            // of a file of weights
  variant,         // behind a stem: "model.fp16.safetensors"
  trainer_file,    // what a trainer leaves beside the weights
  trainer_begins,  // the same, of many files
  no_model_ends,   // a file without weights ends so
};

struct FileNameRow : Row {
  FileNameIs what = FileNameIs::stem;
};

bool is_usual_stem(std::string_view stem);
bool is_variant(std::string_view word);
bool is_trainer_file(std::string_view name);
// By its ending, ".md".
bool is_surely_no_model(std::string_view name);

std::span<const FileNameRow> file_name_rows();

}  // namespace weigh::conventions
