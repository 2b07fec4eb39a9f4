// The machine-readable form, a contract: docs/json.md and docs/json.schema.json.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/walk.h"
#include "render/formats.h"
#include "render/json_writer.h"
#include "render/units.h"

#include "weigh/sizes.h"
#include "weigh/token_cache.h"

namespace weigh {
namespace {

constexpr std::uint64_t kSchema = 1;
constexpr NumberStyle kDigits = {.exact = true, .unicode = true, .commas = false};

std::optional<std::string_view> text_or_null(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<std::string_view> mode_name(Mode mode) {
  switch (mode) {
    case Mode::train: return "train";
    case Mode::eval: return "eval";
    case Mode::not_recorded: return std::nullopt;
  }
  return std::nullopt;
}

std::string_view state_name(State state) {
  switch (state) {
    case State::initialised: return "initialized";
    case State::uninitialised: return "uninitialized";
    case State::meta: return "meta";
    case State::missing: return "missing";
  }
  return "";
}

std::string_view layout_name(Layout layout) {
  switch (layout) {
    case Layout::strided: return "strided";
    case Layout::sparse: return "sparse";
    case Layout::quantized: return "quantized";
    case Layout::nested: return "nested";
    case Layout::other: return "other";
  }
  return "";
}

std::string_view section_kind_name(SectionKind kind) {
  switch (kind) {
    case SectionKind::model: return "model";
    case SectionKind::copy: return "copy";
    case SectionKind::optimizer_state: return "optimizer_state";
  }
  return "";
}

std::string_view key(Evidence evidence) {
  return evidence == Evidence::by_convention ? "by_convention" : name(evidence);
}

class JsonText {
 public:
  JsonText(const Summary& summary, const CacheQuestion& question)
      : summary_(summary), model_(*summary.model), question_(question), json_(out_) {}

  std::string text() && {
    json_.begin_object();
    json_.member("schema", kSchema);
    json_.member("source", model_.source);
    json_.member("format", model_.format);
    json_.member("kind", text_or_null(model_.kind));
    json_.member("architecture", text_or_null(model_.architecture));
    json_.member("source_bytes", model_.source_bytes);
    given();
    totals();
    cache();
    adapter();
    dtypes();
    sections();
    metadata();
    modules();
    tensors();
    notes();
    json_.end_object();
    return std::move(out_) + "\n";
  }

 private:
  void count_members(const Tally& tally) {
    json_.member("parameters", tally.parameters.known());
    json_.member("exact", tally.parameters.is_exact());
    json_.member("expression", text_or_null(expression(model_, tally.parameters, kDigits)));
    const bool recorded = tally.trainable_recorded;
    json_.key("trainable");
    recorded ? json_.value(tally.trainable.known()) : json_.null();
    json_.key("non_trainable");
    recorded ? json_.value(tally.parameters.known() - tally.trainable.known()) : json_.null();
    json_.member("buffers", tally.buffers.known());
    json_.member("buffers_exact", tally.buffers.is_exact());
    json_.member("uninitialized_parameters", std::uint64_t{tally.uninitialized_parameters});
    json_.member("uninitialized_buffers", std::uint64_t{tally.uninitialized_buffers});
  }

  void size_members(const Tally& tally) {
    json_.member("tensors", std::uint64_t{tally.tensors});
    json_.member("bytes", tally.bytes.known());
    json_.member("bytes_exact", tally.bytes.is_exact());
  }

  void totals() {
    const Totals& totals = summary_.totals;
    json_.key("totals");
    json_.begin_object();
    count_members(totals);
    json_.member("active_parameters", totals.active_parameters);
    json_.member("active_without_embedding", totals.active_without_embedding);
    json_.member("modules", totals.modules);
    size_members(totals);
    json_.member("overhead_bytes", totals.overhead_bytes);
    const Run* run = model_.runs.empty() ? nullptr : model_.runs.data();
    json_.member("flops", run == nullptr ? std::optional<std::uint64_t>() : run->flops.known());
    json_.member("flops_exact", run == nullptr ? std::optional<bool>() : run->flops.is_exact());
    json_.member("roles_inferred", totals.roles_inferred);
    evidence();
    json_.member("optimizer_tensors", totals.optimizer_tensors);
    json_.member("optimizer_bytes", totals.optimizer_bytes);
    parts("towers", summary_.towers);
    parts("predicting_layers", summary_.predicting_layers);
    json_.end_object();
  }

  // In per cent.
  void evidence() {
    json_.key("evidence");
    json_.begin_object(true);
    for (std::size_t i = 0; i < kEvidences; ++i)
      json_.member(key(static_cast<Evidence>(i)), summary_.totals.share(static_cast<Evidence>(i)));
    json_.end_object();
  }

  void given() {
    json_.key("given");
    json_.begin_array();
    for (const GivenSize& one : model_.given) {
      json_.begin_object(true);
      json_.member("name", one.name);
      json_.member("size", one.size);
      json_.end_object();
    }
    json_.end_array();
    json_.key("unknown_sizes");
    json_.begin_array(true);
    for (const std::string& name : unknown_sizes(model_)) json_.value(name);
    json_.end_array();
  }

  void parts(std::string_view key, const std::vector<Index>& modules) {
    json_.key(key);
    json_.begin_array();
    for (const Index module : modules) {
      json_.begin_object(true);
      json_.member("path", model_.path_of(module));
      json_.member("parameters", summary_.tallies[module].parameters.known());
      json_.end_object();
    }
    json_.end_array();
  }

  void cache() {
    json_.key("token_cache");
    const std::optional<TokenCache> cache = token_cache(model_.config.cache, question_);
    if (!cache) return json_.null();
    json_.begin_object(false);
    json_.member("bytes_per_token", cache->bytes_per_token);
    json_.member("context", cache->context != 0 ? std::optional(cache->context) : std::nullopt);
    json_.member("bytes_at_context", cache->bytes_at_context);
    json_.member("batch", cache->batch);
    json_.key("layers");
    json_.begin_array();
    for (const CachedLayers& layers : cache->layers) cached_layers(layers);
    json_.end_array();
    json_.end_object();
  }

  void cached_layers(const CachedLayers& layers) {
    constexpr std::array<std::string_view, 7> kKinds = {"none",   "full",   "window", "chunked",
                                                        "shared", "latent", "state"};
    const CachedLayer& layer = layers.layer;
    json_.begin_object(true);
    json_.member("count", layers.count);
    json_.member("kind", kKinds.at(static_cast<std::size_t>(layer.kind)));
    json_.member("heads", layer.heads);
    json_.member("key_size", layer.key_size);
    json_.member("value_size", layer.value_size);
    json_.member("window", layer.window != 0 ? std::optional(layer.window) : std::nullopt);
    json_.member("keeps_state", layer.keeps_state);
    json_.member("bytes_per_token", layers.bytes_per_token);
    json_.end_object();
  }

  void adapter() {
    json_.key("adapter");
    if (!model_.config.adapter) return json_.null();
    const AdapterConfig& adapter = *model_.config.adapter;
    using Number = std::optional<std::uint64_t>;
    json_.begin_object(false);
    json_.member("type", text_or_null(adapter.type));
    json_.member("base", text_or_null(adapter.base));
    json_.member("rank", adapter.rank);
    json_.member("alpha", adapter.alpha);
    json_.key("targets");
    json_.begin_array(true);
    for (const std::string& target : adapter.targets) json_.value(target);
    json_.end_array();
    json_.member("base_parameters", summary_.adapter ? Number(summary_.adapter->base_parameters) : Number());
    json_.member("added", summary_.adapter ? Number(summary_.adapter->added) : Number());
    json_.member("replaced", summary_.adapter ? Number(summary_.adapter->replaced) : Number());
    json_.end_object();
  }

  void dtypes() {
    json_.key("dtypes");
    json_.begin_array();
    for (const DTypeShare& share : summary_.totals.by_dtype) {
      json_.begin_object(true);
      json_.key("dtype");
      dtype(share.dtype);
      json_.member("elements", share.elements);
      json_.member("bytes", share.bytes);
      json_.end_object();
    }
    json_.end_array();
  }

  void dtype(DType type) { type == DType::unknown ? json_.null() : json_.value(name(type)); }

  void sections() {
    json_.key("sections");
    json_.begin_array();
    for (const Section& section : model_.sections) {
      const bool has_modules = section.kind != SectionKind::optimizer_state;
      json_.begin_object(true);
      json_.member("name", section.name);
      json_.member("kind", section_kind_name(section.kind));
      json_.member("path", has_modules ? std::optional(model_.path_of(section.root)) : std::nullopt);
      json_.member("tensors", has_modules ? std::uint64_t{summary_.tallies[section.root].tensors} : section.tensors);
      json_.member("bytes", has_modules ? summary_.tallies[section.root].bytes.known() : section.bytes);
      json_.end_object();
    }
    json_.end_array();
  }

  void metadata() {
    json_.key("metadata");
    json_.begin_array();
    for (const auto& [key, value] : model_.metadata) {
      json_.begin_object(true);
      json_.member("key", key);
      json_.member("value", value);
      json_.end_object();
    }
    json_.end_array();
  }

  // Every module but the root, in definition order down to the depth that was asked for; where rows were filtered or
  // cut, the modules of those rows.
  void modules() {
    json_.key("modules");
    json_.begin_array();
    if (summary_.flat) {
      for (const Row& row : summary_.rows)
        if (!row.own_only) module(row.module, depth_of(row.module));
    } else {
      walk_modules(model_, summary_.depth.value_or(-1), [this](Index index, std::uint32_t depth) {
        if (index != 0 && (summary_.hidden.empty() || !summary_.hidden[index])) module(index, depth);
      });
    }
    json_.end_array();
  }

  std::uint32_t depth_of(Index module) const {
    std::uint32_t depth = 0;
    for (; module != 0; module = model_.modules[module].parent) ++depth;
    return depth;
  }

  void module(Index index, std::uint32_t depth) {
    const Module& module = model_.modules[index];
    const Tally& tally = summary_.tallies[index];
    json_.begin_object(true);
    json_.member("path", model_.path_of(index));
    json_.member("type", text_or_null(module.type));
    json_.member("depth", std::uint64_t{depth});
    count_members(tally);
    size_members(tally);
    json_.member("lazy", module.lazy || tally.uninitialized_parameters + tally.uninitialized_buffers > 0);
    json_.member("mode", mode_name(module.mode));
    json_.member("alias_of", module.alias_of == kNone ? std::nullopt : std::optional(model_.path_of(module.alias_of)));
    run(index);
    json_.end_object();
  }

  // What a forward told; null where none was looked at.
  void run(Index module) {
    const Run* run = model_.runs.empty() ? nullptr : &model_.runs[module];
    const auto work = [&](Count Run::*member) { return run == nullptr ? Count() : work_in(model_, module, member); };
    const Count flops = work(&Run::flops);
    const Count backward = work(&Run::backward_flops);
    const Count activations = work(&Run::activation_bytes);
    json_.key("in");
    run == nullptr ? json_.null() : io(run->in);
    json_.key("out");
    run == nullptr ? json_.null() : io(run->out);
    using Number = std::optional<std::uint64_t>;
    using Truth = std::optional<bool>;
    json_.member("flops", run == nullptr ? Number() : flops.known());
    json_.member("backward_flops", run == nullptr ? Number() : backward.known());
    json_.member("flops_exact", run == nullptr ? Truth() : flops.is_exact() && backward.is_exact());
    json_.member("activation_bytes", run == nullptr ? Number() : activations.known());
    json_.member("activation_bytes_exact", run == nullptr ? Truth() : activations.is_exact());
    json_.member("calls", run == nullptr ? Number() : Number(run->known_calls()));
  }

  void io(const IOShape& shape) {
    if (shape.kind == IOShape::Kind::unknown) return json_.null();
    if (!shape.keys.empty()) return io_by_key(shape);
    json_.begin_array(true);
    for (const Extent extent : shape.extents) extent.is_known() ? json_.value(extent.size()) : json_.null();
    for (const IOShape& item : shape.items) io(item);
    json_.end_array();
  }

  void io_by_key(const IOShape& shape) {
    json_.begin_object(true);
    for (std::size_t i = 0; i < shape.items.size(); ++i) {
      json_.key(shape.keys[i]);
      io(shape.items[i]);
    }
    json_.end_object();
  }

  void tensors() {
    json_.key("tensors");
    json_.begin_array();
    for (const Tensor& each : model_.tensors) tensor(each);
    json_.end_array();
  }

  void tensor(const Tensor& tensor) {
    const Count numel = model_.numel(tensor);
    const Count bytes = model_.bytes(tensor);
    json_.begin_object(true);
    json_.member("path", model_.path_of(tensor));
    json_.key("shape");
    shape(tensor);
    json_.key("dtype");
    dtype(tensor.dtype);
    json_.member("bytes", bytes.is_exact() ? std::optional(bytes.known()) : std::nullopt);
    json_.member("stored_bytes", tensor.stored_bytes);
    json_.member("state", state_name(tensor.state));
    json_.member("layout", layout_name(tensor.layout));
    json_.member("role", is_parameter(tensor) ? "parameter" : "buffer");
    json_.member("role_recorded", tensor.role_recorded());
    json_.member("evidence", key(summary_.evidence(tensor)));
    json_.member("requires_grad", tensor.requires_grad == RequiresGrad::not_recorded
                                      ? std::nullopt
                                      : std::optional(tensor.requires_grad == RequiresGrad::yes));
    json_.member("tied_to", tensor.tied_to == kNone ? std::nullopt
                                                    : std::optional(model_.path_of(model_.tensors[tensor.tied_to])));
    json_.member("logical_parameters", logical(tensor, numel));
    json_.member("scheme", text_or_null(scheme(tensor)));
    json_.end_object();
  }

  // As it is counted: what holds packed weights is a parameter whatever its dtype, what says how they are unpacked
  // none.
  bool is_parameter(const Tensor& tensor) const {
    switch (summary_.quantized.part(model_.index_of(tensor))) {
      case Part::packed: return true;
      case Part::overhead: return false;
      default: return tensor.role == Role::parameter;
    }
  }

  std::string_view scheme(const Tensor& tensor) const {
    const QuantizedWeights& quantized = summary_.quantized;
    return quantized.empty() ? "" : name(quantized.schemes[model_.index_of(tensor)]);
  }

  std::optional<std::uint64_t> logical(const Tensor& tensor, const Count& numel) const {
    const QuantizedWeights& quantized = summary_.quantized;
    const Index index = model_.index_of(tensor);
    const Part part = quantized.part(index);
    if (part == Part::packed && quantized.logical[index] != QuantizedWeights::kUnknown) return quantized.logical[index];
    const bool is_counted = part == Part::plain && tensor.role == Role::parameter && numel.is_exact();
    return is_counted ? std::optional(numel.known()) : std::nullopt;
  }

  void shape(const Tensor& tensor) {
    if (!tensor.rank_known()) return json_.null();
    json_.begin_array(true);
    for (const Extent* extent = model_.shape_begin(tensor); extent != model_.shape_end(tensor); ++extent)
      extent->is_known() ? json_.value(extent->size()) : json_.null();
    json_.end_array();
  }

  void notes() {
    json_.key("notes");
    json_.begin_array();
    for (const Note& one : model_.notes) note(one);
    for (const Note& one : summary_.notes) note(one);
    json_.end_array();
  }

  void note(const Note& note) {
    json_.begin_object(true);
    json_.member("code", note.code);
    json_.member("place", note.place);
    json_.member("message", note.message);
    json_.end_object();
  }

  const Summary& summary_;
  const Model& model_;
  const CacheQuestion& question_;
  std::string out_;
  JsonWriter json_;
};

}  // namespace

std::string render_json(const Summary& summary, const CacheQuestion& question) {
  return JsonText(summary, question).text();
}

}  // namespace weigh
