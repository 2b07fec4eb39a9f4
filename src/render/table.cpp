// The table on a terminal: what the file is, the tree of modules, the totals, what is not initialised.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "render/columns.h"
#include "render/formats.h"
#include "render/given.h"
#include "render/shorten.h"
#include "render/text.h"

#include "weigh/token_cache.h"

namespace weigh {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kMostListed = 12;  // uninitialised tensors
constexpr std::size_t kMostFacts = 6;
constexpr std::size_t kLongestFact = 40;

constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kPlain = "\x1b[0m";

// Labels with the branches of the tree before them. Rows at depth 1 stand at the left edge.
std::vector<std::string> tree_labels(const Summary& summary, bool unicode) {
  const Glyphs& signs = glyphs(unicode);
  const std::vector<Row>& rows = summary.rows;
  // Whether another row of the same depth follows before the tree goes up: read from the end.
  std::vector<bool> has_sibling(rows.size());
  std::vector<bool> seen;
  for (std::size_t i = rows.size(); i-- > 0;) {
    seen.resize(rows[i].depth + 1);
    has_sibling[i] = seen[rows[i].depth];
    seen[rows[i].depth] = true;
  }
  std::vector<std::string> labels;
  std::vector<std::size_t> open;  // the rows above, by depth
  for (std::size_t i = 0; i < rows.size(); ++i) {
    open.resize(rows[i].depth - 1);
    std::string label;
    for (std::size_t above = 1; above < open.size(); ++above)
      label += has_sibling[open[above]] ? signs.trunk : std::string(signs.trunk == "│ " ? 2 : 3, ' ');
    if (!open.empty()) label += has_sibling[i] ? signs.branch : signs.last_branch;
    const Row* above = open.empty() ? nullptr : &rows[open.back()];
    labels.push_back(label + row_label(*summary.model, rows[i], above, unicode));
    open.push_back(i);
  }
  return labels;
}

class TableText {
 public:
  TableText(const Summary& summary, const RenderOptions& options)
      : summary_(summary),
        model_(*summary.model),
        options_(options),
        style_{options.exact, options.unicode},
        separator_(fmt::format(" {} ", options.unicode ? "·" : "-")) {}

  std::string text() && {
    headline();
    rows();
    totals();
    lines(given_texts(model_, options_.unicode));
    adapter();
    cache();
    uninitialised();
    sections();
    facts();
    return std::move(out_);
  }

 private:
  // Columns behind the indent; 0: no limit.
  std::size_t room() const { return options_.width > kIndent ? options_.width - kIndent : 0; }

  std::string shortened(std::string text, std::size_t width) const {
    return width == 0 ? std::move(text) : shorten(text, width, glyphs(options_.unicode).ellipsis);
  }

  void line(std::string_view text, std::string_view color = "") {
    out_.append(text.empty() ? 0 : kIndent, ' ');
    if (!color.empty() && options_.color) out_ += color;
    out_ += room() == 0 ? std::string(text) : cut_to(text, room(), glyphs(options_.unicode).ellipsis);
    if (!color.empty() && options_.color) out_ += kPlain;
    out_ += '\n';
  }

  // Parts in a row, in as many lines as it takes.
  void lines(const std::vector<std::string>& parts, std::string_view color = "") {
    for (const std::string& text : broken(parts, room())) line(text, color);
  }

  // The first line is `first` columns wide at most, the others as wide as there is room behind the indent.
  std::vector<std::string> broken(const std::vector<std::string>& parts, std::size_t first) const {
    std::vector<std::string> lines;
    for (const std::string& part : parts) {
      const std::size_t width = lines.size() < 2 ? first : room();
      const bool fits =
          !lines.empty() &&
          (width == 0 || display_width(lines.back()) + display_width(separator_) + display_width(part) <= width);
      if (fits) {
        lines.back() += separator_ + part;
      } else {
        lines.push_back(shortened(part, lines.empty() ? first : room()));
      }
    }
    return lines;
  }

  std::string safe(std::string_view text) const { return printable(text, options_.unicode); }

  void headline() {
    std::string format = model_.format;
    if (!model_.kind.empty()) format += ", " + model_.kind;
    const bool is_named_by_type = model_.is_live && model_.source.empty();
    const std::string& name = is_named_by_type ? model_.architecture : model_.source;
    std::vector<std::string> parts = {safe(name.empty() ? "." : name), format};
    if (!model_.architecture.empty() && !is_named_by_type) parts.push_back(safe(model_.architecture));
    parts.push_back(
        fmt::format("{} tensor{}", with_commas(model_.tensors.size()), model_.tensors.size() == 1 ? "" : "s"));
    if (!summary_.uninitialized.empty()) parts.emplace_back("not all initialised");
    const std::string text = fmt::format("{}", fmt::join(broken(parts, options_.width), "\n  "));
    out_ += options_.color ? fmt::format("{}{}{}\n\n", kBold, text, kPlain) : text + "\n\n";
  }

  void rows() {
    if (summary_.rows.empty()) return;
    std::vector<GridColumn> columns = fill_columns(summary_, options_);
    const bool begins_with_name = options_.columns.empty() || options_.columns.front() == "name";
    if (begins_with_name && !summary_.flat) columns[0].cells = tree_labels(summary_, options_.unicode);
    fit(columns, room(), glyphs(options_.unicode).ellipsis);
    const std::vector<std::string> lines = lines_of(columns);
    for (std::size_t i = 0; i < lines.size(); ++i)
      line(lines[i], i == 0 ? kBold : summary_.rows[i - 1].lazy ? kYellow : "");
    if (summary_.rows_left_out > 0) line(fmt::format("{} more rows", with_commas(summary_.rows_left_out)));
    line("");
  }

  void totals() {
    const Totals& totals = summary_.totals;
    const bool is_one = totals.parameters == Count(1);
    std::vector<std::string> parts = {total_text(totals.parameters, style_, 4) +
                                      (is_one ? " parameter" : " parameters")};
    if (const std::string trainable = trainability(); !trainable.empty()) parts.push_back(trainable);
    if (!(totals.buffers == Count())) {
      parts.push_back(fmt::format("{} in buffers{}", total_text(totals.buffers, style_),
                                  totals.roles_inferred ? " (by name and dtype)" : ""));
    }
    parts.push_back(bytes_text(totals.bytes, style_, 4));
    if (!model_.runs.empty()) parts.push_back(flops(model_.runs[0]));
    lines(parts, kBold);
    packed_and_active();
    parts_apart(summary_.towers, "for images and sounds");
    parts_apart(summary_.predicting_layers, "to predict further tokens");
    if (totals.by_dtype.size() + totals.by_scheme.size() > 1) lines(dtypes());
  }

  // Packed weights by what they mean, all else by its dtype; most bytes first.
  std::vector<std::string> dtypes() const {
    struct Share {
      std::string_view name;
      Count elements;
      std::uint64_t bytes;
    };
    std::vector<Share> shares;
    for (const SchemeShare& packed : summary_.totals.by_scheme)
      shares.push_back({name(packed.scheme), packed.weights, packed.bytes});
    for (const DTypeShare& stored : summary_.totals.by_dtype) {
      const std::uint64_t elements = stored.elements - stored.packed_elements;
      if (stored.dtype == DType::unknown || elements == 0) continue;
      const auto same = std::find_if(shares.begin(), shares.end(),
                                     [&](const Share& share) { return share.name == name(stored.dtype); });
      Share& share = same == shares.end() ? shares.emplace_back(Share{name(stored.dtype), Count(), 0}) : *same;
      share.elements += Count(elements);
      share.bytes += stored.bytes - stored.packed_bytes;
    }
    std::stable_sort(shares.begin(), shares.end(), [](const Share& a, const Share& b) { return a.bytes > b.bytes; });
    std::vector<std::string> parts;
    for (const Share& share : shares)
      parts.push_back(
          fmt::format("{} {} ({})", share.name, total_text(share.elements, style_), bytes_text(share.bytes, style_)));
    return parts;
  }

  // What a token uses of a mixture of experts, how many bits a weight takes with its scales, what is stored twice.
  void packed_and_active() {
    const Totals& totals = summary_.totals;
    if (totals.active_parameters) {
      const ExpertsConfig& experts = model_.config.experts;
      std::string text =
          fmt::format("{} active for a token ({} of {} experts", total_text(*totals.active_parameters, style_, 4),
                      experts.per_token, experts.pools[0]);
      if (experts.shared > 0) text += fmt::format(", {} shared", experts.shared);
      line(text + ")");
    }
    std::vector<std::string> parts;
    const std::string bits = bits_text(totals);
    if (totals.overhead_bytes > 0 && !bits.empty()) {
      parts.push_back(bits + " bits per parameter");
      parts.push_back(bytes_text(totals.overhead_bytes, style_) + " of it scales");
    }
    const bool is_stored_twice = std::any_of(model_.tensors.begin(), model_.tensors.end(),
                                             [](const Tensor& tensor) { return tensor.stored_apart; });
    if (is_stored_twice) {
      Count stored;
      for (const DTypeShare& share : totals.by_dtype) stored += share.elements;
      parts.push_back(total_text(stored, style_, 4) + " elements stored, tied ones among them");
    }
    if (totals.schemes.contains(Scheme::not_told))
      parts.emplace_back("how many weights a packed element holds is not told");
    if (!parts.empty()) lines(parts);
  }

  // "417 M of it for images and sounds: vision_model, resampler_model"
  void parts_apart(const std::vector<Index>& modules, std::string_view what) {
    constexpr std::size_t kMost = 3;
    if (modules.empty()) return;
    Count parameters;
    std::vector<std::string> names;
    for (const Index module : modules) {
      parameters += summary_.tallies[module].parameters;
      if (names.size() < kMost) names.push_back(safe(model_.path_of(module)));
    }
    std::string text = fmt::format("{} of it {}: {}", total_text(parameters, style_, 4), what, fmt::join(names, ", "));
    if (modules.size() > kMost) text += fmt::format(" and {} more", modules.size() - kMost);
    line(text);
  }

  void cache() {
    const std::optional<TokenCache> cache = token_cache(model_.config.cache, options_.cache);
    if (!cache) return;
    std::string text = fmt::format("keys and values: {} for a token", bytes_text(cache->bytes_per_token, style_));
    if (cache->bytes_at_context) {
      text +=
          fmt::format(", {} for {} tokens", bytes_text(*cache->bytes_at_context, style_), with_commas(cache->context));
      if (cache->batch != 1) text += fmt::format(" of each of {} texts", with_commas(cache->batch));
    }
    line(text);
  }

  // "LORA for q_proj, v_proj of org/base, rank 8, alpha 16: adds 1,024 to its 20.2 K parameters"
  void adapter() {
    constexpr std::size_t kMost = 8;
    if (!model_.config.adapter) return;
    const AdapterConfig& adapter = *model_.config.adapter;
    std::vector<std::string> targets;
    for (std::size_t i = 0; i < adapter.targets.size() && i < kMost; ++i) targets.push_back(safe(adapter.targets[i]));
    std::string text = adapter.type.empty() ? "adapter" : safe(adapter.type);
    if (!targets.empty()) text += fmt::format(" for {}", fmt::join(targets, ", "));
    if (adapter.targets.size() > kMost) text += fmt::format(" and {} more", adapter.targets.size() - kMost);
    if (!adapter.base.empty()) text += (targets.empty() ? " for " : " of ") + safe(adapter.base);
    if (adapter.rank) text += fmt::format(", rank {}", *adapter.rank);
    if (adapter.alpha) text += fmt::format(", alpha {:g}", *adapter.alpha);
    if (summary_.adapter) {
      const AdapterSums& sums = *summary_.adapter;
      text += fmt::format(": adds {} to its {} parameters", total_text(Count(sums.added), style_, 4),
                          total_text(Count(sums.base_parameters), style_, 4));
      if (sums.replaced > 0)
        text += fmt::format(" and takes the place of {}", total_text(Count(sums.replaced), style_, 4));
    }
    line(text);
  }

  std::string flops(const Run& run) const {
    // With sizes that vary it is worth more as what they make of it than as "?".
    std::string text = run.flops.is_exact() ? total_text(run.flops, style_, 4) : count_text(model_, run.flops, style_);
    text += " FLOPs forward";
    if (run.backward_flops.known() > 0) text += fmt::format(", {} backward", total_text(run.backward_flops, style_, 4));
    return text;
  }

  // Empty where the file does not say.
  std::string trainability() const {
    const Totals& totals = summary_.totals;
    if (!totals.trainable_recorded || totals.parameters == Count()) return "";
    if (totals.trainable == totals.parameters) return "all trainable";
    if (totals.trainable == Count()) return "none trainable";
    Count frozen = totals.parameters;
    frozen -= totals.trainable;
    return fmt::format("{} trainable, {} frozen", total_text(totals.trainable, style_), total_text(frozen, style_));
  }

  void uninitialised() {
    const std::size_t all = summary_.uninitialized.size();
    if (all == 0) return;
    line("");
    const bool all_known = summary_.totals.is_exact();
    const std::string_view how = !all_known             ? "what is known of"
                                 : model_.given.empty() ? "the input tells the shape of"
                                                        : "the sizes given tell the shape of";
    line(fmt::format("{} tensor{} not initialised yet; {} {}:", all, all == 1 ? " is" : "s are", how,
                     all == 1 ? "it" : "them"),
         kYellow);
    const std::size_t listed = std::min(all, kMostListed);
    list_tensors(
        {summary_.uninitialized.begin(), summary_.uninitialized.begin() + static_cast<std::ptrdiff_t>(listed)});
    if (all > listed) line(fmt::format("  and {} more; --format json lists them all", all - listed));
    line(remedy(all_known));
  }

  // Paths with their shapes beside them; below them, where there is no room.
  void list_tensors(const std::vector<Index>& tensors) {
    std::vector<std::pair<std::string, std::string>> listed;
    std::size_t widest = 0;
    std::size_t widest_shape = 0;
    for (const Index index : tensors) {
      const Tensor& tensor = model_.tensors[index];
      listed.emplace_back(safe(model_.path_of(tensor)), shape_and_more(tensor));
      widest = std::max(widest, display_width(listed.back().first));
      widest_shape = std::max(widest_shape, display_width(listed.back().second));
    }
    const bool fits = room() == 0 || kIndent + widest + 3 + widest_shape <= room();
    for (const auto& [path, shape] : listed) {
      if (fits) {
        line(fmt::format("  {}   {}", pad_right(path, widest), shape));
      } else {
        line("  " + shortened(path, room() - std::min(room() - 1, kIndent)));
        line("    " + shape);
      }
    }
  }

  std::string shape_and_more(const Tensor& tensor) const {
    return fmt::format("{}{}{}", shape_text(model_, tensor, style_.unicode),
                       tensor.role == Role::buffer ? "   buffer" : "",
                       tensor.tied_to == kNone ? "" : "   = " + safe(model_.path_of(model_.tensors[tensor.tied_to])));
  }

  std::string_view remedy(bool all_known) const {
    if (!model_.is_live && all_known && !model_.given.empty())
      return "Run one forward before saving, and the file tells them itself.";
    if (!model_.is_live) return "Run one forward before saving, or give an example input, to know them.";
    if (all_known) return "Nothing was initialised: materialize(model, inputs…), or a forward, does that.";
    return "Give an example input to know them; materialize(model, inputs…) initialises them.";
  }

  void sections() {
    bool first = true;
    for (const Section& section : model_.sections) {
      if (section.kind == SectionKind::model) continue;
      if (first) line("");
      first = false;
      const std::string name = section.name.empty() ? "" : fmt::format(" '{}'", safe(section.name));
      if (section.kind == SectionKind::copy) {
        line(fmt::format("the copy{} averages another section's parameters and is not in the totals", name));
      } else {
        line(fmt::format("optimizer state{}: {} tensor{}, {}, not in the totals", name, with_commas(section.tensors),
                         section.tensors == 1 ? "" : "s",
                         section.bytes == 0 ? "bytes not known" : bytes_text(section.bytes, style_)));
      }
    }
  }

  void facts() {
    std::vector<std::string> parts;
    for (const auto& [key, value] : model_.metadata)
      if (parts.size() < kMostFacts && value.size() + key.size() < kLongestFact && !value.empty())
        parts.push_back(safe(key) + " " + safe(value));
    if (parts.empty()) return;
    line("");
    lines(parts);
  }

  const Summary& summary_;
  const Model& model_;
  const RenderOptions& options_;
  NumberStyle style_;
  std::string separator_;
  std::string out_;
};

}  // namespace

std::string render_table(const Summary& summary, const RenderOptions& options) {
  return TableText(summary, options).text();
}

}  // namespace weigh
