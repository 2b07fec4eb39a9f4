#include "weigh/explain.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "analysis/nearest.h"
#include "render/glyphs.h"
#include "render/grid.h"
#include "render/io_shape.h"
#include "render/layout.h"
#include "render/text.h"
#include "render/units.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::size_t kMostTensors = 1000;
constexpr std::size_t kMostNames = 10;

class Explanation {
 public:
  Explanation(const Summary& summary, const RenderOptions& options)
      : summary_(summary), model_(*summary.model), options_(options), style_{true, options.unicode} {}

  std::string of(std::string_view name) {
    for (std::size_t i = 0; i < model_.tensors.size(); ++i)
      if (model_.path_of(model_.tensors[i]) == name) return of_tensor(model_.tensors[i]);
    for (Index i = 0; i < model_.modules.size(); ++i)
      if (model_.path_of(i) == name) return of_module(i);
    refuse(name);
  }

 private:
  struct Reason {
    std::string what;
    std::string value;
    Evidence evidence;
    std::string because;
  };

  std::string of_tensor(const Tensor& tensor) {
    const Tensor& original = tensor.tied_to == kNone ? tensor : model_.tensors[tensor.tied_to];
    std::vector<Reason> reasons = {role(tensor), weights(original)};
    reasons.push_back({"dtype", std::string(name(tensor.dtype)), Evidence::recorded, ""});
    reasons.push_back({"shape", shape_text(model_, tensor, options_.unicode), Evidence::recorded, ""});
    reasons.push_back({"bytes", with_commas(tensor.stored_bytes), Evidence::recorded, ""});
    if (tensor.tied_to != kNone) reasons.push_back(tie(tensor));
    std::vector<GridColumn> columns(4);
    for (const Reason& reason : reasons) {
      columns[0].cells.push_back(reason.what);
      columns[1].cells.push_back(printable(reason.value, options_.unicode));
      columns[2].cells.push_back(std::string(name(reason.evidence)));
      columns[3].cells.push_back(printable(reason.because, options_.unicode));
    }
    return grid(model_.path_of(tensor), columns, false);
  }

  Part part(const Tensor& tensor) const { return summary_.quantized.part(model_.index_of(tensor)); }

  Reason role(const Tensor& tensor) const {
    const std::string kind = tensor.role == Role::parameter ? "parameter" : "buffer";
    switch (part(tensor)) {
      case Part::packed: return {"role", "parameter", Evidence::by_convention, "holds packed weights"};
      case Part::overhead: return {"role", "buffer", Evidence::by_convention, "says how packed weights are unpacked"};
      case Part::unexplained: return {"role", "?", Evidence::assumed, "integers in no layout that is known"};
      case Part::plain: break;
    }
    switch (tensor.role_evidence) {
      case Evidence::recorded: return {"role", kind, Evidence::recorded, ""};
      case Evidence::derived: return {"role", kind, Evidence::derived, "from its dtype or its use"};
      case Evidence::by_convention:
        return {"role", kind, Evidence::by_convention, fmt::format("a {} is called '{}'", kind, tensor.name)};
      default: return {"role", kind, Evidence::assumed, "floats that are not known as buffers"};
    }
  }

  Reason weights(const Tensor& tensor) const {
    const Index index = model_.index_of(tensor);
    if (part(tensor) == Part::unexplained) return {"weights", "?", Evidence::assumed, "nobody knows how many"};
    if (part(tensor) != Part::packed)
      return {"weights", count_text(model_, summary_.numel(tensor), style_), Evidence::recorded, "one in an element"};
    const std::uint64_t logical = summary_.quantized.logical[index];
    const std::string_view scheme = name(summary_.quantized.schemes[index]);
    if (logical == QuantizedWeights::kUnknown)
      return {"weights", "?", Evidence::assumed, "packed; how many stand in an element is not told"};
    const std::string held = scheme.empty() ? "one in an element" : fmt::format("{} in {}", scheme, name(tensor.dtype));
    const PackedLayoutName layout = layout_of(summary_.quantized.layouts[index]);
    return {"weights", with_commas(logical), summary_.quantized.evidence[index],
            layout.name.empty() ? held + ", as the graph tells"
                                : fmt::format("{}: {}, {} ({})", layout.name, held, layout.meaning, layout.source)};
  }

  Reason tie(const Tensor& tensor) const {
    const std::string original = model_.path_of(model_.tensors[tensor.tied_to]);
    if (tensor.stored_apart)
      return {"tied to", original, Evidence::by_convention, "the model ties them, though the file holds both"};
    return {"tied to", original, Evidence::recorded, "the same memory"};
  }

  std::string of_module(Index module) const {
    std::vector<GridColumn> columns = {{"Tensor", false, false, {}}, {"Shape", false, false, {}},
                                       {"Dtype", false, false, {}},  {"Role", false, false, {}},
                                       {"Weights", true, false, {}}, {"Evidence", false, false, {}}};
    std::size_t left_out = 0;
    const std::string path = model_.path_of(module);
    for (const Tensor& tensor : model_.tensors) {
      if (!is_below(tensor.module, module)) continue;
      if (columns[0].cells.size() == kMostTensors) {
        ++left_out;
        continue;
      }
      const std::string whole = model_.path_of(tensor);
      const std::string own = path.empty() ? whole : whole.substr(path.size() + 1);
      const Tensor& original = tensor.tied_to == kNone ? tensor : model_.tensors[tensor.tied_to];
      columns[0].cells.push_back(printable(own, options_.unicode));
      columns[1].cells.push_back(shape_text(model_, tensor, options_.unicode));
      columns[2].cells.push_back(std::string(name(tensor.dtype)));
      columns[3].cells.push_back(tensor.tied_to == kNone ? role(tensor).value : "tied");
      columns[4].cells.push_back(weights(original).value);
      columns[5].cells.push_back(std::string(name(summary_.evidence(tensor))));
    }
    std::string text = grid(path.empty() ? model_.source : path, columns, true);
    if (left_out > 0) text += fmt::format("  {} more tensors\n", with_commas(left_out));
    return text;
  }

  bool is_below(Index module, Index top) const {
    while (module > top) module = model_.modules[module].parent;
    return module == top;
  }

  std::string grid(const std::string& title, std::vector<GridColumn>& columns, bool has_titles) const {
    fit(columns, options_.width > kIndent ? options_.width - kIndent : 0, glyphs(options_.unicode).ellipsis);
    std::string text = printable(title, options_.unicode) + "\n\n";
    bool is_title = true;
    for_each_line(columns, [&](std::string_view line) {
      if (!is_title || has_titles) text += fmt::format("  {}\n", line);
      is_title = false;
    });
    return text;
  }

  [[noreturn]] void refuse(std::string_view wanted) const {
    std::vector<std::string> names;
    for (Index i = 1; i < model_.modules.size(); ++i) names.push_back(model_.path_of(i));
    for (const Tensor& tensor : model_.tensors) names.push_back(model_.path_of(tensor));
    nearest_first(names, wanted);
    names.resize(std::min(names.size(), kMostNames));
    throw Error(ErrorKind::usage, model_.source,
                fmt::format("has no module or tensor '{}'; nearest are {}", printable(wanted), fmt::join(names, ", ")));
  }

  const Summary& summary_;
  const Model& model_;
  const RenderOptions& options_;
  NumberStyle style_;
};

}  // namespace

std::string explain(const Summary& summary, std::string_view name, const RenderOptions& options) {
  return Explanation(summary, options).of(name);
}

}  // namespace weigh
