#include "weigh/plan.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/nearest.h"
#include "plan/bounded.h"
#include "plan/optimizers.h"
#include "plan/pieces.h"
#include "plan/sharing.h"
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
        precision_(row_of(options.precision)) {
    check();
  }

  Plan make() {
    plan_.source = summary_.model->source;
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
      if (options_.train && !options_.lora)
        fail("weights that are trained are held as the precision says; another form goes with adapters (lora) alone");
    }
    optimizer_ = optimizer_row(options_.optimizer);
    if (optimizer_ == nullptr) fail_unknown("optimizer", options_.optimizer, optimizer_names());
    if (options_.zero > 3) fail(fmt::format("ZeRO has stages 0 to 3, and {} was asked for", options_.zero));
    if (options_.master_weights && precision_.element != 2) {
      fail(
          fmt::format("32-bit copies for the optimizer (master weights) are of 16-bit parameters, and with {} these "
                      "have 32 bits",
                      precision_.name));
    }
    if (!options_.train && (options_.lora || options_.zero != 0 || options_.master_weights || options_.checkpointing))
      fail("adapters, ZeRO, master weights and checkpointing are of training, and serving is planned");
    if (options_.lora && options_.lora->rank == 0) fail("adapters (lora) have a rank of at least 1");
  }

  bool trains(const Piece& piece) const {
    return piece.is_parameter && piece.is_trainable && (piece.is_floating || piece.is_packed);
  }

  void weights() {
    Bytes bytes = [](const Piece& piece) { return piece.bytes; };
    std::string how = "as stored";
    if (weights_row_ != nullptr) {
      bytes = weights_row_->bytes;
      how = fmt::format("as {}: {}", weights_row_->name, weights_row_->how);
    } else if (options_.train && !options_.lora) {
      bytes = [element = precision_.element](const Piece& piece) { return bytes_unpacked(piece, element); };
      how = fmt::format("{} bytes for each parameter ({})", precision_.element, precision_.name);
    }
    PlanLine& line = add("weights", bytes, std::move(how), options_.zero >= 3);
    line.evidence = summary_.totals.evidence;
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
    if (precision_.is_mixed) {
      add(
          "copies for autocast",
          [this](const Piece& piece) { return trains(piece) && piece.shape.rank >= 2 ? bytes_unpacked(piece, 2) : 0; },
          "2 bytes for each number of a trainable matrix: torch.autocast keeps what it has cast until the forward ends",
          options_.zero >= 3);
    }
    if (options_.master_weights)
      add("master weights", of_trained(4), "4 bytes for each trainable parameter", options_.zero >= 1);
    add(
        "optimizer states",
        [this, kept](const Piece& piece) { return trains(piece) ? optimizer_->bytes(piece.shape, kept) : 0; },
        states_text(kept), options_.zero >= 1);
  }

  std::string states_text(std::uint64_t element) const {
    return fmt::format("{}: {}; parameters have {} bytes", optimizer_->name, optimizer_->keeps, element);
  }

  void adapters() {
    const Lora& lora = *options_.lora;
    const Bytes each = [&](const Piece& piece) { return times(adapter_of(piece), kAdapterElement); };
    const std::uint64_t parameters = sum_of(pieces_, [&](const Piece& piece) { return adapter_of(piece); });
    if (parameters == 0) {
      fail(lora.targets.empty() ? "the model has no matrix in layers that an adapter (lora) could be beside"
                                : fmt::format("no matrix of the layers is called {}", fmt::join(lora.targets, ", ")));
    }
    add("adapters", each, fmt::format("r = {}: {} parameters of 4 bytes", lora.rank, parameters), options_.zero >= 3);
    add("gradients", each, "4 bytes for each of the adapters' parameters", options_.zero >= 2);
    add(
        "optimizer states",
        [&](const Piece& piece) {
          const std::uint64_t elements = adapter_of(piece);
          return elements == 0 ? 0 : optimizer_->bytes({elements, 2, elements / lora.rank, 2 * lora.rank}, 4);
        },
        states_text(kAdapterElement), options_.zero >= 1);
  }

  // r · (in + out). Which side of a packed matrix its words lie along is not looked at: the longer sum counts.
  std::uint64_t adapter_of(const Piece& piece) const {
    const Trained& shape = piece.shape;
    if (!piece.is_in_layer || !piece.is_parameter || shape.rank != 2 || shape.rows == 0 || shape.columns == 0) return 0;
    const std::vector<std::string>& targets = options_.lora->targets;
    if (!targets.empty() && std::find(targets.begin(), targets.end(), piece.module) == targets.end()) return 0;
    const std::uint64_t sides = std::max(shape.rows + divided(shape.elements, shape.rows),
                                         shape.columns + divided(shape.elements, shape.columns));
    return times(options_.lora->rank, sides);
  }

  void keys_and_values() {
    const Config& config = summary_.model->config;
    const std::optional<TokenCache> cache = token_cache(config.cache, options_.cache);
    if (!cache) {
      if (!config.cache.layers.empty() || !config.types.empty())
        plan_.not_counted.emplace_back(
            "keys and values: the model makes no text, or it is not known what its layers keep");
      return;
    }
    if (!cache->bytes_at_context) {
      plan_.not_counted.push_back(
          fmt::format("keys and values, {} bytes for a token: neither the model nor --context "
                      "says how many tokens",
                      cache->bytes_per_token));
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

  // Of what a forward keeps for the backward pass. Without a graph no more is known than what checkpointing keeps, too.
  void activations() {
    const Model& model = *summary_.model;
    const Count seen = model.runs.empty() ? Count() : model.runs[0].activation_bytes;
    if (seen.known() != 0 && !options_.checkpointing) {
      PlanLine& line = plan_.lines.emplace_back();
      line.what = "activations";
      line.bytes = line.on_each = seen;
      line.how = "all that operators return in one forward of the inputs that the model tells: no more is kept";
      if (sharing_.tensor > 1 || sharing_.pipeline > 1) line.how += "; not shared here";
      return;
    }
    const std::uint64_t context = options_.cache.context.value_or(model.config.cache.context);
    if (pieces_.layers == 0 || pieces_.hidden == 0 || context == 0) {
      plan_.not_counted.emplace_back(
          "activations: no graph tells them; a .pt2 or ONNX file does, and a live module with an example input");
      return;
    }
    const std::uint64_t element = precision_.is_mixed || precision_.element == 2 ? 2 : 4;
    std::uint64_t of_layer = element;
    for (const std::uint64_t factor : {options_.cache.batch, context, pieces_.hidden})
      of_layer = times(of_layer, factor);
    PlanLine& line = plan_.lines.emplace_back();
    line.what = options_.checkpointing ? "activations" : "inputs of layers";
    line.bytes = times(of_layer, pieces_.layers);
    line.on_each = times(of_layer, divided(pieces_.layers, sharing_.pipeline));
    line.how = fmt::format("{} text{} x {} tokens x {} x {} bytes for each of {} layers", options_.cache.batch,
                           options_.cache.batch == 1 ? "" : "s", context, pieces_.hidden, element, pieces_.layers);
    line.is_of_text = true;
    plan_.not_counted.emplace_back(
        options_.checkpointing
            ? "what the layer that is computed again keeps"
            : "activations beside the inputs of layers: no graph tells them; with checkpointing they "
              "are of one layer at a time");
  }

  PlanLine& add(const char* what, const Bytes& bytes, std::string how, bool is_sharded) {
    PlanLine& line = plan_.lines.emplace_back();
    line.what = what;
    line.bytes = sum_of(pieces_, bytes);
    const std::uint64_t fullest = on_fullest(pieces_, sharing_, bytes);
    line.on_each = is_sharded ? divided(fullest, sharing_.data) : fullest;
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

// The largest number from `low`, of which `holds` is true, to `high`, where it is true up to some number.
std::uint64_t largest(std::uint64_t low, std::uint64_t high, const std::function<bool(std::uint64_t)>& holds) {
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    if (holds(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

class Judge {
 public:
  Judge(const Summary& summary, const Pieces& pieces, const PlanOptions& options)
      : summary_(summary), pieces_(pieces), options_(options) {}

  Verdict of(const Plan& plan) const {
    Verdict verdict;
    verdict.machine = *options_.machine;
    const std::uint64_t needed = plan.on_each.known();
    const std::uint64_t there = verdict.machine.bytes;
    verdict.fits = needed <= there;
    (verdict.fits ? verdict.left : verdict.lacking) = verdict.fits ? there - needed : needed - there;
    verdict.devices = fewest();
    const bool has_text =
        std::any_of(plan.lines.begin(), plan.lines.end(), [](const PlanLine& line) { return line.is_of_text; });
    if (!has_text) return verdict;
    constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 40;
    verdict.context = most(kMostTokens, [](PlanOptions& options, std::uint64_t n) { options.cache.context = n; });
    verdict.batch = most(kMostTokens, [](PlanOptions& options, std::uint64_t n) { options.cache.batch = n; });
    return verdict;
  }

 private:
  using Set = std::function<void(PlanOptions&, std::uint64_t)>;

  bool fits(const PlanOptions& options) const {
    return Planner(summary_, pieces_, options).make().on_each.known() <= options.machine->bytes;
  }

  std::optional<std::uint64_t> most(std::uint64_t high, const Set& set) const {
    PlanOptions options = options_;
    const auto holds = [&](std::uint64_t number) {
      set(options, number);
      return fits(options);
    };
    if (!holds(1)) return std::nullopt;
    const std::uint64_t number = largest(1, high, holds);
    return number == high ? std::nullopt : std::optional(number);
  }

  // More devices of the kind that the numbers leave free: of tensors while serving, of data while training.
  std::optional<std::uint64_t> fewest() const {
    constexpr std::uint64_t kMostTried = 65'536;
    PlanOptions options = options_;
    (options.train ? options.data_parallel : options.tensor_parallel).reset();
    const std::uint64_t step =
        options.pipeline_parallel * (options.train ? options.tensor_parallel : options.data_parallel).value_or(1);
    const auto holds = [&](std::uint64_t steps) {
      options.machine->count = steps * step;
      options.expert_parallel = options_.expert_parallel > 1 ? steps : 1;
      return fits(options);
    };
    const std::uint64_t high = std::max<std::uint64_t>(1, kMostTried / step);
    if (holds(1)) return step;
    if (!holds(high)) return std::nullopt;
    return (largest(1, high, [&](std::uint64_t steps) { return !holds(steps); }) + 1) * step;
  }

  const Summary& summary_;
  const Pieces& pieces_;
  const PlanOptions& options_;
};

}  // namespace

std::optional<Precision> precision_from(std::string_view name) {
  for (const PrecisionRow& row : kPrecisions)
    if (row.name == name) return row.precision;
  return std::nullopt;
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

Plan plan(const Summary& summary, const PlanOptions& options) {
  const Pieces pieces = pieces_of(summary);
  Plan made = Planner(summary, pieces, options).make();
  if (options.machine) made.verdict = Judge(summary, pieces, options).of(made);
  return made;
}

}  // namespace weigh
