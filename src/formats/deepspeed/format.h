// Checkpoints of DeepSpeed's engine: a directory of what each rank wrote, and a text beside it that names it.
//
//   latest                                               "global_step10"
//   global_step10/
//     mp_rank_00_model_states.pt                         ZeRO 0 to 2: {"module": state dict, "buffer_names": […],
//                                                        "param_shapes": [{NAME: size}], "shared_params": {…}, …}
//     zero_pp_rank_R_mp_rank_00_model_states.pt          ZeRO 3: the same on each rank, parameters without elements
//     zero_pp_rank_R_mp_rank_00_optim_states.pt          {"optimizer_state_dict": {"zero_stage", "partition_count",
//     bf16_zero_pp_rank_R_mp_rank_00_optim_states.pt     "single_partition_of_fp32_groups" or "fp32_flat_groups", …}}
//   global_step10_universal/                             the same for any number of ranks:
//     zero/NAME/fp32.pt, exp_avg.pt, exp_avg_sq.pt       {"param": tensor, …}, or the tensor
//
// Each .pt is what torch.save writes. R counts the ranks that share a copy of the model; mp_rank those that share its
// tensors.
#pragma once

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_deepspeed(const Folder& folder);
void read_deepspeed(Folder& folder, const ReadOptions& options, Model& model);

}  // namespace weigh
