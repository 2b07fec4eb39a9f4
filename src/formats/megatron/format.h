// Checkpoints of Megatron-LM that each rank wrote for itself: a directory of
//
//   latest_checkpointed_iteration.txt          "10", or "release"
//   iter_0000010/
//     mp_rank_TT/model_optim_rng.pt            tensor rank TT
//     mp_rank_TT_PPP/model_optim_rng.pt        and pipeline rank PPP
//     mp_rank_TT_PPP_EEE/model_optim_rng.pt    and expert rank EEE
//     …/distrib_optim.pt                       the optimizer's state, where it is divided
//
// Each .pt is what torch.save writes: {"model": state dict, or dictionaries of them ("language_model" …); "model0",
// "model1", … where a rank has several parts of the pipeline; "args": Namespace, "iteration", "optimizer", …}. Newer
// checkpoints are those of torch.distributed.checkpoint (dcp.h).
//
// Pipeline ranks hold different layers, each counted from 0. Tensor ranks hold parts of the same tensors: Megatron
// divides what comes first in a block along its rows, what comes second along its columns, and repeats all else.
#pragma once

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_megatron(const Folder& folder);
void read_megatron(Folder& folder, const ReadOptions& options, Model& model);

}  // namespace weigh
