// What Python sees of values in arrays: an index and whoever owns the array, which is kept alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <nanobind/nanobind.h>

#include "weigh/summary.h"

namespace weigh::python {

namespace nb = nanobind;

// A count with its text, which needs the model's symbols.
struct CountView {
  std::uint64_t known = 0;
  bool is_exact = true;
  std::string text;
};
CountView view(const Model& model, const Count& count);

struct ModelPart {
  nb::object owner;
  const Model* model = nullptr;
  Index index = 0;
};
struct ModuleView : ModelPart {};
struct TensorView : ModelPart {};
struct Modules : ModelPart {};
struct Tensors : ModelPart {};

struct RowView {
  nb::object owner;  // the Summary
  const Summary* summary = nullptr;
  std::size_t index = 0;
  const Row& row() const { return summary->rows[index]; }
  const Model& model() const { return *summary->model; }
};

// Totals and sections are shown through the summary that owns them.
struct SummaryPart {
  nb::object owner;
  const Summary* summary = nullptr;
};
struct TotalsView : SummaryPart {
  const Totals& totals() const { return summary->totals; }
};
struct SectionView : SummaryPart {
  std::size_t index = 0;
  const Section& section() const { return summary->model->sections[index]; }
};

nb::object shape_of_io(const IOShape& shape);

// "train", "eval", or None.
nb::object mode_of(const Module& module);

void bind_sequences(nb::module_& module);
void bind_totals(nb::module_& module);

}  // namespace weigh::python
