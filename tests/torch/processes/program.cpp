// One process of several, in the part that its first argument names: what group_test.cpp starts.
#include <chrono>
#include <csignal>
#include <iostream>
#include <map>
#include <string>
#include <thread>

#include <torch/torch.h>
#include <unistd.h>

#include "processes/group.h"

namespace weigh::processes {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLimit(60000);
constexpr milliseconds kShort(1000);

Group joined(milliseconds limit = kLimit) {
  const Member member = member_of_environment().value();
  return Group(member, connect(member, kLimit, limit), limit);
}

// Everything once; what each process knows afterwards.
void exchange() {
  Group group = joined();
  const float rank = static_cast<float>(group.rank());
  torch::Tensor sum = torch::tensor({1.0F + rank, 10.0F});
  group.sum(Meeting::gradients, sum);
  torch::Tensor taken = torch::full({2}, 7 + rank);
  group.broadcast(Meeting::parameters, taken);
  const auto texts = group.gather(Meeting::metrics, group.rank() == 1 ? "of one" : "zero");
  std::cout << sum[0].item<float>() << ' ' << sum[1].item<float>() << ' ' << taken[1].item<float>();
  for (const std::string& text : texts) std::cout << " [" << text << ']';
  std::cout << ' ' << group.from_first(Meeting::text, "name of " + std::to_string(group.rank()));
  for (const std::int64_t said : group.meet(Meeting::begin, 5 + group.rank())) std::cout << ' ' << said;
  std::cout << ' ' << group.any(Meeting::stops, group.rank() == 1) << group.any(Meeting::stops, false) << '\n';
}

void fail() {
  Group group = joined();
  torch::Tensor tensor = torch::zeros({2});
  group.sum(Meeting::gradients, tensor);
  if (group.rank() == 1) {
    group.fail("the loss is nan");
    std::cout << "told\n";
  } else {
    try {
      group.sum(Meeting::gradients, tensor);
    } catch (const GroupError& error) {
      std::cout << error.what() << '\n';
    }
  }
  std::cout << group.any(Meeting::end, false) << '\n';  // they are together again
}

void die() {
  Group group = joined();
  group.meet(Meeting::begin);
  if (group.rank() == 1) ::kill(::getpid(), SIGKILL);
  group.meet(Meeting::gradients);
}

void die_first() {
  Group group = joined();
  group.meet(Meeting::begin);
  if (group.rank() == 0) ::kill(::getpid(), SIGKILL);
  group.meet(Meeting::gradients);
}

void hang() {
  Group group = joined(kShort);
  group.meet(Meeting::begin);
  if (group.rank() == 1) std::this_thread::sleep_for(milliseconds(6000));
  group.meet(Meeting::gradients);
}

void differ() {
  Group group = joined();
  group.meet(group.rank() == 1 ? Meeting::end : Meeting::gradients);
}

void differ_in_size() {
  Group group = joined();
  torch::Tensor tensor = torch::zeros({2 + group.rank()});
  group.sum(Meeting::gradients, tensor);
}

void come() { connect(member_of_environment().value(), milliseconds(5000), kLimit); }

const std::map<std::string, void (*)()> kRoles = {{"exchange", exchange},
                                                  {"fail", fail},
                                                  {"die", die},
                                                  {"die_first", die_first},
                                                  {"hang", hang},
                                                  {"differ", differ},
                                                  {"differ_in_size", differ_in_size},
                                                  {"come", come}};

}  // namespace
}  // namespace weigh::processes

int main(int, char** arguments) {
  try {
    weigh::processes::kRoles.at(arguments[1])();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
