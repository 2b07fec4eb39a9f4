// The only file that names c10d. Without Gloo it is empty, and no_gloo.cpp stands for it.
#ifdef WEIGH_GLOO
#include <cstdlib>
#include <future>
#include <thread>

#include <fmt/format.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "processes/wire.h"

#include "weigh/error.h"

namespace weigh::processes {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Store = c10::intrusive_ptr<c10d::Store>;

// How long it takes others to notice that connections were cut, and to say so.
constexpr milliseconds kNotice(2000);
// A store that does not answer in this time is taken for gone.
constexpr milliseconds kAnswer(3000);

std::string key_of(const char* what, int rank) { return fmt::format("{}/{}", what, rank); }

std::string meeting_point(const Member& member) { return fmt::format("{}:{}", member.address, member.port); }

// Newer versions serve the store by libuv, which not all are built with.
template <class Options>
void serve_plainly(Options& options) {
  if constexpr (requires { options.useLibUV; }) options.useLibUV = false;
}

Store open_store(const Member& member, milliseconds limit) {
  c10d::TCPStoreOptions options;
  options.port = member.port;
  options.isServer = member.rank == 0;
  options.waitWorkers = false;  // who is missing is told below
  options.timeout = limit;
  serve_plainly(options);
  const auto begin = Clock::now();
  try {
    return c10::make_intrusive<c10d::PrefixStore>("weigh/" + member.run,
                                                  c10::make_intrusive<c10d::TCPStore>(member.address, options));
  } catch (const std::exception& error) {
    if (member.rank == 0 && Clock::now() - begin < limit)
      throw Error(
          ErrorKind::usage, "rank 0",
          fmt::format("cannot wait for the others at {}; is the port (MASTER_PORT) taken by another run, or the "
                      "address (MASTER_ADDR) one of another machine?",
                      meeting_point(member)));
    throw Error(
        ErrorKind::limit, fmt::format("rank {}", member.rank),
        fmt::format("found nobody at {} within {}; was rank 0 started, and is that its machine (MASTER_ADDR) and "
                    "its port (MASTER_PORT)?",
                    meeting_point(member), seconds_text(limit)));
  }
}

[[noreturn]] void tell_missing(const Member& member, c10d::Store& store, milliseconds limit) {
  std::string missing;
  int count = 0;
  try {
    for (int rank = 0; rank < member.size; ++rank) {
      if (store.check({key_of("here", rank)})) continue;
      missing += fmt::format("{}{}", count++ == 0 ? "" : ", ", rank);
    }
  } catch (const std::exception&) {
    throw Error(ErrorKind::not_found, "rank 0",
                fmt::format("ended while rank {} waited at {} for all {} processes to come", member.rank,
                            meeting_point(member), member.size));
  }
  throw Error(ErrorKind::limit, fmt::format("{} {}", count == 1 ? "rank" : "ranks", missing),
              fmt::format("did not come to {} within {}, where rank {} waited for all {} processes; were they started, "
                          "with the same WORLD_SIZE?",
                          meeting_point(member), seconds_text(limit), member.rank, member.size));
}

void wait_for_all(const Member& member, c10d::Store& store, milliseconds limit) {
  store.set(key_of("here", member.rank), std::vector<std::uint8_t>{1});
  std::vector<std::string> keys;
  for (int rank = 0; rank < member.size; ++rank) keys.push_back(key_of("here", rank));
  try {
    store.wait(keys, limit);
  } catch (const std::exception&) {
    tell_missing(member, store, limit);
  }
}

std::shared_ptr<::gloo::transport::Device> device_for(const Member& member) {
  if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME"))
    return c10d::ProcessGroupGloo::createDeviceForInterface(interface);
  if (member.address == "localhost" || member.address.starts_with("127."))
    return c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1");
  return c10d::ProcessGroupGloo::createDefaultDevice();
}

// Ranks that did not say that they noticed, in a thread of its own: a process that is stopped answers nothing.
std::vector<int> silent(const Store& store, int own, int size) {
  std::vector<int> ranks;
  try {
    store->set(key_of("noticed", own), std::vector<std::uint8_t>{1});
    for (const auto end = Clock::now() + kNotice; Clock::now() < end; std::this_thread::sleep_for(milliseconds(20))) {
      ranks.clear();
      for (int rank = 0; rank < size; ++rank)
        if (rank != own && !store->check({key_of("noticed", rank)})) ranks.push_back(rank);
      if (ranks.empty()) break;
    }
    return ranks;
  } catch (const std::exception&) {
    return {0};  // the store is rank 0's
  }
}

class GlooWire : public Wire {
 public:
  GlooWire(const Member& member, milliseconds start, milliseconds limit)
      : member_(member), store_(open_store(member, start)) {
    wait_for_all(member, *store_, start);
    auto options = c10d::ProcessGroupGloo::Options::create(limit);
    options->devices.push_back(device_for(member));
    group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store_, member.rank, member.size, options);
  }

  std::vector<torch::Tensor> gather(const torch::Tensor& own) override {
    std::vector<torch::Tensor> inputs = {own};
    std::vector<std::vector<torch::Tensor>> outputs(1);
    for (int rank = 0; rank < member_.size; ++rank) outputs[0].push_back(torch::empty_like(own));
    group().allgather(outputs, inputs)->wait();
    return outputs[0];
  }
  void sum(torch::Tensor& tensor) override {
    std::vector<torch::Tensor> tensors = {tensor};
    group().allreduce(tensors)->wait();
  }
  void broadcast(torch::Tensor& tensor, int from) override {
    std::vector<torch::Tensor> tensors = {tensor};
    c10d::BroadcastOptions options;
    options.rootRank = from;
    group().broadcast(tensors, options)->wait();
  }
  std::vector<int> absent() override {
    group_.reset();
    std::promise<std::vector<int>> promise;
    auto found = promise.get_future();
    std::thread([promise = std::move(promise), store = store_, own = member_.rank, size = member_.size]() mutable {
      promise.set_value(silent(store, own, size));
    }).detach();
    if (found.wait_for(kNotice + kAnswer) == std::future_status::ready) return found.get();
    return {0};
  }

 private:
  c10d::ProcessGroupGloo& group() {
    if (!group_) throw Error(ErrorKind::usage, "processes", "their connections were cut");
    return *group_;
  }

  Member member_;
  Store store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

}  // namespace

bool can_connect() { return true; }

std::unique_ptr<Wire> connect(const Member& member, milliseconds start, milliseconds limit) {
  return std::make_unique<GlooWire>(member, start, limit);
}

}  // namespace weigh::processes
#endif
