#include "formats/keras/layouts.h"

#include <algorithm>
#include <vector>

namespace weigh::keras {

Layout layout_of(const Store& store) {
  const std::size_t weights = store.find(Store::root(), "model_weights");
  if (store.has_attribute(weights == kNothing ? Store::root() : weights, "layer_names")) return Layout::legacy;
  const std::size_t variables = store.find(Store::root(), "vars");
  return variables != kNothing && !store[variables].is_data_set ? Layout::saved : Layout::plain;
}

void read_plain(Assembler& assembler) {
  const Store& store = assembler.store();
  struct Step {
    std::size_t item;
    Index module;
  };
  std::vector<Step> open = {{Store::root(), 0}};
  while (!open.empty()) {
    const Step step = open.back();
    open.pop_back();
    const auto first = static_cast<std::ptrdiff_t>(open.size());
    for (const std::size_t child : store[step.item].children) {
      const Item& item = store[child];
      if (item.is_data_set) {
        assembler.add_tensor(step.module, item.name, child, nullptr, kNothing);
      } else if (item.data_sets > 0) {
        open.push_back({child, assembler.add_module(step.module, item.name, "")});
      }
    }
    std::reverse(open.begin() + first, open.end());
  }
}

}  // namespace weigh::keras
