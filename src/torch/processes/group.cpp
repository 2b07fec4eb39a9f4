#include "processes/group.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace weigh::processes {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// What each tells all before anything else is exchanged: [meeting, length of what it says of its failure, a number].
enum Head { at_meeting, failure_length, number, head_size };

std::int64_t value_of(const torch::Tensor& head, Head which) { return head.data_ptr<std::int64_t>()[which]; }

torch::Tensor bytes_of(std::string& text) {
  return torch::from_blob(text.data(), {static_cast<std::int64_t>(text.size())}, torch::kUInt8);
}

std::string ranks_text(const std::vector<int>& ranks) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (const int rank : ranks) text += fmt::format("{}{}", rank == ranks.front() ? "" : ", ", rank);
  return text;
}

}  // namespace

const char* text_of(Meeting meeting) {
  constexpr std::array<const char*, 14> kTexts = {
      "nothing",
      "to begin",
      "to take the parameters of rank 0",
      "to take the buffers of rank 0",
      "to begin a pass over the batches",
      "to begin a batch",
      "to average gradients",
      "to ask whether to stop",
      "to add up what was logged",
      "to agree on a metric",
      "to take a name from rank 0",
      "to save a checkpoint",
      "to collect what predict_step returned",
      "to end",
  };
  return kTexts.at(static_cast<std::size_t>(meeting));
}

Group::Group(const Member& member, std::unique_ptr<Wire> wire, milliseconds limit)
    : member_(member), wire_(std::move(wire)), limit_(limit) {}

void Group::lost(Meeting meeting, milliseconds waited, const std::string& why) {
  std::vector<int> ranks = wire_->absent();
  std::string message;
  ErrorKind kind = ErrorKind::not_found;
  if (ranks.empty()) {
    message = fmt::format(
        "lost a connection while it waited for the others {}; none of them ended, so that the network "
        "is at fault ({})",
        text_of(meeting), why);
    ranks = {member_.rank};
  } else if (waited >= limit_) {
    kind = ErrorKind::limit;
    message = fmt::format(
        "did not come within {}, while rank {} waited {}; it is stuck, or slower than the others by "
        "more than that (TrainerOptions::process_timeout)",
        seconds_text(limit_), member_.rank, text_of(meeting));
  } else {
    message = fmt::format(
        "ended while rank {} waited for it {}; what it printed last tells why, or the system's log, "
        "if it was killed for want of memory",
        member_.rank, text_of(meeting));
  }
  broken_ = ranks_text(ranks) + ": " + message;
  throw GroupError(kind, ranks_text(ranks), message);
}

template <class Function>
auto Group::carried(Meeting meeting, const Function& function) {
  if (!broken_.empty())
    throw GroupError(ErrorKind::usage, fmt::format("rank {}", member_.rank),
                     "has no connection to the others any more, since " + broken_);
  const auto begin = Clock::now();
  try {
    return function();
  } catch (const std::exception& error) {
    lost(meeting, std::chrono::duration_cast<milliseconds>(Clock::now() - begin), error.what());
  }
}

// All hear of the failure of the lowest rank that has one.
void Group::hear_failures(Meeting meeting, const std::vector<torch::Tensor>& heads, const std::string& own) {
  const auto failed = std::find_if(heads.begin(), heads.end(),
                                   [](const torch::Tensor& head) { return value_of(head, failure_length) > 0; });
  if (failed == heads.end()) return;
  const int rank = static_cast<int>(failed - heads.begin());
  std::string text = rank == member_.rank ? own : std::string();
  text.resize(static_cast<std::size_t>(value_of(*failed, failure_length)));
  torch::Tensor bytes = bytes_of(text);
  carried(meeting, [&] { wire_->broadcast(bytes, rank); });
  if (own.empty())
    throw GroupError(ErrorKind::usage, fmt::format("rank {}", rank),
                     fmt::format("{}; rank {} ends with it", text, member_.rank));
}

void Group::check_meetings(const std::vector<torch::Tensor>& heads) {
  const auto other = std::find_if(heads.begin(), heads.end(), [&](const torch::Tensor& head) {
    return value_of(head, at_meeting) != value_of(heads[0], at_meeting);
  });
  if (other == heads.end()) return;
  const auto meeting_of = [](const torch::Tensor& head) {
    return text_of(static_cast<Meeting>(value_of(head, at_meeting)));
  };
  throw GroupError(ErrorKind::usage, "processes",
                   fmt::format("do not do the same: rank 0 waits for the others {}, rank {} {}; does a step or a hook "
                               "ask for the rank, or have the processes different options?",
                               meeting_of(heads[0]), other - heads.begin(), meeting_of(*other)));
}

std::vector<torch::Tensor> Group::exchange(Meeting meeting, std::int64_t says, const std::string& failure) {
  const torch::Tensor own = torch::empty({head_size}, torch::kInt64);
  auto* values = own.data_ptr<std::int64_t>();
  values[at_meeting] = static_cast<std::int64_t>(meeting);
  values[failure_length] = static_cast<std::int64_t>(failure.size());
  values[number] = says;
  const auto heads = carried(meeting, [&] { return wire_->gather(own); });
  hear_failures(meeting, heads, failure);
  return heads;
}

std::vector<std::int64_t> Group::meet(Meeting meeting, std::int64_t says) {
  const auto heads = exchange(meeting, says, "");
  check_meetings(heads);
  std::vector<std::int64_t> said;
  for (const torch::Tensor& head : heads) said.push_back(value_of(head, number));
  return said;
}

bool Group::any(Meeting meeting, bool says) {
  const auto said = meet(meeting, says ? 1 : 0);
  return std::find(said.begin(), said.end(), 1) != said.end();
}

void Group::sum(Meeting meeting, torch::Tensor& tensor) {
  const auto sizes = meet(meeting, tensor.numel());
  for (int rank = 1; rank < size(); ++rank)
    if (sizes[static_cast<std::size_t>(rank)] != sizes[0])
      throw GroupError(ErrorKind::usage, "processes",
                       fmt::format("do not have the same model: rank 0 has {} numbers, rank {} has {}, {}", sizes[0],
                                   rank, sizes[static_cast<std::size_t>(rank)], text_of(meeting)));
  carried(meeting, [&] { wire_->sum(tensor); });
}

void Group::broadcast(Meeting meeting, torch::Tensor& tensor, std::int64_t like) {
  const auto said = meet(meeting, like);
  const auto other = std::find_if(said.begin(), said.end(), [&](std::int64_t one) { return one != said[0]; });
  if (other != said.end())
    throw GroupError(
        ErrorKind::usage, "processes",
        fmt::format("do not have the same model: names, types or sizes of rank {} are not those of rank 0, "
                    "{}; is it made from what only one process knows, or has a layer no shape yet in one?",
                    other - said.begin(), text_of(meeting)));
  carried(meeting, [&] { wire_->broadcast(tensor, 0); });
}

std::vector<std::string> Group::gather(Meeting meeting, const std::string& text) {
  const auto sizes = meet(meeting, static_cast<std::int64_t>(text.size()));
  const std::int64_t longest = *std::max_element(sizes.begin(), sizes.end());
  if (longest == 0) return std::vector<std::string>(sizes.size());
  std::string padded = text;
  padded.resize(static_cast<std::size_t>(longest));
  const auto all = carried(meeting, [&] { return wire_->gather(bytes_of(padded)); });
  std::vector<std::string> texts;
  for (std::size_t rank = 0; rank < all.size(); ++rank)
    texts.emplace_back(static_cast<const char*>(all[rank].data_ptr()), static_cast<std::size_t>(sizes[rank]));
  return texts;
}

std::string Group::from_first(Meeting meeting, const std::string& text) {
  const auto sizes = meet(meeting, static_cast<std::int64_t>(text.size()));
  std::string taken = rank() == 0 ? text : std::string();
  taken.resize(static_cast<std::size_t>(sizes[0]));
  if (taken.empty()) return taken;
  torch::Tensor bytes = bytes_of(taken);
  carried(meeting, [&] { wire_->broadcast(bytes, 0); });
  return taken;
}

void Group::fail(const std::string& why) noexcept {
  if (!broken_.empty()) return;
  try {
    exchange(Meeting::none, 0, why.empty() ? "an error without a text" : why);
  } catch (const std::exception&) {  // they are gone, and need not hear it
  }
}

}  // namespace weigh::processes
