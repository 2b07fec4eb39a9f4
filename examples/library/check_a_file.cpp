// A gate in a program of one's own: a server that takes models of 1,000 parameters, all of them initialised.
//
//   check_a_file model.pt
#include <iostream>

#include <weigh/check.h>
#include <weigh/read.h>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: check_a_file FILE\n";
    return 2;
  }
  try {
    weigh::Policy policy;
    policy.set("initialized");
    policy.set("max-parameters", {"1K"});
    const auto read = [](const std::string& path) { return weigh::read(path); };
    const weigh::Checked checked = {argv[1], weigh::check(read(argv[1]), policy, read)};
    std::cout << weigh::render({&checked, 1}, weigh::CheckFormat::table);
    return checked.passed() ? 0 : 1;
  } catch (const weigh::Error& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
