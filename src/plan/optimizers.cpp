#include "plan/optimizers.h"

#include <algorithm>
#include <array>

namespace weigh {
namespace {

constexpr std::uint64_t none(const Trained&, std::uint64_t) { return 0; }
constexpr std::uint64_t one(const Trained& parameter, std::uint64_t element) { return parameter.elements * element; }
constexpr std::uint64_t one_of_32_bits(const Trained& parameter, std::uint64_t) { return one(parameter, 4); }
constexpr std::uint64_t two(const Trained& parameter, std::uint64_t element) { return 2 * one(parameter, element); }

// A row and a column of second moments for a matrix, all of them for what is none (Shazeer and Stern 2018, section 3).
constexpr std::uint64_t factored(const Trained& parameter, std::uint64_t element) {
  return (parameter.rank < 2 ? parameter.elements : parameter.rows + parameter.columns) * element;
}

// Momentum alone for matrices; what is none goes to AdamW beside it.
constexpr std::uint64_t orthogonalised(const Trained& parameter, std::uint64_t element) {
  return parameter.rank == 2 ? one(parameter, element) : two(parameter, element);
}

// A byte for each number and a float32 for each block of 256; small tensors stay 32-bit.
constexpr std::uint64_t eight_bit(const Trained& parameter, std::uint64_t) {
  constexpr std::uint64_t kSmall = 4096;
  constexpr std::uint64_t kBlock = 256;
  if (parameter.elements < kSmall) return two(parameter, 4);
  return 2 * (parameter.elements + (parameter.elements + kBlock - 1) / kBlock * 4);
}

constexpr std::array kRows = {
    OptimizerRow{"adafactor", "a row and a column of second moments for each matrix", "torch 2.13: Adafactor",
                 factored},
    OptimizerRow{"adagrad", "a sum of squares", "torch 2.13: Adagrad", one},
    OptimizerRow{"adam", "two moments", "torch 2.13: Adam", two},
    OptimizerRow{"adamw", "two moments", "torch 2.13: AdamW", two},
    OptimizerRow{"adamw8bit", "two moments of a byte and a float32 for 256 of them; 32-bit below 4,096 elements",
                 "bitsandbytes 0.50: AdamW8bit", eight_bit},
    OptimizerRow{"lion", "one moment of 32 bits", "bitsandbytes 0.50: Lion32bit", one_of_32_bits},
    OptimizerRow{"muon", "one moment for matrices, two (AdamW's) for what is none", "torch 2.13: Muon", orthogonalised},
    OptimizerRow{"rmsprop", "a mean of squares", "torch 2.13: RMSprop", one},
    OptimizerRow{"sgd", "nothing", "torch 2.13: SGD", none},
    OptimizerRow{"sgd-momentum", "one moment", "torch 2.13: SGD with momentum", one},
};

}  // namespace

std::span<const OptimizerRow> optimizer_rows() { return kRows; }

const OptimizerRow* optimizer_row(std::string_view name) {
  const auto found =
      std::find_if(kRows.begin(), kRows.end(), [&](const OptimizerRow& row) { return row.name == name; });
  return found == kRows.end() ? nullptr : &*found;
}

}  // namespace weigh
