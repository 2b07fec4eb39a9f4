// Finding weights that were quantised after training by the names, dtypes and shapes of the tensors of a layer.
//
// What libraries write for a layer of `out` rows and `in` columns, b bits for a weight and a scale for g of them:
//   compressed-tensors  weight_packed i32 [out, in·b/32] (or u8 [out, in/2]), weight_scale, weight_shape, …
//   GPTQ                qweight i32 [in·b/32, out], qzeros i32 [in/g, out·b/32], scales [in/g, out], g_idx i32 [in]
//   AWQ                 qweight i32 [in, out·b/32], qzeros i32 [in/g, out·b/32], scales [in/g, out]
//   bitsandbytes        weight u8 [out·in/2, 1] beside weight.absmax, weight.quant_map, …; or weight i8 and SCB
//   FP8, INT8           weight f8 or i8 [out, in], weight_scale or weight_scale_inv
//   ModelOpt NVFP4      weight u8 [out, in/2], weight_scale f8 [out, in/16], weight_scale_2
//   MXFP4               NAME_blocks u8 […, in/32, 16], NAME_scales u8 […, in/32];
//                       or weight u8 [out, in/2], weight_scale
//   HQQ                 W_q, scale [out·in/g, 1], zero, …
//   MLX                 weight u32 [out, in·b/32], scales [out, in/g], biases [out, in/g]
//   torchao             weight_qdata beside weight_scale, …
// The tensors tell what they can; b and g of the configuration are asked where they do not.
#pragma once

#include "weigh/model.h"
#include "weigh/quantized.h"

namespace weigh {

QuantizedWeights find_quantized(const Model& model);

}  // namespace weigh
