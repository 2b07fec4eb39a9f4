#include "lightning/data_parallel.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "lightning/interrupt.h"
#include "processes/launch.h"

namespace weigh::lightning {
namespace {

using processes::Meeting;

// For the life of the program, since processes cannot meet anew at a port that others still use.
std::shared_ptr<processes::Group> group_for(const processes::Member& member, std::chrono::milliseconds limit) {
  constexpr std::chrono::milliseconds kStart = std::chrono::minutes(2);  // they are not started at one time
  static std::shared_ptr<processes::Group> joined;
  if (!joined)
    joined =
        std::make_shared<processes::Group>(member, processes::connect(member, std::max(limit, kStart), limit), limit);
  return joined;
}

enum Flag : std::int64_t { stops = 1, interrupted = 2, skips_rest = 4, is_last = 8, saves = 16 };

std::int64_t flag(Flag which, bool is_set) { return is_set ? which : std::int64_t{0}; }

std::int64_t flags_of_all(Session& session, Meeting meeting, std::int64_t own) {
  std::int64_t flags = 0;
  for (const std::int64_t said : session.group->meet(meeting, own)) flags |= said;
  return flags;
}

// Of one process, as text; the last tensor tells for which batches predict_step returned one.
std::string text_of(const std::vector<torch::Tensor>& outputs) {
  std::vector<torch::Tensor> tensors;
  torch::Tensor is_defined = torch::ones({static_cast<std::int64_t>(outputs.size())}, torch::kBool);
  for (const torch::Tensor& output : outputs) {
    if (!output.defined()) is_defined[static_cast<std::int64_t>(tensors.size())] = false;
    tensors.push_back(output.defined() ? output.detach().cpu() : torch::empty({0}));
  }
  tensors.push_back(is_defined);
  std::ostringstream text;
  torch::save(tensors, text);
  return text.str();
}

std::vector<torch::Tensor> outputs_in(const std::string& text) {
  std::vector<torch::Tensor> outputs;
  std::istringstream stream(text);
  torch::load(outputs, stream);
  const torch::Tensor is_defined = outputs.back();
  outputs.pop_back();
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!is_defined[static_cast<std::int64_t>(i)].item<bool>()) outputs[i] = torch::Tensor();
  return outputs;
}

}  // namespace

std::optional<processes::Member> member_for(const TrainerOptions& options) {
  if (options.strategy == Strategy::single && options.devices > 1)
    throw Error(ErrorKind::usage, "Trainer",
                fmt::format("devices is {}, but strategy is single, which is one process", options.devices));
  if (options.strategy == Strategy::single) return std::nullopt;
  if (options.devices > 1 && !processes::is_launched()) processes::launch(options.devices);
  if (options.strategy == Strategy::ddp && !processes::is_launched())
    throw Error(
        ErrorKind::usage, "Trainer",
        "strategy is ddp, but there is no other process (RANK and WORLD_SIZE are not set): set devices, start the "
        "program with torchrun or mpirun, or leave the strategy out for one process");
  return processes::member_of_environment();
}

void join_processes(Session& session) {
  if (!session.member) return;
  session.group = group_for(*session.member, session.options.process_timeout);
  session.group->meet(Meeting::begin);
  if (!session.options.use_distributed_sampler) return;
  session.train_loader = make_share(std::move(session.train_loader), session.group, true);
  session.evaluation_loader = make_share(std::move(session.evaluation_loader), session.group, false);
}

void leave_processes(Session& session) {
  if (session.group) session.group->meet(Meeting::end);
}

void tell_processes(Session& session, const std::exception& error) {
  if (session.group && !dynamic_cast<const processes::GroupError*>(&error)) session.group->fail(error.what());
}

void share_random(Session& session) {
  if (session.group) share_random(*session.group);
}

void agree_on_batch(Session& session) {
  if (!session.group) return;
  const std::int64_t flags = flags_of_all(
      session, Meeting::batch, flag(Flag::skips_rest, session.skips_rest) | flag(Flag::is_last, session.is_last_batch));
  session.skips_rest = (flags & Flag::skips_rest) != 0;
  session.is_last_batch = (flags & Flag::is_last) != 0;
}

void agree_on_stops(Session& session) {
  session.interrupted = session.interrupted || is_interrupted();
  session.saves = !session.requests.empty();
  if (!session.group) return;
  const std::int64_t flags =
      flags_of_all(session, Meeting::stops,
                   flag(Flag::stops, session.stops) | flag(Flag::interrupted, session.interrupted) |
                       flag(Flag::skips_rest, session.skips_rest) | flag(Flag::saves, session.saves));
  session.stops = (flags & Flag::stops) != 0;
  session.interrupted = (flags & Flag::interrupted) != 0;
  session.skips_rest = (flags & Flag::skips_rest) != 0;
  session.saves = (flags & Flag::saves) != 0;
}

// The least, where all know.
std::optional<std::int64_t> agreed_count(Session& session, std::optional<std::int64_t> batches) {
  if (!session.group) return batches;
  const auto said = session.group->meet(Meeting::begin, batches.value_or(-1));
  const std::int64_t least = *std::min_element(said.begin(), said.end());
  return least < 0 ? std::nullopt : std::optional<std::int64_t>(least);
}

std::optional<double> agreed_number(Session& session, std::optional<double> own) {
  std::optional<double> least, most;
  double sum = 0;
  int count = 0;
  for (const std::string& text : session.group->gather(Meeting::number, own ? fmt::format("{:a}", *own) : "")) {
    if (text.empty()) continue;
    const double one = std::strtod(text.c_str(), nullptr);
    least = least ? std::min(*least, one) : one;
    most = most ? std::max(*most, one) : one;
    sum += one;
    ++count;
  }
  if (least == most) return least;  // to the last bit
  return sum / count;
}

void add_up_results(Session& session, Results& results) {
  if (!session.group) return;
  std::vector<std::vector<Result>> of_all;
  for (const std::string& text : session.group->gather(Meeting::metrics, text_of(results.all())))
    of_all.push_back(results_in(text));
  results.take_totals(of_all);
}

void collect_outputs(Session& session) {
  if (!session.group || !session.outputs) return;
  std::vector<std::vector<torch::Tensor>> of_all;
  std::size_t most = 0;
  for (const std::string& text : session.group->gather(Meeting::outputs, text_of(*session.outputs))) {
    of_all.push_back(outputs_in(text));
    most = std::max(most, of_all.back().size());
  }
  session.outputs->clear();
  for (std::size_t i = 0; i < most; ++i)
    for (const auto& outputs : of_all)
      if (i < outputs.size()) session.outputs->push_back(outputs[i]);
}

}  // namespace weigh::lightning
