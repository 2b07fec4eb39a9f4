// Several processes are one training: what they compute, what they print and save, and how they end together.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "processes/wire.h"
#include "support/files.h"
#include "torch/lightning/nets.h"
#include "torch/processes/run.h"

namespace weigh::lightning {
namespace {

namespace fs = std::filesystem;
using processes::testing::Ended;
using processes::testing::run;
using testing::batches;
using testing::Example;
using testing::Net;
using testing::quiet;

// As the processes have it after they took rank 0's parameters.
struct Own : Net {
  Own() {
    const torch::NoGradGuard no_grad;
    torch::manual_seed(1);
    for (torch::Tensor& parameter : parameters()) parameter.uniform_(-1, 1);
  }
};

std::vector<double> numbers_in(const std::string& line) {
  std::vector<double> numbers;
  std::istringstream words(line);
  for (std::string word; words >> word;) numbers.push_back(std::strtod(word.c_str(), nullptr));
  return numbers;
}

std::string line_of(const std::string& text, int index) {
  std::istringstream lines(text);
  std::string line;
  for (int i = 0; i <= index; ++i) std::getline(lines, line);
  return line;
}

void expect_near(const std::vector<double>& numbers, const torch::nn::Module& module) {
  std::size_t at = 0;
  for (const torch::Tensor& parameter : module.parameters()) {
    const torch::Tensor flat = parameter.detach().reshape({-1});
    for (std::int64_t i = 0; i < flat.numel(); ++i, ++at) {
      ASSERT_LT(at, numbers.size());
      EXPECT_NEAR(numbers[at], flat[i].item<double>(), 1e-5) << at;
    }
  }
}

Example joined(const std::vector<Example>& all, const std::vector<std::size_t>& which) {
  std::vector<torch::Tensor> data, targets;
  for (const std::size_t i : which) {
    data.push_back(all.at(i).data);
    targets.push_back(all.at(i).target);
  }
  return {torch::cat(data), torch::cat(targets)};
}

// One process, each batch of which is made of several.
Own alone(int count, const std::vector<std::vector<std::size_t>>& rounds, TrainerOptions options) {
  Own net;
  std::vector<Example> data;
  for (const auto& round : rounds) data.push_back(joined(batches(count), round));
  Trainer(quiet(options)).fit(net, data);
  return net;
}

struct Processes : ::testing::Test {
  void SetUp() override {
    if (!processes::can_connect()) GTEST_SKIP() << "built without Gloo";
    folder =
        ::testing::TempDir() + "weigh_processes_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  // All print the same, to the last bit.
  std::string same(const std::string& part, int size) {
    const auto all = run({.role = part, .size = size, .arguments = {folder}});
    for (const Ended& ended : all) {
      EXPECT_EQ(ended.code, 0) << ended.errors;
      EXPECT_EQ(ended.printed, all[0].printed);
    }
    return all[0].printed;
  }
  std::string folder;
};

TEST_F(Processes, TrainAsOneWithAllTheirBatches) {
  for (const int size : {2, 3}) {
    SCOPED_TRACE(size);
    std::vector<std::vector<std::size_t>> rounds;
    for (std::size_t first = 0; first < 6; first += static_cast<std::size_t>(size)) {
      rounds.emplace_back();
      for (int rank = 0; rank < size; ++rank) rounds.back().push_back(first + static_cast<std::size_t>(rank));
    }
    const Own net = alone(6, rounds, {.max_epochs = 3});
    const std::string printed = same("mean", size);
    EXPECT_EQ(line_of(printed, 0), size == 2 ? "9 9" : "6 6");
    expect_near(numbers_in(line_of(printed, 1)), net);
  }
}

TEST_F(Processes, FillUpTheLastRoundWithTheFirstBatches) {
  const std::string of_two = same("uneven", 2);
  EXPECT_EQ(line_of(of_two, 0), "9 9");
  expect_near(numbers_in(line_of(of_two, 1)), alone(5, {{0, 1}, {2, 3}, {4, 0}}, {.max_epochs = 3}));
  const std::string of_three = same("uneven", 3);
  EXPECT_EQ(line_of(of_three, 0), "6 6");
  expect_near(numbers_in(line_of(of_three, 1)), alone(5, {{0, 1, 2}, {3, 4, 0}}, {.max_epochs = 3}));
}

TEST_F(Processes, AverageWhatIsAccumulatedBeforeItIsClipped) {
  const std::string printed = same("accumulated", 2);
  EXPECT_EQ(line_of(printed, 0), "9 18");
  expect_near(numbers_in(line_of(printed, 1)),
              alone(12, {{0, 1}, {2, 3}, {4, 5}, {6, 7}, {8, 9}, {10, 11}},
                    {.max_epochs = 3, .gradient_clip_val = 0.05, .accumulate_grad_batches = 2}));
}

TEST_F(Processes, LeaveOutABatchWithoutALoss) {
  const auto all = run({.role = "without_loss", .size = 2});
  EXPECT_EQ(line_of(all[0].printed, 0), "4 4") << all[0].errors;
  EXPECT_EQ(line_of(all[1].printed, 0), "4 2") << all[1].errors;
  EXPECT_EQ(line_of(all[0].printed, 1), line_of(all[1].printed, 1));
  expect_near(numbers_in(line_of(all[0].printed, 1)), alone(4, {{0, 1}, {2}}, {.max_epochs = 2}));
  EXPECT_EQ(all[0].errors, "");
  EXPECT_EQ(all[1].errors,
            "rank 1, training_step: returned an undefined tensor at step 1, epoch 0, batch 1: the batch is left out. "
            "This is said once\n");
}

TEST_F(Processes, EvaluateEachBatchOnce) {
  Own net;
  const auto data = batches(5);
  Trainer trainer(quiet());
  std::string expected = fmt::format("{:.6f}", trainer.test(net, data).at("test_loss"));
  for (const torch::Tensor& output : trainer.predict(net, data))
    expected += fmt::format(" {:.5f}", output.sum().item<double>());
  EXPECT_EQ(same("evaluate", 2), expected + "\n");
  EXPECT_EQ(same("evaluate", 3), expected + "\n");
}

TEST_F(Processes, PrintLogAndSaveOnce) {
  const auto all = run({.role = "summary", .size = 2, .arguments = {folder}});
  for (const Ended& ended : all) EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_NE(all[0].printed.find("13 parameters"), std::string::npos) << all[0].printed;
  EXPECT_NE(all[0].printed.find("Epoch 1 [====================] 2/2"), std::string::npos) << all[0].printed;
  EXPECT_EQ(all[1].printed, "");
  EXPECT_EQ(all[0].errors, all[1].errors);  // one folder, one best checkpoint, one score
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) names.push_back(entry.path().lexically_relative(folder).string());
  std::sort(names.begin(), names.end());
  const std::string logs = "lightning_logs/version_0/";
  EXPECT_EQ(names, (std::vector<std::string>{logs + "checkpoints/epoch=1-step=4.4.state",
                                             logs + "checkpoints/epoch=1-step=4.safetensors", logs + "metrics.csv"}));
}

TEST_F(Processes, GoOnFromACheckpointAsIfNothingHadHappened) {
  const auto whole = run({.role = "whole", .size = 2, .arguments = {folder + "/whole"}});
  const auto begun = run({.role = "interrupted", .size = 2, .arguments = {folder}});  // Ctrl-C reaches one of them
  const auto resumed = run({.role = "resumed", .size = 2, .arguments = {folder}});
  for (std::size_t rank = 0; rank < 2; ++rank) {
    EXPECT_EQ(whole[rank].code, 0) << whole[rank].errors;
    EXPECT_EQ(begun[rank].code, 0) << begun[rank].errors;
    EXPECT_EQ(resumed[rank].code, 0) << resumed[rank].errors;
    EXPECT_EQ(line_of(begun[rank].printed, 0) + line_of(resumed[rank].printed, 0), line_of(whole[rank].printed, 0));
    EXPECT_EQ(line_of(resumed[rank].printed, 1), line_of(whole[0].printed, 1));
  }
  EXPECT_NE(line_of(whole[0].printed, 0), line_of(whole[1].printed, 0));  // each had batches of its own
}

TEST_F(Processes, DoNotGoOnInAnEpochThatOthersSharedOut) {
  run({.role = "interrupted", .size = 2, .arguments = {folder}});
  const auto resumed = run({.role = "resumed", .size = 1, .arguments = {folder}});
  EXPECT_EQ(resumed[0].code, 1);
  EXPECT_EQ(
      resumed[0].errors,
      "ckpt_path: the checkpoint was made after batch 2 of an epoch by 2 processes, and 1 would go on with it: the "
      "batches that are left cannot be dealt out as they were. Start 2, or go on from the end of an epoch\n");
}

TEST_F(Processes, StopTogether) {
  EXPECT_EQ(same("stop_early", 2), "3 7.5\n");  // the mean: 5.5, 6.5, 7.5
  EXPECT_EQ(same("stop_by_one", 2), "4\n");
  EXPECT_EQ(same("own_shares", 2), "6\n");  // as long as the shortest share
}

TEST_F(Processes, InitialiseLazyLayersAlike) { same("lazy", 2); }

TEST_F(Processes, EndWhenOneHasALossThatIsNoNumber) {
  const std::string why =
      "training_step: the loss is inf, at step 2, epoch 1, batch 0; no parameter was changed by it, and checkpoints "
      "saved before are kept. A likely cause is a learning rate that is too large, a logarithm or root of 0, or such a "
      "value in the batch (detect_nan = false goes on)";
  const auto all = run({.role = "not_finite", .size = 3});
  EXPECT_EQ(all[0].errors, "rank 1: " + why + "; rank 0 ends with it\n");
  EXPECT_EQ(all[1].errors, why + "\n");
  EXPECT_EQ(all[2].errors, "rank 1: " + why + "; rank 2 ends with it\n");
}

TEST_F(Processes, EndWhenOneIsKilledOrStuck) {
  const auto killed = run({.role = "killed", .size = 2});
  EXPECT_EQ(killed[1].code, -SIGKILL);
  EXPECT_EQ(killed[0].errors,
            "rank 1: ended while rank 0 waited for it to average gradients; what it printed last tells why, or the "
            "system's log, if it was killed for want of memory\n");
  const auto stuck = run({.role = "stuck", .size = 2});
  EXPECT_EQ(
      stuck[0].errors,
      "rank 1: did not come within 2 s, while rank 0 waited to average gradients; it is stuck, or slower than the "
      "others by more than that (TrainerOptions::process_timeout)\n");
  EXPECT_EQ(stuck[1].code, 1);
}

// The trainer starts the others; all print into the same file.
TEST_F(Processes, AreStartedByTheTrainer) {
  const std::string as_launched = same("mean", 2);
  const auto first = run({.role = "devices", .size = 1, .environment = {{"WORLD_SIZE", ""}, {"RANK", ""}}});
  EXPECT_EQ(first[0].code, 0) << first[0].errors;
  EXPECT_EQ(first[0].printed, as_launched + as_launched);
}

TEST_F(Processes, RefuseModelsThatDiffer) {
  for (const Ended& ended : run({.role = "other_model", .size = 2}))
    EXPECT_EQ(ended.errors,
              "processes: do not have the same model: names, types or sizes of rank 1 are not those of rank 0, to take "
              "the parameters of rank 0; is it made from what only one process knows, or has a layer no shape yet in "
              "one?\n");
}

TEST_F(Processes, RefuseAnEnvironmentThatMakesNoSense) {
  const auto all = run({.role = "mean", .size = 1, .environment = {{"WORLD_SIZE", ""}}});
  EXPECT_EQ(all[0].errors,
            "WORLD_SIZE: is not set in the environment, but RANK is 0: a launcher sets both, the number of processes "
            "and which of them this one is (Strategy::single does not ask)\n");
  const auto lone = run({.role = "alone", .size = 1, .environment = {{"WORLD_SIZE", ""}, {"RANK", ""}}});
  EXPECT_EQ(lone[0].errors,
            "Trainer: strategy is ddp, but there is no other process (RANK and WORLD_SIZE are not set): set devices, "
            "start the program with torchrun or mpirun, or leave the strategy out for one process\n");
  EXPECT_EQ(run({.role = "alone", .size = 1})[0].code, 0);  // a launcher may start one
}

}  // namespace
}  // namespace weigh::lightning
