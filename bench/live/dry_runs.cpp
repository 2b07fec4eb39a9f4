// Describes a model that is built dry, in one process each, so that its memory is its own:
//   bench_dry_runs llama70b | resnet50 | llama | mixture
// Prints the seconds of building and describing it, of describing it alone (the median of several), of one real forward
// (0 where there is none) and by how many bytes the process grew from its start.
#include <cstdio>
#include <string>

#include "live/measure.h"
#include "live/models.h"

#include "weigh/torch/build_dry.h"
#include "weigh/torch/model_summary.h"

namespace {

using namespace weigh::bench;  // NOLINT(google-build-using-namespace): the models, the measures

template <class Make>
void measure(Make make, const torch::Tensor& input, bool has_real_forward) {
  const long before = peak_bytes();
  auto look = [&](auto& model) { return weigh::summarize(model, input).text().size(); };
  const double first = seconds_of([&] {
    auto model = weigh::build_dry(make);
    look(model);
  });
  const long grown = peak_bytes() - before;
  auto model = weigh::build_dry(make);
  const double again = median_of(11, [&] { look(model); });
  double real = 0;
  if (has_real_forward) {
    const torch::NoGradGuard no_grad;
    auto whole = make();
    whole->eval();
    real = median_of(3, [&] { whole->forward(input); });
  }
  std::printf("%f %f %f %ld\n", first, again, real, grown);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc == 2 ? argv[1] : "";
  // What one would pass to a forward. It has the shape alone, and takes no memory.
  const torch::Tensor tokens = torch::zeros({1}, torch::kLong);
  if (name == "llama70b") {
    measure([] { return Llama(kLlama70B); }, tokens.expand({1, 4096}), false);
  } else if (name == "llama") {
    measure([] { return Llama(kSmall); }, tokens.expand({1, 512}), true);
  } else if (name == "resnet50") {
    measure([] { return ResNet50(); }, torch::zeros({32, 3, 224, 224}), true);
  } else if (name == "mixture") {
    measure([] { return mixture(); }, torch::zeros({1}).expand({4096, MixtureLayerImpl::kWidth}), false);
  } else {
    return 2;
  }
}
