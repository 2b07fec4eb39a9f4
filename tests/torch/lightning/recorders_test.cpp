// What is written down of a run: event files, JSON lines, where time goes.
#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "lightning/event_file.h"
#include "lightning/log_file.h"
#include "support/files.h"
#include "torch/lightning/nets.h"

#include "weigh/error.h"
#include "weigh/lightning/loggers.h"
#include "weigh/lightning/profiler.h"

namespace weigh::lightning {
namespace {

namespace fs = std::filesystem;
using testing::batches;
using testing::Net;
using testing::quiet;
using weigh::testing::error_of;
using weigh::testing::read_file;

std::string scratch(const std::string& name) {
  const std::string folder = ::testing::TempDir() + "weigh_recorders_" + name;
  fs::remove_all(folder);
  return folder;
}

// tools/fixtures/make_event_file.py writes the same with TensorBoard's own code.
TEST(EventFile, IsToTheByteWhatTensorBoardWrites) {
  constexpr double kWallTime = 1700000000.25;
  const HParams hparams = {{"depth", std::int64_t{3}}, {"lazy", true}, {"name", std::string("GAT")}};
  std::string written = version_record(kWallTime) + hparams_records(kWallTime, hparams, {{"hp_metric", -1}});
  written += scalar_records(kWallTime, 0, {{"epoch", 0}, {"val_loss", 0.1}});
  written += scalar_records(kWallTime, 49, {{"epoch", 1}, {"train_loss", std::nan("")}});
  written += scalar_records(kWallTime, 300, {{"epoch", 2}, {"große Zahl", 1e30}});
  EXPECT_EQ(written, weigh::testing::file("lightning_hooks/events.tfevents"));
}

// Each step is logged, by the step and by the epoch.
struct Logging : Net {
  Logging() {
    hparams = {{"depth", std::int64_t{2}}};
    change = [](Net& self, const torch::Tensor& loss, std::int64_t) {
      self.log_dict({{"loss", loss}, {"half", 0.5}, {"rank \"0\"", 0}});
      return loss;
    };
  }
};

TrainerOptions logging(std::shared_ptr<Callback> logger) {
  return quiet(TrainerOptions().set_max_epochs(1).set_log_every_n_steps(2).set_callbacks({std::move(logger)}));
}

TEST(JSONLogger, WritesALineForEachTimeOfLogging) {
  const std::string folder = scratch("json");
  Logging net;
  net.change = [](Net& self, const torch::Tensor& loss, std::int64_t batch_idx) {
    self.log_dict({{"half", 0.5}, {"rank \"0\"", 0}, {"inf", batch_idx == 1 ? INFINITY : 2}});
    return loss;
  };
  Trainer(logging(std::make_shared<JSONLogger>(LoggerOptions{.save_dir = folder}))).fit(net, batches(4));
  EXPECT_EQ(read_file(folder + "/lightning_logs/version_0/metrics.jsonl"),
            "{\"step\": 1, \"epoch\": 0, \"half\": 0.5, \"inf\": null, \"rank \\\"0\\\"\": 0}\n"
            "{\"step\": 3, \"epoch\": 0, \"half\": 0.5, \"inf\": 2, \"rank \\\"0\\\"\": 0}\n");
}

TEST(JSONLogger, TellsOfAFullDiskAndLosesNothing) {
  const std::string folder = scratch("full");
  fs::create_directories(folder);
  fs::create_symlink("/dev/full", folder + "/metrics.jsonl");
  Logging net;
  const auto logger = std::make_shared<JSONLogger>(LoggerOptions{.save_dir = folder, .name = "", .version = "."});
  EXPECT_EQ(error_of([&] { Trainer(logging(logger)).fit(net, batches(4)); }),
            folder +
                "/./metrics.jsonl: cannot be written: No space left on device; what was logged before is whole. "
                "Checkpoints saved before are kept");
  EXPECT_EQ(net.losses.size(), 2U);  // it was noticed at once
  EXPECT_FALSE(net.has_trainer());
}

TEST(LogFile, EndsWithAWholeRecord) {
  const std::string folder = scratch("whole");
  LogFile file(folder + "/deep/events");
  file.append("first\n");
  file.append("second\n");
  EXPECT_EQ(read_file(folder + "/deep/events"), "first\nsecond\n");
  LogFile(folder + "/deep/events").append("of another run\n");
  EXPECT_EQ(read_file(folder + "/deep/events"), "first\nsecond\nof another run\n");
  EXPECT_EQ(error_of([] { LogFile("/dev/full").append(version_record(0)); }),
            "/dev/full: cannot be written: No space left on device; what was logged before is whole. Checkpoints saved "
            "before are kept");
  EXPECT_EQ(error_of([] { LogFile("/proc/events"); }),
            "/proc/events: cannot be written: No such file or directory; what was logged before is whole. Checkpoints "
            "saved before are kept");
}

// Tags of the events in a file, by the framing that the file before was compared with.
std::vector<std::string> tags_of(const std::string& bytes) {
  std::vector<std::string> tags;
  for (std::size_t at = 0; at < bytes.size();) {
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data() + at, sizeof length);
    const std::string event = bytes.substr(at + 12, length);
    for (const char* tag : {"brain.Event:2", "_hparams_/experiment", "half", "loss", "epoch", "rank"})
      if (event.find(tag) != std::string::npos) {
        tags.emplace_back(tag);
        break;
      }
    at += length + 16;
  }
  return tags;
}

TEST(TensorBoardLogger, WritesHparamsAndAnEventForEachMetric) {
  const std::string folder = scratch("events");
  Logging net;
  Trainer(logging(std::make_shared<TensorBoardLogger>(LoggerOptions{.save_dir = folder}))).fit(net, batches(3));
  const fs::path log_dir = folder + "/lightning_logs/version_0";
  std::vector<fs::path> files(fs::directory_iterator(log_dir), fs::directory_iterator{});
  ASSERT_EQ(files.size(), 1U);
  EXPECT_TRUE(files[0].filename().string().starts_with("events.out.tfevents.")) << files[0];
  EXPECT_EQ(tags_of(read_file(files[0])),
            (std::vector<std::string>{"brain.Event:2", "_hparams_/experiment", "epoch", "half", "loss", "rank"}));
}

// While it lives, files of this process grow no larger.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;
  ~FileLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(TensorBoardLogger, TellsOfAFullDiskAndLeavesWholeRecords) {
  const std::string folder = scratch("limit");
  Logging net;
  const auto logger =
      std::make_shared<TensorBoardLogger>(LoggerOptions{.save_dir = folder, .name = "", .version = "v"});
  std::string told;
  {
    const FileLimit limit(1000);
    told = error_of([&] { Trainer(logging(logger)).fit(net, batches(40)); });
  }
  const fs::path file = *fs::directory_iterator(folder + "/v");
  EXPECT_EQ(told, file.string() +
                      ": cannot be written: File too large; what was logged before is whole. Checkpoints saved before "
                      "are kept");
  const std::string written = read_file(file);
  EXPECT_LE(written.size(), 1000U);
  EXPECT_GT(written.size(), 800U);  // events of less than 100 bytes, four at a time
  const std::vector<std::string> tags = tags_of(written);
  EXPECT_EQ(tags.back(), "rank");  // the last of the four
  EXPECT_EQ((tags.size() - 2) % 4, 0U);
}

double g_now = 0;
double clock_of_test() { return g_now += 0.5; }

TEST(Profiler, TellsWhereTimeGoesByActionAndLayer) {
  g_now = 0;
  const std::string folder = scratch("profile");
  fs::create_directories(folder);
  const auto profiler =
      std::make_shared<Profiler>(Profiler::Options{.trace_path = folder + "/trace.json", .now = &clock_of_test});
  std::ostringstream text;
  Net net;
  TrainerOptions options = quiet(TrainerOptions().set_max_epochs(1).set_profiler(profiler).set_output(&text));
  Trainer(options).fit(net, batches(3), batches(1));
  const auto calls_of = [](const std::vector<Profiler::Row>& rows) {
    std::map<std::string, std::int64_t> calls;
    for (const Profiler::Row& row : rows) calls[row.action] = row.calls;
    return calls;
  };
  const auto actions = calls_of(profiler->actions());
  EXPECT_EQ(actions.at("run_training_epoch"), 1);
  EXPECT_EQ(actions.at("run_training_batch"), 3);
  EXPECT_EQ(actions.at("train_dataloader_next"), 3);
  EXPECT_EQ(actions.at("[Module]Net.training_step"), 3);
  EXPECT_EQ(actions.at("[Module]Net.backward"), 3);
  EXPECT_EQ(actions.at("[Module]Net.validation_step"), 2);  // and one of the sanity check
  EXPECT_EQ(calls_of(profiler->layers()),
            (std::map<std::string, std::int64_t>{{"first  Linear", 5}, {"second  Linear", 5}}));
  EXPECT_TRUE(text.str().starts_with("Profile of fit: ")) << text.str();
  EXPECT_NE(text.str().find("\n  first  Linear "), std::string::npos) << text.str();
  const auto trace = nlohmann::json::parse(read_file(folder + "/trace.json"));
  std::int64_t all = 0;
  for (const auto& [action, calls] : actions) all += calls;
  std::map<std::string, double> operators;
  for (const auto& event : trace.at("traceEvents")) {
    EXPECT_EQ(event.at("ph"), "X");
    EXPECT_GE(event.at("dur").get<double>(), 500000);
    if (event.at("cat") == "layer") ++operators[event.at("name")];
  }
  // A layer is called once with each operator that takes both its parameters (libtorch 2.6), or with one for each
  // (1.13). The clock goes on by half a second with each look.
  for (const Profiler::Row& row : profiler->layers()) {
    const double each = operators.at(row.action) / 5;
    EXPECT_TRUE(each == 1 || each == 2) << each;
    EXPECT_EQ(row.total, 5 * each / 2);
    EXPECT_EQ(row.longest, each / 2);
    all += 5 * static_cast<std::int64_t>(each);
  }
  EXPECT_EQ(trace.at("traceEvents").size(), static_cast<std::size_t>(all));
}

// Its training_step does what takes parameters besides a forward: a backward, and a step.
struct ByHand : Net {
  ByHand() { automatic_optimization = false; }
  torch::Tensor training_step(testing::Example& batch, std::int64_t) override {
    LightningOptimizer sgd = optimizer();
    sgd.zero_grad();
    manual_backward(torch::mse_loss(forward(batch.data), batch.target));
    sgd.step();
    return {};
  }
};

TEST(Profiler, CountsForwardsOfLayersAlone) {
  const auto profiler = std::make_shared<Profiler>();
  std::ostringstream text;
  ByHand net;
  Trainer(quiet(TrainerOptions().set_max_epochs(1).set_profiler(profiler).set_output(&text))).fit(net, batches(3));
  for (const Profiler::Row& row : profiler->layers()) EXPECT_EQ(row.calls, 3) << row.action;
  EXPECT_EQ(profiler->layers().size(), 2U);
}

TEST(Profiler, PrintsATableAndTakesActionsOfOnesOwn) {
  g_now = 0;
  Profiler profiler({.trace_path = "unused", .max_events = 1, .now = &clock_of_test});
  { const auto measured = profiler.profile("load"); }
  {
    const auto outer = profiler.profile("prepare");
    const auto inner = profiler.profile("load");
  }
  EXPECT_EQ(profiler.table("fit"),
            "Profile of fit: 3.50 s\n"
            "\n"
            "  Action        Calls         Mean      Longest        Total     Share\n"
            "  prepare           1       1.50 s       1.50 s       1.50 s    42.9 %\n"
            "  load              2    500.00 ms    500.00 ms       1.00 s    28.6 %\n"
            "\n"
            "  The trace has the first 1 events; all are in the table.\n");
}

}  // namespace
}  // namespace weigh::lightning
