// What functions of this library take for a module: the module itself, its holder (torch::nn::Linear holds a
// LinearImpl), or a std::shared_ptr to it; by name, or made in the call.
#pragma once

#include <memory>
#include <type_traits>

#include <torch/torch.h>

#include "weigh/error.h"

namespace weigh::detail {

template <class Given>
concept ModuleHolder = requires(const std::remove_cvref_t<Given>& holder) {
  holder.ptr();
  holder.is_empty();
  typename std::remove_cvref_t<Given>::ContainedType;
};

template <class Given>
concept SharedModule = requires(const std::remove_cvref_t<Given>& pointer) {
  typename std::remove_cvref_t<Given>::element_type;
  requires std::is_same_v<std::remove_cvref_t<Given>,
                          std::shared_ptr<typename std::remove_cvref_t<Given>::element_type>>;
  requires std::is_base_of_v<torch::nn::Module, typename std::remove_cvref_t<Given>::element_type>;
};

template <class Given>
concept NativeModule =
    std::is_base_of_v<torch::nn::Module, std::remove_cvref_t<Given>> || ModuleHolder<Given> || SharedModule<Given>;

// The module in what was given. Throws Error(usage) for a holder or a pointer without one.
template <class Given>
auto& module_in(Given& given) {
  if constexpr (ModuleHolder<Given>) {
    if (given.is_empty())
      throw Error(ErrorKind::usage, "", "the holder of the module is empty: it was made with nullptr");
    return *given.ptr();
  } else if constexpr (SharedModule<Given>) {
    if (!given) throw Error(ErrorKind::usage, "", "the pointer to the module is null");
    return *given;
  } else {
    return given;
  }
}

}  // namespace weigh::detail
