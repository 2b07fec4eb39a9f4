// What a checkpoint holds beside weights. Numbers are written so that the same bits are read.
#include <cstdlib>
#include <sstream>

#include <fmt/format.h>

#include "lightning/checkpoint.h"

namespace weigh::lightning {
namespace {

using torch::serialize::InputArchive;
using torch::serialize::OutputArchive;

torch::Tensor counted(const Progress& progress) {
  return torch::tensor({progress.epoch, progress.batch, progress.total_batches, progress.global_step,
                        progress.logged_step, static_cast<std::int64_t>(progress.validation_is_due)},
                       torch::kInt64);
}

Progress progress_of(const torch::Tensor& counts) {
  TORCH_CHECK(counts.scalar_type() == torch::kInt64 && counts.numel() == 6 && counts.is_contiguous(),
              "'progress' is not six counts");
  const auto* at = counts.data_ptr<std::int64_t>();
  return {at[0], at[1], at[2], at[3], at[4], at[5] != 0};
}

// "name value", a line each.
std::string text_of(const std::map<std::string, double>& values) {
  std::string text;
  for (const auto& [name, value] : values) text += fmt::format("{} {:a}\n", name, value);
  return text;
}

std::map<std::string, double> values_of(const std::string& text) {
  std::map<std::string, double> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.rfind(' ');
    if (space != std::string::npos) values[line.substr(0, space)] = std::strtod(line.c_str() + space + 1, nullptr);
  }
  return values;
}

void write(OutputArchive& archive, const std::string& name, const RandomState& state) {
  archive.write(name + "_cpu", state.of_cpu(), true);
  if (state.of_device().defined()) archive.write(name + "_device", state.of_device(), true);
}

std::optional<RandomState> read_random(InputArchive& archive, const std::string& name, torch::Device device) {
  torch::Tensor of_cpu;
  torch::Tensor of_device;
  if (!archive.try_read(name + "_cpu", of_cpu, true)) return std::nullopt;
  archive.try_read(name + "_device", of_device, true);
  return RandomState(device, of_cpu, device.is_cpu() ? torch::Tensor() : of_device);
}

std::string read_text(InputArchive& archive, const std::string& name) {
  c10::IValue value;
  archive.read(name, value);
  return value.toStringRef();
}

std::string numbered(const char* name, std::size_t index) { return fmt::format("{}_{}", name, index); }

std::int64_t processes_of(const Session& session) { return session.member ? session.member->size : 1; }

// The batches of an epoch are dealt out in rounds of as many as there are processes.
void check_processes(const Session& session, InputArchive& archive, const Progress& progress) {
  c10::IValue told;
  if (progress.batch == 0 || !archive.try_read("processes", told)) return;
  const std::int64_t then = told.toInt();
  const std::int64_t now = processes_of(session);
  if (then != now)
    throw Error(
        ErrorKind::usage, "ckpt_path",
        fmt::format("the checkpoint was made after batch {} of an epoch by {} process{}, and {} would go on with "
                    "it: the batches that are left cannot be dealt out as they were. Start {}, or go on from the "
                    "end of an epoch",
                    progress.batch, then, then == 1 ? "" : "es", now, then));
}

// Learning rates stand beside the optimizer's own state, which for some optimizers lacks those of groups.
std::string rates_of(const torch::optim::Optimizer& optimizer) {
  std::map<std::string, double> rates;
  const std::vector<double> of_groups = learning_rates(optimizer);
  for (std::size_t i = 0; i < of_groups.size(); ++i) rates[std::to_string(i)] = of_groups[i];
  return text_of(rates);
}

void set_rates(torch::optim::Optimizer& optimizer, const std::map<std::string, double>& rates) {
  auto& groups = optimizer.param_groups();
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i].options().set_lr(rates.at(std::to_string(i)));
}

}  // namespace

void write_state(const Session& session, OutputArchive& archive) {
  archive.write("progress", counted(session.progress), true);
  archive.write("processes", c10::IValue(processes_of(session)));
  write(archive, "now", RandomState(session.options.device));
  if (session.progress.batch > 0 && session.epoch_start) write(archive, "epoch_start", *session.epoch_start);
  archive.write("results", c10::IValue(text_of(session.train_results.totals())));
  if (session.scaler) archive.write("scaler", c10::IValue(text_of(session.scaler->state())));
  archive.write("optimizers", c10::IValue(static_cast<std::int64_t>(session.optimizers.size())));
  for (std::size_t i = 0; i < session.optimizers.size(); ++i) {
    const ConfiguredOptimizer& configured = session.optimizers[i];
    OutputArchive of_optimizer(archive.compilation_unit());
    configured.optimizer->save(of_optimizer);
    archive.write(numbered("optimizer", i), of_optimizer);
    archive.write(numbered("rates", i), c10::IValue(rates_of(*configured.optimizer)));
    for (std::size_t j = 0; j < configured.schedules.size(); ++j)
      archive.write(numbered(numbered("schedule", i).c_str(), j),
                    c10::IValue(text_of(configured.schedules[j].scheduler->state())));
  }
}

void read_state(Session& session, InputArchive& archive) {
  torch::Tensor counts;
  archive.read("progress", counts, true);
  check_processes(session, archive, progress_of(counts));
  c10::IValue optimizers;
  archive.read("optimizers", optimizers);
  if (optimizers.toInt() != static_cast<std::int64_t>(session.optimizers.size()))
    throw Error(ErrorKind::usage, "ckpt_path",
                fmt::format("the checkpoint has the state of {} optimizers, but configure_optimizers() returned {}",
                            optimizers.toInt(), session.optimizers.size()));
  for (std::size_t i = 0; i < session.optimizers.size(); ++i) {
    const ConfiguredOptimizer& configured = session.optimizers[i];
    InputArchive of_optimizer;
    archive.read(numbered("optimizer", i), of_optimizer);
    configured.optimizer->load(of_optimizer);
    for (std::size_t j = 0; j < configured.schedules.size(); ++j)
      configured.schedules[j].scheduler->load_state(
          values_of(read_text(archive, numbered(numbered("schedule", i).c_str(), j))));
    set_rates(*configured.optimizer, values_of(read_text(archive, numbered("rates", i))));
  }
  c10::IValue scaler;
  if (session.scaler && archive.try_read("scaler", scaler)) session.scaler->load_state(values_of(scaler.toStringRef()));
  session.progress = progress_of(counts);
  session.epochs_processed = session.progress.epoch;
  session.resumes.emplace(ResumePoint{*read_random(archive, "now", session.options.device),
                                      read_random(archive, "epoch_start", session.options.device),
                                      results_in(read_text(archive, "results"))});
}

}  // namespace weigh::lightning
