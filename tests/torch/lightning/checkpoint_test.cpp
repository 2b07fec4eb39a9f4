// What was saved goes on as if nothing had happened, to the last bit; which files there are when.
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>

#include "support/files.h"
#include "torch/lightning/nets.h"

#include "weigh/error.h"
#include "weigh/lightning/averaging.h"
#include "weigh/lightning/load_from_checkpoint.h"
#include "weigh/lightning/model_checkpoint.h"
#include "weigh/read.h"
#include "weigh/summary.h"
#include "weigh/torch/lazy_linear.h"
#include "weigh/torch/uninitialized.h"
#include "weigh/torch/weights.h"

namespace weigh::lightning {
namespace {

namespace fs = std::filesystem;
using testing::batches;
using testing::Example;
using testing::Net;
using weigh::testing::error_of;

// With dropout, so that random numbers matter, and a scheduler.
class Model : public LightningModule<Example> {
 public:
  torch::Tensor forward(const torch::Tensor& x) { return second(drop(torch::tanh(first(x)))); }
  torch::Tensor training_step(Example& batch, std::int64_t batch_idx) override {
    const torch::Tensor loss = torch::mse_loss(forward(batch.data), batch.target);
    losses.push_back(loss.item<double>());
    log("train_loss", loss, {.on_step = true, .on_epoch = true});
    if (global_step() == interrupted_at) std::raise(SIGINT);
    if (global_step() == broken_at) throw std::runtime_error("power cut");
    last_batch = batch_idx;
    return loss;
  }
  torch::Tensor validation_step(Example& batch, std::int64_t) override {
    const torch::Tensor loss = torch::mse_loss(forward(batch.data), batch.target);
    validations.push_back(loss.item<double>());
    log("val_loss", loss);
    return {};
  }
  Optimizers configure_optimizers() override {
    const auto optimizer = std::make_shared<torch::optim::Adam>(parameters(), 0.05);
    return {optimizer,
            Schedule{make_lambda(*optimizer, [](std::int64_t n) { return 1.0 / (1.0 + 0.1 * n); }), Interval::step}};
  }
  void on_save_checkpoint(std::map<std::string, std::string>& state) override { state["note"] = "mine"; }
  void on_load_checkpoint(const std::map<std::string, std::string>& state) override { loaded = state; }
  void on_train_epoch_end() override { epoch_means.push_back(trainer().callback_metrics().at("train_loss_epoch")); }

  torch::nn::Linear first = register_module("first", torch::nn::Linear(2, 8));
  torch::nn::Dropout drop = register_module("drop", torch::nn::Dropout(0.3));
  torch::nn::Linear second = register_module("second", torch::nn::Linear(8, 1));
  std::vector<double> losses, validations, epoch_means;
  std::map<std::string, std::string> loaded;
  std::int64_t interrupted_at = -1, broken_at = -1, last_batch = 0;
};

// Shuffles anew in each epoch, from the generator of all.
struct Data : torch::data::datasets::Dataset<Data> {
  Example get(std::size_t index) override {
    const double value = static_cast<double>(index) / 8;
    return {torch::full({2}, value), torch::sin(torch::full({1}, 3 * value))};
  }
  torch::optional<std::size_t> size() const override { return 18; }
};

auto shuffled() {
  return torch::data::make_data_loader<torch::data::samplers::RandomSampler>(
      Data().map(torch::data::transforms::Stack<>()), 4);  // five batches, the last of two
}

struct Checkpoints : ::testing::Test {
  void SetUp() override {
    root = ::testing::TempDir() + "weigh_lightning_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(root);
    fs::create_directories(root);
  }
  TrainerOptions options(std::shared_ptr<ModelCheckpoint> checkpoint, std::int64_t epochs = 4) const {
    TrainerOptions made{
        .max_epochs = epochs, .enable_model_summary = false, .enable_progress_bar = false, .default_root_dir = root};
    if (checkpoint) made.callbacks = {std::move(checkpoint)};
    made.enable_checkpointing = !made.callbacks.empty();
    return made;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    if (fs::exists(root + "/checkpoints"))
      for (const auto& entry : fs::directory_iterator(root + "/checkpoints")) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  // Without a checkpoint or an end before the end.
  Model whole(std::int64_t check_val = 1) {
    torch::manual_seed(7);
    Model net;
    TrainerOptions made = options(nullptr);
    if (check_val > 1) made.val_check_interval = check_val;
    if (check_val > 1) made.limit_train_batches = 5;
    Trainer(made).fit(net, shuffled(), batches(2));
    EXPECT_EQ(net.losses.size(), 20U);
    return net;
  }
  void expect_as_whole(const Model& whole, const Model& begun, const Model& resumed) {
    std::vector<double> losses = begun.losses;
    losses.insert(losses.end(), resumed.losses.begin(), resumed.losses.end());
    EXPECT_EQ(losses, whole.losses);
    std::vector<double> validations = begun.validations;
    validations.insert(validations.end(), resumed.validations.begin(), resumed.validations.end());
    EXPECT_EQ(validations, whole.validations);
    std::vector<double> means = begun.epoch_means;
    means.insert(means.end(), resumed.epoch_means.begin(), resumed.epoch_means.end());
    EXPECT_EQ(means, whole.epoch_means);
    for (std::size_t i = 0; i < whole.parameters().size(); ++i)
      EXPECT_TRUE(torch::equal(resumed.parameters()[i], whole.parameters()[i])) << i;
  }
  std::string root;
};

TEST_F(Checkpoints, GoOnAfterAnEpochAsIfNothingHadHappened) {
  const Model uninterrupted = whole();
  torch::manual_seed(7);
  Model begun;
  const auto checkpoint = std::make_shared<ModelCheckpoint>();
  Trainer(options(checkpoint, 2)).fit(begun, shuffled(), batches(2));
  EXPECT_EQ(files(), (std::vector<std::string>{"epoch=1-step=10.10.state", "epoch=1-step=10.safetensors"}));
  torch::manual_seed(99);  // whatever was drawn since
  Model resumed;
  Trainer trainer(options(nullptr));
  trainer.fit(resumed, shuffled(), batches(2), checkpoint->best_model_path());
  expect_as_whole(uninterrupted, begun, resumed);
  EXPECT_EQ(resumed.losses.size(), 10U);
  EXPECT_EQ(trainer.global_step(), 20);
  EXPECT_EQ(resumed.loaded, (std::map<std::string, std::string>{{"note", "mine"}}));
}

TEST_F(Checkpoints, GoOnInTheMiddleOfAnEpochAfterCtrlC) {
  for (const std::int64_t at : {0, 7, 9}) {  // in the first step, in the middle, in the last step of an epoch
    SCOPED_TRACE(at);
    const Model uninterrupted = whole();
    torch::manual_seed(7);
    Model begun;
    begun.interrupted_at = at;
    const auto checkpoint = std::make_shared<ModelCheckpoint>();
    Trainer(options(checkpoint)).fit(begun, shuffled(), batches(2));
    EXPECT_EQ(begun.losses.size(), static_cast<std::size_t>(at + 1));
    torch::manual_seed(99);
    Model resumed;
    Trainer(options(nullptr)).fit(resumed, shuffled(), batches(2), checkpoint->interrupted_model_path());
    expect_as_whole(uninterrupted, begun, resumed);
  }
}

TEST_F(Checkpoints, GoOnWithTheValidationThatCtrlCPutOff) {
  const Model uninterrupted = whole(2);
  torch::manual_seed(7);
  Model begun;
  begun.interrupted_at = 8;  // the fourth batch of the second epoch, after which validation is due
  TrainerOptions made = options(std::make_shared<ModelCheckpoint>());
  made.val_check_interval = 2;
  made.limit_train_batches = 5;
  Trainer(made).fit(begun, shuffled(), batches(2));
  torch::manual_seed(99);
  Model resumed;
  made.callbacks.clear();
  made.enable_checkpointing = false;
  Trainer(made).fit(resumed, shuffled(), batches(2), root + "/checkpoints/interrupted.safetensors");
  expect_as_whole(uninterrupted, begun, resumed);
}

TEST_F(Checkpoints, GoOnFromASaveEveryFewStepsAfterAnError) {
  const Model uninterrupted = whole();
  torch::manual_seed(7);
  Model begun;
  begun.broken_at = 8;
  const auto checkpoint = std::make_shared<ModelCheckpoint>(ModelCheckpoint::Options{.every_n_train_steps = 3});
  Trainer trainer(options(checkpoint));
  EXPECT_THROW(trainer.fit(begun, shuffled(), batches(2)), std::runtime_error);
  EXPECT_EQ(files(), (std::vector<std::string>{"epoch=1-step=6.6.state", "epoch=1-step=6.safetensors"}));
  Model resumed;
  Trainer(options(nullptr)).fit(resumed, shuffled(), batches(2), checkpoint->best_model_path());
  EXPECT_EQ(resumed.losses, std::vector<double>(uninterrupted.losses.begin() + 6, uninterrupted.losses.end()));
}

TEST_F(Checkpoints, KeepTheBest) {
  struct Scripted : Net {
    torch::Tensor validation_step(Example&, std::int64_t) override {
      const double values[] = {5, 3, 4, 2, 6};
      log("val_loss", values[current_epoch()]);
      return {};
    }
  } net;
  net.hparams = {{"rate", 0.5}, {"width", std::int64_t{3}}};
  const auto checkpoint = std::make_shared<ModelCheckpoint>(ModelCheckpoint::Options{
      .filename = "{epoch}-{val_loss:.1f}", .monitor = "val_loss", .save_top_k = 2, .save_last = true});
  Trainer(options(checkpoint, 5)).fit(net, batches(2), batches(1));
  EXPECT_EQ(files(), (std::vector<std::string>{"epoch=1-val_loss=3.0.4.state", "epoch=1-val_loss=3.0.safetensors",
                                               "epoch=3-val_loss=2.0.8.state", "epoch=3-val_loss=2.0.safetensors",
                                               "last.10.state", "last.safetensors"}));
  EXPECT_EQ(checkpoint->best_model_path(), root + "/checkpoints/epoch=3-val_loss=2.0.safetensors");
  EXPECT_EQ(checkpoint->best_model_score(), 2);
  auto metadata = load_weights(checkpoint->best_model_path()).metadata;
  std::erase_if(metadata, [](const auto& fact) { return fact.first.starts_with("callback."); });
  EXPECT_EQ(metadata, (std::map<std::string, std::string>{{"epoch", "4"},
                                                          {"format", "weigh.lightning.1"},
                                                          {"global_step", "8"},
                                                          {"hparam_types.rate", "float"},
                                                          {"hparam_types.width", "int"},
                                                          {"hparams.rate", "0.5"},
                                                          {"hparams.width", "3"},
                                                          {"state", "epoch=3-val_loss=2.0.8.state"}}));
}

TEST_F(Checkpoints, HoldTheStateOfCallbacks) {
  struct Scripted : Net {
    torch::Tensor validation_step(Example&, std::int64_t) override {
      log("val_loss", current_epoch() == 0 ? 3.0 : 5.0);
      return {};
    }
  };
  const auto with_callbacks = [&](std::int64_t epochs) {
    TrainerOptions made = options(
        std::make_shared<ModelCheckpoint>(ModelCheckpoint::Options{.monitor = "val_loss", .save_last = true}), epochs);
    made.callbacks.push_back(std::make_shared<EarlyStopping>(EarlyStopping::Options{.monitor = "val_loss"}));
    return made;
  };
  Scripted begun;
  Trainer(with_callbacks(2)).fit(begun, batches(2), batches(1));  // it has waited for one epoch
  Scripted resumed;
  Trainer trainer(with_callbacks(10));
  trainer.fit(resumed, batches(2), batches(1), root + "/checkpoints/last.safetensors");
  EXPECT_EQ(trainer.current_epoch(), 4);  // for three
  EXPECT_EQ(files(), (std::vector<std::string>{"epoch=0-step=2.2.state", "epoch=0-step=2.safetensors", "last.8.state",
                                               "last.safetensors"}));
}

TEST_F(Checkpoints, KeepTheLastGoodOneWhenALossIsNoNumberOrNothing) {
  const std::function<torch::Tensor(torch::Tensor)> spoilers[] = {[](const torch::Tensor& loss) { return loss / 0; },
                                                                  [](const torch::Tensor& loss) { return loss * NAN; },
                                                                  [](const torch::Tensor&) { return torch::Tensor(); }};
  for (const auto& spoiled : spoilers) {
    SetUp();
    Net net;
    net.change = [&](Net& self, torch::Tensor loss, std::int64_t) {
      return self.global_step() == 5 ? spoiled(loss) : loss;
    };
    Trainer trainer(options(std::make_shared<ModelCheckpoint>()));
    EXPECT_NE(error_of([&] { trainer.fit(net, batches(2)); }), "");
    EXPECT_EQ(files(), (std::vector<std::string>{"epoch=1-step=4.4.state", "epoch=1-step=4.safetensors"}));
    net.change = {};
    Trainer(options(nullptr)).fit(net, batches(2), nullptr, root + "/checkpoints/epoch=1-step=4.safetensors");
    EXPECT_TRUE(std::isfinite(net.losses.back()));
  }
}

// A loader whose second pass fails at its second batch.
struct Failing {
  struct Position {
    const Failing* of;
    int index;
    Example operator*() const {
      if (index == 1 && of->passes == 2) throw std::runtime_error("the disk is gone");
      return batches(3)[static_cast<std::size_t>(index)];
    }
    void operator++() { ++index; }
    bool operator==(const Position& other) const { return index == other.index; }
  };
  Position begin() { return ++passes, Position{this, 0}; }
  Position end() { return {this, 3}; }
  int passes = 0;
};

TEST_F(Checkpoints, AreKeptWhenALoaderThrows) {
  torch::manual_seed(7);
  Model whole;
  Trainer(options(nullptr, 3)).fit(whole, batches(3));
  torch::manual_seed(7);
  Model begun;
  const auto checkpoint = std::make_shared<ModelCheckpoint>();
  EXPECT_THROW(Trainer(options(checkpoint, 3)).fit(begun, Failing()), std::runtime_error);
  EXPECT_EQ(files(), (std::vector<std::string>{"epoch=0-step=3.3.state", "epoch=0-step=3.safetensors"}));
  Model resumed;
  Trainer(options(nullptr, 3)).fit(resumed, batches(3), nullptr, checkpoint->best_model_path());
  EXPECT_EQ(resumed.losses, std::vector<double>(whole.losses.begin() + 3, whole.losses.end()));
}

TEST_F(Checkpoints, SayWhatDoesNotFit) {
  Net net;
  const auto checkpoint = std::make_shared<ModelCheckpoint>();
  Trainer(options(checkpoint, 1)).fit(net, batches(2));
  const std::string path = checkpoint->best_model_path();
  Net two;
  two.configure = [](Net& self) {
    return Optimizers({std::make_shared<torch::optim::SGD>(self.first->parameters(), 0.1),
                       std::make_shared<torch::optim::SGD>(self.second->parameters(), 0.1)});
  };
  EXPECT_EQ(error_of([&] { Trainer(options(nullptr)).fit(two, batches(2), nullptr, path); }),
            "ckpt_path: the checkpoint has the state of 1 optimizers, but configure_optimizers() returned 2");
  save_safetensors(root + "/bare.safetensors", load_weights(path).tensors);
  EXPECT_EQ(
      error_of([&] { Trainer(options(nullptr)).fit(net, batches(2), nullptr, root + "/bare.safetensors"); }),
      root +
          "/bare.safetensors: holds weights, but not the state of a training, which training goes on from: load it "
          "with weigh::load_state_dict, or give the .safetensors file that this Trainer saved");
  Trainer(options(nullptr)).test(net, batches(2), root + "/bare.safetensors");  // weights are enough here
  fs::remove(root + "/checkpoints/epoch=0-step=2.2.state");
  EXPECT_EQ(error_of([&] { Trainer(options(nullptr)).fit(net, batches(2), nullptr, path); }),
            root + "/checkpoints/epoch=0-step=2.2.state: is not there, but " + path +
                " goes with it; were both files copied?");
}

TEST_F(Checkpoints, OfAnotherModelLeaveThisOneAsItWas) {
  Net net;
  const auto checkpoint = std::make_shared<ModelCheckpoint>();
  Trainer(options(checkpoint, 1)).fit(net, batches(2));
  const std::string path = checkpoint->best_model_path();
  // The second layers' biases would fit; one more parameter is there, and one has no shape yet.
  struct Other : Model {
    Other() { example_input(*this, torch::zeros({4, 2})); }
    torch::nn::Linear third = register_module("third", torch::nn::Linear(torch::nn::LinearOptions(1, 1).bias(false)));
    nn::LazyLinear lazy = register_module("lazy", nn::LazyLinear(1));
  } other;
  const auto values = [&] {
    std::vector<torch::Tensor> all;
    for (const torch::Tensor& value : other.parameters())
      if (!nn::is_uninitialized(value)) all.push_back(value.detach().clone());
    return all;
  };
  const std::vector<torch::Tensor> before = values();
  const torch::Tensor random = at::detail::getDefaultCPUGenerator().get_state();
  const std::string refusal =
      path +
      ": is a checkpoint of another model; the module is left as it was\nmissing in the file (1): third.weight\n" +
      "of another shape (3): first.weight: [3, 2] in the file, [8, 2] in the module; first.bias: [3] in the file, [8] "
      "in "
      "the module; second.weight: [1, 3] in the file, [1, 8] in the module";
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    TrainerOptions made = options(nullptr);
    made.precision = precision;
    EXPECT_EQ(error_of([&] { Trainer(made).fit(other, batches(2), nullptr, path); }), refusal);
    EXPECT_EQ(error_of([&] { Trainer(made).test(other, batches(2), path); }), refusal);
  }
  const std::vector<torch::Tensor> after = values();
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].scalar_type(), before[i].scalar_type());
    EXPECT_TRUE(torch::equal(after[i], before[i])) << i;
  }
  EXPECT_TRUE(torch::equal(at::detail::getDefaultCPUGenerator().get_state(), random));
  EXPECT_TRUE(nn::is_uninitialized(other.lazy->weight));
  EXPECT_EQ(other.loaded, (std::map<std::string, std::string>()));
}

TEST_F(Checkpoints, NameNoFileOfAnotherFolder) {
  Net net;
  const auto checkpoint = std::make_shared<ModelCheckpoint>();
  Trainer(options(checkpoint, 1)).fit(net, batches(2));
  Weights weights = load_weights(checkpoint->best_model_path());
  const std::string path = root + "/spoiled.safetensors";
  const auto refusal = [&](const std::string& state) {
    weights.metadata["state"] = state;
    save_safetensors(path, weights.tensors, weights.metadata);
    return error_of([&] { Trainer(options(nullptr)).fit(net, batches(2), nullptr, path); });
  };
  EXPECT_EQ(refusal("../x.state"), path + ": names its state '../x.state', which is no name of a file beside it");
  EXPECT_EQ(refusal("/etc/passwd"), path + ": names its state '/etc/passwd', which is no name of a file beside it");
  EXPECT_EQ(refusal(""), path + ": names its state '', which is no name of a file beside it");
  EXPECT_EQ(refusal("x.state"),
            root + "/x.state: is not there, but " + path + " goes with it; were both files copied?");
}

TEST_F(Checkpoints, SayThatTheirStateIsSpoiled) {
  Net net;
  const auto checkpoint = std::make_shared<ModelCheckpoint>();
  Trainer(options(checkpoint, 1)).fit(net, batches(2));
  const std::string path = checkpoint->best_model_path();
  const std::string state = root + "/checkpoints/epoch=0-step=2.2.state";
  const std::string bytes = weigh::testing::read_file(state);
  for (const std::size_t size : {std::size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
    std::ofstream(state, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(size));
    const std::string refusal = error_of([&] { Trainer(options(nullptr)).fit(net, batches(2), nullptr, path); });
    EXPECT_TRUE(refusal.starts_with(state + ": cannot be read as the state of a training: ")) << refusal;
    EXPECT_TRUE(refusal.ends_with(". The weights beside it can be loaded with weigh::load_state_dict")) << refusal;
  }
}

// One of another run, which is there until the new one takes its place, keeps its own state.
TEST_F(Checkpoints, OfAnotherRunInTheSameFolderKeepTheirState) {
  const auto run = [&](unsigned seed) {
    torch::manual_seed(seed);
    Model net;
    auto checkpoint = std::make_shared<ModelCheckpoint>(ModelCheckpoint::Options{.save_top_k = 0, .save_last = true});
    Trainer(options(checkpoint, 1)).fit(net, shuffled());
    return load_weights(root + "/checkpoints/last.safetensors").metadata.at("state");
  };
  EXPECT_EQ(run(1), "last.5.state");
  EXPECT_EQ(run(2), "last.5-2.state");
  EXPECT_EQ(files(), (std::vector<std::string>{"last.5-2.state", "last.safetensors"}));
  EXPECT_EQ(run(3), "last.5.state");
  EXPECT_EQ(files(), (std::vector<std::string>{"last.5.state", "last.safetensors"}));
}

TEST_F(Checkpoints, InitialiseLazyLayers) {
  struct Lazy : LightningModule<Example> {
    torch::Tensor training_step(Example& batch, std::int64_t) override { return layer(batch.data).square().mean(); }
    torch::Tensor predict_step(Example& batch, std::int64_t) override { return layer(batch.data); }
    Optimizers configure_optimizers() override { return std::make_shared<torch::optim::Adam>(parameters(), 0.1); }
    nn::LazyLinear layer = register_module("layer", nn::LazyLinear(1));
    nn::LazyLinear spare = register_module("spare", nn::LazyLinear(1));  // never used, and so never saved
  };
  Lazy net;
  const auto checkpoint = std::make_shared<ModelCheckpoint>();
  TrainerOptions made = options(checkpoint, 1);
  made.uninitialized = Uninitialized::silent;
  Trainer(made).fit(net, batches(2));
  Lazy loaded;
  const auto outputs = Trainer(made).predict(loaded, batches(1), checkpoint->best_model_path());
  EXPECT_TRUE(torch::equal(outputs.at(0), net.layer(batches(1)[0].data)));
}

// With an average of weights among the callbacks, in two runs as in one.
void expect_goes_on_with(Checkpoints& test, const std::function<std::shared_ptr<Callback>()>& average) {
  const auto trained = [&](std::int64_t epochs, Model& net, std::shared_ptr<ModelCheckpoint> checkpoint,
                           const std::string& from = "") {
    TrainerOptions made = test.options(checkpoint, epochs);
    made.callbacks.insert(made.callbacks.begin(), average());
    Trainer(made).fit(net, shuffled(), batches(2), from);
  };
  torch::manual_seed(7);
  Model uninterrupted;
  trained(4, uninterrupted, nullptr);
  torch::manual_seed(7);
  Model begun;
  const auto checkpoint = std::make_shared<ModelCheckpoint>();
  trained(2, begun, checkpoint);
  torch::manual_seed(99);
  Model resumed;
  trained(4, resumed, nullptr, checkpoint->best_model_path());
  test.expect_as_whole(uninterrupted, begun, resumed);
}

// weigh counts one model, and tells the copy.
void expect_a_copy_beside(const std::string& checkpoint, const std::string& name) {
  const weigh::Model model = read(checkpoint);
  EXPECT_EQ(summarize(model).totals.parameters, Count(2 * 8 + 8 + 8 + 1));
  std::vector<std::string> copies;
  for (const Section& section : model.sections)
    if (section.kind == SectionKind::copy) copies.emplace_back(section.name);
  EXPECT_EQ(copies, std::vector<std::string>{name});
}

TEST_F(Checkpoints, GoOnWithAnAverageOfWeights) {
  expect_goes_on_with(*this, [] { return std::make_shared<EMAWeightAveraging>(0.9); });
  const std::string path = root + "/checkpoints/epoch=1-step=10.safetensors";
  expect_a_copy_beside(path, "current_model_state");
  Model average, trained;
  EXPECT_TRUE(load_state_dict(average, path, {.strict = false}).missing.empty());
  load_state_dict(trained, path, {.prefix = "current_model_state."});
  EXPECT_FALSE(torch::equal(average.first->weight, trained.first->weight));
  std::vector<Note> notes;
  TrainerOptions made = options(nullptr, 3);
  made.on_note = [&](const Note& note) { notes.push_back(note); };
  Trainer(made).fit(trained, shuffled(), batches(2), path);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(
      notes[0].message,
      "the checkpoint holds an average of weights and, under current_model_state., those that were trained; without "
      "WeightAveraging among the callbacks training goes on from the average");
}

TEST_F(Checkpoints, GoOnWithTheAverageOfTheLastEpochs) {
  expect_goes_on_with(*this, [] {
    return std::make_shared<StochasticWeightAveraging>(
        StochasticWeightAveraging::Options{.swa_lr = 0.01, .swa_epoch_start = std::int64_t{2}, .annealing_epochs = 2});
  });
  expect_a_copy_beside(root + "/checkpoints/epoch=1-step=10.safetensors", "average_model");
}

struct Sized : Model {
  explicit Sized(const HParams& given) {
    hparams = given;
    wide = register_module("wide", torch::nn::Linear(2, std::get<std::int64_t>(given.at("width"))));
  }
  Sized(std::int64_t width, double rate)
      : Sized(HParams{{"width", width}, {"rate", rate}, {"name", std::string("7")}, {"lazy", false}}) {}
  torch::nn::Linear wide{nullptr};
};

TEST_F(Checkpoints, AreModelsOfTheirOwn) {
  Sized net(5, 0.1);
  const auto checkpoint = std::make_shared<ModelCheckpoint>();
  Trainer(options(checkpoint, 1)).fit(net, shuffled());
  const auto loaded = load_from_checkpoint<Sized>(checkpoint->best_model_path());
  EXPECT_EQ(loaded->hparams, net.hparams);
  EXPECT_TRUE(torch::equal(loaded->wide->weight, net.wide->weight));
  EXPECT_EQ(loaded->loaded.at("note"), "mine");
  EXPECT_EQ(load_from_checkpoint<Sized>(checkpoint->best_model_path(), 5, 0.2)->hparams.at("rate"),
            HParams::mapped_type(0.2));
  const std::string refusal = error_of([&] { load_from_checkpoint<Sized>(checkpoint->best_model_path(), 6, 0.1); });
  EXPECT_NE(refusal.find("wide.weight: [5, 2] in the file, [6, 2] in the module"), std::string::npos) << refusal;
}

}  // namespace
}  // namespace weigh::lightning
