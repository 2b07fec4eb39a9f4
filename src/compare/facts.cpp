#include "compare/facts.h"

#include <algorithm>
#include <array>

namespace weigh {
namespace {

// Unknown sizes are the same by their names.
bool is_same(const Model& a, Extent one, const Model& b, Extent other) {
  if (one.is_known() || other.is_known()) return one == other;
  if (one.symbol() == kNameless || other.symbol() == kNameless) return one == other;
  return a.symbols[one.symbol()].name == b.symbols[other.symbol()].name;
}

bool is_shape_same(const Model& a, const Tensor& one, const Model& b, const Tensor& other) {
  if (one.rank != other.rank) return false;
  if (!one.rank_known()) return true;
  return std::equal(a.shape_begin(one), a.shape_end(one), b.shape_begin(other),
                    [&](Extent left, Extent right) { return is_same(a, left, b, right); });
}

bool is_packing_same(const QuantizedWeights& a, Index one, const QuantizedWeights& b, Index other) {
  if (a.part(one) != b.part(other)) return false;
  return a.part(one) != Part::packed || (a.schemes[one] == b.schemes[other] && a.logical[one] == b.logical[other]);
}

Index original_of(const Model& model, Index tensor) {
  const Index tied_to = model.tensors[tensor].tied_to;
  return tied_to == kNone ? tensor : tied_to;
}

// Whether what `one` is the same memory as, `other` is, too; which of them stands first may differ.
bool follows(const Model& a, const std::vector<Index>& partners, Index one, const Model& b, Index other) {
  const Index partner = partners[original_of(a, one)];
  return partner != kNone && original_of(b, partner) == original_of(b, other);
}

bool is_tie_same(const Pairing& pairing, Index one, Index other) {
  if (pairing.a.tensors[one].tied_to == kNone && pairing.b.tensors[other].tied_to == kNone) return true;
  return follows(pairing.a, pairing.tensors_of_a, one, pairing.b, other) &&
         follows(pairing.b, pairing.tensors_of_b, other, pairing.a, one);
}

bool tell_otherwise(RequiresGrad one, RequiresGrad other) {
  return one != RequiresGrad::not_recorded && other != RequiresGrad::not_recorded && one != other;
}

}  // namespace

FactSet facts_of(const Pairing& pairing, const Summary& a, const Summary& b, Index tensor_a, Index tensor_b) {
  const Tensor& one = pairing.a.tensors[tensor_a];
  const Tensor& other = pairing.b.tensors[tensor_b];
  FactSet facts;
  const auto add = [&facts](bool differs, Fact fact) {
    if (differs) facts.insert(fact);
  };
  const bool has_dtypes = one.dtype != DType::unknown && other.dtype != DType::unknown;
  add(!is_shape_same(pairing.a, one, pairing.b, other), Fact::shape);
  add(has_dtypes && one.dtype != other.dtype, Fact::dtype);
  add(!is_packing_same(a.quantized, tensor_a, b.quantized, tensor_b), Fact::packing);
  add(one.role != other.role, Fact::role);
  add(one.state != other.state, Fact::state);
  add(one.layout != other.layout, Fact::layout);
  add(tell_otherwise(one.requires_grad, other.requires_grad), Fact::requires_grad);
  add(!is_tie_same(pairing, tensor_a, tensor_b), Fact::tie);
  return facts;
}

bool is_of_another_type(const Module& a, const Module& b) {
  return !a.type.empty() && !b.type.empty() && a.type != b.type;
}

std::string_view name(Change change) {
  constexpr std::array<std::string_view, 4> kNames = {"changed", "moved", "went", "came"};
  return kNames[static_cast<std::size_t>(change)];
}

std::string_view name(Fact fact) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Fact::count_)> kNames = {
      "type", "shape", "dtype", "packing", "role", "state", "layout", "requires_grad", "tie", "values"};
  return kNames[static_cast<std::size_t>(fact)];
}

}  // namespace weigh
