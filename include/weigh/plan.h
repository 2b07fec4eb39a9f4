// How much memory a model takes: to serve it, and to train it. Pure functions of a Summary; no weight is read, no
// device is asked. Each line says by which formula it was had and how its numbers are known. docs/plan.md has the
// formulas.
//
// Where something is not known or not sure, a plan errs towards more memory, and what it cannot know is a line of its
// own: it makes the sum a lower bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weigh/count.h"
#include "weigh/evidence.h"
#include "weigh/render.h"
#include "weigh/summary.h"
#include "weigh/token_cache.h"

namespace weigh {

// What parameters, gradients and optimizer states are held as while training, under Lightning's names.
enum class Precision : std::uint8_t {
  full32,      // "32-true"
  mixed16,     // "16-mixed": autocast; parameters stay 32-bit
  mixed_bf16,  // "bf16-mixed"
  true16,      // "16-true"
  true_bf16,   // "bf16-true"
};
// Throws Error(usage) that names the nearest.
Precision precision_from(std::string_view name);
std::vector<std::string_view> precision_names();

// "adamw", "adamw8bit", "sgd", …: those that a plan knows the states of.
std::vector<std::string_view> optimizer_names();

// What weights are held as beside how they are stored: "float32", "bfloat16", "float16", "float8", "int8", "int4",
// "nf4".
std::vector<std::string_view> weight_names();

// Low-rank adapters (LoRA, Hu et al. 2021): r · (in + out) parameters beside each matrix [out, in] that is chosen; all
// else is frozen.
struct Lora {
  std::uint64_t rank = 0;
  std::vector<std::string> targets = {};  // last parts of modules' paths: "q_proj"; empty: every matrix of the layers
};

// Of a device's memory, in bytes.
struct Device {
  std::string_view name;  // "h100"
  std::uint64_t bytes = 0;
  std::string_view source;  // of the number
};
const std::vector<Device>& known_devices();

struct Machine {
  std::string device;       // as it was called: "80GB", "h100"
  std::uint64_t bytes = 0;  // of one device
  std::uint64_t count = 1;
};
// "80GB", "24GiB", "h100", each also with "x8" or "×8" behind, or "8x" before. Throws Error(usage) that names the
// nearest.
Machine machine_from(std::string_view text);

struct PlanOptions {
  bool train = false;
  std::string weights = {};  // one of weight_names(); empty: as stored, or what the precision says while training
  CacheQuestion cache = {};  // context and batch hold for training, too
  std::optional<Precision> precision = {};  // while training; otherwise full32
  std::string optimizer = {};               // while training, one of optimizer_names(); empty: adamw
  bool master_weights = false;              // the optimizer keeps 32-bit copies of 16-bit parameters
  bool checkpointing = false;               // of activations: each layer keeps its input alone
  unsigned zero = 0;                        // DeepSpeed's stage 0 to 3; FSDP is 3
  std::optional<Lora> lora = {};
  // How many devices share what: replicas for data; each tensor; the layers; the experts. Without a number the devices
  // of the machine: each tensor while serving, data while training.
  std::optional<std::uint64_t> data_parallel = {};
  std::optional<std::uint64_t> tensor_parallel = {};
  std::uint64_t pipeline_parallel = 1;
  std::uint64_t expert_parallel = 1;
  std::optional<Machine> machine = {};
  // Of a live model, in the order of its modules: bytes that autograd keeps for the backward pass of a module with all
  // below it, parameters and buffers left out. Empty: nobody looked, and what operators returned is the upper bound.
  std::vector<Count> kept = {};
};

struct PlanLine {
  std::string what;  // "weights", "optimizer states"
  Count bytes;       // of the whole model, once
  Count on_each;     // on the device that holds most
  std::string how;   // the formula in words, with its numbers
  Evidence evidence = Evidence::derived;
  bool is_of_text = false;  // grows with the context and the batch
  bool is_at_most = false;  // the bytes are an upper bound
};

// Whether it fits, and what would.
struct Verdict {
  Machine machine;
  // By what is known: `fits` is false only where the lower bound is too much already.
  bool fits = false;
  std::uint64_t left = 0;                // on each, where it fits: for what is not counted
  std::uint64_t lacking = 0;             // on each, where it does not
  std::optional<std::uint64_t> devices;  // the fewest that hold it, shared in the way that was asked for
  std::optional<std::uint64_t> context;  // the longest at this batch, where keys and values are known
  std::optional<std::uint64_t> batch;    // the largest at this context
};

struct Plan {
  std::string source;  // of the model; of a live one its architecture
  bool train = false;
  std::uint64_t devices = 1;
  std::vector<PlanLine> lines;
  std::vector<std::string> not_counted;  // why the sum is a lower bound, a sentence each
  Count bytes;
  Count on_each;
  std::optional<Verdict> verdict;

  bool is_exact() const { return not_counted.empty() && bytes.is_exact(); }
};

// Throws Error(usage) where options contradict each other or the model.
Plan plan(const Summary& summary, const PlanOptions& options);

// As a table, Markdown, JSON (docs/plan.md) or a table of HTML. Throws Error(usage) for another form.
std::string render(const Plan& plan, const RenderOptions& options = {});
// The same, and as a page about the model with its plan (docs/report.md).
std::string render(const Plan& plan, const Summary& summary, const RenderOptions& options);

}  // namespace weigh
