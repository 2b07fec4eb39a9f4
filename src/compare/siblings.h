// What stands below one module, by name: mostly it is asked for in its order, and then nothing is looked up.
#pragma once

#include <string_view>

#include "bytes/flat_index.h"
#include "bytes/hash.h"

#include "weigh/model.h"

namespace weigh {

struct ChildrenOf {
  static Index first(const Model& model, Index module) { return model.modules[module].first_child; }
  static Index next(const Model& model, Index child) { return model.modules[child].next; }
  static std::string_view name(const Model& model, Index child) { return model.modules[child].name; }
};

struct TensorsOf {
  static Index first(const Model& model, Index module) { return model.modules[module].first_tensor; }
  static Index next(const Model& model, Index tensor) { return model.tensors[tensor].next; }
  static std::string_view name(const Model& model, Index tensor) { return model.tensors[tensor].name; }
};

template <class Kind>
class Siblings {
 public:
  Siblings(const Model& model, Index module) : model_(model), first_(Kind::first(model, module)), expected_(first_) {}

  // kNone where there is none.
  Index find(std::string_view name) {
    if (expected_ == kNone || Kind::name(model_, expected_) != name) {
      const Index found = look_up(name);
      if (found == kNone) return kNone;
      expected_ = found;
    }
    const Index found = expected_;
    expected_ = Kind::next(model_, found);
    return found;
  }

 private:
  Index look_up(std::string_view name) {
    if (!is_indexed_) {
      for (Index one = first_; one != kNone; one = Kind::next(model_, one))
        index_.insert(one, hash_of(Kind::name(model_, one)));
      is_indexed_ = true;
    }
    return index_.find(hash_of(name), [&](Index one) { return Kind::name(model_, one) == name; });
  }

  const Model& model_;
  Index first_;
  Index expected_;
  FlatIndex index_;
  bool is_indexed_ = false;
};

}  // namespace weigh
