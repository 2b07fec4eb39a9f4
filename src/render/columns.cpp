#include "render/columns.h"

#include <algorithm>

#include <fmt/format.h>

#include "render/io_shape.h"
#include "render/text.h"

#include "weigh/error.h"

namespace weigh {
namespace {

using Cell = const CellContext&;

const Module& module_of(Cell context, const Row& row) { return context.summary.model->modules[row.module]; }

std::string name_cell(Cell context, const Row& row) {
  return row_label(*context.summary.model, row, nullptr, context.style.unicode);
}

std::string type_cell(Cell context, const Row& row) {
  return row.own_only ? "" : printable(module_of(context, row).type, context.style.unicode);
}

std::string count_cell(Cell context, const Row& row, const Count& count) {
  return count_text(*context.summary.model, count, context.style, context.summary.model->path_of(row.module));
}

std::string parameters_cell(Cell context, const Row& row) { return count_cell(context, row, row.tally.parameters); }

std::string active_cell(Cell context, const Row& row) {
  const std::vector<std::uint64_t>& active = context.summary.active;
  return active.empty() || row.own_only ? "" : count_cell(context, row, Count(active[row.module]) * row.repeat);
}

std::string bits_cell(Cell, const Row& row) { return bits_text(row.tally); }

// "98.9 %", on a screen with a bar behind it.
std::string share_cell(Cell context, const Row& row) {
  const std::uint64_t all = context.summary.totals.parameters.known();
  if (!context.summary.totals.parameters.is_exact() || all == 0) return "";
  const double share = static_cast<double>(row.tally.parameters.known()) / static_cast<double>(all);
  const std::string text = fmt::format("{:.1f} %", 100 * share);
  return context.has_bars ? fmt::format("{:>7} {}", text, bar(share, context.style.unicode)) : text;
}

std::string trainable_cell(Cell context, const Row& row) {
  if (row.tally.trainable_recorded) return count_cell(context, row, row.tally.trainable);
  return "?";
}

std::string buffers_cell(Cell context, const Row& row) { return count_cell(context, row, row.tally.buffers); }

std::string size_cell(Cell context, const Row& row) { return bytes_text(row.tally.bytes, context.style); }

std::string tensors_cell(Cell, const Row& row) { return with_commas(row.tally.tensors); }

std::string dtypes_cell(Cell, const Row& row) {
  std::string text;
  for (unsigned i = 1; i < static_cast<unsigned>(Scheme::count_); ++i) {
    const auto scheme = static_cast<Scheme>(i);
    if (row.tally.schemes.contains(scheme)) text += (text.empty() ? "" : ", ") + std::string(name(scheme));
  }
  for (unsigned i = 0; i < static_cast<unsigned>(DType::count_); ++i) {
    const auto dtype = static_cast<DType>(i);
    if (dtype == DType::unknown || !row.tally.dtypes.contains(dtype)) continue;
    if (row.tally.schemes.contains(Scheme::int8) && dtype == DType::int8) continue;  // told already
    text += (text.empty() ? "" : ", ") + std::string(short_name(dtype));
  }
  return text;
}

std::string evidence_cell(Cell, const Row& row) { return std::string(name(row.tally.evidence)); }

std::string mode_cell(Cell context, const Row& row) {
  if (row.own_only) return "";
  switch (module_of(context, row).mode) {
    case Mode::train: return "train";
    case Mode::eval: return "eval";
    case Mode::not_recorded: return "";
  }
  return "";
}

// What the forward told about the module; null where there was none, or the row is no module.
const Run* run_of(Cell context, const Row& row) {
  const std::vector<Run>& runs = context.summary.model->runs;
  return row.own_only || runs.empty() ? nullptr : &runs[row.module];
}

std::string in_cell(Cell context, const Row& row) {
  const Run* run = run_of(context, row);
  return run == nullptr ? "" : io_text(*context.summary.model, run->in, context.style.unicode);
}

std::string out_cell(Cell context, const Row& row) {
  const Run* run = run_of(context, row);
  return run == nullptr ? "" : io_text(*context.summary.model, run->out, context.style.unicode);
}

Count work_of(Cell context, const Row& row, Count Run::*member) {
  return work_in(*context.summary.model, row.module, member) * Count(row.repeat);
}

std::string flops_cell(Cell context, const Row& row) {
  return run_of(context, row) == nullptr ? "" : count_cell(context, row, work_of(context, row, &Run::flops));
}

std::string backward_cell(Cell context, const Row& row) {
  return run_of(context, row) == nullptr ? "" : count_cell(context, row, work_of(context, row, &Run::backward_flops));
}

std::string activations_cell(Cell context, const Row& row) {
  if (run_of(context, row) == nullptr) return "";
  return bytes_text(work_of(context, row, &Run::activation_bytes), context.style);
}

std::string calls_cell(Cell context, const Row& row) {
  const Run* run = run_of(context, row);
  if (run == nullptr) return "";
  return run->known_calls() ? with_commas(*run->known_calls()) : "?";
}

std::string marks_cell(Cell, const Row& row) {
  if (row.lazy && row.tied) return "lazy, tied";
  return row.lazy ? "lazy" : row.tied ? "tied" : "";
}

// The path from `top` on. What is folded stands as a range, wherever it is: "layers.1…60.mlp.experts.0…7".
std::string path_below(const Model& model, const Row& row, Index top, bool unicode) {
  std::string path;
  for (Index first = row.module, last = row.last_module; first != top && first != 0;
       first = model.modules[first].parent, last = model.modules[last].parent) {
    std::string name(model.modules[first].name);
    if (first != last && model.modules[last].name != name)
      name.append(glyphs(unicode).ellipsis).append(model.modules[last].name);
    path = path.empty() ? std::move(name) : name + "." + path;
  }
  return path;
}

bool always(const Summary&) { return true; }
bool never(const Summary&) { return false; }

bool has_experts(const Summary& summary) { return !summary.active.empty(); }

// Packed weights, or block types of a format.
bool has_packed(const Summary& summary) {
  return !summary.quantized.empty() ||
         std::any_of(summary.totals.by_dtype.begin(), summary.totals.by_dtype.end(),
                     [](const DTypeShare& share) { return block_of(share.dtype).elements > 1; });
}

bool has_types(const Summary& summary) {
  return std::any_of(summary.model->modules.begin() + 1, summary.model->modules.end(),
                     [](const Module& module) { return !module.type.empty(); });
}

bool has_frozen(const Summary& summary) {
  const Totals& totals = summary.totals;
  return totals.trainable_recorded && !(totals.trainable == totals.parameters);
}

bool has_buffers(const Summary& summary) { return !(summary.totals.buffers == Count()); }

bool has_several_dtypes(const Summary& summary) { return summary.totals.by_dtype.size() > 1; }

bool has_modes(const Summary& summary) { return summary.totals.modes_recorded; }

bool has_runs(const Summary& summary) { return !summary.model->runs.empty(); }

bool has_backward(const Summary& summary) {
  return has_runs(summary) && summary.model->runs[0].backward_flops.known() > 0;
}

bool has_marks(const Summary& summary) {
  return std::any_of(summary.rows.begin(), summary.rows.end(), [](const Row& row) { return row.lazy || row.tied; });
}

}  // namespace

const std::vector<BuiltInColumn>& built_in_columns() {
  static const std::vector<BuiltInColumn> columns = {
      {"name", "Name", false, name_cell, always},
      {"type", "Type", false, type_cell, has_types},
      {"params", "Params", true, parameters_cell, always},
      {"active", "Active", true, active_cell, has_experts},
      {"share", "Share", true, share_cell, never},
      {"trainable", "Trainable", true, trainable_cell, has_frozen},
      {"buffers", "Buffers", true, buffers_cell, has_buffers},
      {"size", "Size", true, size_cell, always},
      {"bits", "Bits", true, bits_cell, has_packed},
      {"tensors", "Tensors", true, tensors_cell, never},
      {"dtypes", "Dtypes", false, dtypes_cell, has_several_dtypes},
      {"evidence", "Evidence", false, evidence_cell, never},
      {"mode", "Mode", false, mode_cell, has_modes},
      {"in", "In", false, in_cell, has_runs},
      {"out", "Out", false, out_cell, has_runs},
      {"flops", "FLOPs", true, flops_cell, has_runs},
      {"backward", "Backward", true, backward_cell, has_backward},
      {"activations", "Activations", true, activations_cell, never},
      {"calls", "Calls", true, calls_cell, never},
      {"marks", "", false, marks_cell, has_marks},
  };
  return columns;
}

const BuiltInColumn& built_in_column(std::string_view key) {
  const auto& columns = built_in_columns();
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.key == key; });
  if (found == columns.end()) {
    throw Error(ErrorKind::usage, "",
                fmt::format("there is no column '{}'; there are {}", printable(key), fmt::join(column_keys(), ", ")));
  }
  return *found;
}

std::vector<std::string_view> column_keys() {
  std::vector<std::string_view> keys;
  for (const BuiltInColumn& column : built_in_columns()) keys.push_back(column.key);
  return keys;
}

std::string of_own_tensors(std::string path) {
  return std::move(path.append(path.empty() ? "" : " ").append("(own tensors)"));
}

std::string row_label(const Model& model, const Row& row, const Row* above, bool unicode) {
  std::string path = printable(path_below(model, row, above == nullptr ? 0 : above->module, unicode), unicode);
  if (row.own_only) path = of_own_tensors(std::move(path));
  const std::uint32_t times = above == nullptr ? row.repeat : row.repeat / above->repeat;
  if (times > 1) path += fmt::format("  {}{}", glyphs(unicode).times, times);
  const Index original = row.own_only ? kNone : model.modules[row.module].alias_of;
  if (original != kNone) path += " = " + printable(model.path_of(original), unicode);
  return path;
}

}  // namespace weigh
