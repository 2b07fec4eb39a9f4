#include "render/facts.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "render/text.h"

namespace weigh {
namespace {

constexpr std::size_t kMostFacts = 6;
constexpr std::size_t kLongestFact = 40;

// Empty where the file does not say.
std::string trainability(const Totals& totals, NumberStyle style) {
  if (!totals.trainable_recorded || totals.parameters == Count()) return "";
  if (totals.trainable == totals.parameters) return "all trainable";
  if (totals.trainable == Count()) return "none trainable";
  Count frozen = totals.parameters;
  frozen -= totals.trainable;
  return fmt::format("{} trainable, {} frozen", total_text(totals.trainable, style), total_text(frozen, style));
}

Figure flops_fact(const Model& model, NumberStyle style) {
  const Run& run = model.runs[0];
  // With sizes that vary it is worth more as what they make of it than as "?".
  Figure fact = {run.flops.is_exact() ? total_text(run.flops, style, 4) : count_text(model, run.flops, style),
                 "FLOPs forward"};
  if (run.backward_flops.known() > 0)
    fact.words += fmt::format(", {} backward", total_text(run.backward_flops, style, 4));
  return fact;
}

// "417 M of it for images and sounds: vision_model, resampler_model"
void add_apart(std::vector<Figure>& facts, const Summary& summary, const std::vector<Index>& modules,
               std::string_view what, NumberStyle style) {
  constexpr std::size_t kMost = 3;
  if (modules.empty()) return;
  Count parameters;
  std::vector<std::string> names;
  for (const Index module : modules) {
    parameters += summary.tallies[module].parameters;
    if (names.size() < kMost) names.push_back(printable(summary.model->path_of(module), style.unicode));
  }
  std::string words = fmt::format("of it {}: {}", what, fmt::join(names, ", "));
  if (modules.size() > kMost) words += fmt::format(" and {} more", modules.size() - kMost);
  facts.push_back({total_text(parameters, style, 4), std::move(words)});
}

}  // namespace

std::string short_name(const Model& model) {
  std::string_view source = model.source;
  while (source.ends_with('/')) source.remove_suffix(1);
  const std::string_view name = source.substr(source.rfind('/') + 1);
  if (!name.empty() && name != ".") return std::string(name);
  return model.architecture.empty() ? "model" : model.architecture;
}

std::vector<std::string> headline_texts(const Summary& summary, bool unicode) {
  const Model& model = *summary.model;
  std::string format = model.format;
  if (!model.kind.empty()) format += ", " + model.kind;
  const bool is_named_by_type = model.is_live && model.source.empty();
  const std::string& name = is_named_by_type ? model.architecture : model.source;
  std::vector<std::string> texts = {printable(name.empty() ? "." : name, unicode), format};
  if (!model.architecture.empty() && !is_named_by_type) texts.push_back(printable(model.architecture, unicode));
  texts.push_back(fmt::format("{} tensor{}", with_commas(model.tensors.size()), model.tensors.size() == 1 ? "" : "s"));
  if (!summary.uninitialized.empty()) texts.emplace_back("not all initialised");
  return texts;
}

std::vector<Figure> total_facts(const Summary& summary, NumberStyle style) {
  const Totals& totals = summary.totals;
  std::vector<Figure> facts = {
      {total_text(totals.parameters, style, 4), totals.parameters == Count(1) ? "parameter" : "parameters"}};
  if (std::string trainable = trainability(totals, style); !trainable.empty()) facts.push_back({"", trainable});
  if (!(totals.buffers == Count())) {
    facts.push_back({total_text(totals.buffers, style),
                     fmt::format("in buffers{}", totals.roles_inferred ? " (by name and dtype)" : "")});
  }
  facts.push_back({bytes_text(totals.bytes, style, 4), ""});
  if (!summary.model->runs.empty()) facts.push_back(flops_fact(*summary.model, style));
  return facts;
}

std::optional<Figure> active_fact(const Summary& summary, NumberStyle style) {
  if (!summary.totals.active_parameters) return std::nullopt;
  const ExpertsConfig& experts = summary.model->config.experts;
  std::string words = fmt::format("active for a token ({} of {} experts", experts.per_token, experts.pools[0]);
  if (experts.shared > 0) words += fmt::format(", {} shared", experts.shared);
  return Figure{total_text(*summary.totals.active_parameters, style, 4), words + ")"};
}

std::vector<Figure> packed_facts(const Summary& summary, NumberStyle style) {
  const Totals& totals = summary.totals;
  std::vector<Figure> facts;
  if (const std::string bits = bits_text(totals); totals.overhead_bytes > 0 && !bits.empty()) {
    facts.push_back({bits, "bits per parameter"});
    facts.push_back({bytes_text(totals.overhead_bytes, style), "of it scales"});
  }
  const std::vector<Tensor>& tensors = summary.model->tensors;
  if (std::any_of(tensors.begin(), tensors.end(), [](const Tensor& tensor) { return tensor.stored_apart; })) {
    Count stored;
    for (const DTypeShare& share : totals.by_dtype) stored += share.elements;
    facts.push_back({total_text(stored, style, 4), "elements stored, tied ones among them"});
  }
  if (totals.schemes.contains(Scheme::not_told))
    facts.push_back({"", "how many weights a packed element holds is not told"});
  return facts;
}

std::vector<Figure> apart_facts(const Summary& summary, NumberStyle style) {
  std::vector<Figure> facts;
  add_apart(facts, summary, summary.towers, "for images and sounds", style);
  add_apart(facts, summary, summary.predicting_layers, "to predict further tokens", style);
  return facts;
}

std::string cache_text(const Model& model, const CacheQuestion& question, NumberStyle style) {
  const std::optional<TokenCache> cache = token_cache(model.config.cache, question);
  if (!cache) return "";
  std::string text = fmt::format("keys and values: {} for a token", bytes_text(cache->bytes_per_token, style));
  if (!cache->bytes_at_context) return text;
  text += fmt::format(", {} for {} tokens", bytes_text(*cache->bytes_at_context, style), with_commas(cache->context));
  if (cache->batch != 1) text += fmt::format(" of each of {} texts", with_commas(cache->batch));
  return text;
}

std::string adapter_text(const Summary& summary, NumberStyle style) {
  constexpr std::size_t kMost = 8;
  if (!summary.model->config.adapter) return "";
  const AdapterConfig& adapter = *summary.model->config.adapter;
  std::vector<std::string> targets;
  for (std::size_t i = 0; i < adapter.targets.size() && i < kMost; ++i)
    targets.push_back(printable(adapter.targets[i], style.unicode));
  std::string text = adapter.type.empty() ? "adapter" : printable(adapter.type, style.unicode);
  if (!targets.empty()) text += fmt::format(" for {}", fmt::join(targets, ", "));
  if (adapter.targets.size() > kMost) text += fmt::format(" and {} more", adapter.targets.size() - kMost);
  if (!adapter.base.empty()) text += (targets.empty() ? " for " : " of ") + printable(adapter.base, style.unicode);
  if (adapter.rank) text += fmt::format(", rank {}", *adapter.rank);
  if (adapter.alpha) text += fmt::format(", alpha {:g}", *adapter.alpha);
  if (summary.adapter) {
    const AdapterSums& sums = *summary.adapter;
    text += fmt::format(": adds {} to its {} parameters", total_text(Count(sums.added), style, 4),
                        total_text(Count(sums.base_parameters), style, 4));
    if (sums.replaced > 0)
      text += fmt::format(" and takes the place of {}", total_text(Count(sums.replaced), style, 4));
  }
  return text;
}

std::vector<std::string> section_texts(const Model& model, NumberStyle style) {
  std::vector<std::string> texts;
  for (const Section& section : model.sections) {
    if (section.kind == SectionKind::model) continue;
    const std::string name = section.name.empty() ? "" : fmt::format(" '{}'", printable(section.name, style.unicode));
    if (section.kind == SectionKind::copy) {
      texts.push_back(fmt::format("the copy{} averages another section's parameters and is not in the totals", name));
    } else {
      texts.push_back(fmt::format("optimizer state{}: {} tensor{}, {}, not in the totals", name,
                                  with_commas(section.tensors), section.tensors == 1 ? "" : "s",
                                  section.bytes == 0 ? "bytes not known" : bytes_text(section.bytes, style)));
    }
  }
  return texts;
}

std::string uninitialized_text(const Summary& summary) {
  const std::size_t all = summary.uninitialized.size();
  const std::string_view how = !summary.totals.is_exact()     ? "what is known of"
                               : summary.model->given.empty() ? "the input tells the shape of"
                                                              : "the sizes given tell the shape of";
  return fmt::format("{} tensor{} not initialised yet; {} {}:", all, all == 1 ? " is" : "s are", how,
                     all == 1 ? "it" : "them");
}

std::string_view remedy(const Summary& summary) {
  const Model& model = *summary.model;
  const bool all_known = summary.totals.is_exact();
  if (!model.is_live && all_known && !model.given.empty())
    return "Run one forward before saving, and the file tells them itself.";
  if (!model.is_live) return "Run one forward before saving, or give an example input, to know them.";
  if (all_known) return "Nothing was initialised: materialize(model, inputs…), or a forward, does that.";
  if (!model.runs.empty()) return "This forward did not reach all of them.";
  return "Give an example input to know them; materialize(model, inputs…) initialises them.";
}

std::vector<std::string> metadata_texts(const Model& model, bool unicode) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : model.metadata)
    if (texts.size() < kMostFacts && value.size() + key.size() < kLongestFact && !value.empty())
      texts.push_back(printable(key, unicode) + " " + printable(value, unicode));
  return texts;
}

std::vector<ElementShare> element_shares(const Totals& totals) {
  std::vector<ElementShare> shares;
  for (const SchemeShare& packed : totals.by_scheme)
    shares.push_back({name(packed.scheme), packed.weights, packed.bytes});
  for (const DTypeShare& stored : totals.by_dtype) {
    const std::uint64_t elements = stored.elements - stored.packed_elements;
    if (stored.dtype == DType::unknown || elements == 0) continue;
    const auto same = std::find_if(shares.begin(), shares.end(),
                                   [&](const ElementShare& share) { return share.name == name(stored.dtype); });
    ElementShare& share =
        same == shares.end() ? shares.emplace_back(ElementShare{name(stored.dtype), Count(), 0}) : *same;
    share.elements += Count(elements);
    share.bytes += stored.bytes - stored.packed_bytes;
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const ElementShare& a, const ElementShare& b) { return a.bytes > b.bytes; });
  return shares;
}

}  // namespace weigh
