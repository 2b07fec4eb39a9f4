// Keeps libtorch from telling the user of our users, once a process, that scatter_reduce() is in beta.
#pragma once

#include <string>

#include <torch/torch.h>
#include <torch/version.h>

namespace weigh::nn::graph {

class Quiet {
 public:
  Quiet() : guard_(&silence_) {}

 private:
  class Silence : public c10::WarningHandler {
   public:
#if TORCH_VERSION_MAJOR < 2
    void process(const c10::SourceLocation&, const std::string&, const bool) override {}
#else
    void process(const c10::Warning&) override {}
#endif
  };

#if TORCH_VERSION_MAJOR < 2
  using Guard = c10::Warning::WarningHandlerGuard;
#else
  using Guard = c10::WarningUtils::WarningHandlerGuard;
#endif

  Silence silence_;
  Guard guard_;
};

}  // namespace weigh::nn::graph
