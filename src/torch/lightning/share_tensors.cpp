// Parameters, buffers and gradients of several processes.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "lightning/data_parallel.h"

#include "weigh/torch/uninitialized.h"

namespace weigh::lightning {
namespace {

using processes::Meeting;

// So much is sent at once: the memory it takes beside the model.
constexpr std::int64_t kBytesAtOnce = 32 << 20;

using Named = std::vector<std::pair<std::string, torch::Tensor>>;

Named parameters_of(ModuleBase& module) {
  Named all;
  for (const auto& item : module.named_parameters())
    if (item.value().defined()) all.emplace_back(item.key(), item.value());
  return all;
}

Named buffers_of(ModuleBase& module) {
  Named all;
  for (const auto& item : module.named_buffers())
    if (item.value().defined()) all.emplace_back(item.key(), item.value());
  return all;
}

// The same in all processes if they have the same tensors (FNV-1a of names, types and sizes).
std::int64_t mark_of(const Named& tensors) {
  std::uint64_t mark = 0xcbf29ce484222325;
  const auto add = [&](std::string_view text) {
    for (const char letter : text) mark = (mark ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
  };
  for (const auto& [name, tensor] : tensors) {
    add(name);
    if (nn::is_uninitialized(tensor)) {
      add("?");
      continue;
    }
    add(fmt::format("{} {}", static_cast<int>(tensor.scalar_type()), fmt::join(tensor.sizes(), ",")));
  }
  return static_cast<std::int64_t>(mark);
}

// A few tensors as they lie in memory, of whatever type.
void broadcast(processes::Group& group, Meeting meeting, const Named& tensors, std::int64_t mark) {
  std::vector<torch::Tensor> whole;
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : tensors) {
    whole.push_back(tensor.detach().to(torch::kCPU).contiguous());
    bytes += static_cast<std::int64_t>(whole.back().nbytes());
  }
  torch::Tensor flat = torch::empty({std::max<std::int64_t>(bytes, 1)}, torch::kUInt8);
  auto* at = flat.data_ptr<std::uint8_t>();
  for (const torch::Tensor& tensor : whole) {
    std::memcpy(at, tensor.data_ptr(), tensor.nbytes());
    at += tensor.nbytes();
  }
  group.broadcast(meeting, flat, mark);
  if (group.rank() == 0) return;
  const torch::NoGradGuard no_grad;
  at = flat.data_ptr<std::uint8_t>();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    torch::Tensor taken = torch::empty_like(whole[i]);
    std::memcpy(taken.data_ptr(), at, taken.nbytes());
    at += taken.nbytes();
    torch::Tensor(tensors[i].second.detach()).copy_(taken);
  }
}

void share(processes::Group& group, Meeting meeting, const Named& tensors) {
  if (tensors.empty()) return;
  const std::int64_t mark = mark_of(tensors);
  Named some;
  std::int64_t bytes = 0;
  const auto send = [&] {
    broadcast(group, meeting, std::exchange(some, {}), mark);
    bytes = 0;
  };
  for (const auto& named : tensors) {
    if (nn::is_uninitialized(named.second)) continue;
    some.push_back(named);
    bytes += static_cast<std::int64_t>(named.second.nbytes());
    if (bytes >= kBytesAtOnce) send();
  }
  send();
}

// [whether there is a gradient, whether there is a loss, the loss, whether each parameter has a gradient, gradients]
struct Gradients {
  static constexpr std::int64_t kFacts = 3;

  Gradients(Session& session, const torch::Tensor& loss) {
    auto type = torch::kFloat32;
    std::int64_t numbers = 0;
    for (auto& [name, parameter] : parameters_of(*session.module)) {
      if (!parameter.requires_grad() || nn::is_uninitialized(parameter)) continue;
      if (parameter.grad().defined() && parameter.grad().layout() != torch::kStrided)
        throw Error(
            ErrorKind::unsupported, name,
            "has a sparse gradient, which several processes cannot average: make the layer without sparse(true), "
            "or train in one process");
      if (parameter.scalar_type() == torch::kFloat64) type = torch::kFloat64;
      numbers += parameter.numel();
      parameters.push_back(parameter);
    }
    const auto count = static_cast<std::int64_t>(parameters.size());
    flat = torch::zeros({kFacts + count + numbers}, type);
    flat[0] = session.has_gradients ? 1 : 0;
    flat[1] = loss.defined() ? 1 : 0;
    if (loss.defined()) flat[2] = loss.detach().to(torch::kCPU, type).reshape({});
    std::int64_t at = kFacts + count;
    for (std::int64_t i = 0; i < count; at += parameters[static_cast<std::size_t>(i)].numel(), ++i) {
      const torch::Tensor& gradient = parameters[static_cast<std::size_t>(i)].grad();
      if (!session.has_gradients || !gradient.defined()) continue;
      flat[kFacts + i] = 1;
      flat.narrow(0, at, gradient.numel()).copy_(gradient.reshape({-1}));
    }
  }

  void sum(processes::Group& group) {
    const std::int64_t most = kBytesAtOnce / static_cast<std::int64_t>(flat.element_size());
    for (std::int64_t at = 0; at < flat.numel(); at += most) {
      torch::Tensor part = flat.narrow(0, at, std::min(most, flat.numel() - at));
      group.sum(Meeting::gradients, part);
    }
  }

  // Parameters that none has a gradient of keep none, so that optimizers pass them over.
  void put_back() {
    const auto count = static_cast<std::int64_t>(parameters.size());
    const double losses = flat[0].item<double>();
    if (losses == 0) return;
    const torch::Tensor facts = flat.narrow(0, kFacts, count).to(torch::kFloat64).contiguous();
    const auto* has = facts.data_ptr<double>();
    std::int64_t at = kFacts + count;
    for (std::int64_t i = 0; i < count; ++i) {
      torch::Tensor& parameter = parameters[static_cast<std::size_t>(i)];
      const torch::Tensor sum = flat.narrow(0, at, parameter.numel()).view(parameter.sizes());
      at += parameter.numel();
      if (has[i] == 0) continue;
      if (!parameter.grad().defined()) parameter.mutable_grad() = torch::empty_like(parameter).detach();
      parameter.mutable_grad().copy_(sum / losses);
    }
  }

  torch::Tensor loss() const { return flat[1].item<double>() == 0 ? torch::Tensor() : (flat[2] / flat[1]).clone(); }

  std::vector<torch::Tensor> parameters;
  torch::Tensor flat;
};

}  // namespace

void share_parameters(Session& session) {
  if (!session.group) return;
  share(*session.group, Meeting::parameters, parameters_of(*session.module));
  share_buffers(session);
}

void share_buffers(Session& session) {
  if (session.group) share(*session.group, Meeting::buffers, buffers_of(*session.module));
}

torch::Tensor average_gradients(Session& session, const torch::Tensor& loss) {
  if (!session.group) return loss;
  const torch::NoGradGuard no_grad;
  Gradients gradients(session, loss);
  gradients.sum(*session.group);
  gradients.put_back();
  return gradients.loss();
}

}  // namespace weigh::lightning
