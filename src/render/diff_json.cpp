// What differs between two models for machines: docs/diff.md.
#include <optional>
#include <string>

#include "render/diff_words.h"
#include "render/json_writer.h"

namespace weigh {
namespace {

constexpr std::uint64_t kDiffSchema = 1;

std::optional<std::string_view> text_or_null(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

void add_side(JsonWriter& json, std::string_view key, const Summary& summary) {
  const Model& model = *summary.model;
  json.key(key);
  json.begin_object(true);
  json.member("source", model.source);
  json.member("format", model.format);
  json.member("kind", text_or_null(model.kind));
  json.member("architecture", text_or_null(model.architecture));
  json.member("parameters", summary.totals.parameters.known());
  json.member("exact", summary.totals.parameters.is_exact());
  json.member("active_parameters", summary.totals.active_parameters);
  json.member("buffers", summary.totals.buffers.known());
  json.member("bytes", summary.totals.bytes.known());
  json.member("tensors", std::uint64_t{summary.totals.tensors});
  json.member("modules", summary.totals.modules);
  json.end_object();
}

void add_path(JsonWriter& json, std::string_view key, const Model& model, const Difference& difference, Index index) {
  json.key(key);
  if (index == kNone) {
    json.null();
  } else {
    json.value(path_text(model, difference.is_module, index, index, ""));
  }
}

void add_facts(JsonWriter& json, const Diff& diff, const Difference& difference) {
  json.key("facts");
  json.begin_object(true);
  for (unsigned i = 0; i < static_cast<unsigned>(Fact::count_); ++i) {
    const Fact fact = static_cast<Fact>(i);
    if (!difference.facts.contains(fact) || fact == Fact::values) continue;
    const FromTo texts = fact_texts(diff, difference, fact, true);
    json.key(name(fact));
    json.begin_array(true);
    json.value(texts.a);
    json.value(texts.b);
    json.end_array();
  }
  json.end_object();
}

void add_distance(JsonWriter& json, const Difference& difference) {
  json.key("values");
  if (!difference.facts.contains(Fact::values)) {
    json.null();
    return;
  }
  const Distance& distance = difference.distance;
  json.begin_object(true);
  json.member("unit", distance.has_numbers ? "number" : "byte");
  json.member("compared", distance.elements);
  json.member("differing", distance.differing);
  json.member("not_finite", distance.not_numbers);
  json.member("largest", distance.has_numbers ? std::optional(distance.largest) : std::nullopt);
  json.member("mean", distance.has_numbers ? std::optional(distance.mean()) : std::nullopt);
  json.end_object();
}

void add_difference(JsonWriter& json, const Diff& diff, const Difference& difference) {
  json.begin_object(true);
  json.member("change", name(difference.change));
  json.member("what", difference.is_module ? "module" : "tensor");
  add_path(json, "a", *diff.a.model, difference, difference.a);
  add_path(json, "b", *diff.b.model, difference, difference.b);
  add_path(json, "last_a", *diff.a.model, difference, difference.last_a);
  add_path(json, "last_b", *diff.b.model, difference, difference.last_b);
  json.member("repeat", difference.repeat);
  json.member("tensors", difference.tensors);
  json.member("evidence", difference.evidence == Evidence::by_convention ? "by_convention" : name(difference.evidence));
  json.member("likeness", std::uint64_t{difference.likeness});
  add_facts(json, diff, difference);
  add_distance(json, difference);
  json.end_object();
}

void add_counts(JsonWriter& json, const Diff& diff) {
  json.key("tensors");
  json.begin_object(true);
  json.member("equal", diff.equal);
  json.member("changed", diff.changed);
  json.member("moved", diff.moved);
  json.member("went", diff.went);
  json.member("came", diff.came);
  json.end_object();
  json.key("values");
  if (!diff.has_values) {
    json.null();
    return;
  }
  json.begin_object(true);
  json.member("not_compared", diff.not_compared);
  json.member("why", text_or_null(diff.not_compared_why));
  json.end_object();
}

}  // namespace

std::string render_diff_json(const Diff& diff) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("schema", kDiffSchema);
  json.member("equal", diff.is_equal());
  json.member("foreign", diff.is_foreign());
  add_side(json, "a", diff.a);
  add_side(json, "b", diff.b);
  add_counts(json, diff);
  json.key("differences");
  json.begin_array();
  for (const Difference& difference : diff.differences) add_difference(json, diff, difference);
  json.end_array();
  json.key("settings");
  json.begin_array();
  for (const Setting& setting : diff.settings) {
    json.begin_object(true);
    json.member("name", setting.name);
    json.member("a", text_or_null(setting.a));
    json.member("b", text_or_null(setting.b));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out + "\n";
}

}  // namespace weigh
