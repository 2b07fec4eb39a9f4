#include "weigh/plan.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/nearest.h"
#include "plan/activations.h"
#include "plan/bounded.h"
#include "plan/optimizers.h"
#include "plan/pieces.h"
#include "plan/sharing.h"
#include "plan/verdict.h"
#include "plan/weights.h"

#include "weigh/error.h"

namespace weigh {
namespace {

struct PrecisionRow {
  std::string_view name;
  Precision precision;
  std::uint64_t element;  // bytes of a parameter
  bool is_mixed;          // autocast makes 16-bit copies of matrices
};
constexpr std::array kPrecisions = {
    PrecisionRow{"32-true", Precision::full32, 4, false}, PrecisionRow{"16-mixed", Precision::mixed16, 4, true},
    PrecisionRow{"bf16-mixed", Precision::mixed_bf16, 4, true}, PrecisionRow{"16-true", Precision::true16, 2, false},
    PrecisionRow{"bf16-true", Precision::true_bf16, 2, false}};

const PrecisionRow& row_of(Precision precision) { return kPrecisions[static_cast<std::size_t>(precision)]; }

// What peft 0.21 keeps adapters as, whatever the base is held as (autocast_adapter_dtype).
constexpr std::uint64_t kAdapterElement = 4;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::usage, "", message); }

// "'adamv' is no optimizer that is known; is 'adamw' meant? Known are …"
[[noreturn]] void fail_unknown(std::string_view what, std::string_view name,
                               const std::vector<std::string_view>& known) {
  std::vector<std::string> names(known.begin(), known.end());
  nearest_first(names, name);
  fail(fmt::format("'{}' is no {} that is known; is '{}' meant? Known are {}", name, what, names.front(),
                   fmt::join(known, ", ")));
}

class Planner {
 public:
  Planner(const Summary& summary, const Pieces& pieces, const PlanOptions& options)
      : summary_(summary),
        pieces_(pieces),
        options_(options),
        sharing_(sharing_of(pieces, options)),
        precision_(row_of(options.precision.value_or(Precision::full32))) {
    check();
  }

  Plan make() {
    const Model& model = *summary_.model;
    plan_.source = model.source.empty() ? model.architecture : model.source;
    plan_.train = options_.train;
    plan_.devices = sharing_.devices();
    weights();
    options_.train ? train() : serve();
    for (const PlanLine& line : plan_.lines) {
      plan_.bytes += line.bytes;
      plan_.on_each += line.on_each;
    }
    if (pieces_.unknown != 0) {
      plan_.not_counted.push_back(fmt::format("the size of {} tensor{} is not known: weigh MODEL names them",
                                              pieces_.unknown, pieces_.unknown == 1 ? "" : "s"));
    }
    return std::move(plan_);
  }

 private:
  using Bytes = std::function<std::uint64_t(const Piece&)>;

  void check() {
    if (!options_.weights.empty()) {
      weights_row_ = weights_row(options_.weights);
      if (weights_row_ == nullptr) fail_unknown("form of weights", options_.weights, weight_names());
    }
    const std::string_view optimizer = options_.optimizer.empty() ? "adamw" : std::string_view(options_.optimizer);
    optimizer_ = optimizer_row(optimizer);
    if (optimizer_ == nullptr) fail_unknown("optimizer", optimizer, optimizer_names());
    if (options_.cache.batch == 0 || options_.cache.context == 0U)
      fail("a batch has at least 1 text, and a text (context) at least 1 token");
    options_.train ? check_training() : check_serving();
  }

  void check_serving() const {
    if (options_.precision || !options_.optimizer.empty() || options_.lora || options_.zero != 0 ||
        options_.master_weights || options_.checkpointing) {
      fail(
          "precision, optimizer, adapters (lora), ZeRO, master weights and checkpointing are of training, and serving "
          "is planned");
    }
  }

  void check_training() const {
    if (options_.cache.element) fail("keys and values are kept while serving, and training is planned");
    if (options_.zero > 3) fail(fmt::format("ZeRO has stages 0 to 3, and {} was asked for", options_.zero));
    if (options_.master_weights && precision_.element != 2) {
      fail(
          fmt::format("32-bit copies for the optimizer (master weights) are of 16-bit parameters, and with {} these "
                      "have 32 bits",
                      precision_.name));
    }
    if (!options_.lora) {
      if (weights_row_ == nullptr) return;
      fail("weights that are trained are held as the precision says; another form goes with adapters (lora) alone");
    }
    if (options_.lora->rank == 0) fail("adapters (lora) have a rank of at least 1");
    if (options_.master_weights)
      fail(
          "32-bit copies for the optimizer (master weights) are of 16-bit parameters, and adapters (lora) have 32 "
          "bits");
  }

  bool trains(const Piece& piece) const {
    return piece.is_parameter && piece.is_trainable && (piece.is_floating || piece.is_packed);
  }

  // Whether the precision says in what form weights are, whatever the file has.
  bool is_by_precision() const { return weights_row_ == nullptr && options_.train && !options_.lora; }

  // Of one tensor, as it is held.
  std::uint64_t held(const Piece& piece) const {
    if (weights_row_ != nullptr) return weights_row_->bytes(piece);
    return is_by_precision() ? bytes_unpacked(piece, precision_.element) : piece.bytes;
  }

  void weights() {
    std::string how = "as stored";
    if (weights_row_ != nullptr) {
      how = fmt::format("as {}: {}", weights_row_->name, weights_row_->how);
    } else if (is_by_precision()) {
      how = fmt::format("{} bytes for each parameter ({})", precision_.element, precision_.name);
    }
    const bool is_as_stored = weights_row_ == nullptr && !is_by_precision();
    PlanLine& line = add(
        "weights", [this](const Piece& piece) { return held(piece); }, std::move(how), options_.zero >= 3);
    line.evidence = is_as_stored ? summary_.totals.evidence : std::max(summary_.totals.evidence, Evidence::derived);
  }

  void serve() {
    keys_and_values();
    plan_.not_counted.emplace_back("what operators need while they compute, and what the runtime itself takes");
  }

  void train() {
    options_.lora ? adapters() : full();
    activations();
    plan_.not_counted.emplace_back(
        "what operators need while they compute, buckets of communication, and what the runtime itself takes");
  }

  void full() {
    const std::uint64_t element = precision_.element;
    const std::uint64_t kept = options_.master_weights ? 4 : element;
    const auto of_trained = [this](std::uint64_t each) -> Bytes {
      return [this, each](const Piece& piece) { return trains(piece) ? bytes_unpacked(piece, each) : 0; };
    };
    add("gradients", of_trained(element), fmt::format("{} bytes for each trainable parameter", element),
        options_.zero >= 2);
    copies_for_autocast();
    if (options_.master_weights)
      add("master weights", of_trained(4), "4 bytes for each trainable parameter", options_.zero >= 1);
    add(
        "optimizer states",
        [this, kept](const Piece& piece) { return trains(piece) ? optimizer_->bytes(piece.shape, kept) : 0; },
        states_text(kept), options_.zero >= 1);
  }

  // Of 32-bit matrices, frozen ones, too: their gradients take none, those of what comes in do. What is cast is whole
  // on each device, whoever shares the original.
  void copies_for_autocast() {
    if (!precision_.is_mixed) return;
    const Bytes bytes = [this](const Piece& piece) -> std::uint64_t {
      if (!piece.is_parameter || piece.shape.rank < 2) return 0;
      const std::uint64_t beside = options_.lora ? adapter_of(piece) : 0;
      const bool is_cast = piece.is_floating && held(piece) >= times(piece.shape.elements, 4);
      return times(plus(is_cast ? piece.shape.elements : 0, beside), 2);
    };
    add("copies for autocast", bytes,
        "2 bytes for each number of a 32-bit matrix: torch.autocast casts them, and the backward pass needs them",
        false);
  }

  std::string states_text(std::uint64_t element) const {
    return fmt::format("{}: {}; parameters have {} bytes", optimizer_->name, optimizer_->keeps, element);
  }

  void adapters() {
    const Lora& lora = *options_.lora;
    check_targets();
    const Bytes each = [&](const Piece& piece) { return times(adapter_of(piece), kAdapterElement); };
    const std::uint64_t parameters = sum_of(pieces_, [&](const Piece& piece) { return adapter_of(piece); });
    if (parameters == 0) fail("the model has no matrix in layers that an adapter (lora) could be beside");
    add("adapters", each, fmt::format("r = {}: {} parameters of 4 bytes", lora.rank, parameters), options_.zero >= 3);
    add("gradients", each, "4 bytes for each of the adapters' parameters", options_.zero >= 2);
    copies_for_autocast();
    add(
        "optimizer states", [&](const Piece& piece) { return adapter_states(piece); }, states_text(kAdapterElement),
        options_.zero >= 1);
  }

  void check_targets() const {
    for (const std::string& target : options_.lora->targets) {
      const bool is_there = std::any_of(pieces_.pieces.begin(), pieces_.pieces.end(), [&](const Piece& piece) {
        return piece.module == target && may_have_adapter(piece);
      });
      if (!is_there) fail(fmt::format("no matrix of the layers is called {}", target));
    }
  }

  bool may_have_adapter(const Piece& piece) const {
    return piece.is_in_layer && piece.is_parameter && piece.shape.rank == 2 && piece.shape.rows != 0 &&
           piece.shape.columns != 0;
  }

  // r · (in + out).
  std::uint64_t adapter_of(const Piece& piece) const {
    const std::vector<std::string>& targets = options_.lora->targets;
    const bool is_target = targets.empty() || std::find(targets.begin(), targets.end(), piece.module) != targets.end();
    return is_target && may_have_adapter(piece)
               ? times(options_.lora->rank, plus(piece.shape.rows, piece.shape.columns))
               : 0;
  }

  // Of two matrices, [r, in] and [out, r].
  std::uint64_t adapter_states(const Piece& piece) const {
    if (adapter_of(piece) == 0) return 0;
    const std::uint64_t rank = options_.lora->rank;
    const auto [elements, _, out, in] = piece.shape;
    const auto states = [this](std::uint64_t rows, std::uint64_t columns) {
      return optimizer_->bytes({times(rows, columns), 2, rows, columns}, kAdapterElement);
    };
    return plus(states(rank, in), states(out, rank));
  }

  void keys_and_values() {
    const Config& config = summary_.model->config;
    const std::optional<TokenCache> cache = token_cache(config.cache, options_.cache);
    if (!cache) {
      if (!config.cache.layers.empty() || !config.types.empty() || pieces_.hidden != 0)
        plan_.not_counted.emplace_back(
            "keys and values: the model makes no text, or it is not known what its layers keep");
      return;
    }
    if (!cache->bytes_at_context) {
      plan_.not_counted.push_back(fmt::format(
          "keys and values, {} bytes for a token: nothing says how many tokens (context)", cache->bytes_per_token));
      return;
    }
    PlanLine& line = plan_.lines.emplace_back();
    line.what = "keys and values";
    line.bytes = std::min(*cache->bytes_at_context, kBeyond);
    line.on_each = std::min(cache_on_fullest(), kBeyond);
    line.how = fmt::format("{} bytes for a token, {} tokens{}", cache->bytes_per_token, cache->context,
                           cache->batch == 1 ? "" : fmt::format(" of each of {} texts", cache->batch));
    line.evidence = Evidence::by_convention;
    line.is_of_text = true;
    if (std::any_of(config.cache.layers.begin(), config.cache.layers.end(),
                    [](auto& layer) { return layer.keeps_state; }))
      plan_.not_counted.emplace_back("states of fixed size, which some layers keep of each text");
  }

  // Heads are shared with the tensors, layers with the pipeline; what all heads share is on each device.
  std::uint64_t cache_on_fullest() const {
    const CacheConfig& whole = summary_.model->config.cache;
    const auto layers = static_cast<std::uint32_t>(whole.layers.size());
    std::uint64_t most = 0;
    for (std::uint64_t stage = 0; stage < sharing_.pipeline; ++stage) {
      CacheConfig part = whole;
      part.layers.clear();
      for (std::uint32_t i = 0; i < layers; ++i) {
        if (stage_of(i + 1, layers, sharing_.pipeline) != stage) continue;
        CachedLayer& layer = part.layers.emplace_back(whole.layers[i]);
        if (layer.kind != LayerCache::latent) layer.heads = divided(layer.heads, sharing_.tensor);
      }
      CacheQuestion question = options_.cache;
      if (!question.context && whole.context != 0) question.context = whole.context;
      const std::optional<TokenCache> cache = token_cache(part, question);
      most = std::max(most, cache ? cache->bytes_at_context.value_or(0) : 0);
    }
    return most;
  }

  void activations() {
    const std::uint64_t element = precision_.is_mixed || precision_.element == 2 ? 2 : 4;
    Activations kept = activations_of(summary_, pieces_, sharing_, options_, element);
    if (kept.line) plan_.lines.push_back(std::move(*kept.line));
    if (!kept.not_counted.empty()) plan_.not_counted.push_back(std::move(kept.not_counted));
  }

  PlanLine& add(const char* what, const Bytes& bytes, std::string how, bool is_sharded) {
    PlanLine& line = plan_.lines.emplace_back();
    line.what = what;
    line.bytes = sum_of(pieces_, bytes);
    line.on_each = on_fullest(pieces_, sharing_, bytes, is_sharded);
    line.how = std::move(how);
    return line;
  }

  const Summary& summary_;
  const Pieces& pieces_;
  const PlanOptions& options_;
  const Sharing sharing_;
  const PrecisionRow& precision_;
  const WeightsRow* weights_row_ = nullptr;
  const OptimizerRow* optimizer_ = nullptr;
  Plan plan_;
};

}  // namespace

Precision precision_from(std::string_view name) {
  for (const PrecisionRow& row : kPrecisions)
    if (row.name == name) return row.precision;
  fail_unknown("precision", name, precision_names());
}

std::vector<std::string_view> precision_names() {
  std::vector<std::string_view> names;
  for (const PrecisionRow& row : kPrecisions) names.push_back(row.name);
  return names;
}

std::vector<std::string_view> optimizer_names() {
  std::vector<std::string_view> names;
  for (const OptimizerRow& row : optimizer_rows()) names.push_back(row.name);
  return names;
}

std::vector<std::string_view> weight_names() {
  std::vector<std::string_view> names;
  for (const WeightsRow& row : weights_rows()) names.push_back(row.name);
  return names;
}

Plan plan_of(const Summary& summary, const Pieces& pieces, const PlanOptions& options) {
  return Planner(summary, pieces, options).make();
}

Plan plan(const Summary& summary, const PlanOptions& options) {
  const Pieces pieces = pieces_of(summary);
  Plan made = plan_of(summary, pieces, options);
  if (options.machine) made.verdict = verdict_of(made, summary, pieces, options);
  return made;
}

}  // namespace weigh
