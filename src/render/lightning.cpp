// The text of PyTorch Lightning's ModelSummary (lightning.pytorch.utilities.model_summary, 2.6), to the character, but
// where Lightning is wrong: what is not initialised is an expression or a lower bound instead of 0; "other params" are
// there at every depth; 9,999 is not rounded up to 10.0 K; the size is that of the real dtypes. FLOPs are 0, and shapes
// are not there, where there was no example input, as in Lightning. Sizes that were given are told behind it.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "model/walk.h"
#include "render/formats.h"
#include "render/given.h"
#include "render/io_shape.h"
#include "render/text.h"
#include "render/units.h"

namespace weigh {
namespace {

constexpr std::size_t kTotalWidth = 10;
constexpr std::string_view kUnknown = "n/a";

// get_human_readable_count: groups of three digits, one decimal below 100 of them, none above.
std::string lightning_count(std::uint64_t number) {
  constexpr std::array<std::string_view, 5> kLabels = {" ", "K", "M", "B", "T"};
  constexpr std::array kScales = {1.0, 1e-3, 1e-6, 1e-9, 1e-12};
  std::uint64_t whole = number;
  std::size_t label = 0;
  for (; label + 1 < kLabels.size() && whole >= 1000; whole /= 1000) ++label;
  if (label == 0 || whole >= 100) return fmt::format("{} {}", with_commas(whole), kLabels[label]);
  const std::string rounded = fmt::format("{:.1f}", static_cast<double>(number) * kScales[label]);  // as it multiplies
  const bool gained_a_digit = rounded.size() > fmt::to_string(whole).size() + 2;
  if (gained_a_digit) return with_commas(number) + "  ";
  return fmt::format("{} {}", rounded, kLabels[label]);
}

std::string lightning_count(const Model& model, const Count& count, bool as_total) {
  if (count.is_exact()) return lightning_count(count.known());
  const NumberStyle style{.exact = true, .unicode = true};
  return as_total ? total_text(count, style) : count_text(model, count, style);
}

struct Line {
  std::string index, name, type, parameters, mode, flops, in, out;
};

class LightningText {
 public:
  explicit LightningText(const Summary& summary) : summary_(summary), model_(*summary.model) {}

  std::string text() && {
    collect_layers();
    add_other_parameters();
    table();
    totals();
    for (const std::string& given : given_texts(model_)) out_ += given + "\n";
    return std::move(out_);
  }

 private:
  int deepest() const { return summary_.depth.value_or(1); }

  // Definition order, a module registered twice once: what named_modules() yields.
  void collect_layers() {
    walk_modules(model_, deepest(), [this](Index index, std::uint32_t) {
      const bool is_hidden = !summary_.hidden.empty() && summary_.hidden[index];
      if (index != 0 && !is_hidden && model_.modules[index].alias_of == kNone) add_layer(index);
    });
  }

  void add_layer(Index index) {
    const Module& module = model_.modules[index];
    const std::string_view mode = module.mode == Mode::train ? "train" : module.mode == Mode::eval ? "eval" : kUnknown;
    lines_.push_back({fmt::to_string(lines_.size()), printable(model_.path_of(index)),
                      module.type.empty() ? std::string(kUnknown) : printable(module.type),
                      lightning_count(model_, summary_.tallies[index].parameters, false), std::string(mode),
                      lightning_count(model_, flops(index), true), has_runs() ? io(model_.runs[index].in) : "",
                      has_runs() ? io(model_.runs[index].out) : ""});
  }

  bool has_runs() const { return !model_.runs.empty(); }
  Count flops(Index module) const { return has_runs() ? model_.runs[module].flops : Count(); }

  // Lightning takes the empty shape of a scalar, and an empty list, for none.
  std::string io(const IOShape& shape) const {
    return shape.extents.empty() && shape.items.empty() ? "?" : io_text(model_, shape);
  }

  // Parameters that belong to no layer of the table: at depth 0 all, else those that only the root itself owns.
  void add_other_parameters() {
    const Count other = deepest() == 0 ? summary_.totals.parameters : owned_by_root_alone();
    if (other == Count()) return;
    const std::string not_available(kUnknown);
    lines_.push_back({" ", "other params", not_available, lightning_count(model_, other, false), not_available,
                      not_available, not_available, not_available});
  }

  Count owned_by_root_alone() const {
    std::vector<bool> is_shared(model_.tensors.size());
    for (std::size_t i = 0; i < model_.tensors.size(); ++i) {
      const Tensor& tensor = model_.tensors[i];
      if (tensor.tied_to != kNone && (tensor.module != 0 || model_.tensors[tensor.tied_to].module != 0))
        is_shared[i] = is_shared[tensor.tied_to] = true;
    }
    Count sum;
    for (Index i = model_.modules[0].first_tensor; i != kNone; i = model_.tensors[i].next) {
      const Tensor& tensor = model_.tensors[i];
      if (tensor.role == Role::parameter && tensor.tied_to == kNone && !is_shared[i]) sum += summary_.numel(tensor);
    }
    return sum;
  }

  void table() {
    const Line titles = {" ", "Name", "Type", "Params", "Mode", "FLOPs", "In sizes", "Out sizes"};
    std::vector columns = {&Line::index, &Line::name, &Line::type, &Line::parameters, &Line::mode, &Line::flops};
    if (has_runs()) columns.insert(columns.end(), {&Line::in, &Line::out});
    std::vector<std::size_t> widths;
    std::size_t rule = 3 * (columns.size() + 1);
    for (const auto column : columns) {
      widths.push_back((titles.*column).size());
      for (const Line& line : lines_) widths.back() = std::max(widths.back(), display_width(line.*column));
      rule += widths.back();
    }
    auto write = [&](const Line& line) {
      for (std::size_t i = 0; i < columns.size(); ++i)
        out_ += (i == 0 ? "" : " | ") + pad_right(line.*columns[i], widths[i]);
      out_ += '\n';
    };
    write(titles);
    out_ += std::string(rule, '-') + '\n';
    for (const Line& line : lines_) write(line);
    out_ += std::string(rule, '-') + '\n';
  }

  void total(std::string_view value, std::string_view what) {
    out_ += pad_right(value, kTotalWidth);
    const bool is_ours = value.starts_with("≥");
    if (is_ours && display_width(value) >= kTotalWidth) out_ += ' ';  // Lightning lets the two touch
    out_ += what;
    out_ += '\n';
  }

  // Bytes of the parameters by their own dtypes, in millions.
  std::string megabytes() const {
    Count bytes;
    for (const Tensor& tensor : model_.tensors)
      if (tensor.role == Role::parameter && tensor.tied_to == kNone)
        bytes += model_.bytes(tensor, summary_.numel(tensor));
    const std::uint64_t kilobytes = bytes.known() / 1000;
    const bool small = bytes.is_exact() && bytes.known() < 1'000'000'000'000;  // a lower bound is not rounded up
    const std::string text = small ? fmt::format("{:.3f}", static_cast<double>(bytes.known()) * 1e-6)
                                   : fmt::format("{}.{:03}", kilobytes / 1000, kilobytes % 1000);
    const std::size_t dot = text.find('.');
    return (bytes.is_exact() ? "" : "≥ ") + with_commas(std::stoull(text.substr(0, dot))) + text.substr(dot);
  }

  void totals() {
    const Totals& totals = summary_.totals;
    const bool recorded = totals.trainable_recorded;
    Count frozen = totals.parameters;
    frozen -= totals.trainable;
    total(recorded ? lightning_count(model_, totals.trainable, true) : kUnknown, "Trainable params");
    total(recorded ? lightning_count(model_, frozen, true) : kUnknown, "Non-trainable params");
    total(lightning_count(model_, totals.parameters, true), "Total params");
    total(megabytes(), "Total estimated model params size (MB)");
    auto modes = [&](std::uint64_t n) { return totals.modes_recorded ? fmt::to_string(n) : std::string(kUnknown); };
    total(modes(totals.train_modules), "Modules in train mode");
    total(modes(totals.eval_modules), "Modules in eval mode");
    total(lightning_count(model_, flops(0), true), "Total Flops");
  }

  const Summary& summary_;
  const Model& model_;
  std::vector<Line> lines_;
  std::string out_;
};

}  // namespace

std::string render_lightning(const Summary& summary) { return LightningText(summary).text(); }

}  // namespace weigh
