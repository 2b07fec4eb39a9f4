// A generative adversarial network that learns to draw handwritten digits: two optimizers, stepped by hand. It prints
// four of its digits, and how near all that it draws are to real ones.
//
//   gan [--epochs N] [--logs FOLDER] [--trace FILE]
//
// Event files for TensorBoard go below FOLDER; with FILE, a table tells where the time went, and FILE holds the trace.
#include <algorithm>
#include <iostream>
#include <string>

#include <torch/torch.h>
#include <weigh/torch.h>

#include "data.h"

namespace {

namespace nn = weigh::nn;
using torch::Tensor;
using namespace weigh::lightning;

constexpr std::int64_t kNoise = 16;

// How far each image is from the nearest of `real`, in the mean, for a pixel from -1 to 1.
double distance_to(const Tensor& real, const Tensor& images) {
  return std::get<0>(torch::cdist(images, real).min(1)).mean().item<double>() / 8;  // a norm of 64 pixels
}

// Batches are images as rows of 64 pixels.
class Gan : public LightningModule<Tensor> {
 public:
  Gan() {
    automatic_optimization = false;
    example_input(*this, torch::zeros({32, kNoise}));
  }

  // [n, kNoise] -> [n, 1], what the critic says of what is drawn
  Tensor forward(const Tensor& noise) { return critic->forward(generator->forward(noise)); }
  Tensor draw(std::int64_t count) { return generator->forward(torch::randn({count, kNoise})); }

  Tensor training_step(Tensor& real, std::int64_t) override {
    const Tensor drawn = draw(real.size(0));
    auto of_critic = optimizer(0);
    {
      const auto toggled = toggle_optimizer(of_critic);
      const Tensor loss = (tells(critic->forward(real), 0.9) + tells(critic->forward(drawn.detach()), 0)) / 2;
      of_critic.zero_grad();
      manual_backward(loss);
      of_critic.step();
      log("critic_loss", loss, {.prog_bar = true});
    }
    auto of_generator = optimizer(1);
    const auto toggled = toggle_optimizer(of_generator);
    const Tensor loss = tells(critic->forward(drawn), 1);
    of_generator.zero_grad();
    manual_backward(loss);
    of_generator.step();
    log("generator_loss", loss, {.prog_bar = true});
    return {};
  }
  Tensor validation_step(Tensor& real, std::int64_t) override {
    log("distance", distance_to(real, draw(64)), {.prog_bar = true});
    return {};
  }

  Optimizers configure_optimizers() override {
    const auto adam = [](const torch::nn::Sequential& of) {
      return std::make_shared<torch::optim::Adam>(of->parameters(),
                                                  torch::optim::AdamOptions(1e-3).betas({0.5, 0.999}));
    };
    return Optimizers{{adam(critic), adam(generator)}};
  }

 private:
  // The loss of a critic that should say `truth`, 1 for real and 0 for drawn.
  static Tensor tells(const Tensor& logits, double truth) {
    return torch::binary_cross_entropy_with_logits(logits, torch::full_like(logits, truth));
  }

  torch::nn::Sequential generator =
      register_module("generator", torch::nn::Sequential(nn::LazyLinear(128), torch::nn::ReLU(), nn::LazyLinear(128),
                                                         torch::nn::ReLU(), nn::LazyLinear(64), torch::nn::Tanh()));
  torch::nn::Sequential critic = register_module(
      "critic", torch::nn::Sequential(nn::LazyLinear(128), torch::nn::LeakyReLU(), torch::nn::Dropout(0.3),
                                      nn::LazyLinear(64), torch::nn::LeakyReLU(), nn::LazyLinear(1)));
};

// Rows of eight pixels, one image beside the other.
void show(const Tensor& images) {
  constexpr std::string_view kShades = " .:-=+*#%@";
  for (std::int64_t row = 0; row < 8; ++row) {
    std::string line;
    for (std::int64_t image = 0; image < images.size(0); ++image) {
      for (std::int64_t column = 0; column < 8; ++column) {
        const double light = (images[image][row * 8 + column].item<double>() + 1) / 2;
        line += std::string(2, kShades[static_cast<std::size_t>(std::clamp(light * 9.99, 0.0, 9.0))]);
      }
      line += "   ";
    }
    std::cout << line << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::int64_t epochs = 40;
  TrainerOptions options;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string_view(argv[i]) == "--epochs") epochs = std::stoll(argv[i + 1]);
    if (std::string_view(argv[i]) == "--logs")
      options.callbacks.push_back(std::make_shared<TensorBoardLogger>(LoggerOptions{.save_dir = argv[i + 1]}));
    if (std::string_view(argv[i]) == "--trace")
      options.profiler = std::make_shared<Profiler>(Profiler::Options{.trace_path = argv[i + 1]});
  }
  options.set_max_epochs(epochs).set_check_val_every_n_epoch(10).set_enable_checkpointing(false);
  torch::manual_seed(0);
  const Tensor digits = example::read_digits().images.flatten(1) * 2 - 1;
  const Tensor real = digits.index_select(0, torch::randperm(digits.size(0), torch::kLong));

  Gan gan;
  Trainer trainer(options);
  trainer.fit(gan, real.slice(0, 0, 1600).split(32), std::vector{real.slice(0, 1600)});

  const torch::NoGradGuard no_grad;
  gan.eval();
  const Tensor drawn = gan.draw(200);
  show(drawn.slice(0, 0, 4));
  const double distance = distance_to(real, drawn);
  const double of_noise = distance_to(real, torch::rand({200, 64}) * 2 - 1);
  std::cout << "from what it draws to the nearest digit: " << distance << "; from noise: " << of_noise << '\n';
  return distance < of_noise / 2 ? 0 : 1;
}
