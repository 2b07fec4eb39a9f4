#include "render/diff_words.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "render/glyphs.h"
#include "render/io_shape.h"
#include "render/text.h"
#include "render/units.h"

namespace weigh {
namespace {

constexpr std::size_t kMostOfForeign = 20;  // lines about models that have little in common

std::string_view next_part(std::string_view& path) {
  const std::string_view part = path.substr(0, path.find('.'));
  path.remove_prefix(std::min(path.size(), part.size() + 1));
  return part;
}

std::string_view state_text(State state) {
  switch (state) {
    case State::initialised: return "initialised";
    case State::uninitialised: return "not initialised";
    case State::meta: return "without memory";
    case State::missing: return "missing";
  }
  return "";
}

std::string_view layout_text(Layout layout) {
  switch (layout) {
    case Layout::strided: return "strided";
    case Layout::sparse: return "sparse";
    case Layout::quantized: return "quantised";
    case Layout::nested: return "nested";
    case Layout::other: return "another layout";
  }
  return "";
}

std::string packing_text(const Summary& summary, Index tensor) {
  switch (summary.quantized.part(tensor)) {
    case Part::plain: return "not packed";
    case Part::overhead: return "a scale or the like";
    case Part::unexplained: return "integers of no known layout";
    case Part::packed: break;
  }
  const std::string_view scheme = name(summary.quantized.schemes[tensor]);
  const std::uint64_t logical = summary.quantized.logical[tensor];
  const std::string weights = logical == QuantizedWeights::kUnknown ? "?" : with_commas(logical);
  return fmt::format("{} weights{}", weights, scheme.empty() ? "" : fmt::format(" in {}", scheme));
}

std::string tie_text(const Model& model, const Tensor& tensor) {
  return tensor.tied_to == kNone ? "not tied" : "tied to " + model.path_of(model.tensors[tensor.tied_to]);
}

std::string fact_text(const Summary& summary, bool is_module, Index index, Fact fact, bool unicode) {
  const Model& model = *summary.model;
  if (is_module) return printable(model.modules[index].type, unicode);
  const Tensor& tensor = model.tensors[index];
  switch (fact) {
    case Fact::shape: return shape_text(model, tensor, unicode);
    case Fact::dtype: return std::string(name(tensor.dtype));
    case Fact::packing: return packing_text(summary, index);
    case Fact::role: return tensor.role == Role::parameter ? "parameter" : "buffer";
    case Fact::state: return std::string(state_text(tensor.state));
    case Fact::layout: return std::string(layout_text(tensor.layout));
    case Fact::requires_grad: return tensor.requires_grad == RequiresGrad::yes ? "trainable" : "frozen";
    case Fact::tie: return printable(tie_text(model, tensor), unicode);
    default: return "";
  }
}

// What there is on one side alone.
std::string content_text(const Summary& summary, const Difference& difference, Index index, bool unicode) {
  const Model& model = *summary.model;
  if (difference.is_module) {
    Count parameters = summary.tallies[index].parameters;
    parameters *= difference.repeat;
    std::string type = printable(model.modules[index].type, unicode);
    if (!type.empty()) type += ", ";
    const NumberStyle style{false, unicode};
    return fmt::format("{}{} tensor{}, {} parameters", type, with_commas(difference.tensors),
                       difference.tensors == 1 ? "" : "s", total_text(parameters, style));
  }
  const Tensor& tensor = model.tensors[index];
  std::string text = fmt::format("{} {}", shape_text(model, tensor, unicode), name(tensor.dtype));
  if (tensor.tied_to != kNone) text += ", " + printable(tie_text(model, tensor), unicode);
  if (tensor.state != State::initialised) text += fmt::format(", {}", state_text(tensor.state));
  return text;
}

std::string move_text(const Difference& difference) {
  const std::string tensors =
      fmt::format("{} tensor{}", with_commas(difference.tensors), difference.tensors == 1 ? "" : "s");
  switch (difference.evidence) {
    case Evidence::by_convention: return tensors + ", a wrapper";
    case Evidence::derived: return tensors + ", another prefix";
    default: return fmt::format("{}, renamed (assumed: {} % alike)", tensors, difference.likeness);
  }
}

std::string what_text(const Diff& diff, const Difference& difference, bool unicode) {
  switch (difference.change) {
    case Change::went: return content_text(diff.a, difference, difference.a, unicode);
    case Change::came: return content_text(diff.b, difference, difference.b, unicode);
    case Change::moved: return move_text(difference);
    case Change::changed: break;
  }
  std::vector<std::string> facts;
  for (unsigned i = 0; i < static_cast<unsigned>(Fact::count_); ++i) {
    const Fact fact = static_cast<Fact>(i);
    if (!difference.facts.contains(fact)) continue;
    facts.push_back(fact == Fact::values ? distance_text(difference.distance)
                                         : fact_texts(diff, difference, fact, unicode).text(unicode));
  }
  return fmt::format("{}", fmt::join(facts, unicode ? " · " : ", "));
}

std::string name_text(const Diff& diff, const Difference& difference, bool unicode) {
  const auto path = [&](const Summary& summary, Index first, Index last) {
    const std::string_view ellipsis = glyphs(unicode).ellipsis;
    std::string text = printable(path_text(*summary.model, difference.is_module, first, last, ellipsis), unicode);
    if (difference.change == Change::moved && difference.is_module) text += text.empty() ? "*" : ".*";
    return text.empty() ? "(the whole)" : text;
  };
  const std::string a = difference.a == kNone ? "" : path(diff.a, difference.a, difference.last_a);
  const std::string b = difference.b == kNone ? "" : path(diff.b, difference.b, difference.last_b);
  if (a.empty() || b.empty() || a == b) return a.empty() ? b : a;
  return FromTo{a, b}.text(unicode);
}

constexpr std::string_view mark(Change change) {
  switch (change) {
    case Change::changed: return "~";
    case Change::moved: return ">";
    case Change::went: return "-";
    case Change::came: return "+";
  }
  return "";
}

void add_if_differing(std::vector<DifferingFact>& facts, const char* name, std::string a, std::string b) {
  if (a != b) facts.push_back({name, {std::move(a), std::move(b)}});
}

std::string dtypes_text(const Totals& totals) {
  std::vector<std::string> texts;
  for (const SchemeShare& share : totals.by_scheme) texts.emplace_back(name(share.scheme));
  for (const DTypeShare& share : totals.by_dtype)
    if (share.elements > share.packed_elements) texts.emplace_back(name(share.dtype));
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

std::string FromTo::text(bool unicode) const {
  return fmt::format("{} {} {}", a.empty() ? "none" : a, glyphs(unicode).arrow, b.empty() ? "none" : b);
}

std::string path_text(const Model& model, bool is_module, Index first, Index last, std::string_view ellipsis) {
  if (first == kNone) return "";
  const auto path_of = [&](Index index) {
    return is_module ? model.path_of(index) : model.path_of(model.tensors[index]);
  };
  const std::string from = path_of(first);
  if (first == last) return from;
  const std::string to = path_of(last);
  std::string text;
  for (std::string_view left = from, right = to; !left.empty();) {
    const std::string_view one = next_part(left);
    const std::string_view other = next_part(right);
    if (!text.empty()) text += '.';
    text += one;
    if (one != other) text.append(ellipsis).append(other);
  }
  return text;
}

FromTo fact_texts(const Diff& diff, const Difference& difference, Fact fact, bool unicode) {
  return {fact_text(diff.a, difference.is_module, difference.a, fact, unicode),
          fact_text(diff.b, difference.is_module, difference.b, fact, unicode)};
}

std::string distance_text(const Distance& distance) {
  const char* const unit = distance.has_numbers ? "numbers" : "bytes";
  std::string text =
      fmt::format("{} of {} {} differ", with_commas(distance.differing), with_commas(distance.elements), unit);
  if (!distance.has_numbers) return text;
  if (distance.differing > distance.not_numbers)
    text += fmt::format(", by {:.3g} at most, {:.3g} on average", distance.largest, distance.mean());
  if (distance.not_numbers > 0) text += fmt::format(", {} not finite", with_commas(distance.not_numbers));
  return text;
}

std::size_t lines_shown(const Diff& diff, std::size_t most) {
  const std::size_t all = diff.differences.size();
  if (most == 0) return all;
  return std::min({all, most, diff.is_foreign() ? kMostOfForeign : most});
}

std::vector<GridColumn> difference_columns(const Diff& diff, const RenderOptions& options, std::size_t most) {
  std::vector<GridColumn> columns = {{"Change", false, false, {}},
                                     {"Name", false, false, {}},
                                     {"Count", true, false, {}},
                                     {"Difference", false, false, {}}};
  for (std::size_t i = 0; i < lines_shown(diff, most); ++i) {
    const Difference& one = diff.differences[i];
    columns[0].cells.emplace_back(mark(one.change));
    columns[1].cells.push_back(name_text(diff, one, options.unicode));
    columns[2].cells.push_back(
        one.repeat == 1 ? "" : fmt::format("{}{}", glyphs(options.unicode).times, with_commas(one.repeat)));
    columns[3].cells.push_back(what_text(diff, one, options.unicode));
  }
  const auto is_empty = [](const std::string& cell) { return cell.empty(); };
  if (std::all_of(columns[2].cells.begin(), columns[2].cells.end(), is_empty)) columns.erase(columns.begin() + 2);
  return columns;
}

std::vector<DifferingFact> differing_facts(const Diff& diff, const RenderOptions& options) {
  const NumberStyle style{true, options.unicode};
  const Totals& a = diff.a.totals;
  const Totals& b = diff.b.totals;
  const auto active = [](const Totals& totals) {
    return totals.active_parameters ? with_commas(*totals.active_parameters) : "";
  };
  std::vector<DifferingFact> facts;
  add_if_differing(facts, "parameters", total_text(a.parameters, style), total_text(b.parameters, style));
  if (!active(a).empty() && !active(b).empty()) add_if_differing(facts, "active parameters", active(a), active(b));
  if (a.trainable_recorded && b.trainable_recorded)
    add_if_differing(facts, "trainable", total_text(a.trainable, style), total_text(b.trainable, style));
  add_if_differing(facts, "in buffers", total_text(a.buffers, style), total_text(b.buffers, style));
  add_if_differing(facts, "size", bytes_text(a.bytes, style), bytes_text(b.bytes, style));
  add_if_differing(facts, "tensors", with_commas(a.tensors), with_commas(b.tensors));
  add_if_differing(facts, "modules", with_commas(a.modules), with_commas(b.modules));
  add_if_differing(facts, "dtypes", dtypes_text(a), dtypes_text(b));
  for (const Setting& setting : diff.settings)
    facts.push_back({printable(setting.name, options.unicode),
                     {printable(setting.a, options.unicode), printable(setting.b, options.unicode)}});
  return facts;
}

std::vector<std::string> conclusions(const Diff& diff, const RenderOptions& options) {
  std::vector<std::string> texts;
  const std::size_t shown = lines_shown(diff, 0);
  if (diff.is_foreign())
    texts.push_back(fmt::format(
        "These are rather two models than two states of one: {} of {} tensors of the smaller one are in the other.",
        with_commas(diff.equal + diff.changed),
        with_commas(std::min(diff.a.model->tensors.size(), diff.b.model->tensors.size()))));
  std::vector<std::string> parts;
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0) parts.push_back(fmt::format("{} {}", with_commas(count), what));
  };
  add(diff.equal, diff.has_values && diff.not_compared == 0 ? "equal, values included" : "equal");
  add(diff.changed, "changed");
  add(diff.went, "went");
  add(diff.came, "came");
  add(diff.moved, "of both moved");
  if (!parts.empty()) texts.push_back(fmt::format("Tensors: {}.", fmt::join(parts, ", ")));
  if (shown == 0 && diff.settings.empty()) texts.emplace_back("No difference.");
  if (diff.not_compared > 0)
    texts.push_back(fmt::format("The values of {} were not compared; {}.", with_commas(diff.not_compared),
                                printable(diff.not_compared_why, options.unicode)));
  return texts;
}

}  // namespace weigh
