// A model from a checkpoint of the Trainer, made with what it was made with:
//
//   auto net = load_from_checkpoint<Net>("best.safetensors");             Net(const HParams&), or Net()
//   auto net = load_from_checkpoint<Net>("best.safetensors", 16, 0.1);    Net(16, 0.1)
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "weigh/lightning/metrics.h"
#include "weigh/lightning/module.h"

namespace weigh::lightning {

// What the model of a checkpoint was made with; empty where nothing is recorded.
HParams load_hparams(const std::string& checkpoint);

// The values of a checkpoint become those of the module, and where it has no hparams, those of the checkpoint. Of a
// checkpoint with an average of weights, that is the one under the module's own names. Throws weigh::Error where
// something does not fit, and changes nothing then.
void load_module(ModuleBase& module, const std::string& checkpoint);

template <class Module, class... Arguments>
std::shared_ptr<Module> load_from_checkpoint(const std::string& checkpoint, Arguments&&... arguments) {
  static_assert(std::is_base_of_v<ModuleBase, Module>,
                "load_from_checkpoint<Net> makes a LightningModule; for others, weigh::load_state_dict(module, file)");
  std::shared_ptr<Module> module;
  if constexpr (sizeof...(Arguments) == 0 && std::is_constructible_v<Module, const HParams&>) {
    module = std::make_shared<Module>(load_hparams(checkpoint));
  } else {
    static_assert(std::is_constructible_v<Module, Arguments...>,
                  "the module has no constructor for these arguments, nor one for const HParams& where there are none");
    module = std::make_shared<Module>(std::forward<Arguments>(arguments)...);
  }
  load_module(*module, checkpoint);
  return module;
}

}  // namespace weigh::lightning
