#include "cli/plan.h"

#include <exception>
#include <map>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_line.h"
#include "render/text.h"

#include "weigh/error.h"
#include "weigh/plan.h"
#include "weigh/summary.h"

namespace weigh::cli {
namespace {

const std::map<std::string, RenderFormat>& plan_formats() {
  static const std::map<std::string, RenderFormat> choices = {{"table", RenderFormat::table},
                                                              {"json", RenderFormat::json},
                                                              {"markdown", RenderFormat::markdown},
                                                              {"html", RenderFormat::html}};
  return choices;
}

// What CLI11 parses into.
struct PlanChoices {
  std::string file;
  std::string precision;
  std::string weights;
  std::string device;
  std::string format = "table";
  std::string kv_dtype;
  std::uint64_t context = 0;
  std::uint64_t rank = 0;
  std::vector<std::string> targets;
  PlanOptions plan;
  RenderOptions render;
  Screen screen;
};

std::vector<std::string> texts(const std::vector<std::string_view>& views) { return {views.begin(), views.end()}; }

void declare(CLI::App& app, PlanChoices& raw) {
  app.add_option("MODEL", raw.file, "a model file, an index of shards, or a directory")->required();
  app.add_flag("--train", raw.plan.train, "to train it; otherwise to serve it");
  app.add_option("--device", raw.device, "what it shall fit: 80GB, 24GiB or a name (h100), with x8 for eight of them")
      ->type_name("DEVICE");
  add_choice(app, "--weights", raw.weights, texts(weight_names()), "what weights are held as (default: as stored)");
  app.add_option("--context", raw.context, "tokens of a text (default: the longest)")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("N");
  app.add_option("--batch", raw.plan.cache.batch, "texts at once, on each replica (default: 1)")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("B");
  add_choice(app, "--kv-dtype", raw.kv_dtype, texts(cache_element_names()),
             "what keys and values are stored as (default: what the model computes in)");
  add_choice(app, "--precision", raw.precision, texts(precision_names()), "while training (default: 32-true)");
  add_choice(app, "--optimizer", raw.plan.optimizer, texts(optimizer_names()), "while training (default: adamw)");
  app.add_flag("--master-weights", raw.plan.master_weights, "the optimizer keeps 32-bit copies of 16-bit parameters");
  app.add_flag("--checkpointing", raw.plan.checkpointing, "activations are computed again: each layer keeps its input");
  app.add_option("--zero", raw.plan.zero, "stage of ZeRO: 1 optimizer states, 2 gradients, 3 weights (FSDP) are shared")
      ->type_name("STAGE");
  app.add_option("--lora", raw.rank, "train adapters of this rank alone")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("RANK");
  app.add_option("--lora-targets", raw.targets,
                 "matrices with adapters, separated by commas (default: all of the layers)")
      ->type_name("NAME,NAME")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--data-parallel", raw.plan.data_parallel, "replicas that share the data")->type_name("N");
  app.add_option("--tensor-parallel", raw.plan.tensor_parallel, "devices that share each matrix")->type_name("N");
  app.add_option("--pipeline-parallel", raw.plan.pipeline_parallel, "devices that share the layers")->type_name("N");
  app.add_option("--expert-parallel", raw.plan.expert_parallel, "devices that share the experts")->type_name("N");
  add_choice(app, "--format", raw.format, names(plan_formats()), "form of the output (default: table)");
  app.add_flag("--exact", raw.render.exact, "1,234,567 B instead of 1.23 MB");
  add_screen(app, raw.screen);
}

void settle(const CLI::App& app, const Console& console, PlanChoices& raw) {
  if (!raw.precision.empty()) raw.plan.precision = precision_from(raw.precision);
  raw.plan.weights = raw.weights;
  if (app.count("--context") > 0) raw.plan.cache.context = raw.context;
  raw.plan.cache.element = cache_element(raw.kv_dtype);
  if (raw.rank != 0) raw.plan.lora = Lora{raw.rank, raw.targets};
  if (raw.rank == 0 && !raw.targets.empty())
    throw CLI::ValidationError("--lora-targets", "names matrices for adapters, and --lora gives no rank");
  try {
    if (!raw.device.empty()) raw.plan.machine = machine_from(raw.device);
  } catch (const Error& error) {
    throw CLI::ValidationError("--device", error.message());
  }
  raw.render.format = plan_formats().at(raw.format);
  apply(raw.screen, console, raw.render);
}

}  // namespace

std::vector<OptionRow> plan_options() {
  CLI::App app;
  PlanChoices raw;
  declare(app, raw);
  return rows_of(app);
}

int run_plan(const std::vector<std::string>& arguments, const Console& console) {
  CLI::App app("How much memory a model takes, to serve it or to train it: each line with its formula.", "weigh plan");
  PlanChoices raw;
  declare(app, raw);
  app.callback([&] { settle(app, console, raw); });
  if (const std::optional<Answer> said = parse(app, "weigh plan", arguments)) return answer(*said, console);
  try {
    const Model model = console.read(raw.file);
    SummaryOptions depth;
    depth.depth = raw.render.format == RenderFormat::html ? -1 : 0;
    const Summary summary = summarize(model, depth);
    console.out(render(plan(summary, raw.plan), summary, raw.render));
    return kDone;
  } catch (const std::exception& error) {
    return answer({error.what(), true}, console);
  }
}

}  // namespace weigh::cli
