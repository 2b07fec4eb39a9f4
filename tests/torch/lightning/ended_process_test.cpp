// What happens to a process that trains: Ctrl-C, an end at any moment, a full disk. There is a whole checkpoint
// whenever one was saved, and training that goes on from it gives the losses of one that was left in peace, to the last
// bit.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <torch/torch.h>
#include <unistd.h>

#include "support/files.h"
#include "support/process.h"

#include "weigh/torch/weights.h"

namespace weigh::lightning {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using weigh::testing::Process;
using weigh::testing::read_file;

using Losses = std::map<std::int64_t, std::string>;  // hexadecimal digits, by step
constexpr std::size_t kSteps = 40;                   // of all epochs

class EndedProcesses : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = ::testing::TempDir() + "weigh_process_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override {
    if (!HasFailure()) fs::remove_all(root_);
  }

  // What is saved lies in `name`, what is printed in name.txt.
  std::string folder(const std::string& name) const { return root_ + "/" + name; }
  std::string printed(const std::string& name) const {
    return fs::exists(folder(name) + ".txt") ? read_file(folder(name) + ".txt") : "";
  }
  std::string errors(const std::string& name) const { return read_file(folder(name) + ".txt.err"); }

  Process start(const std::string& name, std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {WEIGH_LIGHTNING_RUN, folder(name)});
    return Process({options, folder(name) + ".txt", folder(name) + ".txt.err"});
  }
  static std::string resume(const std::string& checkpoint) { return "resume=" + checkpoint; }

  std::size_t count(const std::string& name, const std::string& line) const {
    std::size_t found = 0;
    std::istringstream lines(printed(name));
    for (std::string text; std::getline(lines, text);) found += text == line ? 1 : 0;
    return found;
  }
  // A step that was made twice, after going on from a checkpoint before it, must give the same loss.
  Losses losses(const std::string& name) const {
    Losses all;
    std::istringstream lines(printed(name));
    for (std::string text; std::getline(lines, text);) {
      const auto space = text.find(' ');
      if (space == std::string::npos) continue;
      const auto [first, is_new] = all.emplace(std::stoll(text), text.substr(space + 1));
      EXPECT_TRUE(is_new || text.substr(space + 1) == first->second) << "step " << first->first << ": " << text;
    }
    return all;
  }
  Losses in_peace(std::vector<std::string> options = {}) const {
    EXPECT_EQ(start("peace", std::move(options)).code(), 0);
    const Losses all = losses("peace");
    EXPECT_EQ(all.size(), kSteps);
    return all;
  }

  std::vector<std::string> checkpoints(const std::string& name) const {
    std::vector<std::string> paths;
    if (fs::exists(folder(name)))
      for (const auto& entry : fs::directory_iterator(folder(name)))
        if (entry.path().extension() == ".safetensors") paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  static void expect_whole(const std::string& checkpoint) {
    SCOPED_TRACE(checkpoint);
    const auto metadata = load_weights(checkpoint).metadata;
    const std::string state = fs::path(checkpoint).parent_path() / metadata.at("state");
    torch::serialize::InputArchive archive;
    EXPECT_NO_THROW(archive.load_from(state));
  }

  template <class Condition>
  static void wait_for(const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + 120s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      std::this_thread::sleep_for(1ms);
    }
  }

  std::string root_;
};

TEST_F(EndedProcesses, CtrlCEndsTrainingWithACheckpointToGoOnFrom) {
  const Losses expected = in_peace();
  Process run = start("run");
  wait_for([&] { return losses("run").size() >= 7 || run.is_over(); });
  run.send(SIGINT);
  EXPECT_EQ(run.code(), 0);
  EXPECT_TRUE(printed("run").ends_with("\ninterrupted\n")) << printed("run");
  EXPECT_EQ(errors("run"), "");
  EXPECT_LT(losses("run").size(), kSteps);
  const std::string checkpoint = folder("run") + "/interrupted.safetensors";
  expect_whole(checkpoint);
  EXPECT_EQ(start("run", {resume(checkpoint)}).code(), 0);
  EXPECT_EQ(losses("run"), expected);
}

TEST_F(EndedProcesses, ASecondCtrlCEndsTheProcess) {
  Process run = start("run", {"wait_at=3"});
  wait_for([&] { return count("run", "waiting") == 1 || run.is_over(); });
  run.send(SIGINT);
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(run.is_over());
  wait_for([&] { return run.send(SIGINT), run.is_over(); });
  EXPECT_EQ(run.code(), -SIGINT);
  for (const std::string& checkpoint : checkpoints("run")) expect_whole(checkpoint);
}

// WEIGH_TEST_KILLS says how often, instead of so many times as fit into a run of the tests.
TEST_F(EndedProcesses, KilledAtAnyMomentThereIsAWholeCheckpoint) {
  const char* wanted = std::getenv("WEIGH_TEST_KILLS");
  const int kills = wanted != nullptr ? std::atoi(wanted) : 8;
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const Losses expected = in_peace();
  int done = 0;
  for (int round = 0; done < kills; ++round) {
    const std::string name = "run" + std::to_string(round);
    bool is_over = false;
    for (int begun = 0; !is_over; ++begun) {
      const std::vector<std::string> saved = checkpoints(name);
      std::vector<std::string> options;
      if (!saved.empty()) options.push_back(resume(saved[random() % saved.size()]));
      Process run = start(name, options);
      wait_for([&] { return count(name, "ready") > static_cast<std::size_t>(begun) || run.is_over(); });
      if (done < kills) std::this_thread::sleep_for(std::chrono::microseconds(random() % 150'000));
      is_over = done >= kills || run.is_over();
      if (!is_over) run.send(SIGKILL);
      const int code = run.code();
      if (is_over) {
        EXPECT_EQ(code, 0) << errors(name);
        break;
      }
      ++done;
      for (const std::string& checkpoint : checkpoints(name)) expect_whole(checkpoint);
      if (HasFailure()) return;
    }
    EXPECT_EQ(losses(name), expected);
    EXPECT_GE(count(name, "done"), 1U);  // more where it was killed on its way out
  }
}

// The state, or the weights, are what does not fit.
struct FullDisk : EndedProcesses, ::testing::WithParamInterface<std::vector<std::string>> {};

TEST_P(FullDisk, LeavesTheCheckpointBefore) {
  const std::string what = GetParam()[0];
  const std::vector<std::string> shape(GetParam().begin() + 1, GetParam().end());
  const Losses expected = in_peace(shape);
  std::vector<std::string> options = shape;
  options.push_back("limit_at=6");
  EXPECT_EQ(start("run", options).code(), 2);
  EXPECT_EQ(errors("run"), folder("run") + "/epoch=1-step=7." + what +
                               ": cannot be written: File too large; what was there is unchanged\n");
  std::set<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder("run"))) files.insert(entry.path().filename());
  EXPECT_EQ(files, (std::set<std::string>{"epoch=1-step=6.6.state", "epoch=1-step=6.safetensors", "last.6.state",
                                          "last.safetensors"}));
  for (const std::string& checkpoint : checkpoints("run")) expect_whole(checkpoint);
  options = shape;
  options.push_back(resume(folder("run") + "/last.safetensors"));
  EXPECT_EQ(start("run", options).code(), 0) << errors("run");
  EXPECT_EQ(losses("run"), expected);
}
INSTANTIATE_TEST_SUITE_P(Files, FullDisk,
                         ::testing::Values(std::vector<std::string>{"7.state", "width=64", "limit=8000"},
                                           std::vector<std::string>{"safetensors", "width=100000", "sgd=1",
                                                                    "limit=500000"}));

// Rows of metrics.csv from an epoch on, without the steps' own.
std::vector<std::string> rows_from(const std::string& folder, std::int64_t first_epoch) {
  std::vector<std::string> rows;
  std::istringstream lines(read_file(folder + "/metrics.csv"));
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line);)
    if (std::stoll(line) >= first_epoch) rows.push_back(line);
  return rows;
}

TEST_F(EndedProcesses, TheGraphExampleGoesOnFromACheckpoint) {
  const auto run = [&](const std::string& name, std::vector<std::string> options) {
    options.insert(options.begin(), {WEIGH_GATV2, "--output", folder(name)});
    EXPECT_EQ(Process({options, folder(name) + ".txt", folder(name) + ".txt.err"}).code(), 0) << errors(name);
  };
  run("whole", {"--epochs", "30"});
  run("parts", {"--epochs", "12"});
  run("parts", {"--epochs", "30", "--resume", folder("parts") + "/last.safetensors"});
  const auto expected = rows_from(folder("whole") + "/lightning_logs/version_0", 12);
  EXPECT_EQ(expected.size(), 37U);  // of 18 steps, of as many validations, and of the test
  EXPECT_EQ(rows_from(folder("parts") + "/lightning_logs/version_1", 0), expected);
  const std::string whole = printed("whole");
  EXPECT_TRUE(printed("parts").ends_with(whole.substr(whole.rfind("best checkpoint: ")))) << printed("parts");
}

}  // namespace
}  // namespace weigh::lightning
