// Files of examples/data.
#pragma once

#include <torch/torch.h>

namespace example {

struct Digits {
  torch::Tensor images;  // [1797, 8, 8], from 0 to 1
  torch::Tensor labels;  // [1797]
};
Digits read_digits();

struct KarateClub {
  torch::Tensor sides;    // [34], 0 or 1
  torch::Tensor friends;  // [78, 2]
};
KarateClub read_karate_club();

}  // namespace example
